//! Refusals as `application/problem+json` (RFC 9457), in the language the caller prefers.

use std::fmt;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde::Serialize;

use crate::error::{Code, Error, FieldError, Kind, Text};

/// A refusal on its way out. The request's language and id are added where the request is at hand.
#[derive(Debug)]
pub struct Problem(pub Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The body of every refusal (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// Identifies the kind of problem; the last part is the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:cchc:problem:not_found")]
    pub kind: String,
    /// The code's sentence.
    #[schema(example = "Không tìm thấy")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 404)]
    pub status: u16,
    /// What to do about it.
    #[schema(example = "Không tìm thấy")]
    pub detail: String,
    /// Stable code for programs.
    #[schema(example = "not_found")]
    pub code: &'static str,
    /// Name this when asking for help.
    #[schema(example = "0198f0a0-0000-7000-8000-000000000000")]
    pub request_id: String,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
    /// The moves that are legal now, where it was about a move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_actions: Option<Vec<&'static str>>,
    /// Path of what stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemField {
    /// JSON pointer into the body, or `?name` for a query parameter.
    #[schema(example = "/numerator")]
    pub pointer: String,
    /// Stable code for programs.
    #[schema(example = "out_of_range")]
    pub code: &'static str,
    /// What to do about it.
    #[schema(example = "Giá trị nằm ngoài khoảng cho phép")]
    pub detail: String,
}

impl ProblemField {
    /// A fault as it stands within an answer that is no refusal.
    #[must_use]
    pub fn in_vietnamese(fault: &FieldError) -> Self {
        Self {
            pointer: fault.pointer.clone(),
            code: fault.code.as_str(),
            detail: fault.detail.vi.to_string(),
        }
    }
}

/// The id of a request, as the gate put it into its extensions.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Seconds after which a busy system may be asked again.
const RETRY_AFTER_SECONDS: &str = "2";

/// The status of a kind of refusal.
#[must_use]
pub fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::Missing => StatusCode::NOT_FOUND,
        Kind::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Stale => StatusCode::PRECONDITION_FAILED,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::WrongMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Unconditional => StatusCode::PRECONDITION_REQUIRED,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Writes a refusal for this request.
#[must_use]
pub fn respond(request: &HttpRequest, error: &Error) -> HttpResponse {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let english = prefers_english(request);
    let say = |text: &Text| if english { text.en.to_string() } else { text.vi.to_string() };
    let status = status_of(error.code.kind());
    if status.is_server_error() {
        tracing::error!(%error, "request failed");
    }
    let body = ProblemBody {
        kind: format!("urn:cchc:problem:{}", error.code.as_str()),
        title: say(&error.code.sentence()),
        status: status.as_u16(),
        detail: detail_of(error, say),
        code: error.code.as_str(),
        request_id,
        errors: error
            .fields
            .iter()
            .map(|field| ProblemField {
                pointer: field.pointer.clone(),
                code: field.code.as_str(),
                detail: say(&field.detail),
            })
            .collect(),
        allowed_actions: error.allowed_actions.clone(),
        link: error.link.clone(),
    };
    let mut response = HttpResponse::build(status);
    response
        .content_type("application/problem+json")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_LANGUAGE, if english { "en" } else { "vi" }));
    match status {
        StatusCode::UNAUTHORIZED => {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"cchc\""));
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        _ => {}
    }
    response.json(body)
}

/// The sentence of a refusal; where it says no more than its title, what is wrong with the first fields.
fn detail_of(error: &Error, say: impl Fn(&Text) -> String) -> String {
    if error.fields.is_empty() || error.detail != error.code.sentence() {
        return say(&error.detail);
    }
    let faults =
        error.fields.iter().take(3).map(|field| format!("{}: {}", field.pointer, say(&field.detail)));
    faults.collect::<Vec<_>>().join("; ")
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status_of(self.0.code.kind())
    }

    // actix asks for a response without showing the request; the gate writes the real one from this error.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// The refusal behind any error that actix carries; its own errors become ours.
#[must_use]
pub fn from_actix(error: &actix_web::Error) -> Option<&Error> {
    error.as_error::<Problem>().map(|problem| &problem.0)
}

/// The code for a bare status, for answers that actix makes itself.
#[must_use]
pub fn code_of_status(status: StatusCode) -> Code {
    match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        status if status.is_client_error() => Code::MalformedRequest,
        _ => Code::Internal,
    }
}

/// Whether `Accept-Language` ranks English above Vietnamese (RFC 9110 §12.5.4).
fn prefers_english(request: &HttpRequest) -> bool {
    let Some(header) = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()) else {
        return false;
    };
    let (mut english, mut vietnamese) = (0.0_f32, 0.0_f32);
    for range in header.split(',') {
        let mut parts = range.trim().split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let quality = parts
            .find_map(|part| part.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()))
            .unwrap_or(1.0);
        if tag == "en" || tag.starts_with("en-") {
            english = english.max(quality);
        } else if tag == "vi" || tag.starts_with("vi-") {
            vietnamese = vietnamese.max(quality);
        }
    }
    english > vietnamese
}
