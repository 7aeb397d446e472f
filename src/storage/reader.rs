//! A stored file for readers that block and jump about in it, a window at a time.

use std::{
    io::{Error, ErrorKind, Read, Result, Seek, SeekFrom},
    sync::Arc,
};

use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use tokio::runtime::Handle;

/// Bytes that are read at once.
const WINDOW: u64 = 256 << 10;

/// Reads a stored file. Only for threads that may block, within a runtime.
pub struct ObjectReader {
    store: Arc<dyn ObjectStore>,
    key: Path,
    size: u64,
    position: u64,
    window: Vec<u8>,
    window_at: u64,
}

impl ObjectReader {
    pub(super) fn new(store: Arc<dyn ObjectStore>, key: Path, size: u64) -> Self {
        Self { store, key, size, position: 0, window: Vec::new(), window_at: 0 }
    }

    /// What the window holds from the position on; fetches another where that is nothing.
    fn fill(&mut self) -> Result<&[u8]> {
        let held = self.window_at..self.window_at + u64::try_from(self.window.len()).map_err(Error::other)?;
        if !held.contains(&self.position) && self.position < self.size {
            let range = self.position..self.size.min(self.position.saturating_add(WINDOW));
            let runtime = Handle::try_current().map_err(Error::other)?;
            let bytes = runtime.block_on(self.store.get_range(&self.key, range)).map_err(Error::other)?;
            self.window = bytes.to_vec();
            self.window_at = self.position;
        }
        let at = usize::try_from(self.position.saturating_sub(self.window_at)).map_err(Error::other)?;
        Ok(self.window.get(at..).unwrap_or_default())
    }
}

/// Whether an error that a reader met is the storage's, and not that of a file that ends too early.
#[must_use]
pub fn is_failure(error: &Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<object_store::Error>())
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.position >= self.size {
            return Ok(0);
        }
        let read = self.fill()?.read(buffer)?;
        self.position += u64::try_from(read).map_err(Error::other)?;
        Ok(read)
    }
}

impl Seek for ObjectReader {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position =
            target.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "a seek before the beginning"))?;
        Ok(self.position)
    }
}
