//! Decisions over HTTP.

use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewDecision},
    model::{Decision, DecisionId},
    store,
};
use crate::{
    context::{Answer, Ctx},
    error::{Error, Result},
    http::{Body, HttpResult, Id, PageQuery, Query},
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
    config.service(list_decisions).service(create_decision);
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
        expected_revision: body.expected_revision,
    };
    let answer = ctx.write(move |tx| {
        let decision = DecisionView::of(actions::decide(tx, id, new)?)?;
        let submission = SubmissionView::of(get_dossier_for(tx, id)?, tx.actor, tx.now);
        let location = format!("/api/v1/submissions/{id}/decisions");
        Answer::created(location, None, &DecidedView { decision, submission })
    });
    Ok(answer.await?)
}
