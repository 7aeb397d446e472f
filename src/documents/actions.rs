//! Writes on documents: bringing in, describing, taking out, citing.

use super::{
    model::{Description, Document, DocumentId, StoredFile},
    rules, store,
};
use crate::{
    access::Role,
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Result, text},
    submissions::{self, SubmissionId, reach::Visibility},
};

/// What a new document is made of; its file is in its place already.
#[derive(Clone, Debug)]
pub struct NewDocument {
    /// The file.
    pub file: StoredFile,
    /// Its name, made safe.
    pub name: String,
    /// What is said about it.
    pub description: Description,
}

/// Adds a document of the caller's unit.
///
/// # Errors
/// `forbidden` for a caller without a unit, `invalid`, `document_exists` with the path of the one that exists;
/// `concurrent_change`, when the same bytes came in at the same time: try again.
pub fn create_document(tx: &mut Tx<'_>, new: NewDocument) -> Result<(Document, StoredFile)> {
    let unit_id = tx.actor.unit_id.ok_or_else(|| Error::new(Code::Forbidden))?;
    let description = rules::tidy(new.description);
    rules::check_description(&description).into_result(Code::Invalid)?;
    let ward_id = tx.actor.ward()?;
    if let Some(id) = store::find_of_unit(tx.connection, unit_id, &new.file.sha256)? {
        return Err(Error::new(Code::DocumentExists).linking(path_of(id)));
    }
    let file = match store::find_file(tx.connection, ward_id, &new.file.sha256)? {
        Some(known) => known,
        None => {
            store::insert_file(tx.connection, &new.file)?;
            new.file
        }
    };
    let document = Document {
        id: DocumentId::generate(),
        ward_id,
        unit_id,
        sha256: file.sha256.clone(),
        name: new.name,
        title: description.title,
        number: description.number,
        issued_on: description.issued_on,
        uploaded_by: tx.actor.principal()?,
        uploaded_at: tx.now,
        version: 1,
    };
    store::insert_document(tx.connection, &document)?;
    tx.record(
        Event::new("document.uploaded", "document", document.id)
            .between(None, Some(&document.description()))
            .with("name", &document.name)
            .with("sha256", &document.sha256)
            .with("unit_id", unit_id),
    );
    Ok((document, file))
}

/// Changes what is said about a document.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `forbidden` for another unit's, `invalid`, `concurrent_change`.
pub fn change_document(
    tx: &mut Tx<'_>,
    id: DocumentId,
    change: impl FnOnce(&mut Description),
) -> Result<(Document, StoredFile)> {
    let (before, file) = require_own(tx, id)?;
    let mut description = before.description();
    change(&mut description);
    let description = rules::tidy(description);
    rules::check_description(&description).into_result(Code::Invalid)?;
    let after = Document {
        title: description.title.clone(),
        number: description.number.clone(),
        issued_on: description.issued_on,
        version: before.version + 1,
        ..before.clone()
    };
    store::update_document(tx.connection, &after)?;
    let event = Event::new("document.changed", "document", id);
    tx.record(event.between(Some(&before.description()), Some(&description)));
    Ok((after, file))
}

/// Takes a document out of the library. Row and file stay: what was once evidence can be shown to an inspection.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `forbidden` for another unit's, `concurrent_change`; `in_use` while a
/// draft or any frozen revision cites it, with the path of a submission that the caller may read.
pub fn delete_document(tx: &mut Tx<'_>, id: DocumentId) -> Result<()> {
    let (document, _) = require_own(tx, id)?;
    // Before the look at citations: whoever is about to cite it waits for this row, or this for them.
    store::delete_document(tx.connection, &document, tx.now)?;
    if store::find_citation(tx.connection, id, None)?.is_some() {
        let visibility = Visibility::of(tx.actor)?;
        let link = store::find_citation(tx.connection, id, Some(&visibility))?;
        let refusal = Error::because(
            Code::InUse,
            text(
                "Tài liệu đang kèm theo báo cáo nên không xóa được; hãy gỡ khỏi báo cáo nháp trước, tài liệu của bản đã gửi thì giữ lại",
                "A submission cites this document; take it off the draft first, what a sent revision cites is kept",
            ),
        );
        return Err(match link {
            Some(submission) => refusal.linking(submissions::actions::path_of(submission)),
            None => refusal,
        });
    }
    let event = Event::new("document.deleted", "document", id);
    tx.record(event.between(Some(&document.description()), None).with("name", &document.name));
    Ok(())
}

/// Lets a submission cite a document that the caller may read.
///
/// # Errors
/// Not found for either; those of [`submissions::actions::attach_evidence`].
pub fn attach_document(tx: &mut Tx<'_>, submission: SubmissionId, id: DocumentId) -> Result<()> {
    let visibility = Visibility::of(tx.actor)?;
    get_document(tx.connection, &visibility, id)?;
    store::hold_document(tx.connection, id)?;
    submissions::actions::attach_evidence(tx, submission, id)
}

/// A document with its file, if the caller may know of it.
///
/// # Errors
/// Not found.
pub fn get_document(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    id: DocumentId,
) -> Result<(Document, StoredFile)> {
    store::find_document(connection, visibility, id)?.ok_or_else(Error::not_found)
}

/// A document of the caller's unit, or for a coordinator any of the ward, in the version that it read.
fn require_own(tx: &mut Tx<'_>, id: DocumentId) -> Result<(Document, StoredFile)> {
    let visibility = Visibility::of(tx.actor)?;
    let found = get_document(tx.connection, &visibility, id)?;
    tx.require_version(found.0.version)?;
    if tx.actor.unit_id == Some(found.0.unit_id) || tx.actor.has_role(Role::Coordinator) {
        Ok(found)
    } else {
        Err(Error::new(Code::Forbidden))
    }
}

/// Path of a document.
#[must_use]
pub fn path_of(id: DocumentId) -> String {
    format!("/api/v1/documents/{id}")
}
