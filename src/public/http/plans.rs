//! An issued plan, as the public sees it.

use std::collections::HashMap;

use actix_web::{get, web::Path};
use sha2::{Digest, Sha256};

use super::{cacheable, find_issued, require_ward};
use crate::{
    context::{Answer, Ctx},
    error::Error,
    http::HttpResult,
    items::{self, ItemKind, Target},
    public::view::PublicPlan,
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
pub async fn get_public_plan(ctx: Ctx, path: Path<(String, String)>) -> HttpResult {
    let (code, year) = path.into_inner();
    let actor = ctx.actor.clone();
    let view = ctx
        .read(move |c| {
            let ward = require_ward(c, &actor, &code)?;
            let plan = find_issued(c, &ward, &year)?.ok_or_else(Error::not_found)?;
            let leaves = items::actions::list_leaves(c, plan.id)?;
            let indicators: Vec<_> =
                leaves.into_iter().filter(|item| item.kind == ItemKind::Indicator).collect();
            let ids: Vec<_> = indicators.iter().map(|item| item.id).collect();
            let mut targets: HashMap<_, Vec<Target>> = HashMap::new();
            for target in items::actions::list_targets(c, &ids)? {
                targets.entry(target.item_id).or_default().push(target);
            }
            let rows = indicators
                .into_iter()
                .map(|item| {
                    let own = targets.remove(&item.id).unwrap_or_default();
                    (item, own)
                })
                .collect();
            Ok(PublicPlan::of(&ward, plan, rows))
        })
        .await?;
    let answer = Answer::ok(&view)?;
    let tag = answer.body.as_deref().map(|body| hex::encode(Sha256::digest(body.as_bytes())));
    Ok(cacheable(answer, tag))
}
