//! Answers as HTTP: `ETag`, `Location`, `Cache-Control`, and 304 where the caller has it already.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{Method, StatusCode, header},
};

use super::known::Known;
use crate::context::Answer;

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let cache_control = self.cache_control.unwrap_or_else(|| "no-store".to_owned());
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let known = self.etag.as_deref().filter(|_| is_read).and_then(|tag| Known::of(request).find(tag));
        let fresh = known.is_some();
        let mut response = HttpResponse::build(if fresh { StatusCode::NOT_MODIFIED } else { status });
        response.insert_header((header::CACHE_CONTROL, cache_control));
        if let Some(tag) = known.or(self.etag) {
            response.insert_header((header::ETAG, format!("\"{tag}\"")));
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
