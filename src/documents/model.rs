//! A document as the database keeps it, and the file behind it.

use chrono::NaiveDate;
use diesel::{Queryable, Selectable};
use serde::Serialize;

pub use crate::submissions::DocumentId;
use crate::{
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        time::Timestamp,
    },
    schema::{document_files, documents},
    text_enum,
};

text_enum! {
    /// What kind of file it is, told by its content (RULES §8).
    pub enum FileKind {
        /// PDF.
        Pdf = "pdf",
        /// Word document (OOXML) without macros.
        Docx = "docx",
        /// Excel workbook (OOXML) without macros.
        Xlsx = "xlsx",
        /// JPEG picture.
        Jpg = "jpg",
        /// PNG picture.
        Png = "png",
    }
}

/// A document of a unit.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(crate::db::MultiBackend))]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// Its ward.
    pub ward_id: WardId,
    /// The unit whose person brought it in.
    pub unit_id: UnitId,
    /// SHA-256 of the file, hexadecimal; names the file within the ward.
    pub sha256: String,
    /// Name of the file, made safe.
    pub name: String,
    /// What it is about.
    pub title: Option<String>,
    /// Number as printed on it.
    pub number: Option<String>,
    /// Date as printed on it.
    pub issued_on: Option<NaiveDate>,
    /// Who brought it in.
    pub uploaded_by: PrincipalId,
    /// When.
    pub uploaded_at: Timestamp,
    /// Counts changes.
    pub version: i64,
}

/// A file of a ward.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = document_files, check_for_backend(crate::db::MultiBackend))]
pub struct StoredFile {
    /// Its ward.
    pub ward_id: WardId,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Where the storage has it.
    pub object_key: String,
    /// What kind it is.
    pub kind: FileKind,
    /// Its size in bytes.
    pub size_bytes: i64,
}

/// What people say about a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Description {
    /// What it is about.
    pub title: Option<String>,
    /// Number as printed on it.
    pub number: Option<String>,
    /// Date as printed on it.
    pub issued_on: Option<NaiveDate>,
}

impl Document {
    /// What people say about it.
    #[must_use]
    pub fn description(&self) -> Description {
        Description { title: self.title.clone(), number: self.number.clone(), issued_on: self.issued_on }
    }
}
