//! What the caller has already, by `If-None-Match`: asked before anything is loaded that need not be.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};

use super::problem::Problem;

/// What the tag of a compressed representation ends with: its bytes are others, so its strong tag is another
/// (RFC 9110 §8.8.3).
pub const COMPRESSED: &str = "-gzip";

/// The tags of `If-None-Match`, without their quotes.
#[derive(Clone, Debug, Default)]
pub struct Known(Vec<String>);

impl Known {
    /// Reads the header of a request; what is no tag names nothing.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let values = request.headers().get_all(header::IF_NONE_MATCH);
        let tags = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        Self(tags.filter_map(|tag| plain(tag.trim())).map(str::to_owned).collect())
    }

    /// The tag as the caller knows it (weak comparison, RFC 9110 §13.1.2): that of the compressed representation
    /// stands for the same content. `None` where it is not known.
    #[must_use]
    pub fn find(&self, tag: &str) -> Option<String> {
        let is_it = |known: &&String| *known == "*" || known.strip_suffix(COMPRESSED).unwrap_or(known) == tag;
        let known = self.0.iter().find(is_it)?;
        Some(if known == "*" { tag.to_owned() } else { known.clone() })
    }
}

fn plain(tag: &str) -> Option<&str> {
    if tag == "*" {
        return Some(tag);
    }
    tag.trim_start_matches("W/").strip_prefix('"')?.strip_suffix('"')
}

impl FromRequest for Known {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_tag_is_known_in_every_spelling() {
        let known = |value: &str, tag: &str| {
            let request = TestRequest::default().insert_header((header::IF_NONE_MATCH, value));
            Known::of(&request.to_http_request()).find(tag)
        };
        assert_eq!(known("\"9\", W/\"1\"", "1").as_deref(), Some("1"));
        assert_eq!(known("\"1-gzip\"", "1").as_deref(), Some("1-gzip"));
        assert_eq!(known("*", "1").as_deref(), Some("1"));
        for other in ["1", "\"2\"", "\"1", ""] {
            assert_eq!(known(other, "1"), None, "{other}");
        }
    }
}
