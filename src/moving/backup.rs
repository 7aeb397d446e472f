//! A backup of the embedded database and its documents, while others write.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use super::{
    checks::{prove, require_whole},
    files::{self, failed},
    manifest::{DATABASE, DOCUMENTS, DatabaseEntry, MANIFEST, Manifest},
    store::{count_table, list_files, list_tables},
};
use crate::{
    db::{AnyConnection, SchemaAge, open_still, read_schema, save_copy},
    error::{Error, Result},
    kernel::time::Timestamp,
    storage::{Place, Storage},
};

/// What all backups are called, before the time.
const PREFIX: &str = "cchc-";
/// A backup that is not whole yet.
const PARTIAL: &str = ".partial";
/// Held while a backup is made.
const LOCK: &str = ".lock";

/// A backup that is whole.
#[derive(Clone, Debug)]
pub struct Backup {
    /// Its folder.
    pub folder: PathBuf,
    /// What is in it.
    pub manifest: Manifest,
}

/// Saves one moment of the database, and every document that it names, into a new folder below `to`.
///
/// The folder gets its name once all of it was proven and is on the disk; whatever has that name is whole. Documents are
/// read after the database: they are never changed or removed, so none that a row names is missing.
///
/// # Errors
/// Internal, with a sentence about what is in the way; then there is no backup.
pub async fn backup(database: &Path, documents: &Storage, to: &Path, now: Timestamp) -> Result<Backup> {
    files::make_folder(to)?;
    let _lock = lock(to)?;
    let folder = to.join(format!("{PREFIX}{}", now.compact()));
    if folder.exists() {
        return Err(Error::internal(format!("{} is there already.", folder.display())));
    }
    let partial = Partial::create(to.join(PARTIAL))?;
    let file = partial.0.join(DATABASE);
    save_copy(database, &file)?;
    files::sync(&file)?;
    let manifest = describe(&mut open_still(&file)?, now, files::measure(&file)?)?;
    let place = Place::Directory(partial.0.join(DOCUMENTS));
    files::carry_all(documents, &Storage::open(&place, u64::MAX)?, &manifest.files).await?;
    manifest.write(&partial.0)?;
    files::sync(&partial.0)?;
    fs::rename(&partial.0, &folder).map_err(failed(&folder))?;
    files::sync(to)?;
    Ok(Backup { folder, manifest })
}

/// Proves the saved database and tells what is in it.
fn describe(saved: &mut AnyConnection, now: Timestamp, entry: DatabaseEntry) -> Result<Manifest> {
    require_whole(saved)?;
    let schema = read_schema(saved)?;
    let mut manifest = Manifest::new(now, schema.version, entry);
    match schema.age {
        SchemaAge::Current => manifest.proven_events = Some(prove(saved)?.events),
        // Whoever upgrades makes a backup first, perhaps with the new program; it cannot read the old events.
        SchemaAge::Older => {}
        SchemaAge::None => return Err(Error::internal("There is nothing of cchc in the database.")),
        SchemaAge::Newer => {
            return Err(Error::internal(
                "The database is of a newer version than this program. Use the program that serves it.",
            ));
        }
    }
    for table in list_tables(saved)? {
        manifest.rows.insert(table.name.clone(), count_table(saved, &table)?.rows);
    }
    manifest.files = list_files(saved)?;
    Ok(manifest)
}

/// Keeps the newest backups, so many of them, and removes the others; tells which.
///
/// # Errors
/// Internal, when a folder cannot be read or removed.
pub fn prune(to: &Path, keep: usize) -> Result<Vec<PathBuf>> {
    let mut backups = Vec::new();
    for entry in fs::read_dir(to).map_err(failed(to))? {
        let path = entry.map_err(failed(to))?.path();
        let named =
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX));
        if named && path.join(MANIFEST).is_file() {
            backups.push(path);
        }
    }
    backups.sort();
    backups.truncate(backups.len().saturating_sub(keep));
    for backup in &backups {
        // The manifest first: what is half removed is no backup any more.
        fs::remove_file(backup.join(MANIFEST))
            .and_then(|()| fs::remove_dir_all(backup))
            .map_err(failed(backup))?;
    }
    Ok(backups)
}

/// Two backups at once would be in each other's way. The lock goes with the process, however it ends.
fn lock(to: &Path) -> Result<File> {
    let path = to.join(LOCK);
    let file = File::create(&path).map_err(failed(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::internal(format!("Another backup to {} is running. Wait for it.", to.display())))
        }
        Err(TryLockError::Error(error)) => Err(failed(&path)(error)),
    }
}

/// A folder that is gone unless it got its name.
struct Partial(PathBuf);

impl Partial {
    /// Begins anew where a killed backup left something.
    fn create(path: PathBuf) -> Result<Self> {
        if path.exists() {
            fs::remove_dir_all(&path).map_err(failed(&path))?;
        }
        files::make_folder(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After the renaming there is nothing left to remove.
        let _ = fs::remove_dir_all(&self.0);
    }
}
