//! The server: all routes together, the gate in front of them, the OpenAPI document, start and stop.

mod gate;
mod health;
mod openapi;
mod start;

pub use self::{
    openapi::{document, document_text},
    start::{Running, ServerOptions, start},
};

use utoipa_actix_web::service_config::ServiceConfig;

/// Every route, literal paths before those with parameters.
pub fn routes(config: &mut ServiceConfig<'_>) {
    health::routes(config);
    crate::units::http::routes(config);
}
