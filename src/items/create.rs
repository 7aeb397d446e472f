//! New items as clients send them: one shape per kind, told apart by `kind`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    draft::{Baseline, Content, IndicatorContent, ItemDraft, Measure, TargetContent, TaskContent},
    model::{Field, ItemId, ItemKind, Recurrence},
};
use crate::kernel::{day, id::UnitId, patch};

// Strictness is [`AnyItem`]'s: a schema that forbids other fields could not be joined with `kind`.
macro_rules! item_body {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
        pub struct $name {
            /// Code as printed: letters (đ among them), digits, `.` and `-`; unique per plan and kind.
            #[schema(min_length = 1, max_length = 35)]
            pub code: String,
            /// Short name.
            #[schema(min_length = 1, max_length = 300)]
            pub title: String,
            /// Short name in English.
            #[schema(max_length = 300)]
            pub title_en: Option<String>,
            /// The section above; none at the top.
            pub parent_id: Option<ItemId>,
            /// Place among its siblings.
            #[schema(minimum = 1, maximum = 9999)]
            pub position: i32,
            /// Field of reform.
            pub field: Option<Field>,
            /// The unit that owns it.
            pub lead_unit_id: Option<UnitId>,
            /// The units that work along.
            #[schema(max_items = 200, required = false)]
            pub coordinating_unit_ids: Vec<UnitId>,
            /// The unit that tracks it and verifies its figures.
            pub tracking_unit_id: Option<UnitId>,
            /// Remark.
            #[schema(max_length = 4000)]
            pub note: Option<String>,
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $name {
            const OWN: &'static [&'static str] = &[$(stringify!($field)),*];

            fn read(any: AnyItem) -> Result<Box<Self>, String> {
                any.refuse_others(Self::OWN)?;
                Ok(Box::new(Self {
                    code: any.code.ok_or("missing field `code`")?,
                    title: any.title.ok_or("missing field `title`")?,
                    title_en: any.title_en,
                    parent_id: any.parent_id,
                    position: any.position.ok_or("missing field `position`")?,
                    field: any.field,
                    lead_unit_id: any.lead_unit_id,
                    coordinating_unit_ids: any.coordinating_unit_ids,
                    tracking_unit_id: any.tracking_unit_id,
                    note: any.note,
                    $($field: any.$field.unwrap_or_default(),)*
                }))
            }

            fn into_draft(self, content: impl FnOnce($($type),*) -> Content) -> ItemDraft {
                ItemDraft {
                    code: self.code,
                    title: self.title,
                    title_en: self.title_en,
                    parent_id: self.parent_id,
                    position: self.position,
                    field: self.field,
                    lead_unit_id: self.lead_unit_id,
                    coordinating_unit_ids: self.coordinating_unit_ids,
                    tracking_unit_id: self.tracking_unit_id,
                    note: self.note,
                    sample: false,
                    content: content($(self.$field),*),
                }
            }
        }
    };
}

item_body! {
    /// A new heading.
    CreateSection {}
}

item_body! {
    /// A new measured target.
    CreateIndicator {
        /// What is measured; a plan is issued only when all its indicators say so.
        measure: Option<Measure>,
        /// What is aimed at: one target per tier and first day.
        #[schema(max_items = 20, required = false)]
        targets: Vec<TargetContent>,
        /// What a reduction is held against.
        baseline: Option<Baseline>,
    }
}

item_body! {
    /// A new duty.
    CreateTask {
        /// Its product.
        #[schema(max_length = 300)]
        deliverable: Option<String>,
        /// First day.
        starts_on: Option<NaiveDate>,
        /// Last day.
        due_on: Option<NaiveDate>,
        /// How often it comes back.
        recurrence: Option<Recurrence>,
    }
}

/// A new item; `kind` says which fields it takes.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "AnyItem")]
#[schema(example = json!({
    "kind": "indicator", "code": "II.9.a", "title": "Hồ sơ giải quyết đúng và trước hạn", "position": 1,
    "field": "procedures",
    "measure": {
        "kind": "ratio", "numerator_label": "Hồ sơ đúng và trước hạn", "denominator_label": "Hồ sơ đã giải quyết",
        "unit": "hồ sơ", "aggregation": "ratio_of_sums"
    },
    "targets": [{
        "tier": "plan", "comparator": "at_least", "value": 90, "unit": "percent", "effective_from": "2027-01-01"
    }]
}))]
pub enum CreateItem {
    /// A heading.
    Section(Box<CreateSection>),
    /// A measured target.
    Indicator(Box<CreateIndicator>),
    /// A duty.
    Task(Box<CreateTask>),
}

impl From<CreateItem> for ItemDraft {
    fn from(body: CreateItem) -> Self {
        match body {
            CreateItem::Section(body) => body.into_draft(|| Content::Section),
            CreateItem::Indicator(body) => body.into_draft(|measure, targets, baseline| {
                Content::Indicator(Box::new(IndicatorContent { measure, targets, baseline }))
            }),
            CreateItem::Task(body) => body.into_draft(|deliverable, starts_on, due_on, recurrence| {
                Content::Task(TaskContent { deliverable, starts_on, due_on, recurrence })
            }),
        }
    }
}

/// The fields of all kinds together. A body is read into this first, so that a refusal can say where in the body the
/// fault is; a tagged union on its own forgets the place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnyItem {
    kind: ItemKind,
    code: Option<String>,
    title: Option<String>,
    title_en: Option<String>,
    parent_id: Option<ItemId>,
    position: Option<i32>,
    field: Option<Field>,
    lead_unit_id: Option<UnitId>,
    #[serde(default)]
    coordinating_unit_ids: Vec<UnitId>,
    tracking_unit_id: Option<UnitId>,
    note: Option<String>,
    #[serde(default, deserialize_with = "patch::field")]
    measure: Option<Option<Measure>>,
    targets: Option<Vec<TargetContent>>,
    #[serde(default, deserialize_with = "patch::field")]
    baseline: Option<Option<Baseline>>,
    #[serde(default, deserialize_with = "patch::field")]
    deliverable: Option<Option<String>>,
    #[serde(default, deserialize_with = "day::field")]
    starts_on: Option<Option<NaiveDate>>,
    #[serde(default, deserialize_with = "day::field")]
    due_on: Option<Option<NaiveDate>>,
    #[serde(default, deserialize_with = "patch::field")]
    recurrence: Option<Option<Recurrence>>,
}

impl AnyItem {
    /// The first field that belongs to another kind, in serde's words for it.
    fn refuse_others(&self, own: &[&str]) -> Result<(), String> {
        let sent = [
            ("measure", self.measure.is_some()),
            ("targets", self.targets.is_some()),
            ("baseline", self.baseline.is_some()),
            ("deliverable", self.deliverable.is_some()),
            ("starts_on", self.starts_on.is_some()),
            ("due_on", self.due_on.is_some()),
            ("recurrence", self.recurrence.is_some()),
        ];
        match sent.into_iter().find(|(name, sent)| *sent && !own.contains(name)) {
            Some((name, _)) => Err(format!("unknown field `{name}`")),
            None => Ok(()),
        }
    }
}

impl TryFrom<AnyItem> for CreateItem {
    type Error = String;

    fn try_from(any: AnyItem) -> Result<Self, String> {
        Ok(match any.kind {
            ItemKind::Section => Self::Section(CreateSection::read(any)?),
            ItemKind::Indicator => Self::Indicator(CreateIndicator::read(any)?),
            ItemKind::Task => Self::Task(CreateTask::read(any)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> Option<String> {
        serde_json::from_str::<CreateItem>(json).err().map(|error| error.to_string())
    }

    #[test]
    fn each_kind_takes_its_own_fields_only() {
        let task = r#"{"kind":"task","code":"A","title":"A","position":1,"due_on":null,"recurrence":"once"}"#;
        assert_eq!(refusal(task), None);
        let section = task.replace("\"task\"", "\"section\"");
        assert!(refusal(&section).is_some_and(|said| said.starts_with("unknown field `due_on`")));
        let nameless = r#"{"kind":"section","code":"A","position":1}"#;
        assert!(refusal(nameless).is_some_and(|said| said.starts_with("missing field `title`")));
        let strange = r#"{"kind":"section","code":"A","title":"A","position":1,"sample":true}"#;
        assert!(refusal(strange).is_some_and(|said| said.starts_with("unknown field `sample`")));
    }
}
