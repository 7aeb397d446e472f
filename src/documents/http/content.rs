//! Handing a document's file out: as a stream, to be saved, never to be shown as a page.

use actix_web::{
    HttpResponse,
    body::SizedStream,
    get,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING},
};

use crate::{
    context::Ctx,
    documents::{actions, model::DocumentId, rules},
    error::Error,
    http::{FileContent, Id, Problem},
    submissions::reach::Visibility,
};

/// Download a document's file
///
/// For the unit that brought it in, and for whoever may read a submission that cites it.
#[utoipa::path(
    tag = "documents",
    extensions(("x-permission" = json!("documents.read"))),
    params(("id" = DocumentId, Path)),
    responses((
        status = 200,
        description = "The bytes as they came in, under the media type that their content has",
        content(
            (FileContent = "application/pdf"),
            (FileContent = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (FileContent = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (FileContent = "image/jpeg"),
            (FileContent = "image/png"),
        ),
        headers(("Content-Disposition" = String, description = "The file's name, to save it under"))
    ))
)]
#[get("/api/v1/documents/{id}/content")]
pub async fn get_document_content(ctx: Ctx, id: Id<DocumentId>) -> Result<HttpResponse, Problem> {
    let visibility = Visibility::of(&ctx.actor)?;
    let (document, file) = ctx.read(move |c| actions::get_document(c, &visibility, id.0)).await?;
    let size = u64::try_from(file.size_bytes).map_err(Error::internal)?;
    let found = ctx.services.documents.read(&file.object_key, size).await?;
    Ok(HttpResponse::Ok()
        .content_type(rules::media_type(file.kind))
        .insert_header((CONTENT_DISPOSITION, rules::content_disposition(&document.name)))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        // The kinds are compressed already, and so the length is known beforehand.
        .insert_header((CONTENT_ENCODING, "identity"))
        .body(SizedStream::new(size, found.into_stream())))
}
