//! An amendment as people see it.

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    changes::Change,
    model::{Amendment, AmendmentId, AmendmentStatus},
};
use crate::{
    error::{Error, Result},
    kernel::{id::PrincipalId, time::Timestamp},
    plans::PlanId,
};

/// A decision that changes an issued plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AmendmentView {
    /// Its id.
    pub id: AmendmentId,
    /// The plan it changes.
    pub plan_id: PlanId,
    /// Number of the decision.
    #[schema(example = "87/QĐ-UBND")]
    pub number: String,
    /// Date of the decision.
    pub decided_on: NaiveDate,
    /// First day on which it counts.
    pub effective_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// What it changes.
    pub changes: Vec<Change>,
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

impl AmendmentView {
    /// The view of an amendment.
    ///
    /// # Errors
    /// Internal, when the changes in the database are none.
    pub fn of(amendment: Amendment) -> Result<Self> {
        Ok(Self {
            id: amendment.id,
            plan_id: amendment.plan_id,
            number: amendment.number,
            decided_on: amendment.decided_on,
            effective_on: amendment.effective_on,
            reason: amendment.reason,
            changes: amendment.changes.read().map_err(Error::internal)?,
            status: amendment.status,
            created_by: amendment.created_by,
            created_at: amendment.created_at,
            approved_by: amendment.approved_by,
            approved_at: amendment.approved_at,
            version: amendment.version,
        })
    }
}
