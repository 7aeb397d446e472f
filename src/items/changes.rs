//! What changes about an item: a merge patch, also within `measure` and `baseline` (RFC 7396).

use chrono::NaiveDate;
use serde::Deserialize;

use super::{
    draft::{Baseline, Content, IndicatorContent, ItemDraft, Measure, TargetContent, TaskContent},
    model::{Aggregation, Control, Field, ItemId, ItemKind, MeasureKind, Recurrence},
};
use crate::{
    error::{Code, Faults, Result},
    kernel::{day, id::UnitId, number::Quantity, patch},
};

/// What changes about an item: absent keeps, `null` clears. Its kind stays, and takes only its own fields.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "Hồ sơ giải quyết đúng và trước hạn", "measure": { "conditional": false } }))]
pub struct UpdateItem {
    /// What it is; it cannot change.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub kind: Option<ItemKind>,
    /// Code as printed.
    #[schema(min_length = 1, max_length = 35)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub code: Option<String>,
    /// Short name.
    #[schema(min_length = 1, max_length = 300)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Short name in English.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub title_en: Option<Option<String>>,
    /// The section above; everything below moves along.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<ItemId>)]
    pub parent_id: Option<Option<ItemId>>,
    /// Place among its siblings.
    #[schema(minimum = 1, maximum = 9999)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub position: Option<i32>,
    /// Field of reform.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Field>)]
    pub field: Option<Option<Field>>,
    /// The unit that owns it.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<UnitId>)]
    pub lead_unit_id: Option<Option<UnitId>>,
    /// The units that work along.
    #[schema(max_items = 200)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub coordinating_unit_ids: Option<Vec<UnitId>>,
    /// The unit that tracks it.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<UnitId>)]
    pub tracking_unit_id: Option<Option<UnitId>>,
    /// Remark.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 4000)]
    pub note: Option<Option<String>>,
    /// Indicator: what is measured.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<UpdateMeasure>)]
    pub measure: Option<Option<UpdateMeasure>>,
    /// Indicator: all its targets.
    #[schema(max_items = 20)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub targets: Option<Vec<TargetContent>>,
    /// Indicator: what a reduction is held against.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<UpdateBaseline>)]
    pub baseline: Option<Option<UpdateBaseline>>,
    /// Task: its product.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub deliverable: Option<Option<String>>,
    /// Task: first day.
    #[serde(default, deserialize_with = "day::field")]
    #[schema(value_type = Option<NaiveDate>)]
    pub starts_on: Option<Option<NaiveDate>>,
    /// Task: last day.
    #[serde(default, deserialize_with = "day::field")]
    #[schema(value_type = Option<NaiveDate>)]
    pub due_on: Option<Option<NaiveDate>>,
    /// Task: how often it comes back.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Recurrence>)]
    pub recurrence: Option<Option<Recurrence>>,
}

/// What changes about a measure.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMeasure {
    /// What the figure is.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub kind: Option<MeasureKind>,
    /// What the numerator counts.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub numerator_label: Option<Option<String>>,
    /// What the denominator counts.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub denominator_label: Option<Option<String>>,
    /// What is counted.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 50)]
    pub unit: Option<Option<String>>,
    /// How the units' figures make the ward's.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub aggregation: Option<Aggregation>,
    /// The indicator of whose cases these are some.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<ItemId>)]
    pub subset_of: Option<Option<ItemId>>,
    /// Who can move the figure.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub control: Option<Control>,
    /// Whether it may not apply.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub conditional: Option<bool>,
    /// The indicator whose numerator this one's must not exceed.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<ItemId>)]
    pub no_more_than: Option<Option<ItemId>>,
}

/// What changes about a baseline.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateBaseline {
    /// The figure then.
    #[schema(value_type = Option<f64>, minimum = 0.0, maximum = 100000000000.0)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub value: Option<Quantity>,
    /// The year of it.
    #[schema(minimum = 1990, maximum = 2100)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub year: Option<i32>,
    /// Where it is written.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub source: Option<Option<String>>,
}

impl UpdateItem {
    /// The draft with these changes.
    ///
    /// # Errors
    /// `invalid`, with `not_applicable_here` at every field of another kind and `required` where a new measure or
    /// baseline is not whole.
    pub fn apply(self, mut draft: ItemDraft) -> Result<ItemDraft> {
        let mut faults = Faults::new();
        self.check_kind(draft.content.kind(), &mut faults);
        set(&mut draft.code, self.code);
        set(&mut draft.title, self.title);
        set(&mut draft.title_en, self.title_en);
        set(&mut draft.parent_id, self.parent_id);
        set(&mut draft.position, self.position);
        set(&mut draft.field, self.field);
        set(&mut draft.lead_unit_id, self.lead_unit_id);
        set(&mut draft.coordinating_unit_ids, self.coordinating_unit_ids);
        set(&mut draft.tracking_unit_id, self.tracking_unit_id);
        set(&mut draft.note, self.note);
        match &mut draft.content {
            Content::Section => {}
            Content::Indicator(indicator) => {
                set(&mut indicator.targets, self.targets);
                apply_measure(indicator, self.measure, &mut faults);
                apply_baseline(indicator, self.baseline, &mut faults);
            }
            Content::Task(TaskContent { deliverable, starts_on, due_on, recurrence }) => {
                set(deliverable, self.deliverable);
                set(starts_on, self.starts_on);
                set(due_on, self.due_on);
                set(recurrence, self.recurrence);
            }
        }
        faults.into_result(Code::Invalid)?;
        Ok(draft)
    }

    fn check_kind(&self, kind: ItemKind, faults: &mut Faults) {
        let sent = [
            ("/kind", self.kind.is_some_and(|sent| sent != kind), None),
            ("/measure", self.measure.is_some(), Some(ItemKind::Indicator)),
            ("/targets", self.targets.is_some(), Some(ItemKind::Indicator)),
            ("/baseline", self.baseline.is_some(), Some(ItemKind::Indicator)),
            ("/deliverable", self.deliverable.is_some(), Some(ItemKind::Task)),
            ("/starts_on", self.starts_on.is_some(), Some(ItemKind::Task)),
            ("/due_on", self.due_on.is_some(), Some(ItemKind::Task)),
            ("/recurrence", self.recurrence.is_some(), Some(ItemKind::Task)),
        ];
        for (pointer, _, _) in sent.into_iter().filter(|(_, sent, of)| *sent && *of != Some(kind)) {
            faults.add(pointer, Code::NotApplicableHere);
        }
    }
}

fn set<T>(value: &mut T, change: Option<T>) {
    if let Some(change) = change {
        *value = change;
    }
}

fn apply_measure(
    indicator: &mut IndicatorContent,
    change: Option<Option<UpdateMeasure>>,
    faults: &mut Faults,
) {
    let change = match change {
        None => return,
        Some(None) => return indicator.measure = None,
        Some(Some(change)) => change,
    };
    let old = indicator.measure.take();
    let kind = change.kind.or(old.as_ref().map(|measure| measure.kind));
    let aggregation = change.aggregation.or(old.as_ref().map(|measure| measure.aggregation));
    for (pointer, missing) in
        [("/measure/kind", kind.is_none()), ("/measure/aggregation", aggregation.is_none())]
    {
        if missing {
            faults.add(pointer, Code::Required);
        }
    }
    let (Some(kind), Some(aggregation)) = (kind, aggregation) else { return };
    let mut measure = old.unwrap_or(Measure {
        kind,
        numerator_label: None,
        denominator_label: None,
        unit: None,
        aggregation,
        subset_of: None,
        control: Control::Ward,
        conditional: false,
        no_more_than: None,
    });
    measure.kind = kind;
    measure.aggregation = aggregation;
    set(&mut measure.numerator_label, change.numerator_label);
    set(&mut measure.denominator_label, change.denominator_label);
    set(&mut measure.unit, change.unit);
    set(&mut measure.subset_of, change.subset_of);
    set(&mut measure.control, change.control);
    set(&mut measure.conditional, change.conditional);
    set(&mut measure.no_more_than, change.no_more_than);
    indicator.measure = Some(measure);
}

fn apply_baseline(
    indicator: &mut IndicatorContent,
    change: Option<Option<UpdateBaseline>>,
    faults: &mut Faults,
) {
    let change = match change {
        None => return,
        Some(None) => return indicator.baseline = None,
        Some(Some(change)) => change,
    };
    let old = indicator.baseline.take();
    let value = change.value.or(old.as_ref().map(|baseline| baseline.value));
    let year = change.year.or(old.as_ref().map(|baseline| baseline.year));
    for (pointer, missing) in [("/baseline/value", value.is_none()), ("/baseline/year", year.is_none())] {
        if missing {
            faults.add(pointer, Code::Required);
        }
    }
    let (Some(value), Some(year)) = (value, year) else { return };
    let source = change.source.unwrap_or_else(|| old.and_then(|baseline| baseline.source));
    indicator.baseline = Some(Baseline { value, year, source });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(json: &str) -> UpdateItem {
        serde_json::from_str(json).unwrap_or_default()
    }

    fn indicator() -> ItemDraft {
        let measure = Measure {
            kind: MeasureKind::Count,
            numerator_label: None,
            denominator_label: None,
            unit: Some("hồ sơ".to_owned()),
            aggregation: Aggregation::Sum,
            subset_of: None,
            control: Control::Ward,
            conditional: true,
            no_more_than: None,
        };
        let content = IndicatorContent { measure: Some(measure), targets: Vec::new(), baseline: None };
        ItemDraft { content: Content::Indicator(Box::new(content)), ..ItemDraft::default() }
    }

    fn measure_after(json: &str) -> Option<Measure> {
        match patch(json).apply(indicator()).ok()?.content {
            Content::Indicator(indicator) => indicator.measure,
            _ => None,
        }
    }

    #[test]
    fn absent_keeps_and_null_clears_within_the_measure_too() {
        let measure = measure_after(r#"{"measure":{"unit":null,"aggregation":"latest"}}"#);
        let measure = measure.map(|m| (m.kind, m.aggregation, m.unit, m.conditional));
        assert_eq!(measure, Some((MeasureKind::Count, Aggregation::Latest, None, true)));
        assert_eq!(measure_after(r#"{"measure":null}"#), None);
    }

    #[test]
    fn fields_of_another_kind_and_halves_are_refused() {
        let pointers = |json: &str, draft: ItemDraft| -> Vec<String> {
            let fields = patch(json).apply(draft).err().map(|error| error.fields).unwrap_or_default();
            fields.into_iter().map(|field| field.pointer).collect()
        };
        assert_eq!(pointers(r#"{"kind":"task","due_on":null}"#, indicator()), ["/kind", "/due_on"]);
        assert_eq!(pointers(r#"{"targets":[]}"#, ItemDraft::default()), ["/targets"]);
        assert_eq!(pointers(r#"{"baseline":{"value":3}}"#, indicator()), ["/baseline/year"]);
    }
}
