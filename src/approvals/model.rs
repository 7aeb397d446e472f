//! Decisions as the database keeps them.

use diesel::{Queryable, Selectable};

use crate::{
    id_type,
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        json::JsonText,
        time::Timestamp,
    },
    schema::decisions,
    submissions::{Action, SubmissionId, SubmissionState},
};

id_type! {
    /// Identifies a decision.
    DecisionId
}

/// One person's act on a revision.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = decisions, check_for_backend(crate::db::MultiBackend))]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// Its ward.
    pub ward_id: WardId,
    /// The submission.
    pub submission_id: SubmissionId,
    /// The revision it was about.
    pub revision: i32,
    /// What was done.
    pub action: Action,
    /// State before.
    pub from_state: SubmissionState,
    /// State after.
    pub to_state: SubmissionState,
    /// Who did it.
    pub decided_by: PrincipalId,
    /// Office held at that moment.
    pub position: Option<String>,
    /// Unit at that moment.
    pub unit_id: UnitId,
    /// Why.
    pub reason: Option<String>,
    /// Reason codes from the ward's list (JSON list).
    pub reason_codes: JsonText,
    /// Fields at fault (JSON list of pointers).
    pub pointers: JsonText,
    /// When.
    pub decided_at: Timestamp,
    /// Whose authority it was done with, if not the person's own.
    pub on_behalf_of: Option<PrincipalId>,
    /// Whether a return said that what was submitted was no report at all.
    pub not_a_report: bool,
}
