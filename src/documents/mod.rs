//! Documents: the ward's library of evidence (RULES §8). A document is what a unit says about a file; the file itself is
//! stored once per ward, and neither its bytes nor its name ever change.

pub mod actions;
pub mod filing;
pub mod http;
mod inspect;
pub mod model;
pub mod rules;
mod store;
pub mod view;

pub use self::model::{Document, DocumentId, FileKind, StoredFile};
