//! Unit plans and their items as people see them.

use chrono::NaiveDate;
use serde::Serialize;

use super::model::{UnitPlan, UnitPlanId, UnitPlanItem, UnitPlanItemId, UnitPlanStatus};
use crate::{
    items::{Field, ItemId, ItemKind, PlanItem},
    kernel::{
        id::{PrincipalId, UnitId},
        time::Timestamp,
    },
    plans::PlanId,
};

/// A unit's plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnitPlanView {
    /// Its id.
    pub id: UnitPlanId,
    /// The ward's plan that it serves.
    pub plan_id: PlanId,
    /// The unit.
    pub unit_id: UnitId,
    /// Title.
    pub title: String,
    /// Number of the document.
    #[schema(example = "12/KH-KTHTĐT")]
    pub number: Option<String>,
    /// Date of the document.
    pub issued_on: Option<NaiveDate>,
    /// Where it stands.
    pub status: UnitPlanStatus,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was issued.
    pub issued_at: Option<Timestamp>,
    /// Who issued it.
    pub issued_by: Option<PrincipalId>,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl UnitPlanView {
    /// The view of a unit's plan.
    #[must_use]
    pub fn of(plan: &UnitPlan) -> Self {
        Self {
            id: plan.id,
            plan_id: plan.plan_id,
            unit_id: plan.unit_id,
            title: plan.title.clone(),
            number: plan.number.clone(),
            issued_on: plan.issued_on,
            status: plan.status,
            created_at: plan.created_at,
            issued_at: plan.issued_at,
            issued_by: plan.issued_by,
            version: plan.version,
        }
    }
}

/// An item of a unit's plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnitPlanItemView {
    /// Its id.
    pub id: UnitPlanItemId,
    /// The unit's plan.
    pub unit_plan_id: UnitPlanId,
    /// What is to be done.
    pub title: String,
    /// The leaves of the ward's plan that it contributes to.
    pub contributes_to: Vec<ItemId>,
    /// Its product.
    pub deliverable: Option<String>,
    /// First day.
    pub starts_on: Option<NaiveDate>,
    /// Last day.
    pub due_on: Option<NaiveDate>,
    /// The position whose holder does it.
    #[schema(example = "Chuyên viên phụ trách một cửa")]
    pub person_position: Option<String>,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl UnitPlanItemView {
    /// The view of an item with the leaves it contributes to.
    #[must_use]
    pub fn of(item: &UnitPlanItem, contributes_to: Vec<ItemId>) -> Self {
        Self {
            id: item.id,
            unit_plan_id: item.unit_plan_id,
            title: item.title.clone(),
            contributes_to,
            deliverable: item.deliverable.clone(),
            starts_on: item.starts_on,
            due_on: item.due_on,
            person_position: item.person_position.clone(),
            version: item.version,
        }
    }
}

/// A leaf of the ward's plan that no unit's plan serves.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnservedItemView {
    /// The leaf.
    pub item_id: ItemId,
    /// Its code.
    #[schema(example = "II.2.k")]
    pub code: String,
    /// Its name.
    pub title: String,
    /// Indicator or task.
    pub kind: ItemKind,
    /// Its field of reform.
    pub field: Option<Field>,
    /// The unit that owns it.
    pub lead_unit_id: Option<UnitId>,
}

impl UnservedItemView {
    /// The view of a leaf.
    #[must_use]
    pub fn of(item: PlanItem) -> Self {
        Self {
            item_id: item.id,
            code: item.code,
            title: item.title,
            kind: item.kind,
            field: item.field,
            lead_unit_id: item.lead_unit_id,
        }
    }
}
