//! Plan checks over HTTP.

use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{actions, model::PlanCheck};
use crate::{
    context::{Answer, Ctx},
    http::{HttpResult, Id},
    plans::PlanId,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(check_plan);
}

/// Check a plan as a careful reader would
///
/// Findings are advice: they keep nobody from issuing the plan. Sample items are not read.
#[utoipa::path(
    tag = "plans",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = PlanId, Path)),
    responses((status = 200, description = "What was found", body = PlanCheck))
)]
#[get("/api/v1/plans/{id}/check")]
pub async fn check_plan(ctx: Ctx, id: Id<PlanId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let findings = ctx.read(move |connection| actions::check_plan(connection, ward_id, id.0)).await?;
    Ok(Answer::ok(&PlanCheck { findings })?)
}
