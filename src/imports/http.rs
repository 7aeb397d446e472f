//! Reading a plan in over HTTP.

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this file.
pub fn routes(_config: &mut ServiceConfig<'_>) {}
