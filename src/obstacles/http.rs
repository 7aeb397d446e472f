//! Obstacles over HTTP.

use actix_web::{get, post};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewObstacle},
    model::{ObstacleAction, ObstacleId, ObstacleState},
    store::{self, Filter},
    view::ObstacleView,
};
use crate::{
    context::{Answer, Ctx},
    error::Error,
    http::{Body, HttpResult, Id, Query, extract::page_request},
    items::ItemId,
    kernel::{id::UnitId, page::Page},
    plans::{self, PlanId},
    submissions::reach::Visibility,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_obstacles)
        .service(create_obstacle)
        .service(get_obstacle)
        .service(answer_obstacle)
        .service(escalate_obstacle)
        .service(decide_obstacle)
        .service(withdraw_obstacle);
}

/// Which obstacles are wanted. Things are named by id or by code.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListObstacles {
    /// State.
    pub state: Option<ObstacleState>,
    /// Unit: id or code.
    pub unit: Option<String>,
    /// Leaf: id or code.
    pub item: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List the obstacles of a plan
#[utoipa::path(
    tag = "obstacles",
    extensions(("x-permission" = json!("obstacles.read"))),
    params(("id" = PlanId, Path), ListObstacles),
    responses((status = 200, description = "Those of the caller's unit and of the leaves it tracks, or all; newest first",
        body = Page<ObstacleView>))
)]
#[get("/api/v1/plans/{id}/obstacles")]
pub async fn list_obstacles(ctx: Ctx, id: Id<PlanId>, query: Query<ListObstacles>) -> HttpResult {
    let query = query.0;
    let visibility = Visibility::of(&ctx.actor)?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = Filter { state: query.state, unit: query.unit, item: query.item };
    let read = ctx.read(move |c| {
        let plan = plans::actions::get_plan(c, visibility.ward_id, id.0)?;
        store::list_obstacles(c, &visibility, plan.id, &filter, &page)
    });
    Ok(Answer::ok(&read.await?.map(|case| ObstacleView::of(case, &ctx.actor)))?)
}

/// What stands in a unit's way.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "item_id": "00000000-0000-7000-8000-000000000000", "description": "Máy quét hỏng, chưa có kinh phí thay",
    "proposal": "Bổ sung kinh phí mua 02 máy quét trong Quý III"
}))]
pub struct CreateObstacle {
    /// A leaf that the unit reports, leads, tracks or works along on.
    pub item_id: ItemId,
    /// The unit; the caller's own if absent. A coordinator may raise for any unit of the ward.
    pub unit_id: Option<UnitId>,
    /// What is in the way.
    #[schema(min_length = 1, max_length = 4000)]
    pub description: String,
    /// What the unit proposes.
    #[schema(max_length = 4000)]
    pub proposal: Option<String>,
}

/// Raise an obstacle
#[utoipa::path(
    tag = "obstacles",
    extensions(("x-permission" = json!("obstacles.raise"))),
    params(("id" = PlanId, Path)),
    request_body = CreateObstacle,
    responses((status = 201, description = "The obstacle", body = ObstacleView))
)]
#[post("/api/v1/plans/{id}/obstacles")]
pub async fn create_obstacle(ctx: Ctx, id: Id<PlanId>, body: Body<CreateObstacle>) -> HttpResult {
    let CreateObstacle { item_id, unit_id, description, proposal } = body.0;
    let new = NewObstacle { item_id, unit_id, description, proposal };
    let answer = ctx.write(move |tx| {
        let id = actions::create_obstacle(tx, id.0, new)?;
        let view = ObstacleView::of(actions::get_case_for(tx, id)?, tx.actor);
        Answer::created(format!("/api/v1/obstacles/{id}"), Some(view.version), &view)
    });
    Ok(answer.await?)
}

/// Read an obstacle
#[utoipa::path(
    tag = "obstacles",
    extensions(("x-permission" = json!("obstacles.read"))),
    params(("id" = ObstacleId, Path)),
    responses(
        (status = 200, description = "The obstacle", body = ObstacleView),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/api/v1/obstacles/{id}")]
pub async fn get_obstacle(ctx: Ctx, id: Id<ObstacleId>) -> HttpResult {
    let visibility = Visibility::of(&ctx.actor)?;
    let case = ctx.read(move |c| store::find_obstacle(c, &visibility, id.0)).await?;
    let view = ObstacleView::of(case.ok_or_else(Error::not_found)?, &ctx.actor);
    Ok(Answer::versioned(view.version, &view)?)
}

/// What the standing office or a leader says.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "text": "Đã bố trí kinh phí trong dự toán Quý III" }))]
pub struct StepOnObstacle {
    /// The answer, what is brought before the leaders, or the decision.
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
}

/// Why an obstacle is taken back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Đơn vị đã tự khắc phục" }))]
pub struct WithdrawObstacle {
    /// The reason.
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
}

async fn step(
    ctx: &Ctx,
    id: ObstacleId,
    action: ObstacleAction,
    pointer: &'static str,
    words: String,
) -> HttpResult {
    let answer = ctx.write(move |tx| {
        actions::take_step(tx, id, action, (pointer, &words))?;
        let view = ObstacleView::of(actions::get_case_for(tx, id)?, tx.actor);
        Answer::versioned(view.version, &view)
    });
    Ok(answer.await?)
}

/// Answer an obstacle
///
/// By a coordinator of another unit; that ends it.
#[utoipa::path(
    tag = "obstacles",
    extensions(("x-permission" = json!("obstacles.answer"))),
    params(("id" = ObstacleId, Path)),
    request_body = StepOnObstacle,
    responses((status = 200, description = "The obstacle as it now is", body = ObstacleView))
)]
#[post("/api/v1/obstacles/{id}/answer")]
pub async fn answer_obstacle(ctx: Ctx, id: Id<ObstacleId>, body: Body<StepOnObstacle>) -> HttpResult {
    step(&ctx, id.0, ObstacleAction::Answer, "/text", body.0.text).await
}

/// Bring an obstacle before the leaders
#[utoipa::path(
    tag = "obstacles",
    extensions(("x-permission" = json!("obstacles.answer"))),
    params(("id" = ObstacleId, Path)),
    request_body = StepOnObstacle,
    responses((status = 200, description = "The obstacle as it now is", body = ObstacleView))
)]
#[post("/api/v1/obstacles/{id}/escalate")]
pub async fn escalate_obstacle(ctx: Ctx, id: Id<ObstacleId>, body: Body<StepOnObstacle>) -> HttpResult {
    step(&ctx, id.0, ObstacleAction::Escalate, "/text", body.0.text).await
}

/// Decide an escalated obstacle
#[utoipa::path(
    tag = "obstacles",
    extensions(("x-permission" = json!("obstacles.decide"))),
    params(("id" = ObstacleId, Path)),
    request_body = StepOnObstacle,
    responses((status = 200, description = "The obstacle as it now is", body = ObstacleView))
)]
#[post("/api/v1/obstacles/{id}/decide")]
pub async fn decide_obstacle(ctx: Ctx, id: Id<ObstacleId>, body: Body<StepOnObstacle>) -> HttpResult {
    step(&ctx, id.0, ObstacleAction::Decide, "/text", body.0.text).await
}

/// Take an obstacle back while it is open
#[utoipa::path(
    tag = "obstacles",
    extensions(("x-permission" = json!("obstacles.raise"))),
    params(("id" = ObstacleId, Path)),
    request_body = WithdrawObstacle,
    responses((status = 200, description = "The obstacle as it now is", body = ObstacleView))
)]
#[post("/api/v1/obstacles/{id}/withdraw")]
pub async fn withdraw_obstacle(ctx: Ctx, id: Id<ObstacleId>, body: Body<WithdrawObstacle>) -> HttpResult {
    step(&ctx, id.0, ObstacleAction::Withdraw, "/reason", body.0.reason).await
}
