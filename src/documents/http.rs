//! Documents over HTTP.

pub mod content;
mod evidence;
pub mod upload;

use actix_web::{delete, get, patch};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions,
    model::{Description, DocumentId},
    store,
    view::DocumentView,
};
use crate::{
    context::{Answer, Ctx},
    http::{Body, HttpResult, Id, Query, extract::page_request},
    kernel::{day, page::Page, patch},
    submissions::reach::Visibility,
};

/// The routes of this file and those below it.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_documents)
        .service(upload::create_document)
        .service(get_document)
        .service(update_document)
        .service(delete_document)
        .service(content::get_document_content)
        .service(evidence::attach_evidence)
        .service(evidence::detach_evidence);
}

/// Which documents are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListDocuments {
    /// Part of name, title or number; marks and case do not matter.
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// Those that this submission cites now, by id.
    pub submission: Option<String>,
    /// Of this unit: id or code.
    pub unit: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List documents
#[utoipa::path(
    tag = "documents",
    extensions(("x-permission" = json!("documents.read"))),
    params(ListDocuments),
    responses((status = 200, description = "What the caller may see, newest first", body = Page<DocumentView>))
)]
#[get("/api/v1/documents")]
pub async fn list_documents(ctx: Ctx, query: Query<ListDocuments>) -> HttpResult {
    let query = query.0;
    let visibility = Visibility::of(&ctx.actor)?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = store::Filter { q: query.q, submission: query.submission, unit: query.unit };
    let page = ctx.read(move |c| store::list_documents(c, &visibility, &filter, &page)).await?;
    Ok(Answer::ok(&page.map(DocumentView::of))?)
}

/// Read a document's description
#[utoipa::path(
    tag = "documents",
    extensions(("x-permission" = json!("documents.read"))),
    params(("id" = DocumentId, Path)),
    responses(
        (status = 200, description = "The document", body = DocumentView),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/api/v1/documents/{id}")]
pub async fn get_document(ctx: Ctx, id: Id<DocumentId>) -> HttpResult {
    let visibility = Visibility::of(&ctx.actor)?;
    let found = ctx.read(move |c| actions::get_document(c, &visibility, id.0)).await?;
    let view = DocumentView::of(found);
    Ok(Answer::versioned(view.version, &view)?)
}

/// What changes about a description: absent keeps, `null` clears. Name and bytes never change.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "Biên bản kiểm tra quý II", "number": "12/BB-UBND", "issued_on": "2026-06-10" }))]
pub struct UpdateDocument {
    /// What it is about.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub title: Option<Option<String>>,
    /// Number as printed on it.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 60)]
    pub number: Option<Option<String>>,
    /// Date as printed on it.
    #[serde(default, deserialize_with = "day::field")]
    #[schema(value_type = Option<NaiveDate>)]
    pub issued_on: Option<Option<NaiveDate>>,
}

impl UpdateDocument {
    fn apply(self, description: &mut Description) {
        if let Some(title) = self.title {
            description.title = title;
        }
        if let Some(number) = self.number {
            description.number = number;
        }
        if let Some(issued_on) = self.issued_on {
            description.issued_on = issued_on;
        }
    }
}

/// Change a document's description
///
/// Its own unit may, and a coordinator.
#[utoipa::path(
    tag = "documents",
    extensions(("x-permission" = json!("documents.write"))),
    params(("id" = DocumentId, Path)),
    request_body = UpdateDocument,
    responses((status = 200, description = "The document as it now is", body = DocumentView))
)]
#[patch("/api/v1/documents/{id}")]
pub async fn update_document(ctx: Ctx, id: Id<DocumentId>, body: Body<UpdateDocument>) -> HttpResult {
    let (id, change) = (id.0, body.0);
    let answer = ctx.write(move |tx| {
        let changed = actions::change_document(tx, id, |description| change.apply(description))?;
        let view = DocumentView::of(changed);
        Answer::versioned(view.version, &view)
    });
    Ok(answer.await?)
}

/// Take a document out of the library
///
/// `in_use` while a draft cites it, and for good once a submitted revision does.
#[utoipa::path(
    tag = "documents",
    extensions(("x-permission" = json!("documents.write"))),
    params(("id" = DocumentId, Path)),
    responses((status = 204, description = "Taken out"))
)]
#[delete("/api/v1/documents/{id}")]
pub async fn delete_document(ctx: Ctx, id: Id<DocumentId>) -> HttpResult {
    let answer = ctx.write(move |tx| {
        actions::delete_document(tx, id.0)?;
        Ok(Answer::no_content())
    });
    Ok(answer.await?)
}
