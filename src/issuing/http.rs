//! Issuing and closing over HTTP.

use actix_web::post;
use utoipa_actix_web::service_config::ServiceConfig;

use super::actions;
use crate::{
    context::{Answer, Ctx},
    http::{HttpResult, Id},
    plans::{PlanId, view::PlanView},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(issue_plan).service(close_plan);
}

/// Issue a plan
///
/// From then on it changes only by amendment (RULES §6). It needs number, date, at least one leaf, and a measure
/// and a target for every indicator; otherwise 422 `plan_incomplete` names the gaps.
#[utoipa::path(
    tag = "plans",
    extensions(("x-permission" = json!("plans.issue"))),
    params(("id" = PlanId, Path)),
    responses((status = 200, description = "The plan, now in force", body = PlanView))
)]
#[post("/api/v1/plans/{id}/issue")]
pub async fn issue_plan(ctx: Ctx, id: Id<PlanId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let answer = ctx.write(move |tx| {
        let plan = actions::issue_plan(tx, ward_id, id.0)?;
        Answer::versioned(plan.version, &PlanView::of(&plan)?)
    });
    Ok(answer.await?)
}

/// Close a plan
///
/// The year is over; only an issued plan is closed. Nothing is drafted or signed any more; what is on its way is still
/// reviewed and approved.
#[utoipa::path(
    tag = "plans",
    extensions(("x-permission" = json!("plans.issue"))),
    params(("id" = PlanId, Path)),
    responses((status = 200, description = "The plan, now closed", body = PlanView))
)]
#[post("/api/v1/plans/{id}/close")]
pub async fn close_plan(ctx: Ctx, id: Id<PlanId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let answer = ctx.write(move |tx| {
        let plan = actions::close_plan(tx, ward_id, id.0)?;
        Answer::versioned(plan.version, &PlanView::of(&plan)?)
    });
    Ok(answer.await?)
}
