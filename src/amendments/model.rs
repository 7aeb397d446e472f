//! An amendment as the database keeps it.

use chrono::NaiveDate;
use diesel::{Queryable, Selectable};

use crate::{
    id_type,
    kernel::{
        id::{PrincipalId, WardId},
        json::JsonText,
        time::Timestamp,
    },
    plans::PlanId,
    schema::amendments,
    text_enum,
};

id_type! {
    /// Identifies an amendment.
    AmendmentId
}

text_enum! {
    /// Where an amendment stands.
    pub enum AmendmentStatus {
        /// Being written; the plan is as it was.
        Draft = "draft",
        /// Approved by a leader, and applied.
        Approved = "approved",
    }
}

/// A decision that changes an issued plan.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = amendments, check_for_backend(crate::db::MultiBackend))]
pub struct Amendment {
    /// Its id.
    pub id: AmendmentId,
    /// Its ward.
    pub ward_id: WardId,
    /// The plan it changes.
    pub plan_id: PlanId,
    /// Number of the decision, unique in the plan.
    pub number: String,
    /// Date of the decision.
    pub decided_on: NaiveDate,
    /// First day on which it counts.
    pub effective_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// What it changes (JSON list of [`super::changes::Change`]).
    pub changes: JsonText,
    /// Where it stands.
    pub status: AmendmentStatus,
    /// Who wrote it.
    pub created_by: PrincipalId,
    /// When.
    pub created_at: Timestamp,
    /// The leader who approved it.
    pub approved_by: Option<PrincipalId>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// Counts changes.
    pub version: i64,
}
