//! A file on its way in: hashed and measured as it comes, and gone again unless it is kept.

use object_store::{MultipartUpload, ObjectStoreExt, WriteMultipart, path::Path};
use sha2::{Digest, Sha256};
use tokio::{runtime::Handle, sync::OwnedSemaphorePermit};

use super::{ObjectReader, Storage, unavailable};
use crate::error::{Code, Error, Result, text};

/// First bytes that are kept at hand, by which the kind of a file is told.
const HEAD: usize = 4096;

/// A file on its way in.
#[derive(Debug)]
pub struct Incoming {
    storage: Storage,
    key: Path,
    /// None once the file is whole.
    writer: Option<WriteMultipart>,
    hash: Sha256,
    size: u64,
    head: Vec<u8>,
    kept: bool,
    _permit: OwnedSemaphorePermit,
}

impl Incoming {
    pub(super) fn new(
        storage: Storage,
        key: Path,
        upload: Box<dyn MultipartUpload>,
        chunk: usize,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            storage,
            key,
            writer: Some(WriteMultipart::new_with_chunk_size(upload, chunk)),
            hash: Sha256::new(),
            size: 0,
            head: Vec::new(),
            kept: false,
            _permit: permit,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// `body_too_large`, `storage_unavailable`.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let length = u64::try_from(bytes.len()).map_err(Error::internal)?;
        self.size = self.size.saturating_add(length);
        if self.size > self.storage.max_bytes {
            return Err(too_large(self.storage.max_bytes));
        }
        self.hash.update(bytes);
        let missing = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..missing).unwrap_or_default());
        if let Some(writer) = &mut self.writer {
            // One part at a time: memory is bounded by two of them.
            writer.wait_for_capacity(1).await.map_err(unavailable)?;
            writer.write(bytes);
        }
        Ok(())
    }

    /// Notes that the file is whole.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn finish(&mut self) -> Result<()> {
        match self.writer.take() {
            Some(writer) => writer.finish().await.map(drop).map_err(unavailable),
            None => Ok(()),
        }
    }

    /// Bytes so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The first bytes.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// SHA-256 of the bytes so far, hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }

    /// The whole file, for readers that block and jump about in it.
    #[must_use]
    pub fn reader(&self) -> ObjectReader {
        ObjectReader::new(self.storage.store.clone(), self.key.clone(), self.size)
    }

    /// Keeps the whole file under this key.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn keep_as(&mut self, key: &str) -> Result<()> {
        self.storage.store.rename(&self.key, &Path::from(key)).await.map_err(unavailable)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Without a runtime the process is ending, and the next start sweeps.
        let Ok(runtime) = Handle::try_current() else { return };
        if self.kept {
            return;
        }
        let (store, key, writer) = (self.storage.store.clone(), self.key.clone(), self.writer.take());
        runtime.spawn(async move {
            let removed = match writer {
                Some(writer) => writer.abort().await,
                None => store.delete(&key).await,
            };
            if let Err(error) = removed {
                tracing::warn!(%error, "an upload that was not kept stays until the next sweep");
            }
        });
    }
}

fn too_large(limit: u64) -> Error {
    let megabytes = limit / (1 << 20);
    Error::because(
        Code::BodyTooLarge,
        text(
            format!("Tệp lớn hơn {megabytes} MB; hãy nén ảnh hoặc tách tệp rồi gửi lại"),
            format!("The file is larger than {megabytes} MB; compress its pictures or split it"),
        ),
    )
}
