//! Which web pages of other origins may call the API from a browser, and what they may see of its answers.

use actix_cors::Cors;
use actix_web::http::header;

/// Seconds for which a browser remembers what it may send.
const MAX_AGE_SECONDS: usize = 3600;

/// The origins that the operator listed, and no other. Tokens travel in a header of the page's own making, so no
/// cookies are ever asked for.
pub(super) fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::ACCEPT_LANGUAGE,
            header::HeaderName::from_static("idempotency-key"),
            header::HeaderName::from_static("x-request-id"),
        ])
        .expose_headers(["ETag", "Location", "Link", "X-Request-Id", "Retry-After", "Deprecation", "Sunset"])
        .max_age(MAX_AGE_SECONDS);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
