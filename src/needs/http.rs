//! Needs over HTTP.

use std::sync::Arc;

use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions,
    view::{GetNeeds, NeedsView},
};
use crate::{
    context::{Answer, Ctx},
    http::{HttpResult, Id, Query},
    plans::PlanId,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_needs);
}

/// Read what the rest of the year must bring
#[utoipa::path(
    tag = "results",
    extensions(("x-permission" = json!("results.read"))),
    params(("id" = PlanId, Path), GetNeeds),
    responses((status = 200, description = "Per leaf and target: good cases needed, misses affordable", body = NeedsView))
)]
#[get("/api/v1/plans/{id}/needs")]
pub async fn get_needs(ctx: Ctx, id: Id<PlanId>, query: Query<GetNeeds>) -> HttpResult {
    let (actor, now) = (Arc::clone(&ctx.actor), ctx.services.clock.now());
    let needs = ctx.read(move |c| actions::read_needs(c, &actor, id.0, &query.0, now)).await?;
    Ok(Answer::ok(&NeedsView::of(needs))?)
}
