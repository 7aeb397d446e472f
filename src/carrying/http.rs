//! Carrying over, over HTTP.

use actix_web::post;
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::actions::{self, CarryCounts, CarryOptions};
use crate::{
    context::{Answer, Ctx},
    http::{Body, HttpResult, Id},
    plans::{PlanId, view::PlanView},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(carry_over_plan);
}

/// How the plan of the year after begins.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "include_samples": false }))]
pub struct CarryOverPlan {
    /// Its year; the one after if absent.
    #[schema(minimum = 2021, maximum = 2100, example = 2027)]
    pub year: Option<i32>,
    /// Its title; the same with the new year if absent.
    #[schema(min_length = 1, max_length = 300)]
    pub title: Option<String>,
    /// Whether samples go along; a heading goes with what stands below it.
    #[serde(default)]
    pub include_samples: bool,
}

/// The plan of the year after, and what went into it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CarriedOverView {
    /// The new draft plan.
    pub plan: PlanView,
    /// How much went over, and how much did not.
    pub counts: CarryCounts,
}

/// Begin the plan of the year after
///
/// A draft with the same tree, measures, reporters and links; targets as they are in force at the year's end, from the
/// new year's first day on. Left behind: what was withdrawn, one-off tasks that are done, samples. Units that ended
/// give way to their successors. Recurring tasks keep their days in the new year, unfinished one-offs lose theirs.
#[utoipa::path(
    tag = "plans",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = PlanId, Path)),
    request_body = CarryOverPlan,
    responses((status = 201, description = "The new draft plan, and how much it holds", body = CarriedOverView))
)]
#[post("/api/v1/plans/{id}/carry-over")]
pub async fn carry_over_plan(ctx: Ctx, id: Id<PlanId>, body: Body<CarryOverPlan>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let options = CarryOptions { year: body.year, title: body.title, include_samples: body.include_samples };
    let answer = ctx.write(move |tx| {
        let (plan, counts) = actions::carry_over(tx, ward_id, id.0, &options)?;
        let view = CarriedOverView { plan: PlanView::of(&plan)?, counts };
        Answer::created(format!("/api/v1/plans/{}", plan.id), Some(plan.version), &view)
    });
    Ok(answer.await?)
}
