//! Requests for explanation and assessments as people see them.

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    model::{
        Assessment, AssessmentId, AssessmentKind, ExplanationRequest, ExplanationRequestId, RequestState,
    },
    rules,
};
use crate::{
    kernel::{
        id::{PrincipalId, UnitId},
        time::Timestamp,
    },
    submissions::{SubmissionId, model::Cause},
};

/// A request that a unit explain a figure, with the answer once there is one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExplanationRequestView {
    /// Its id.
    pub id: ExplanationRequestId,
    /// The submission.
    pub submission_id: SubmissionId,
    /// The unit whose figure it is, and whose head answers.
    pub unit_id: UnitId,
    /// Number of the signed revision it is about.
    #[schema(example = 1)]
    pub revision: i32,
    /// Whether it waits for its answer.
    pub state: RequestState,
    /// What is asked.
    #[schema(example = "Vì sao tỷ lệ hồ sơ đúng hạn giảm so với Quý I?")]
    pub question: String,
    /// Until when an answer is on time, inclusive.
    pub due_at: Timestamp,
    /// Whether it waits longer than it should.
    pub overdue: bool,
    /// Who asked.
    pub asked_by: PrincipalId,
    /// Office held when asking.
    #[schema(example = "Chủ tịch UBND")]
    pub asked_position: Option<String>,
    /// Unit of who asked.
    pub asked_unit_id: UnitId,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The answer; `null` while there is none.
    pub answer: Option<AnswerView>,
    /// Whether the answer came after the due time; `null` while there is none.
    pub answered_late: Option<bool>,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

/// What a unit answered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AnswerView {
    /// Claimed cause.
    pub cause: Option<Cause>,
    /// What happened.
    pub what_happened: Option<String>,
    /// What is done about it.
    pub remedy: Option<String>,
    /// By when.
    pub new_date: Option<NaiveDate>,
    /// Who answered.
    pub answered_by: Option<PrincipalId>,
    /// Office held when answering.
    pub position: Option<String>,
    /// When.
    pub answered_at: Timestamp,
}

impl ExplanationRequestView {
    /// The view of a request at this time.
    #[must_use]
    pub fn of(request: ExplanationRequest, now: Timestamp) -> Self {
        Self {
            id: request.id,
            submission_id: request.submission_id,
            unit_id: request.unit_id,
            revision: request.revision,
            state: rules::state_of(&request),
            due_at: request.due_at,
            overdue: rules::is_overdue(&request, now),
            asked_by: request.asked_by,
            asked_unit_id: request.asked_unit_id,
            asked_at: request.asked_at,
            answered_late: rules::answered_late(&request),
            version: request.version,
            question: request.question,
            asked_position: request.asked_position,
            answer: request.answered_at.map(|answered_at| AnswerView {
                cause: request.cause,
                what_happened: request.what_happened,
                remedy: request.remedy,
                new_date: request.new_date,
                answered_by: request.answered_by,
                position: request.answered_position,
                answered_at,
            }),
        }
    }
}

/// A finding or conclusion about one revision, beside the unit's claim.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssessmentView {
    /// Its id.
    pub id: AssessmentId,
    /// The submission.
    pub submission_id: SubmissionId,
    /// Number of the signed revision it is about.
    #[schema(example = 1)]
    pub revision: i32,
    /// Finding or conclusion.
    pub kind: AssessmentKind,
    /// The cause as its author sees it.
    pub cause: Cause,
    /// What was found or concluded.
    #[schema(example = "Chậm do chưa bố trí người thay khi cán bộ nghỉ phép")]
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

impl AssessmentView {
    /// The view of an assessment.
    #[must_use]
    pub fn of(assessment: Assessment) -> Self {
        Self {
            id: assessment.id,
            submission_id: assessment.submission_id,
            revision: assessment.revision,
            kind: assessment.kind,
            cause: assessment.cause,
            text: assessment.text,
            author_id: assessment.author_id,
            position: assessment.position,
            unit_id: assessment.unit_id,
            created_at: assessment.created_at,
        }
    }
}
