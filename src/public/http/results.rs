//! The published results of a ward.

use actix_web::{get, web::Path};
use serde::Deserialize;

use super::{cacheable, find_issued, require_ward};
use crate::{
    context::{Answer, Ctx},
    error::Error,
    http::{HttpResult, Query},
    periods,
    public::view::PublicResults,
    publications,
};

/// Which results are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetPublicResults {
    /// Year of the plan.
    #[param(example = 2026)]
    pub year: i32,
    /// Code of the period; the one with the latest data if absent.
    #[param(example = "2026-Q1")]
    pub period: Option<String>,
}

/// Read the published results of a ward
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(("code" = String, Path, description = "Code of the ward", example = "long-my"), GetPublicResults),
    responses(
        (status = 200, description = "The newest publication that stands", body = PublicResults),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/public/v1/wards/{code}/results")]
pub async fn get_public_results(ctx: Ctx, path: Path<String>, query: Query<GetPublicResults>) -> HttpResult {
    let (code, query) = (path.into_inner(), query.0);
    let actor = ctx.actor.clone();
    let publication = ctx
        .read(move |c| {
            let ward = require_ward(c, &actor, &code)?;
            let plan = find_issued(c, &ward, &query.year.to_string())?.ok_or_else(Error::not_found)?;
            let period = query
                .period
                .map(|code| periods::actions::find_period(c, plan.id, &code)?.ok_or_else(Error::not_found))
                .transpose()?;
            publications::actions::find_standing(c, plan.id, period.map(|period| period.id))?
                .ok_or_else(Error::not_found)
        })
        .await?;
    let content = publication.content.read().map_err(Error::internal)?;
    let tag = format!("{}-{}", publication.number, publication.hash);
    let answer = Answer::ok(&PublicResults::of(&publication, content))?;
    Ok(cacheable(answer, Some(tag)))
}
