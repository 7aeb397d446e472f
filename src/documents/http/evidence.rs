//! What a submission cites, over HTTP: only while it can be changed (RULES §3).

use actix_web::{delete, put, web::Path};

use crate::{
    context::{Answer, Ctx, Tx},
    documents::{actions, model::DocumentId},
    error::{Error, Result},
    http::{HttpResult, Id},
    submissions::{self, SubmissionId, view::SubmissionView},
};

fn document_in(path: &Path<(String, String)>) -> Result<DocumentId> {
    DocumentId::parse(&path.1).ok_or_else(Error::not_found)
}

fn answer_with(tx: &mut Tx<'_>, id: SubmissionId) -> Result<Answer> {
    let dossier = submissions::actions::get_dossier_for(tx, id)?;
    let view = SubmissionView::of(dossier, tx.actor, tx.now);
    Answer::versioned(view.version, &view)
}

/// Cite a document as evidence
///
/// `If-Match` names the submission's version. Evidence changes in `draft` and `returned` only: what was verified is
/// returned first.
#[utoipa::path(
    tag = "documents",
    extensions(("x-permission" = json!("submissions.write"))),
    params(("id" = SubmissionId, Path), ("document_id" = DocumentId, Path, description = "Id of the document")),
    responses((status = 200, description = "The submission as it now is", body = SubmissionView))
)]
#[put("/api/v1/submissions/{id}/evidence/{document_id}")]
pub async fn attach_evidence(ctx: Ctx, id: Id<SubmissionId>, path: Path<(String, String)>) -> HttpResult {
    let (id, document) = (id.0, document_in(&path)?);
    let answer = ctx.write(move |tx| {
        actions::attach_document(tx, id, document)?;
        answer_with(tx, id)
    });
    Ok(answer.await?)
}

/// Take evidence off a submission
///
/// `If-Match` names the submission's version. Revisions that were submitted with it go on citing it.
#[utoipa::path(
    tag = "documents",
    extensions(("x-permission" = json!("submissions.write"))),
    params(("id" = SubmissionId, Path), ("document_id" = DocumentId, Path, description = "Id of the document")),
    responses((status = 200, description = "The submission as it now is", body = SubmissionView))
)]
#[delete("/api/v1/submissions/{id}/evidence/{document_id}")]
pub async fn detach_evidence(ctx: Ctx, id: Id<SubmissionId>, path: Path<(String, String)>) -> HttpResult {
    let (id, document) = (id.0, document_in(&path)?);
    let answer = ctx.write(move |tx| {
        submissions::actions::detach_evidence(tx, id, document)?;
        answer_with(tx, id)
    });
    Ok(answer.await?)
}
