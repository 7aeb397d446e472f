//! What an item is made of before it is a row: the same shape for a new item, a changed one and an imported one.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::model::{
    Aggregation, Assignment, Comparator, Control, Field, ItemId, ItemKind, MeasureKind, PlanItem, Recurrence,
    Target, TargetId, TargetTier,
};
use crate::{
    kernel::{
        day,
        id::{UnitId, WardId},
        number::Quantity,
        text::{ascii_code, clean},
    },
    plans::PlanId,
};

/// What an indicator's figure is and how units' figures make the ward's (RULES §5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// What the figure is.
    pub kind: MeasureKind,
    /// What the numerator counts.
    #[schema(max_length = 300, example = "Hồ sơ giải quyết trước và đúng hạn")]
    pub numerator_label: Option<String>,
    /// What the denominator counts.
    #[schema(max_length = 300, example = "Hồ sơ đã giải quyết")]
    pub denominator_label: Option<String>,
    /// What is counted.
    #[schema(max_length = 50, example = "hồ sơ")]
    pub unit: Option<String>,
    /// How the units' figures make the ward's.
    pub aggregation: Aggregation,
    /// The indicator of whose cases these are some ("trong đó").
    pub subset_of: Option<ItemId>,
    /// Who can move the figure.
    #[serde(default = "ward_control")]
    pub control: Control,
    /// Whether it may not apply ("nếu có").
    #[serde(default)]
    pub conditional: bool,
    /// The indicator whose numerator this one's must not exceed.
    pub no_more_than: Option<ItemId>,
}

const fn ward_control() -> Control {
    Control::Ward
}

/// One target of an indicator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetContent {
    /// How binding it is.
    pub tier: TargetTier,
    /// How a figure is held against it.
    pub comparator: Comparator,
    /// The value, in the target's unit.
    #[schema(value_type = Option<f64>, minimum = -100000000000.0, maximum = 100000000000.0, example = 90)]
    pub value: Option<Quantity>,
    /// Unit of the value: `percent`, `point`, …
    #[schema(max_length = 50, example = "percent")]
    pub unit: Option<String>,
    /// The band, for `band_at_least`.
    #[schema(max_length = 50, example = json!(null))]
    pub band: Option<String>,
    /// First day on which it counts.
    #[serde(deserialize_with = "day::read")]
    pub effective_from: NaiveDate,
}

/// What a reduction is held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The figure then.
    #[schema(value_type = f64, minimum = 0.0, maximum = 100000000000.0, example = 12)]
    pub value: Quantity,
    /// The year of it.
    #[schema(minimum = 1990, maximum = 2100, example = 2021)]
    pub year: i32,
    /// Where it is written.
    #[schema(max_length = 300)]
    pub source: Option<String>,
}

/// What only an indicator has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndicatorContent {
    /// What is measured; a draft may not know yet.
    pub measure: Option<Measure>,
    /// What is aimed at.
    pub targets: Vec<TargetContent>,
    /// What a reduction is held against.
    pub baseline: Option<Baseline>,
}

/// What only a task has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskContent {
    /// Its product.
    pub deliverable: Option<String>,
    /// First day.
    pub starts_on: Option<NaiveDate>,
    /// Last day.
    pub due_on: Option<NaiveDate>,
    /// How often it comes back.
    pub recurrence: Option<Recurrence>,
}

/// What an item is, with what only this kind has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// A heading.
    #[default]
    Section,
    /// A measured target.
    Indicator(Box<IndicatorContent>),
    /// A duty.
    Task(TaskContent),
}

impl Content {
    /// The kind of item it makes.
    #[must_use]
    pub const fn kind(&self) -> ItemKind {
        match self {
            Self::Section => ItemKind::Section,
            Self::Indicator(_) => ItemKind::Indicator,
            Self::Task(_) => ItemKind::Task,
        }
    }
}

/// An item before it is a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemDraft {
    /// Code as printed.
    pub code: String,
    /// Short name.
    pub title: String,
    /// Short name in English.
    pub title_en: Option<String>,
    /// The section above.
    pub parent_id: Option<ItemId>,
    /// Place among its siblings.
    pub position: i32,
    /// Field of reform.
    pub field: Option<Field>,
    /// The unit that owns it.
    pub lead_unit_id: Option<UnitId>,
    /// The units that work along.
    pub coordinating_unit_ids: Vec<UnitId>,
    /// The unit that tracks it and verifies its figures.
    pub tracking_unit_id: Option<UnitId>,
    /// Remark.
    pub note: Option<String>,
    /// Whether it is a sample and not from the plan.
    pub sample: bool,
    /// What it is, with what only this kind has.
    pub content: Content,
}

/// An item with all that hangs on it, ready to be written.
#[derive(Clone, Debug)]
pub struct FullItem {
    /// The node.
    pub item: PlanItem,
    /// Its targets.
    pub targets: Vec<Target>,
    /// The units that work along.
    pub coordinators: Vec<UnitId>,
    /// Who reports it.
    pub assignments: Vec<Assignment>,
}

impl ItemDraft {
    /// The draft with its texts composed, trimmed and without repeated units.
    #[must_use]
    pub fn cleaned(mut self) -> Self {
        self.code = clean(&self.code);
        self.title = clean(&self.title);
        for text in [&mut self.title_en, &mut self.note] {
            *text = text.as_deref().map(clean);
        }
        self.coordinating_unit_ids.sort_unstable();
        self.coordinating_unit_ids.dedup();
        match &mut self.content {
            Content::Section => {}
            Content::Task(task) => task.deliverable = task.deliverable.as_deref().map(clean),
            Content::Indicator(indicator) => {
                if let Some(measure) = &mut indicator.measure {
                    for text in
                        [&mut measure.numerator_label, &mut measure.denominator_label, &mut measure.unit]
                    {
                        *text = text.as_deref().map(clean);
                    }
                }
                for target in &mut indicator.targets {
                    target.unit = target.unit.as_deref().map(clean);
                    target.band = target.band.as_deref().map(clean);
                }
            }
        }
        self
    }

    /// What an item that exists is made of.
    #[must_use]
    pub fn of(item: &PlanItem, targets: &[Target], coordinators: &[UnitId]) -> Self {
        let content = match item.kind {
            ItemKind::Section => Content::Section,
            ItemKind::Indicator => Content::Indicator(Box::new(IndicatorContent {
                measure: measure_of(item),
                targets: targets.iter().map(TargetContent::of).collect(),
                baseline: baseline_of(item),
            })),
            ItemKind::Task => Content::Task(TaskContent {
                deliverable: item.deliverable.clone(),
                starts_on: item.starts_on,
                due_on: item.due_on,
                recurrence: item.recurrence,
            }),
        };
        Self {
            code: item.code.clone(),
            title: item.title.clone(),
            title_en: item.title_en.clone(),
            parent_id: item.parent_id,
            position: item.position,
            field: item.field,
            lead_unit_id: item.lead_unit_id,
            coordinating_unit_ids: coordinators.to_vec(),
            tracking_unit_id: item.tracking_unit_id,
            note: item.note.clone(),
            sample: item.sample,
            content,
        }
    }

    /// The row it makes, at version 1.
    #[must_use]
    pub fn to_row(&self, id: ItemId, ward_id: WardId, plan_id: PlanId, sort_path: String) -> PlanItem {
        let (measure, baseline) = match &self.content {
            Content::Indicator(indicator) => (indicator.measure.clone(), indicator.baseline.clone()),
            _ => (None, None),
        };
        let task = match &self.content {
            Content::Task(task) => task.clone(),
            _ => TaskContent::default(),
        };
        PlanItem {
            id,
            ward_id,
            plan_id,
            kind: self.content.kind(),
            code: self.code.clone(),
            code_ascii: ascii_code(&self.code),
            title: self.title.clone(),
            title_en: self.title_en.clone(),
            parent_id: self.parent_id,
            position: self.position,
            sort_path,
            field: self.field,
            lead_unit_id: self.lead_unit_id,
            tracking_unit_id: self.tracking_unit_id,
            note: self.note.clone(),
            sample: self.sample,
            measure_kind: measure.as_ref().map(|m| m.kind),
            numerator_label: measure.as_ref().and_then(|m| m.numerator_label.clone()),
            denominator_label: measure.as_ref().and_then(|m| m.denominator_label.clone()),
            measure_unit: measure.as_ref().and_then(|m| m.unit.clone()),
            aggregation: measure.as_ref().map(|m| m.aggregation),
            subset_of_id: measure.as_ref().and_then(|m| m.subset_of),
            no_more_than_id: measure.as_ref().and_then(|m| m.no_more_than),
            control: measure.as_ref().map(|m| m.control),
            conditional: measure.as_ref().is_some_and(|m| m.conditional),
            baseline_value: baseline.as_ref().map(|b| b.value),
            baseline_year: baseline.as_ref().map(|b| b.year),
            baseline_source: baseline.and_then(|b| b.source),
            deliverable: task.deliverable,
            starts_on: task.starts_on,
            due_on: task.due_on,
            recurrence: task.recurrence,
            effective_from: None,
            withdrawn_from: None,
            definition_version: 1,
            carried_from_id: None,
            version: 1,
        }
    }

    /// The rows of its targets.
    #[must_use]
    pub fn to_targets(&self, item_id: ItemId) -> Vec<Target> {
        let Content::Indicator(indicator) = &self.content else { return Vec::new() };
        indicator.targets.iter().map(|target| target.to_row(item_id)).collect()
    }
}

impl TargetContent {
    /// What a target that exists is made of.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        Self {
            tier: target.tier,
            comparator: target.comparator,
            value: target.value,
            unit: target.unit.clone(),
            band: target.band.clone(),
            effective_from: target.effective_from,
        }
    }

    /// The row it makes.
    #[must_use]
    pub fn to_row(&self, item_id: ItemId) -> Target {
        Target {
            id: TargetId::generate(),
            item_id,
            tier: self.tier,
            comparator: self.comparator,
            value: self.value,
            unit: self.unit.clone(),
            band: self.band.clone(),
            effective_from: self.effective_from,
        }
    }
}

/// What an indicator measures; none while its draft does not say.
#[must_use]
pub fn measure_of(item: &PlanItem) -> Option<Measure> {
    Some(Measure {
        kind: item.measure_kind?,
        numerator_label: item.numerator_label.clone(),
        denominator_label: item.denominator_label.clone(),
        unit: item.measure_unit.clone(),
        aggregation: item.aggregation?,
        subset_of: item.subset_of_id,
        control: item.control.unwrap_or(Control::Ward),
        conditional: item.conditional,
        no_more_than: item.no_more_than_id,
    })
}

/// What an indicator's reduction is held against.
#[must_use]
pub fn baseline_of(item: &PlanItem) -> Option<Baseline> {
    Some(Baseline {
        value: item.baseline_value?,
        year: item.baseline_year?,
        source: item.baseline_source.clone(),
    })
}
