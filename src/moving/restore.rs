//! A backup becomes a database again, on this machine or a fresh one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    checks::{prove, require_whole},
    files::{self, failed},
    manifest::{DATABASE, DOCUMENTS, Manifest, damaged},
};
use crate::{
    db::{SchemaAge, open_still, read_schema},
    error::{Error, Result},
    storage::{Place, Storage},
};

/// What was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What was in the backup.
    pub manifest: Manifest,
    /// Events whose chains were proven; `None` where the schema is older than the program.
    pub proven_events: Option<i64>,
}

/// Restores the database to a file that does not exist yet, and its documents to a storage. Documents that are there
/// already stay, if they are what they were.
///
/// The database gets its name last: an interrupted restore can be begun again.
///
/// # Errors
/// Internal, with a sentence about what is in the way; then there is no database.
pub async fn restore(from: &Path, database: &Path, documents: &Storage) -> Result<Restored> {
    let manifest = Manifest::read(from)?;
    require_absent(database)?;
    let saved = from.join(DATABASE);
    let partial = beside(database, ".restoring");
    if partial.exists() {
        fs::remove_file(&partial).map_err(failed(&partial))?;
    }
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        files::make_folder(folder)?;
    }
    let outcome = fill(from, &saved, &partial, &manifest, documents).await;
    let proven_events = match outcome {
        Ok(proven) => proven,
        Err(error) => {
            let _ = fs::remove_file(&partial);
            return Err(error);
        }
    };
    fs::rename(&partial, database).map_err(failed(database))?;
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    files::sync(folder.unwrap_or(Path::new(".")))?;
    Ok(Restored { manifest, proven_events })
}

async fn fill(
    from: &Path,
    saved: &Path,
    partial: &Path,
    manifest: &Manifest,
    documents: &Storage,
) -> Result<Option<i64>> {
    if files::copy_file(saved, partial)? != manifest.database {
        return Err(damaged(saved));
    }
    let place = Place::Directory(from.join(DOCUMENTS));
    let backed_up = Storage::open(&place, u64::MAX)?;
    // Before anything is brought anywhere.
    files::check_all(&backed_up, &manifest.files).await?;
    let mut connection = open_still(partial)?;
    let age = read_schema(&mut connection)?.age;
    if matches!(age, SchemaAge::Newer | SchemaAge::None) {
        return Err(Error::internal(format!(
            "The backup was made by cchc {}, and its schema ({}) is newer than this program ({}). Restore it with that \
             version or a later one.",
            manifest.program,
            manifest.schema,
            env!("CARGO_PKG_VERSION")
        )));
    }
    require_whole(&mut connection)?;
    let proven = if age == SchemaAge::Current { Some(prove(&mut connection)?.events) } else { None };
    files::carry_all(&backed_up, documents, &manifest.files).await?;
    Ok(proven)
}

/// Refuses to write over a database, or beside what one left: a stray log would be played into the restored file.
fn require_absent(database: &Path) -> Result<()> {
    for path in [database.to_owned(), beside(database, "-wal"), beside(database, "-shm")] {
        if path.exists() {
            return Err(Error::internal(format!(
                "{} is there already, and nothing is written over it. Stop the server and move it away, or restore to \
                 another file.",
                path.display()
            )));
        }
    }
    Ok(())
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
