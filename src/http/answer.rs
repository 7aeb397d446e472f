//! Answers as HTTP: `ETag`, `Location`, `Cache-Control`, and 304 where the caller has it already.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{Method, StatusCode, header},
};

use crate::context::Answer;

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let tag = self.etag.map(|tag| format!("\"{tag}\""));
        let cache_control = self.cache_control.unwrap_or_else(|| "no-store".to_owned());
        let fresh = matches!(*request.method(), Method::GET | Method::HEAD)
            && tag.as_deref().is_some_and(|tag| is_known(request, tag));
        let mut response = HttpResponse::build(if fresh { StatusCode::NOT_MODIFIED } else { status });
        response.insert_header((header::CACHE_CONTROL, cache_control));
        if let Some(tag) = tag {
            response.insert_header((header::ETAG, tag));
        }
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        match self.body {
            Some(body) if !fresh => response.content_type("application/json").body(body),
            _ => response.finish(),
        }
    }
}

/// Whether `If-None-Match` names this tag (weak comparison, RFC 9110 §13.1.2).
fn is_known(request: &HttpRequest, tag: &str) -> bool {
    request
        .headers()
        .get_all(header::IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}
