//! The server: all routes together, the gate in front of them, the OpenAPI document, start and stop.

mod bounds;
mod caller;
mod cors;
mod deprecation;
mod encoding;
mod gate;
mod health;
mod links;
mod metrics;
mod observe;
mod openapi;
mod rules;
mod schemas;
mod start;

pub use self::{
    metrics::start_metrics,
    openapi::{document, document_text},
    start::{Running, ServerOptions, start},
};

use utoipa_actix_web::service_config::ServiceConfig;

/// Every route: what is asked most comes first, for the router tries one after the other; and literal paths come before
/// those with parameters.
pub fn routes(config: &mut ServiceConfig<'_>) {
    health::routes(config);
    crate::public::http::routes(config);
    crate::batches::http::routes(config);
    crate::submissions::http::routes(config);
    crate::approvals::http::routes(config);
    crate::sessions::http::routes(config);
    crate::tracking::http::routes(config);
    crate::wards::http::routes(config);
    crate::reorganisations::http::routes(config);
    crate::units::http::routes(config);
    crate::accounts::http::routes(config);
    crate::clients::http::routes(config);
    crate::sign_ons::http::routes(config);
    crate::webhooks::http::routes(config);
    crate::imports::http::routes(config);
    crate::plans::http::routes(config);
    crate::plan_checks::http::routes(config);
    crate::amendments::http::routes(config);
    crate::carrying::http::routes(config);
    crate::unit_plans::http::routes(config);
    crate::issuing::http::routes(config);
    crate::items::http::routes(config);
    crate::periods::http::routes(config);
    crate::extensions::http::routes(config);
    crate::delegations::http::routes(config);
    crate::documents::http::routes(config);
    crate::comments::http::routes(config);
    crate::explanations::http::routes(config);
    crate::obstacles::http::routes(config);
    crate::results::http::routes(config);
    crate::needs::http::routes(config);
    crate::exports::http::routes(config);
    crate::publications::http::routes(config);
    crate::audit_trail::http::routes(config);
}
