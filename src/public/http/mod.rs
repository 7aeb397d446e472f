//! The public side over HTTP: cacheable, and 304 where nothing changed.

mod plans;
mod results;
mod wards;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    access::{Actor, ActorKind},
    context::Answer,
    db::AnyConnection,
    error::{Code, Error, Result},
    plans::{Plan, PlanStatus},
    wards::Ward,
};

/// How long caches may keep an answer.
const CACHE_CONTROL: &str = "public, max-age=60";

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(wards::list_public_wards)
        .service(plans::get_public_plan)
        .service(results::get_public_results);
}

/// Whether the caller is the city: it sees every ward.
pub(super) fn sees_all(actor: &Actor) -> bool {
    actor.kind == ActorKind::Client && actor.ward_id.is_none()
}

/// The ward, if this caller may read its published figures: the city, its own people and clients, or everyone
/// where the ward allows it.
pub(super) fn require_ward(connection: &mut AnyConnection, actor: &Actor, code: &str) -> Result<Ward> {
    let ward = crate::wards::actions::find_ward_by_code(connection, code)?;
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

/// The plan of this year, once it is issued.
pub(super) fn find_issued(connection: &mut AnyConnection, ward: &Ward, year: &str) -> Result<Option<Plan>> {
    let plan = crate::plans::actions::find_plan(connection, ward.id, year)?;
    Ok(plan.filter(|plan| plan.status != PlanStatus::Draft))
}

/// Caches may keep it; by `Vary: authorization`, what a token opened only for that token.
pub(super) fn cacheable(mut answer: Answer, tag: Option<String>) -> Answer {
    answer.cache_control = Some(CACHE_CONTROL.to_owned());
    answer.etag = tag;
    answer
}
