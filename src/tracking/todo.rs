//! What a person has to do, as that person sees it.

use serde::Serialize;

use super::{
    model::{OwedFigure, ReturnedFigure},
    rules,
};
use crate::{
    error::{Error, Result},
    explanations::model::{ExplanationRequestId, WaitingRequest},
    items::{ItemId, Obligation},
    kernel::{id::UnitId, time::Timestamp},
    obstacles::model::{ObstacleAction, ObstacleId, ObstacleState, WaitingObstacle},
    periods::PeriodId,
    submissions::{Action, Step, SubmissionId, SubmissionState, actions::path_of, view::SubmissionView},
};

/// A call.
#[derive(Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LinkView {
    /// Its method.
    #[schema(example = "POST")]
    pub method: &'static str,
    /// Its path.
    #[schema(example = "/api/v1/submissions")]
    pub href: String,
}

impl LinkView {
    /// The call that writes on or signs a figure, whichever comes next.
    fn to_finish(submission: Option<SubmissionId>, ready_to_sign: bool) -> Self {
        match submission {
            None => Self { method: "POST", href: "/api/v1/submissions".to_owned() },
            Some(id) if ready_to_sign => Self::to_decide(id),
            Some(id) => Self { method: "PATCH", href: path_of(id) },
        }
    }

    fn to_decide(id: SubmissionId) -> Self {
        Self { method: "POST", href: format!("{}/decisions", path_of(id)) }
    }
}

/// The first rows of a list, and how many it has.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Section<T> {
    /// Rows of the whole list.
    pub total: i64,
    /// The first of them, by due time, or by age where nothing is due.
    pub items: Vec<T>,
}

/// What this person has to do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TodoView {
    /// The moment of reading.
    pub as_of: Timestamp,
    /// Figures that the person's unit owes in open periods and those due within 14 days, and has not signed.
    pub due: Section<OwedTaskView>,
    /// Figures that must be in already, and never were.
    pub overdue: Section<OwedTaskView>,
    /// Figures of the person's unit that were sent back.
    pub returned: Section<ReturnedTaskView>,
    /// Figures that wait for this person's check or approval.
    pub awaiting_review: Section<ReviewTaskView>,
    /// Figures that the person's unit is asked to explain.
    pub explanations: Section<ExplanationTaskView>,
    /// Obstacles that wait for the standing office, for its people, or for a leader.
    pub obstacles: Section<ObstacleTaskView>,
}

/// A figure to write or to sign.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OwedTaskView {
    /// The leaf.
    pub item_id: ItemId,
    /// Its code.
    #[schema(example = "II.2.k")]
    pub item_code: String,
    /// Its name.
    pub item_title: String,
    /// The unit whose figure it is: the person's own, or one that was merged into it.
    pub unit_id: UnitId,
    /// Its code.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// The period.
    pub period_id: PeriodId,
    /// Its code.
    #[schema(example = "2026-H1")]
    pub period_code: String,
    /// `request` is asked for, and never overdue.
    pub obligation: Obligation,
    /// From when it may be submitted.
    pub opens_at: Timestamp,
    /// Until when it is on time for this unit, inclusive.
    pub due_at: Timestamp,
    /// Until when it is taken from this unit, inclusive; afterwards only an extension helps.
    pub closes_at: Timestamp,
    /// Days on the ward's calendar until it is due; negative afterwards.
    #[schema(example = 3)]
    pub days_left: i64,
    /// The draft, once begun.
    pub submission_id: Option<SubmissionId>,
    /// Whether the draft is complete, and this person may sign it now.
    pub ready_to_sign: bool,
    /// How often the unit was reminded of it.
    pub times_reminded: i64,
    /// When last.
    pub reminded_at: Option<Timestamp>,
    /// The next call.
    pub next: LinkView,
}

impl OwedTaskView {
    /// The task of an owed figure; `draft` as this person sees it.
    #[must_use]
    pub fn of(figure: OwedFigure, draft: Option<&SubmissionView>, now: Timestamp) -> Self {
        let ready_to_sign = draft.is_some_and(is_ready);
        Self {
            item_id: figure.item_id,
            item_code: figure.item_code,
            item_title: figure.item_title,
            unit_id: figure.unit_id,
            unit_code: figure.unit_code,
            period_id: figure.period_id,
            period_code: figure.period_code,
            obligation: figure.obligation,
            opens_at: figure.opens_at,
            due_at: figure.due_at,
            closes_at: figure.closes_at,
            days_left: rules::days_left(figure.due_at, now),
            submission_id: figure.submission_id,
            ready_to_sign,
            times_reminded: figure.times_chased,
            reminded_at: figure.reminded_at,
            next: LinkView::to_finish(figure.submission_id, ready_to_sign),
        }
    }
}

/// Whether the caller may sign it now and nothing is missing.
fn is_ready(submission: &SubmissionView) -> bool {
    submission.allowed_actions.contains(&Action::Submit) && submission.warnings.is_empty()
}

/// A figure that was sent back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReturnedTaskView {
    /// The submission.
    pub submission_id: SubmissionId,
    /// The leaf.
    pub item_id: ItemId,
    /// Its code.
    #[schema(example = "II.2.k")]
    pub item_code: String,
    /// Its name.
    pub item_title: String,
    /// The unit whose figure it is: the person's own, or one that was merged into it.
    pub unit_id: UnitId,
    /// Its code.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// The period.
    pub period_id: PeriodId,
    /// Its code.
    #[schema(example = "2026-H1")]
    pub period_code: String,
    /// Number of the revision at hand.
    pub revision: i32,
    /// What sent it back: `return`, `reopen` or `correct`.
    pub action: Action,
    /// Why.
    pub reason: Option<String>,
    /// Reason codes from the ward's list.
    pub reason_codes: Vec<String>,
    /// Fields at fault.
    pub pointers: Vec<String>,
    /// When it was sent back.
    pub returned_at: Timestamp,
    /// Until when it was due from this unit.
    pub due_at: Timestamp,
    /// Until when it is taken from this unit; a revision that a leader opened is taken afterwards too.
    pub closes_at: Timestamp,
    /// Days on the ward's calendar until it is due; negative afterwards.
    #[schema(example = 0)]
    pub days_left: i64,
    /// Whether it was changed since and is complete, and this person may sign it now.
    pub ready_to_sign: bool,
    /// The next call.
    pub next: LinkView,
}

impl ReturnedTaskView {
    /// The task of a returned figure; `submission` as this person sees it.
    ///
    /// # Errors
    /// Internal, when the decision in the database cannot be read.
    pub fn of(figure: ReturnedFigure, submission: Option<&SubmissionView>, now: Timestamp) -> Result<Self> {
        let ready_to_sign = figure.updated_at > figure.decided_at && submission.is_some_and(is_ready);
        Ok(Self {
            submission_id: figure.submission_id,
            item_id: figure.item_id,
            item_code: figure.item_code,
            item_title: figure.item_title,
            unit_id: figure.unit_id,
            unit_code: figure.unit_code,
            period_id: figure.period_id,
            period_code: figure.period_code,
            revision: figure.revision,
            action: figure.action,
            reason: figure.reason,
            reason_codes: figure.reason_codes.read().map_err(Error::internal)?,
            pointers: figure.pointers.read().map_err(Error::internal)?,
            returned_at: figure.decided_at,
            due_at: figure.due_at,
            closes_at: figure.closes_at,
            days_left: rules::days_left(figure.due_at, now),
            ready_to_sign,
            next: LinkView::to_finish(Some(figure.submission_id), ready_to_sign),
        })
    }
}

/// A figure to check or to approve.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReviewTaskView {
    /// The submission.
    pub submission_id: SubmissionId,
    /// The leaf.
    pub item_id: ItemId,
    /// Its code.
    #[schema(example = "II.2.k")]
    pub item_code: String,
    /// Its name.
    pub item_title: String,
    /// The unit whose figure it is.
    pub unit_id: UnitId,
    /// Its code.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// The period.
    pub period_id: PeriodId,
    /// Its code.
    #[schema(example = "2026-H1")]
    pub period_code: String,
    /// Number of the revision at hand.
    pub revision: i32,
    /// Where it stands.
    pub state: SubmissionState,
    /// The step that is this person's.
    pub step: Option<Step>,
    /// Due time of the period.
    pub due_at: Timestamp,
    /// Days on the ward's calendar until then; negative afterwards.
    #[schema(example = 1)]
    pub days_left: i64,
    /// The moves that this person may make now.
    pub allowed_actions: Vec<Action>,
    /// The next call.
    pub next: LinkView,
}

impl ReviewTaskView {
    /// The task of a submission; `due_at` of its period.
    #[must_use]
    pub fn of(submission: SubmissionView, due_at: Timestamp, now: Timestamp) -> Self {
        Self {
            submission_id: submission.id,
            item_id: submission.item_id,
            item_code: submission.item_code,
            item_title: submission.item_title,
            unit_id: submission.unit_id,
            unit_code: submission.unit_code,
            period_id: submission.period_id,
            period_code: submission.period_code,
            revision: submission.revision,
            state: submission.state,
            step: submission.waiting_on.map(|waiting| waiting.step),
            due_at,
            days_left: rules::days_left(due_at, now),
            allowed_actions: submission.allowed_actions,
            next: LinkView::to_decide(submission.id),
        }
    }
}

/// A figure to explain.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExplanationTaskView {
    /// The request.
    pub explanation_request_id: ExplanationRequestId,
    /// The submission that it is about.
    pub submission_id: SubmissionId,
    /// Code of the leaf.
    #[schema(example = "II.2.k")]
    pub item_code: String,
    /// Its name.
    pub item_title: String,
    /// Code of the unit whose figure it is.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// Code of the period.
    #[schema(example = "2026-H1")]
    pub period_code: String,
    /// What is asked.
    pub question: String,
    /// Until when an answer is on time, inclusive.
    pub due_at: Timestamp,
    /// Days on the ward's calendar until then; negative afterwards.
    #[schema(example = 4)]
    pub days_left: i64,
    /// The next call, the head's.
    pub next: LinkView,
}

impl ExplanationTaskView {
    /// The task of a request.
    #[must_use]
    pub fn of(request: WaitingRequest, now: Timestamp) -> Self {
        let href = format!("/api/v1/explanation-requests/{}/answer", request.request_id);
        Self {
            explanation_request_id: request.request_id,
            submission_id: request.submission_id,
            item_code: request.item_code,
            item_title: request.item_title,
            unit_code: request.unit_code,
            period_code: request.period_code,
            question: request.question,
            due_at: request.due_at,
            days_left: rules::days_left(request.due_at, now),
            next: LinkView { method: "POST", href },
        }
    }
}

/// An obstacle to answer or to decide.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ObstacleTaskView {
    /// The obstacle.
    pub obstacle_id: ObstacleId,
    /// Code of the leaf.
    #[schema(example = "II.2.k")]
    pub item_code: String,
    /// Its name.
    pub item_title: String,
    /// Code of the unit that meets it.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// What is in the way.
    pub description: String,
    /// Where it stands.
    pub state: ObstacleState,
    /// Since when.
    pub raised_at: Timestamp,
    /// The next call.
    pub next: LinkView,
}

impl ObstacleTaskView {
    /// The task of an obstacle, for a person of this unit.
    #[must_use]
    pub fn of(obstacle: WaitingObstacle, unit: Option<UnitId>) -> Self {
        // Nobody answers their own unit; bringing it before the leaders is what is left.
        let action = match obstacle.state {
            ObstacleState::Escalated => ObstacleAction::Decide,
            _ if unit == Some(obstacle.unit_id) => ObstacleAction::Escalate,
            _ => ObstacleAction::Answer,
        };
        let href = format!("/api/v1/obstacles/{}/{action}", obstacle.obstacle_id);
        Self {
            obstacle_id: obstacle.obstacle_id,
            item_code: obstacle.item_code,
            item_title: obstacle.item_title,
            unit_code: obstacle.unit_code,
            description: obstacle.description,
            state: obstacle.state,
            raised_at: obstacle.raised_at,
            next: LinkView { method: "POST", href },
        }
    }
}
