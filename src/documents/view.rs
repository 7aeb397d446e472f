//! A document as people see it.

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    model::{Document, DocumentId, FileKind, StoredFile},
    rules,
};
use crate::kernel::{
    id::{PrincipalId, UnitId},
    time::Timestamp,
};

/// A document.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DocumentView {
    /// Its id.
    pub id: DocumentId,
    /// The unit that brought it in.
    pub unit_id: UnitId,
    /// Name of the file; never changes.
    #[schema(example = "Biên bản kiểm tra.pdf")]
    pub name: String,
    /// What kind of file it is, told by its content.
    pub kind: FileKind,
    /// The media type it is served as.
    #[schema(example = "application/pdf")]
    pub media_type: &'static str,
    /// Its size in bytes.
    #[schema(example = 48213)]
    pub size_bytes: i64,
    /// SHA-256 of its bytes, hexadecimal.
    #[schema(example = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")]
    pub sha256: String,
    /// What it is about.
    pub title: Option<String>,
    /// Number as printed on it.
    #[schema(example = "12/BB-UBND")]
    pub number: Option<String>,
    /// Date as printed on it.
    pub issued_on: Option<NaiveDate>,
    /// Who brought it in.
    pub uploaded_by: PrincipalId,
    /// When.
    pub uploaded_at: Timestamp,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl DocumentView {
    /// The view of a document and its file.
    #[must_use]
    pub fn of((document, file): (Document, StoredFile)) -> Self {
        Self {
            id: document.id,
            unit_id: document.unit_id,
            name: document.name,
            kind: file.kind,
            media_type: rules::media_type(file.kind),
            size_bytes: file.size_bytes,
            sha256: document.sha256,
            title: document.title,
            number: document.number,
            issued_on: document.issued_on,
            uploaded_by: document.uploaded_by,
            uploaded_at: document.uploaded_at,
            version: document.version,
        }
    }
}
