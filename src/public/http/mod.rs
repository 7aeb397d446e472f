//! The public side over HTTP: cacheable, and 304 where nothing changed.

mod changes;

use std::collections::HashMap;

use actix_web::{get, web::Path};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa_actix_web::service_config::ServiceConfig;

use super::view::{PublicPlan, PublicResults, PublicWard};
use crate::{
    access::{Actor, ActorKind},
    context::{Answer, Ctx},
    db::AnyConnection,
    error::{Code, Error, Result},
    http::{HttpResult, PageQuery, Query},
    items::{self, ItemKind, Target},
    kernel::page::Page,
    periods,
    plans::{self, Plan, PlanStatus},
    publications,
    wards::{self, Ward},
};

/// How long caches may keep an answer.
const CACHE_CONTROL: &str = "public, max-age=60";

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_public_wards).service(get_public_plan).service(get_public_results);
    changes::routes(config);
}

/// List wards with public results
///
/// A city client sees all wards, a ward's client its own, nobody's token those that publish to everyone.
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(PageQuery),
    responses((status = 200, description = "Wards by code", body = Page<PublicWard>))
)]
#[get("/public/v1/wards")]
pub async fn list_public_wards(ctx: Ctx, query: Query<PageQuery>) -> HttpResult {
    let page = query.0.request()?;
    let actor = ctx.actor.clone();
    let wards = ctx
        .read(move |c| {
            if sees_all(&actor) {
                wards::actions::list_wards(c, &page)
            } else if let Some(ward_id) = actor.ward_id {
                let ward = wards::actions::get_ward(c, ward_id)?;
                Ok(Page { items: vec![ward], next_cursor: None })
            } else {
                wards::actions::list_open_wards(c, &page)
            }
        })
        .await?;
    let answer = Answer::ok(&wards.map(PublicWard::of))?;
    Ok(cacheable(answer, None))
}

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

fn sees_all(actor: &Actor) -> bool {
    actor.kind == ActorKind::Client && actor.ward_id.is_none()
}

/// The ward, if this caller may read its published figures: the city, its own people and clients, or everyone
/// where the ward allows it.
fn require_ward(connection: &mut AnyConnection, actor: &Actor, code: &str) -> Result<Ward> {
    let ward = wards::actions::find_ward_by_code(connection, code)?;
    if let Some(ward) = ward
        && (ward.public_results || sees_all(actor) || actor.ward_id == Some(ward.id))
    {
        return Ok(ward);
    }
    Err(if actor.kind == ActorKind::Anonymous {
        Error::new(Code::Unauthenticated)
    } else {
        Error::not_found()
    })
}

fn find_issued(connection: &mut AnyConnection, ward: &Ward, year: &str) -> Result<Option<Plan>> {
    let plan = plans::actions::find_plan(connection, ward.id, year)?;
    Ok(plan.filter(|plan| plan.status != PlanStatus::Draft))
}

/// Caches may keep it; by `Vary: authorization`, what a token opened only for that token.
fn cacheable(mut answer: Answer, tag: Option<String>) -> Answer {
    answer.cache_control = Some(CACHE_CONTROL.to_owned());
    answer.etag = tag;
    answer
}
