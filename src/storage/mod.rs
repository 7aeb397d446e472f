//! Where files are: bytes under keys, in a directory of this machine or in a bucket that speaks S3. Knows nothing of
//! what they mean.

mod incoming;
mod reader;

use std::{
    path::{Path as FilePath, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream::BoxStream};
use object_store::{
    ClientOptions, GetResult, ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder,
    local::LocalFileSystem, memory::InMemory, path::Path, prefix::PrefixStore,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

pub use self::{
    incoming::Incoming,
    reader::{ObjectReader, is_failure},
};
use crate::{
    error::{Code, Error, Result},
    kernel::{id::RawId, time::Timestamp},
};

/// Uploads that may run at once, so that their buffers stay within bounds; others are told the system is busy.
const MAX_UPLOADS: usize = 64;
/// Where uploads are until they are whole and judged.
const INCOMING: &str = "incoming";
/// Bytes that an upload gathers before it writes them to a directory.
const DIRECTORY_CHUNK: usize = 1 << 20;
/// The same for a bucket: S3 takes no smaller parts.
const BUCKET_CHUNK: usize = 5 << 20;

/// A bucket that speaks S3.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Folder within it; empty for none.
    pub prefix: String,
    /// Address of the service; AWS itself if absent.
    pub endpoint: Option<String>,
    /// Region, as the service names it.
    pub region: String,
    /// Who we are there.
    pub access_key_id: String,
    /// The secret that proves it.
    pub secret_access_key: SecretString,
}

/// Where the files are.
#[derive(Clone, Debug)]
pub enum Place {
    /// A directory of this machine, or one that several instances share.
    Directory(PathBuf),
    /// A bucket.
    Bucket(Bucket),
}

/// A handle on the files; cloning it is cheap.
#[derive(Clone)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// The directory, where it is one.
    directory: Option<PathBuf>,
    max_bytes: u64,
    permits: Arc<Semaphore>,
}

impl std::fmt::Debug for Storage {
    // Whatever the store shows of itself, its address and key stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Storage")
    }
}

/// What a listing tells of a file.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// When it was last written, by the storage's clock.
    pub modified_at: Timestamp,
}

impl Storage {
    /// Opens the place; no file may be larger than this many bytes. Makes the directory, readable for its owner only.
    ///
    /// # Errors
    /// Internal, when the directory cannot be made or the bucket's address makes no sense.
    pub fn open(place: &Place, max_bytes: u64) -> Result<Self> {
        Ok(match place {
            Place::Directory(path) => {
                make_directory(path)?;
                // What was answered is on the disk, even if the power fails the next moment.
                let files = LocalFileSystem::new_with_prefix(path).map_err(Error::internal)?.with_fsync(true);
                Self::over(Arc::new(files), Some(path.clone()), max_bytes)
            }
            Place::Bucket(bucket) => Self::over(open_bucket(bucket)?, None, max_bytes),
        })
    }

    /// A storage that forgets, for commands that touch no files.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::over(Arc::new(InMemory::new()), None, 0)
    }

    fn over(store: Arc<dyn ObjectStore>, directory: Option<PathBuf>, max_bytes: u64) -> Self {
        Self { store, directory, max_bytes, permits: Arc::new(Semaphore::new(MAX_UPLOADS)) }
    }

    /// The most bytes of one file.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// Begins to take a file in. What is not kept is gone once the value is dropped.
    ///
    /// # Errors
    /// `busy`, when too many come in already; `storage_unavailable`.
    pub async fn begin(&self) -> Result<Incoming> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| Error::new(Code::Busy))?;
        let key = Path::from(INCOMING).join(RawId::generate().as_str());
        let chunk = if self.directory.is_some() { DIRECTORY_CHUNK } else { BUCKET_CHUNK };
        let upload = self.store.put_multipart(&key).await.map_err(unavailable)?;
        Ok(Incoming::new(self.clone(), key, upload, chunk, permit))
    }

    /// Whether there is a file under this key.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn exists(&self, key: &str) -> Result<bool> {
        match self.store.head(&Path::from(key)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// A file of this many bytes, to be read piece by piece.
    ///
    /// # Errors
    /// Internal, when it is not there or has another size; `storage_unavailable`.
    pub async fn read(&self, key: &str, size: u64) -> Result<GetResult> {
        let found = self.store.get(&Path::from(key)).await.map_err(unavailable)?;
        if found.meta.size != size {
            return Err(Error::internal(format!("{key} has {} bytes, expected {size}", found.meta.size)));
        }
        Ok(found)
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn delete(&self, key: &str) -> Result<()> {
        match self.store.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// The files below a folder, in pages of some hundreds.
    pub fn list(&self, folder: &str) -> BoxStream<'static, Vec<Result<Listed>>> {
        let listed = self.store.list(Some(&Path::from(folder))).map(|found| {
            let meta = found.map_err(unavailable)?;
            let modified_at = Timestamp::from_utc(meta.last_modified);
            Ok(Listed { key: meta.location.to_string(), modified_at })
        });
        listed.chunks(500).boxed()
    }

    /// Removes uploads that were last written before this time: their process was killed. Tells how many.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn sweep_incoming(&self, before: Timestamp) -> Result<usize> {
        // A listing hides what is not whole yet; in a directory that is where the leftovers are.
        if let Some(directory) = &self.directory {
            let folder = directory.join(INCOMING);
            let swept = tokio::task::spawn_blocking(move || sweep_folder(&folder, before)).await;
            return swept.map_err(Error::internal)?;
        }
        let mut swept = 0;
        let mut pages = self.list(INCOMING);
        while let Some(page) = pages.next().await {
            for listed in page {
                let listed = listed?;
                if listed.modified_at < before {
                    self.delete(&listed.key).await?;
                    swept += 1;
                }
            }
        }
        Ok(swept)
    }
}

fn make_directory(path: &FilePath) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| Error::internal(format!("{}: {error}", path.display())))
}

fn open_bucket(bucket: &Bucket) -> Result<Arc<dyn ObjectStore>> {
    // A service that is down must not hold a clerk's request for minutes.
    let retry =
        RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(15), ..RetryConfig::default() };
    let client = ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout(Duration::from_secs(60))
        .with_allow_http(true);
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_access_key_id(&bucket.access_key_id)
        .with_secret_access_key(bucket.secret_access_key.expose_secret())
        .with_retry(retry)
        .with_client_options(client);
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let store = builder.build().map_err(Error::internal)?;
    Ok(if bucket.prefix.is_empty() {
        Arc::new(store)
    } else {
        Arc::new(PrefixStore::new(store, bucket.prefix.as_str()))
    })
}

/// Removes the files of one folder that were last written before this time.
fn sweep_folder(folder: &FilePath, before: Timestamp) -> Result<usize> {
    let failed =
        |error: std::io::Error| Error { cause: Some(error.into()), ..Error::new(Code::StorageUnavailable) };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(failed(error)),
    };
    let mut swept = 0;
    for entry in entries {
        let entry = entry.map_err(failed)?;
        // An upload that ended meanwhile has taken its file along.
        let Ok(modified) = entry.metadata().and_then(|metadata| metadata.modified()) else { continue };
        if Timestamp::from_utc(modified.into()) < before && std::fs::remove_file(entry.path()).is_ok() {
            swept += 1;
        }
    }
    Ok(swept)
}

/// What went wrong there, for the log; the caller learns only whether a retry may help.
fn unavailable(error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { .. } => Error::internal(error),
        error => Error { cause: Some(Box::new(error)), ..Error::new(Code::StorageUnavailable) },
    }
}
