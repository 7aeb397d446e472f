//! What compression changes about an answer besides its bytes.

use actix_web::{
    Error as ActixError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderValue},
    middleware::Next,
};

use crate::http::known::COMPRESSED;

/// Gives the compressed representation of a public answer a strong tag of its own, for caches keep both side by side
/// (RFC 9110 §8.8.3.3). `http::Known` takes either back. Private answers are kept by nobody; there the tag is the
/// resource's version.
pub(super) async fn mark_compressed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let is_public = request.path().starts_with("/public/");
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    if is_public && headers.contains_key(header::CONTENT_ENCODING) {
        let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()?.strip_suffix('"'));
        if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(&format!("{tag}{COMPRESSED}\"")).ok()) {
            headers.insert(header::ETAG, tag);
        }
    }
    Ok(response)
}
