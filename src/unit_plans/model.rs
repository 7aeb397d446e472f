//! A unit's plan and its items as the database keeps them.

use chrono::NaiveDate;
use diesel::{AsChangeset, Insertable, Queryable, Selectable};

use crate::{
    id_type,
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        time::Timestamp,
    },
    plans::PlanId,
    schema::{unit_plan_items, unit_plans},
    text_enum,
};

id_type! {
    /// Identifies a unit's plan.
    UnitPlanId
}

id_type! {
    /// Identifies an item of a unit's plan.
    UnitPlanItemId
}

text_enum! {
    /// Where a unit's plan stands.
    pub enum UnitPlanStatus {
        /// Being written.
        Draft = "draft",
        /// Signed by the unit's head; fixed.
        Issued = "issued",
    }
}

/// A unit's plan for a plan of its ward.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = unit_plans, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct UnitPlan {
    /// Its id.
    pub id: UnitPlanId,
    /// Its ward.
    pub ward_id: WardId,
    /// The ward's plan that it serves.
    pub plan_id: PlanId,
    /// The unit.
    pub unit_id: UnitId,
    /// Title.
    pub title: String,
    /// Number of the document, once it has one.
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
    pub version: i64,
}

/// An item of a unit's plan.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = unit_plan_items, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct UnitPlanItem {
    /// Its id.
    pub id: UnitPlanItemId,
    /// Its ward.
    pub ward_id: WardId,
    /// The unit's plan.
    pub unit_plan_id: UnitPlanId,
    /// What is to be done.
    pub title: String,
    /// Its product.
    pub deliverable: Option<String>,
    /// First day.
    pub starts_on: Option<NaiveDate>,
    /// Last day.
    pub due_on: Option<NaiveDate>,
    /// The position whose holder does it; never a name.
    pub person_position: Option<String>,
    /// Counts changes.
    pub version: i64,
}
