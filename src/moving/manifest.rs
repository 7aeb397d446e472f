//! What a backup says of itself, and how it is read again: `manifest.json`, with its own digest beside it.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::files::{self, failed};
use crate::{
    error::{Error, Result},
    kernel::time::Timestamp,
};

/// The database's file in a backup.
pub(super) const DATABASE: &str = "cchc.db";
/// The folder of documents in a backup.
pub(super) const DOCUMENTS: &str = "documents";
/// The manifest.
pub(super) const MANIFEST: &str = "manifest.json";
/// Its digest, as `sha256sum -c` reads it.
const DIGEST: &str = "manifest.json.sha256";
/// How backups are laid out. A program reads its own layout, and says so of others.
const FORMAT: u32 = 1;

/// A file of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its key in the storage.
    pub key: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
}

/// The database's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseEntry {
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
}

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout of the backup.
    pub format: u32,
    /// Version of the program that made it.
    pub program: String,
    /// Newest migration of its schema.
    pub schema: String,
    /// When it was begun.
    pub taken_at: Timestamp,
    /// The database.
    pub database: DatabaseEntry,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// Events whose chains were proven; absent where the program was newer than the schema.
    pub proven_events: Option<i64>,
    /// The files of documents.
    pub files: Vec<FileEntry>,
}

impl Manifest {
    /// A manifest of this program.
    pub(super) fn new(taken_at: Timestamp, schema: String, database: DatabaseEntry) -> Self {
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            schema,
            taken_at,
            database,
            rows: BTreeMap::new(),
            proven_events: None,
            files: Vec::new(),
        }
    }

    /// Bytes of all documents.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size_bytes).sum()
    }

    /// Writes it and its digest into a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(Error::internal)? + "\n";
        let digest = format!("{}  {MANIFEST}\n", hex::encode(Sha256::digest(&text)));
        files::write(&folder.join(MANIFEST), text.as_bytes())?;
        files::write(&folder.join(DIGEST), digest.as_bytes())
    }

    /// Reads it from a folder.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::internal(format!(
                "{} is no backup: there is no {MANIFEST} in it. Name the folder of one backup, such as \
                 cchc-20260615T100000Z.",
                folder.display()
            )),
            _ => failed(&path)(error),
        })?;
        let digest = std::fs::read_to_string(folder.join(DIGEST)).map_err(failed(&folder.join(DIGEST)))?;
        if digest.split_whitespace().next() != Some(hex::encode(Sha256::digest(&text)).as_str()) {
            return Err(damaged(&path));
        }
        let manifest: Self = serde_json::from_str(&text).map_err(|_| damaged(&path))?;
        if manifest.format != FORMAT {
            return Err(Error::internal(format!(
                "This backup was made by cchc {}, which lays backups out differently (format {}). Restore it with \
                 that version.",
                manifest.program, manifest.format
            )));
        }
        Ok(manifest)
    }
}

/// A file of a backup that is not what it was.
pub(super) fn damaged(path: &Path) -> Error {
    Error::internal(format!(
        "{} is damaged: it is not what was backed up. Use another backup; nothing was restored.",
        path.display()
    ))
}
