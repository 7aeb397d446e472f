//! Answers that caches may keep: a tag from one cheap query, and the content only for a caller who does not have it.

use std::{fmt::Debug, time::Instant};

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody, http::header, web::Bytes};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    context::{Content, Ctx, PublicAnswer, Services},
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

/// A view as JSON.
pub(super) fn json(view: &impl Serialize) -> Result<Content> {
    let text = serde_json::to_vec(view).map_err(Error::internal)?.into();
    Ok(Content { media_type: "application/json", text, file_name: None, next_cursor: None })
}

/// A view in the form that is asked for.
pub(super) fn written<T: Table>(view: &T, format: Option<Format>) -> Result<Content> {
    match format.unwrap_or_default() {
        Format::Json => json(view),
        Format::Csv => Ok(Content {
            media_type: "text/csv; charset=utf-8",
            text: csv::write(view)?.into_bytes().into(),
            file_name: Some(format!("{}.csv", view.name())),
            next_cursor: view.next_cursor().map(str::to_owned),
        }),
    }
}

/// An answer with its tag; without content it is 304.
#[derive(Debug)]
pub struct Cached(PublicAnswer);

/// Answers what was asked of this operation: `mark` is the one query whose outcome makes the tag and says whether the
/// caller may read; `load` asks for the rest. The mark is read first, so what is loaded is never older than its tag
/// says.
pub(super) async fn answer<A, M>(
    ctx: &Ctx,
    known: Known,
    (operation, asked): (&'static str, A),
    mark: fn(&mut AnyConnection, &Sight, &A) -> Result<M>,
    load: fn(&mut AnyConnection, &Sight, &A, M) -> Result<Content>,
) -> Result<Cached, Problem>
where
    A: Clone + Debug + Send + 'static,
    M: Serialize + 'static,
{
    let sight = Sight::of(&ctx.actor);
    let question = format!("{operation} {sight:?} {asked:?}");
    let Services { db, recent, .. } = ctx.services.as_ref();
    let (begun, writes) = (Instant::now(), db.writes());
    if let Some(found) = writes.and_then(|writes| recent.find(&question, writes)) {
        match known.find(&found.tag) {
            Some(tag) => return Ok(Cached(PublicAnswer { tag, content: None })),
            None if found.content.is_some() => return Ok(Cached(found)),
            None => {}
        }
    }
    let words = question.clone();
    let (made, known_as) = ctx
        .read_across_wards(move |c| {
            let found = mark(c, &sight, &asked)?;
            let found_words = serde_json::to_string(&found).map_err(Error::internal)?;
            let tag = tag_of(&format!("{words} {found_words}"));
            let known_as = known.find(&tag);
            let content = known_as.is_none().then(|| load(c, &sight, &asked, found)).transpose()?;
            Ok((PublicAnswer { tag, content }, known_as))
        })
        .await?;
    if let Some(writes) = writes {
        recent.keep(question, made.clone(), begun, writes);
    }
    Ok(Cached(PublicAnswer { tag: known_as.unwrap_or(made.tag), content: made.content }))
}

/// Another release may say the same otherwise, so it is part of the tag.
fn tag_of(words: &str) -> String {
    let digest = Sha256::digest(format!("{} {words}", env!("CARGO_PKG_VERSION")));
    hex::encode(digest).chars().take(32).collect()
}

impl Responder for Cached {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<BoxBody> {
        let PublicAnswer { tag, content } = self.0;
        let mut response = if content.is_some() { HttpResponse::Ok() } else { HttpResponse::NotModified() };
        response
            .insert_header((header::ETAG, format!("\"{tag}\"")))
            .insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
        let Some(content) = content else { return response.finish() };
        if let Some(name) = content.file_name {
            response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
        }
        if let Some(cursor) = content.next_cursor {
            response.insert_header((header::LINK, next_page(request, &cursor)));
        }
        response.content_type(content.media_type).body(Bytes::from_owner(content.text))
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
