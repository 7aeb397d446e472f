//! An issued plan, as the public sees it.

use actix_web::{get, web::Path};

use super::{
    answer::{Cached, answer, json},
    store::{self, PlanMark},
};
use crate::{
    context::{Content, Ctx},
    db::AnyConnection,
    error::{Error, Result},
    http::{Known, Problem},
    items::{self, ItemKind},
    plans,
    public::{sight::Sight, view::PublicPlan},
};

/// Read an issued plan and its targets
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(
        ("code" = String, Path, description = "Code of the ward", example = "long-my"),
        ("year" = i32, Path, description = "Year of the plan", example = 2026)
    ),
    responses(
        (status = 200, description = "The plan", body = PublicPlan),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/public/v1/wards/{code}/plans/{year}")]
pub async fn get_public_plan(
    ctx: Ctx,
    known: Known,
    path: Path<(String, String)>,
) -> Result<Cached, Problem> {
    answer(&ctx, known, ("get_public_plan", path.into_inner()), mark, load).await
}

type Asked = (String, String);

fn mark(c: &mut AnyConnection, sight: &Sight, (ward, year): &Asked) -> Result<PlanMark> {
    // A year that is no number is one of no plan, but the ward is refused first.
    let year = year.parse().unwrap_or(i32::MIN);
    store::mark_plan(c, sight, ward, year)?.ok_or_else(|| sight.refusal())
}

fn load(c: &mut AnyConnection, _: &Sight, (ward, _): &Asked, mark: PlanMark) -> Result<Content> {
    let plan_id = mark.plan_id.ok_or_else(Error::not_found)?;
    let plan = plans::actions::get_plan(c, mark.ward_id, plan_id)?;
    let mut indicators = items::actions::list_leaves(c, plan_id)?;
    indicators.retain(|item| item.kind == ItemKind::Indicator);
    let ids: Vec<_> = indicators.iter().map(|item| item.id).collect();
    let mut targets = items::actions::targets_of(c, &ids)?;
    let rows = indicators.into_iter().map(|item| {
        let own = targets.remove(&item.id).unwrap_or_default();
        (item, own)
    });
    json(&PublicPlan::of(ward, plan, rows.collect()))
}
