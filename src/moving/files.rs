//! Files of this machine that must be whole and on the disk, and documents on their way from one storage to another.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use super::manifest::{DatabaseEntry, FileEntry};
use crate::{
    error::{Error, Result},
    storage::Storage,
};

/// Documents that are on their way at once.
const AT_ONCE: usize = 8;
/// Bytes that are read at once.
const PIECE: usize = 1 << 16;

/// A failure with the file that it is about.
pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    move |error| Error::internal(format!("{}: {error}", path.display()))
}

/// A new file for its owner only.
fn create(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(failed(path))
}

/// Writes a new file, down to the disk.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed(path))
}

/// Sends what was written to a file or folder down to the disk.
pub(super) fn sync(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(failed(path))
}

/// Makes a folder for its owner only, and those above it; one that is there already stays.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed(path))
}

/// Reads a file through and tells what is in it.
pub(super) fn measure(path: &Path) -> Result<DatabaseEntry> {
    read_through(path, |_| Ok(()))
}

/// Copies a file to a new one, down to the disk, and tells what was in it.
pub(super) fn copy_file(from: &Path, to: &Path) -> Result<DatabaseEntry> {
    let mut target = create(to)?;
    let entry = read_through(from, |bytes| target.write_all(bytes).map_err(failed(to)))?;
    target.sync_all().map_err(failed(to))?;
    Ok(entry)
}

fn read_through(path: &Path, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<DatabaseEntry> {
    let mut file = File::open(path).map_err(failed(path))?;
    let (mut hash, mut size_bytes, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        let read = file.read(&mut piece).map_err(failed(path))?;
        let bytes = piece.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(DatabaseEntry { sha256: hex::encode(hash.finalize()), size_bytes });
        }
        hash.update(bytes);
        size_bytes += u64::try_from(read).map_err(Error::internal)?;
        take(bytes)?;
    }
}

/// Brings documents from one storage to another; those that are there already must be the same.
///
/// # Errors
/// Internal, with a sentence about the first document that is missing or not what its row says.
pub(super) async fn carry_all(from: &Storage, to: &Storage, files: &[FileEntry]) -> Result<()> {
    let carried = stream::iter(files).map(|file| async move {
        if to.exists(&file.key).await? { check(to, file).await } else { carry(from, to, file).await }
    });
    carried.buffer_unordered(AT_ONCE).try_collect::<()>().await
}

/// Reads documents through.
///
/// # Errors
/// Internal, with a sentence about the first document that is missing or not what its row says.
pub(super) async fn check_all(storage: &Storage, files: &[FileEntry]) -> Result<()> {
    stream::iter(files).map(|file| check(storage, file)).buffer_unordered(AT_ONCE).try_collect::<()>().await
}

async fn carry(from: &Storage, to: &Storage, file: &FileEntry) -> Result<()> {
    let mut bytes = from.read(&file.key, file.size_bytes).await.map_err(lost(file))?.into_stream();
    let mut incoming = to.begin().await?;
    while let Some(piece) = bytes.next().await {
        incoming.write(&piece.map_err(Error::internal)?).await?;
    }
    incoming.finish().await?;
    if incoming.sha256() != file.sha256 {
        return Err(altered(file));
    }
    incoming.keep_as(&file.key).await
}

async fn check(storage: &Storage, file: &FileEntry) -> Result<()> {
    let mut bytes = storage.read(&file.key, file.size_bytes).await.map_err(lost(file))?.into_stream();
    let mut hash = Sha256::new();
    while let Some(piece) = bytes.next().await {
        hash.update(piece.map_err(Error::internal)?);
    }
    if hex::encode(hash.finalize()) == file.sha256 { Ok(()) } else { Err(altered(file)) }
}

fn lost(file: &FileEntry) -> impl Fn(Error) -> Error {
    move |error| {
        Error::internal(format!(
            "The document {} cannot be read as it was filed ({error}). Bring it back from a backup, or upload the \
             same file again: its content has the SHA-256 {}.",
            file.key, file.sha256
        ))
    }
}

fn altered(file: &FileEntry) -> Error {
    Error::internal(format!(
        "The document {} is not what was filed: its content no longer has the SHA-256 {}. Remove it and bring it back \
         from a backup.",
        file.key, file.sha256
    ))
}
