//! Whether the process lives, and whether it can serve.

use actix_web::{get, web::Data};
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    context::{Answer, Services},
    db::{self, Scope},
    http::HttpResult,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_liveness).service(get_readiness);
}

/// The state of the process.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HealthView {
    /// Always `ok`; otherwise the answer is 503.
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// Tell whether the process lives
#[utoipa::path(
    tag = "operation",
    extensions(("x-permission" = json!("public"))),
    responses((status = 200, description = "The process answers", body = HealthView))
)]
#[get("/health/live")]
pub async fn get_liveness() -> HttpResult {
    Ok(Answer::ok(&HealthView { status: "ok" })?)
}

/// Tell whether requests can be served
///
/// Asks the database, so a load balancer can take an instance out that has lost it.
#[utoipa::path(
    tag = "operation",
    extensions(("x-permission" = json!("public"))),
    responses((status = 200, description = "The database answers", body = HealthView))
)]
#[get("/health/ready")]
pub async fn get_readiness(services: Data<Services>) -> HttpResult {
    services.db.read(Scope::All, db::ping).await?;
    Ok(Answer::ok(&HealthView { status: "ok" })?)
}
