//! Answers that caches may keep: a tag from one cheap query, and the content only for a caller who does not have it.

use std::fmt::Debug;

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody, http::header};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    context::Ctx,
    db::AnyConnection,
    error::{Error, Result},
    http::{Known, Problem},
    public::{
        csv::{self, Format, Table},
        sight::Sight,
    },
};

/// How long caches may keep an answer.
const CACHE_CONTROL: &str = "public, max-age=60";

/// A body and how it is sent.
#[derive(Debug)]
pub(super) struct Content {
    media_type: &'static str,
    text: String,
    /// Of a table: the file to save it as.
    file_name: Option<String>,
    /// Of a table, which has no room for it: the cursor of the next page.
    next_cursor: Option<String>,
}

impl Content {
    /// A view as JSON.
    pub(super) fn json(view: &impl Serialize) -> Result<Self> {
        let text = serde_json::to_string(view).map_err(Error::internal)?;
        Ok(Self { media_type: "application/json", text, file_name: None, next_cursor: None })
    }

    /// A view in the form that is asked for.
    pub(super) fn of<T: Table>(view: &T, format: Option<Format>) -> Result<Self> {
        match format.unwrap_or_default() {
            Format::Json => Self::json(view),
            Format::Csv => Ok(Self {
                media_type: "text/csv; charset=utf-8",
                text: csv::write(view)?,
                file_name: Some(format!("{}.csv", view.name())),
                next_cursor: view.next_cursor().map(str::to_owned),
            }),
        }
    }
}

/// An answer with its tag; without content it is 304.
#[derive(Debug)]
pub struct Cached {
    tag: String,
    content: Option<Content>,
}

/// Answers what was asked: `mark` is the one query whose outcome makes the tag and says whether the caller may read;
/// `load` asks for the rest. The mark is read first, so what is loaded is never older than its tag says.
pub(super) async fn answer<A, M>(
    ctx: &Ctx,
    known: Known,
    asked: A,
    mark: fn(&mut AnyConnection, &Sight, &A) -> Result<M>,
    load: fn(&mut AnyConnection, &Sight, &A, M) -> Result<Content>,
) -> Result<Cached, Problem>
where
    A: Clone + Debug + Send + 'static,
    M: Serialize + 'static,
{
    let sight = Sight::of(&ctx.actor);
    let answer = ctx.read_across_wards(move |c| {
        let found = mark(c, &sight, &asked)?;
        let found_words = serde_json::to_string(&found).map_err(Error::internal)?;
        let tag = tag_of(&format!("{sight:?} {asked:?} {found_words}"));
        if let Some(tag) = known.find(&tag) {
            return Ok(Cached { tag, content: None });
        }
        Ok(Cached { tag, content: Some(load(c, &sight, &asked, found)?) })
    });
    Ok(answer.await?)
}

/// Another release may say the same otherwise, so it is part of the tag.
fn tag_of(words: &str) -> String {
    let digest = Sha256::digest(format!("{} {words}", env!("CARGO_PKG_VERSION")));
    hex::encode(digest).chars().take(32).collect()
}

impl Responder for Cached {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let mut response =
            if self.content.is_some() { HttpResponse::Ok() } else { HttpResponse::NotModified() };
        response
            .insert_header((header::ETAG, format!("\"{}\"", self.tag)))
            .insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
        let Some(content) = self.content else { return response.finish() };
        if let Some(name) = content.file_name {
            response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
        }
        if let Some(cursor) = content.next_cursor {
            response.insert_header((header::LINK, next_page(request, &cursor)));
        }
        response.content_type(content.media_type).body(content.text)
    }
}

/// The same call with the next cursor (RFC 8288).
fn next_page(request: &HttpRequest, cursor: &str) -> String {
    let asked: Vec<(String, String)> = serde_urlencoded::from_str(request.query_string()).unwrap_or_default();
    let mut query: Vec<(&str, &str)> = asked
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| *name != "cursor")
        .collect();
    query.push(("cursor", cursor));
    let query = serde_urlencoded::to_string(query).unwrap_or_default();
    format!("<{}?{query}>; rel=\"next\"", request.path())
}
