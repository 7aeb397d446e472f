//! Reading requests: strict bodies, queries, ids and pages, each refusing with a pointer and a sentence.

use std::{
    future::{Ready, ready},
    time::Duration,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web::{self, Bytes},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::problem::Problem;
use crate::{
    context::Ctx,
    error::{Code, Error, FieldError, Result, text},
    kernel::{day, page::PageRequest},
};

/// Largest JSON or form body, in bytes.
pub const MAX_BODY: usize = 1 << 20;
/// Largest body of a call that takes files of rows, in bytes.
pub const MAX_UPLOAD: usize = 16 << 20;

impl FromRequest for Ctx {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The gate puts it there before any handler runs; without it nothing is allowed.
        ready(
            request
                .extensions()
                .get::<Self>()
                .cloned()
                .ok_or_else(|| Problem(Error::new(Code::Unauthenticated))),
        )
    }
}

/// A JSON body that fits `T` exactly: no unknown field, no duplicate meaning.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = request.content_type().to_ascii_lowercase();
        let bytes = read_body(request, payload, MAX_BODY);
        Box::pin(async move {
            if !matches!(media_type.as_str(), "application/json" | "application/merge-patch+json") {
                return Err(Error::new(Code::UnsupportedMediaType).into());
            }
            Ok(Self(parse_json(&bytes.await?)?))
        })
    }
}

/// Like [`Body`], for calls that may come without one.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalBody<T> {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = request.content_type().to_ascii_lowercase();
        let bytes = read_body(request, payload, MAX_BODY);
        Box::pin(async move {
            let bytes = bytes.await?;
            if bytes.is_empty() {
                return Ok(Self(T::default()));
            }
            if media_type != "application/json" {
                return Err(Error::new(Code::UnsupportedMediaType).into());
            }
            Ok(Self(parse_json(&bytes)?))
        })
    }
}

/// An `application/x-www-form-urlencoded` body, for the OAuth calls.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = request.content_type().to_ascii_lowercase();
        let bytes = read_body(request, payload, MAX_BODY);
        Box::pin(async move {
            if media_type != "application/x-www-form-urlencoded" {
                return Err(Error::because(
                    Code::UnsupportedMediaType,
                    text(
                        "Hãy gửi nội dung dạng application/x-www-form-urlencoded",
                        "Send the body as application/x-www-form-urlencoded",
                    ),
                )
                .into());
            }
            serde_urlencoded::from_bytes(&bytes.await?)
                .map(Self)
                .map_err(|error| Problem(explain(Code::MalformedBody, "/", "", &error.to_string())))
        })
    }
}

/// A body of rows in one of several media types, up to [`MAX_UPLOAD`]; the handler reads it.
#[derive(Debug)]
pub struct Upload {
    /// What it says it is, in lower case, without parameters.
    pub media_type: String,
    /// The whole of it.
    pub bytes: Bytes,
}

impl Upload {
    /// The body as JSON that fits `T` exactly.
    ///
    /// # Errors
    /// `malformed_body` with a pointer.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        parse_json(&self.bytes)
    }
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = request.content_type().to_ascii_lowercase();
        let bytes = read_body(request, payload, MAX_UPLOAD);
        Box::pin(async move { Ok(Self { media_type, bytes: bytes.await? }) })
    }
}

/// Takes the whole body, up to a limit in bytes.
fn read_body(
    request: &HttpRequest,
    payload: &mut Payload,
    limit: usize,
) -> impl Future<Output = Result<Bytes, Problem>> + 'static {
    let announced = check_announced(request.headers(), limit);
    let payload = web::Payload::from_request(request, payload);
    async move {
        announced?;
        let payload = payload.await.map_err(|_| Error::new(Code::MalformedRequest))?;
        Ok(collect(payload, limit, time_for(limit)).await?)
    }
}

/// How long a body of at most so many bytes may take: a slow line gets through, a silent one holds nothing for ever.
#[must_use]
pub fn time_for(limit: usize) -> Duration {
    let seconds = u64::try_from(limit >> 16).unwrap_or(u64::MAX);
    Duration::from_secs(30).saturating_add(Duration::from_secs(seconds))
}

/// Refuses a body that says itself that it is too large, before a byte of it is taken.
///
/// # Errors
/// `body_too_large`.
pub fn check_announced(headers: &HeaderMap, limit: usize) -> Result<()> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match length.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if usize::try_from(length).map_or(true, |length| length > limit) => {
            Err(Error::new(Code::BodyTooLarge))
        }
        _ => Ok(()),
    }
}

/// The whole of a body, up to a limit in bytes and in time.
///
/// # Errors
/// `body_too_large`; `upload_broken` when the time is over; `malformed_request`.
pub async fn collect(payload: web::Payload, limit: usize, time: Duration) -> Result<Bytes> {
    let Ok(whole) = tokio::time::timeout(time, payload.to_bytes_limited(limit)).await else {
        return Err(Error::new(Code::UploadBroken));
    };
    match whole {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(Error::new(Code::MalformedRequest)),
        Err(_) => Err(Error::new(Code::BodyTooLarge)),
    }
}

/// JSON that fits `T` exactly.
///
/// # Errors
/// `malformed_body` with a pointer.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // PostgreSQL keeps no NUL in text, and nobody types one.
    if bytes.windows(6).any(|six| six == b"\\u0000") {
        return Err(Error::fields(Code::MalformedBody, vec![FieldError::new("", Code::ControlCharacter)]));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer_of(error.path());
        explain(Code::MalformedBody, "/", &pointer, &error.inner().to_string())
    })?;
    deserializer.end().map_err(|_| Error::new(Code::MalformedBody))?;
    Ok(value)
}

/// One value of a body that fits `T` exactly, for bodies whose rows are read one by one.
///
/// # Errors
/// The first fault, with its pointer into the value.
pub fn read_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer_of(error.path());
        let mut refusal = explain(Code::MalformedBody, "/", &pointer, &error.inner().to_string());
        refusal.fields.pop().unwrap_or_else(|| FieldError::new("", Code::InvalidValue))
    })
}

/// The query string, which must fit `T` exactly.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            serde_urlencoded::from_str(request.query_string())
                .map(Self)
                .map_err(|error| Problem(explain(Code::MalformedQuery, "?", "", &error.to_string()))),
        )
    }
}

/// The last `{id}` of the path. Text that is no id names nothing, so it is not found.
#[derive(Debug)]
pub struct Id<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Id<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("id").unwrap_or_default().to_owned();
        let parsed =
            T::deserialize(serde::de::value::StringDeserializer::<serde::de::value::Error>::new(text));
        ready(parsed.map(Self).map_err(|_| Problem(Error::not_found())))
    }
}

/// `limit` and `cursor`, for lists without other parameters.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Rows of the page, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// The page that is asked for.
    ///
    /// # Errors
    /// `invalid_cursor`.
    pub fn request(&self) -> Result<PageRequest> {
        page_request(self.limit, self.cursor.as_deref())
    }
}

/// The page that `limit` and `cursor` ask for.
///
/// # Errors
/// `invalid_cursor`.
pub fn page_request(limit: Option<u16>, cursor: Option<&str>) -> Result<PageRequest> {
    PageRequest::parse(limit, cursor).ok_or_else(|| Error::new(Code::InvalidCursor))
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// Turns serde's English sentence into a code, a pointer and a Vietnamese one.
fn explain(code: Code, prefix: &str, pointer: &str, message: &str) -> Error {
    let quoted = message.split('`').nth(1).unwrap_or_default();
    let (field_code, pointer) = if message.starts_with("unknown field") {
        let pointer =
            if pointer.ends_with(quoted) { pointer.to_owned() } else { format!("{pointer}/{quoted}") };
        (Code::UnknownField, pointer)
    } else if message.starts_with("missing field") {
        (Code::MissingField, format!("{pointer}/{quoted}"))
    } else if pointer.is_empty() {
        return Error::new(code);
    } else if message.starts_with(day::OUT_OF_RANGE) {
        // Written as a date, so it can be read; a rule says no.
        return Error::field(pointer, Code::OutOfRange);
    } else {
        (Code::InvalidValue, pointer.to_owned())
    };
    let pointer = if prefix == "?" { pointer.replacen('/', "?", 1) } else { pointer };
    Error::fields(code, vec![FieldError::new(pointer, field_code)])
}

#[cfg(test)]
mod tests {
    use actix_web::{error::PayloadError, test::TestRequest};
    use futures_util::{StreamExt, stream};

    use super::*;

    #[actix_web::test]
    async fn a_body_that_never_ends_is_not_waited_for() {
        let silent = stream::pending::<std::result::Result<Bytes, PayloadError>>().boxed_local();
        let mut payload = Payload::Stream { payload: silent };
        let request = TestRequest::default().to_http_request();
        let payload = web::Payload::from_request(&request, &mut payload).await.expect("a body");
        let refused = collect(payload, MAX_BODY, Duration::from_millis(20)).await;
        assert_eq!(refused.err().map(|error| error.code), Some(Code::UploadBroken));
        assert_eq!([MAX_BODY, MAX_UPLOAD].map(time_for), [46, 286].map(Duration::from_secs));
    }
}
