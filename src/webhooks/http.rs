//! Webhooks over HTTP.

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this file.
pub const fn routes(_: &mut ServiceConfig<'_>) {}
