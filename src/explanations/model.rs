//! Requests for explanation and assessments as the database keeps them.

use chrono::NaiveDate;
use diesel::{
    Insertable, Queryable, QueryableByName, Selectable,
    sql_types::{BigInt, Text, Timestamp as SqlTimestamp},
};

use crate::{
    id_type,
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        time::Timestamp,
    },
    schema::{assessments, explanation_requests},
    submissions::{SubmissionId, model::Cause},
    text_enum,
};

id_type! {
    /// Identifies a request for explanation.
    ExplanationRequestId
}

id_type! {
    /// Identifies an assessment.
    AssessmentId
}

text_enum! {
    /// Whether a request waits for its answer.
    pub enum RequestState {
        /// It waits.
        Open = "open",
        /// The unit has answered.
        Answered = "answered",
    }
}

text_enum! {
    /// What stands beside a unit's claim (RULES §5).
    pub enum AssessmentKind {
        /// The standing office's finding.
        Finding = "finding",
        /// The leader's conclusion.
        Conclusion = "conclusion",
    }
}

/// A request that a unit explain a figure, with the answer once there is one.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = explanation_requests, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct ExplanationRequest {
    /// Its id.
    pub id: ExplanationRequestId,
    /// Its ward.
    pub ward_id: WardId,
    /// The submission.
    pub submission_id: SubmissionId,
    /// The unit whose figure it is.
    pub unit_id: UnitId,
    /// Number of the signed revision it is about.
    pub revision: i32,
    /// What is asked.
    pub question: String,
    /// Until when an answer is on time, inclusive.
    pub due_at: Timestamp,
    /// Who asked.
    pub asked_by: PrincipalId,
    /// Office held when asking.
    pub asked_position: Option<String>,
    /// Unit of who asked.
    pub asked_unit_id: UnitId,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Answer: claimed cause.
    pub cause: Option<Cause>,
    /// Answer: what happened.
    pub what_happened: Option<String>,
    /// Answer: what is done about it.
    pub remedy: Option<String>,
    /// Answer: by when.
    pub new_date: Option<NaiveDate>,
    /// Who answered.
    pub answered_by: Option<PrincipalId>,
    /// Office held when answering.
    pub answered_position: Option<String>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// Counts changes.
    pub version: i64,
}

/// A request that waits for its answer, as a list of work shows it.
#[derive(Clone, Debug, QueryableByName)]
pub struct WaitingRequest {
    /// The request.
    #[diesel(sql_type = Text)]
    pub request_id: ExplanationRequestId,
    /// The submission.
    #[diesel(sql_type = Text)]
    pub submission_id: SubmissionId,
    /// Code of the leaf.
    #[diesel(sql_type = Text)]
    pub item_code: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub item_title: String,
    /// Code of the unit whose figure it is.
    #[diesel(sql_type = Text)]
    pub unit_code: String,
    /// Code of the period.
    #[diesel(sql_type = Text)]
    pub period_code: String,
    /// What is asked.
    #[diesel(sql_type = Text)]
    pub question: String,
    /// Until when an answer is on time, inclusive.
    #[diesel(sql_type = SqlTimestamp)]
    pub due_at: Timestamp,
    /// Rows of the whole list.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
}

/// A finding or conclusion about one revision; a later one of the same kind takes its place, and both stay readable.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = assessments, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct Assessment {
    /// Its id.
    pub id: AssessmentId,
    /// Its ward.
    pub ward_id: WardId,
    /// The submission.
    pub submission_id: SubmissionId,
    /// Number of the signed revision it is about.
    pub revision: i32,
    /// Finding or conclusion.
    pub kind: AssessmentKind,
    /// The cause as its author sees it.
    pub cause: Cause,
    /// What was found or concluded.
    pub text: String,
    /// Who wrote it.
    pub author_id: PrincipalId,
    /// Office held at that moment.
    pub position: Option<String>,
    /// Unit at that moment.
    pub unit_id: UnitId,
    /// When.
    pub created_at: Timestamp,
}
