//! Decisions over HTTP.

use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewDecision},
    bulk::{self, Chosen, Outcome},
    model::{Decision, DecisionId},
    store,
};
use crate::{
    audit::Event,
    context::{Answer, Ctx, Tx},
    error::{Error, Result},
    http::{Body, HttpResult, Id, PageQuery, Query, problem::ProblemField},
    items::Field,
    kernel::{
        id::{PrincipalId, UnitId},
        page::Page,
        time::Timestamp,
    },
    submissions::{
        Action, SubmissionId, SubmissionState, actions::get_dossier_for, reach::Visibility,
        view::SubmissionView,
    },
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_decisions).service(list_decisions).service(create_decision);
}

/// One person's act on a revision.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DecisionView {
    /// Its id.
    pub id: DecisionId,
    /// The submission.
    pub submission_id: SubmissionId,
    /// The revision it was about.
    #[schema(example = 1)]
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
    /// Reason codes from the ward's list.
    pub reason_codes: Vec<String>,
    /// Fields at fault.
    pub pointers: Vec<String>,
    /// Whether a return said that what was submitted was no report at all.
    pub not_a_report: bool,
    /// Whose authority it was done with, if not the person's own.
    pub on_behalf_of: Option<PrincipalId>,
    /// When.
    pub decided_at: Timestamp,
}

impl DecisionView {
    fn of(decision: Decision) -> Result<Self> {
        Ok(Self {
            id: decision.id,
            submission_id: decision.submission_id,
            revision: decision.revision,
            action: decision.action,
            from_state: decision.from_state,
            to_state: decision.to_state,
            decided_by: decision.decided_by,
            position: decision.position,
            unit_id: decision.unit_id,
            reason: decision.reason,
            reason_codes: decision.reason_codes.read().map_err(Error::internal)?,
            pointers: decision.pointers.read().map_err(Error::internal)?,
            not_a_report: decision.not_a_report,
            on_behalf_of: decision.on_behalf_of,
            decided_at: decision.decided_at,
        })
    }
}

/// List the decisions on a submission
#[utoipa::path(
    tag = "decisions",
    extensions(("x-permission" = json!("submissions.read"))),
    params(("id" = SubmissionId, Path), PageQuery),
    responses((status = 200, description = "Decisions, oldest first", body = Page<DecisionView>))
)]
#[get("/api/v1/submissions/{id}/decisions")]
pub async fn list_decisions(ctx: Ctx, id: Id<SubmissionId>, query: Query<PageQuery>) -> HttpResult {
    let visibility = Visibility::of(&ctx.actor)?;
    let page = query.0.request()?;
    let page = ctx
        .read(move |c| {
            crate::submissions::actions::get_dossier(c, &visibility, id.0)?;
            store::list_decisions(c, id.0, &page)
        })
        .await?;
    Ok(Answer::ok(&page.try_map(DecisionView::of)?)?)
}

/// What to do with a submission.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "action": "submit", "expected_revision": 1 }))]
pub struct CreateDecision {
    /// The move; `allowed_actions` of the submission names the legal ones.
    pub action: Action,
    /// Why; required for `return`, `reopen` and `correct`.
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
    /// For `return`: codes from the ward's list, such as `wrong_figure`.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub reason_codes: Vec<String>,
    /// JSON pointers of the fields at fault, such as `/numerator`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub pointers: Vec<String>,
    /// For `return`: what was submitted is no report at all, so it was not on time either.
    #[serde(default)]
    pub not_a_report: bool,
    /// The revision that was looked at; another one answers 409.
    pub expected_revision: Option<i32>,
}

/// A decision and the submission as it now is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DecidedView {
    /// The decision.
    pub decision: DecisionView,
    /// The submission as it now is.
    pub submission: SubmissionView,
}

/// Submit, review, approve or return
#[utoipa::path(
    tag = "decisions",
    extensions(("x-permission" = json!("submissions.decide"))),
    params(("id" = SubmissionId, Path)),
    request_body = CreateDecision,
    responses((status = 201, description = "The decision, and the submission as it now is", body = DecidedView))
)]
#[post("/api/v1/submissions/{id}/decisions")]
pub async fn create_decision(ctx: Ctx, id: Id<SubmissionId>, body: Body<CreateDecision>) -> HttpResult {
    let (id, body) = (id.0, body.0);
    let new = NewDecision {
        action: body.action,
        reason: body.reason,
        reason_codes: body.reason_codes,
        pointers: body.pointers,
        not_a_report: body.not_a_report,
        expected_revision: body.expected_revision,
    };
    let answer = ctx.write(move |tx| {
        let decision = DecisionView::of(actions::decide(tx, id, &new)?)?;
        let submission = SubmissionView::of(get_dossier_for(tx, id)?, tx.actor, tx.now);
        let location = format!("/api/v1/submissions/{id}/decisions");
        Answer::created(location, None, &DecidedView { decision, submission })
    });
    Ok(answer.await?)
}

/// What to do with many submissions: those that are named, or those of a period, field or unit that wait for the move.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "action": "approve", "period": "2026-H1", "field": "procedures" }))]
pub struct CreateDecisions {
    /// The move.
    pub action: Action,
    /// The submissions, named one by one.
    #[serde(default)]
    #[schema(max_items = 1000)]
    pub submission_ids: Vec<SubmissionId>,
    /// Period: id or code. Without `submission_ids` it chooses all that wait for `submit`, `verify`, `endorse` or
    /// `approve`.
    pub period: Option<String>,
    /// Plan: id or year; tells periods of the same code apart.
    pub plan: Option<String>,
    /// Field of the leaves.
    pub field: Option<Field>,
    /// Unit: id or code.
    pub unit: Option<String>,
    /// Why; required for `return`, `reopen` and `correct`.
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
    /// For `return`: codes from the ward's list, such as `wrong_figure`.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub reason_codes: Vec<String>,
    /// Whether nothing is done if one is refused; then 422 `batch_rejected` names each.
    #[serde(default)]
    pub atomic: bool,
}

/// What became of one submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecisionOutcome {
    /// The move was made.
    Done,
    /// It was refused; `error` says why.
    Rejected,
}

/// The decision on one submission of many.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DecisionResult {
    /// The submission.
    pub submission_id: SubmissionId,
    /// What became of it.
    pub outcome: DecisionOutcome,
    /// The submission as it now is, if the move was made.
    pub submission: Option<SubmissionView>,
    /// Why it was refused, if it was.
    pub error: Option<DecisionError>,
}

/// Why one submission of many was refused.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DecisionError {
    /// Stable code.
    #[schema(example = "illegal_move")]
    pub code: &'static str,
    /// What to do about it, in Vietnamese.
    pub detail: String,
    /// The moves that are legal now.
    pub allowed_actions: Vec<&'static str>,
    /// The fields at fault, where it is about content.
    pub errors: Vec<ProblemField>,
}

/// The decisions on many submissions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DecisionsView {
    /// How many moves were made.
    #[schema(example = 198)]
    pub done: usize,
    /// How many were refused.
    #[schema(example = 2)]
    pub rejected: usize,
    /// One result per submission, in the order in which they were named.
    pub results: Vec<DecisionResult>,
}

impl DecisionsView {
    fn of(outcomes: Vec<Outcome>, tx: &Tx<'_>) -> Self {
        let result = |Outcome { submission_id, result }| match result {
            Ok(dossier) => DecisionResult {
                submission_id,
                outcome: DecisionOutcome::Done,
                submission: Some(SubmissionView::of(*dossier, tx.actor, tx.now)),
                error: None,
            },
            Err(error) => DecisionResult {
                submission_id,
                outcome: DecisionOutcome::Rejected,
                submission: None,
                error: Some(DecisionError {
                    code: error.code.as_str(),
                    detail: error.detail.vi.into_owned(),
                    allowed_actions: error.allowed_actions.unwrap_or_default(),
                    errors: error.fields.iter().map(ProblemField::in_vietnamese).collect(),
                }),
            },
        };
        let results: Vec<DecisionResult> = outcomes.into_iter().map(result).collect();
        let done = results.iter().filter(|result| result.outcome == DecisionOutcome::Done).count();
        Self { done, rejected: results.len() - done, results }
    }
}

/// Decide on many submissions
///
/// Each is decided on its own: a refused one neither hides nor blocks the rest, unless `atomic` is asked for.
#[utoipa::path(
    tag = "decisions",
    extensions(("x-permission" = json!("submissions.decide"))),
    request_body = CreateDecisions,
    responses((status = 200, description = "What became of each", body = DecisionsView))
)]
#[post("/api/v1/decisions/batch")]
pub async fn create_decisions(ctx: Ctx, body: Body<CreateDecisions>) -> HttpResult {
    let (chosen, new, atomic) = body.0.into_parts();
    let answer = ctx.write(move |tx| {
        let outcomes = bulk::decide_all(tx, &chosen, &new, atomic)?;
        if outcomes.iter().all(|outcome| outcome.result.is_err()) {
            tx.record(Event::new("decisions.rejected", "submission", "batch").with("count", outcomes.len()));
        }
        Answer::ok(&DecisionsView::of(outcomes, tx))
    });
    Ok(answer.await?)
}

impl CreateDecisions {
    fn into_parts(self) -> (Chosen, NewDecision, bool) {
        let chosen = Chosen {
            submission_ids: self.submission_ids,
            period: self.period,
            plan: self.plan,
            field: self.field,
            unit: self.unit,
        };
        let new = NewDecision {
            action: self.action,
            reason: self.reason,
            reason_codes: self.reason_codes,
            pointers: Vec::new(),
            not_a_report: false,
            expected_revision: None,
        };
        (chosen, new, self.atomic)
    }
}
