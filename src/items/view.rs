//! Items as clients see them: one shape per kind, told apart by `kind`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    draft::{Baseline, Measure, TargetContent, baseline_of, measure_of},
    model::{Assignment, Field, Frequency, ItemId, Obligation, PlanItem, Recurrence, Target},
};
use crate::{
    kernel::{day, id::UnitId},
    plans::PlanId,
};

macro_rules! item_view {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Serialize, utoipa::ToSchema)]
        pub struct $name {
            /// Its id.
            pub id: ItemId,
            /// Its plan.
            pub plan_id: PlanId,
            /// Code as printed.
            #[schema(example = "II.2.đ.1")]
            pub code: String,
            /// ASCII alias of the code.
            #[schema(example = "II.2.dd.1")]
            pub code_ascii: String,
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
            /// First day on which it counts, where an amendment added it.
            pub effective_from: Option<NaiveDate>,
            /// First day on which it no longer counts, where an amendment withdrew it.
            pub withdrawn_from: Option<NaiveDate>,
            /// The item of an earlier year that it continues.
            pub carried_from_id: Option<ItemId>,
            $($(#[$field_meta])* pub $field: $type,)*
            /// Counts changes.
            pub version: i64,
        }

        impl $name {
            fn of(item: &PlanItem, coordinators: &[UnitId], $($field: $type),*) -> Self {
                Self {
                    id: item.id,
                    plan_id: item.plan_id,
                    code: item.code.clone(),
                    code_ascii: item.code_ascii.clone(),
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
                    effective_from: item.effective_from,
                    withdrawn_from: item.withdrawn_from,
                    carried_from_id: item.carried_from_id,
                    $($field,)*
                    version: item.version,
                }
            }
        }
    };
}

item_view! {
    /// A heading.
    SectionView {}
}

item_view! {
    /// A measured target.
    IndicatorView {
        /// What is measured; a draft may not say yet.
        measure: Option<Measure>,
        /// Which of its definitions that is; the first is 1, and `/versions` has those before.
        definition_version: i32,
        /// What is aimed at, then and now; the latest that took effect is in force.
        targets: Vec<TargetContent>,
        /// What a reduction is held against.
        baseline: Option<Baseline>,
    }
}

item_view! {
    /// A duty.
    TaskView {
        /// Its product.
        deliverable: Option<String>,
        /// First day.
        starts_on: Option<NaiveDate>,
        /// Last day.
        due_on: Option<NaiveDate>,
        /// How often it comes back.
        recurrence: Option<Recurrence>,
    }
}

/// An item of a plan; `kind` says which fields it has.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ItemView {
    /// A heading.
    Section(Box<SectionView>),
    /// A measured target.
    Indicator(Box<IndicatorView>),
    /// A duty.
    Task(Box<TaskView>),
}

impl ItemView {
    /// The view of an item. Of `targets`, those of other items are left out.
    #[must_use]
    pub fn of(item: &PlanItem, targets: &[Target], coordinators: &[UnitId]) -> Self {
        use super::model::ItemKind;
        match item.kind {
            ItemKind::Section => Self::Section(Box::new(SectionView::of(item, coordinators))),
            ItemKind::Indicator => {
                let own = targets.iter().filter(|target| target.item_id == item.id);
                let targets = own.map(TargetContent::of).collect();
                let (measure, baseline) = (measure_of(item), baseline_of(item));
                let version = item.definition_version;
                let view = IndicatorView::of(item, coordinators, measure, version, targets, baseline);
                Self::Indicator(Box::new(view))
            }
            ItemKind::Task => Self::Task(Box::new(TaskView::of(
                item,
                coordinators,
                item.deliverable.clone(),
                item.starts_on,
                item.due_on,
                item.recurrence,
            ))),
        }
    }
}

/// One unit's duty to report a leaf.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "unit_id": "0198f0a0-0000-7000-8000-000000000001", "frequency": "quarterly", "obligation": "must"
}))]
pub struct AssignmentView {
    /// The unit.
    pub unit_id: UnitId,
    /// How often it reports.
    pub frequency: Frequency,
    /// Ordered, or asked: `front` and `vertical_agency` units are only asked.
    pub obligation: Obligation,
    /// First day on which it counts; absent or `null` keeps that of the unit's present line, or counts always.
    #[serde(default, deserialize_with = "day::optional", skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<NaiveDate>,
    /// First day on which it no longer counts: what was owed before is owed still.
    #[serde(default, deserialize_with = "day::optional", skip_serializing_if = "Option::is_none")]
    pub withdrawn_from: Option<NaiveDate>,
}

impl AssignmentView {
    /// The view of an assignment.
    #[must_use]
    pub fn of(assignment: &Assignment) -> Self {
        Self {
            unit_id: assignment.unit_id,
            frequency: assignment.frequency,
            obligation: assignment.obligation,
            effective_from: assignment.effective_from,
            withdrawn_from: assignment.withdrawn_from,
        }
    }
}
