//! Whether the process lives, and whether it can serve.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix_web::{get, web::Data};
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    context::Answer,
    db::{Db, Probe},
    error::{Code, Error, Result},
    http::HttpResult,
};

/// Whether this process can serve requests.
#[derive(Clone, Debug)]
pub struct Readiness {
    probe: Probe,
    stopping: Arc<AtomicBool>,
}

impl Readiness {
    /// Ready when this database is.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { probe: Probe::new(db), stopping: Arc::default() }
    }

    /// Not ready from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether requests can be served.
    ///
    /// # Errors
    /// `busy`, within some two seconds.
    pub async fn check(&self) -> Result<()> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(Error::new(Code::Busy));
        }
        self.probe.check().await.map_err(|error| {
            tracing::warn!(%error, "not ready");
            // To a load balancer every reason is the same.
            Error::new(Code::Busy)
        })
    }
}

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
/// Asks the database, so a load balancer can take an instance out that has lost it, whose schema is too old, or that is
/// about to stop. It answers within some two seconds, even if the database hangs or all connections to it are held.
#[utoipa::path(
    tag = "operation",
    extensions(("x-permission" = json!("public"))),
    responses((status = 200, description = "The database answers", body = HealthView))
)]
#[get("/health/ready")]
pub async fn get_readiness(readiness: Data<Readiness>) -> HttpResult {
    readiness.check().await?;
    Ok(Answer::ok(&HealthView { status: "ok" })?)
}
