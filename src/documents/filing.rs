//! Where a document's bytes go, in an order that no crash can harm.
//!
//! 1. The bytes come in under `incoming/`, are hashed and judged. What is refused or breaks off is removed.
//! 2. They move to a key of their own below `files/<ward>/`, unless the ward has the same bytes already.
//! 3. One transaction adds the rows and the audit event. The key is in the row, and rows are never removed, so a file
//!    with a row is never touched again.
//!
//! A process that is killed between two steps leaves bytes without a row. [`sweep`] removes them once they are older than
//! [`SWEEP_AGE_SECONDS`]: another instance may be between two steps right now. No key is ever used twice, so what the
//! sweep finds without a row cannot get one meanwhile.

use std::{collections::HashSet, time::Duration};

use futures_util::StreamExt;

use super::{
    model::{FileKind, StoredFile},
    store,
};
use crate::{
    context::Services,
    db::Scope,
    error::{Error, Kind, Result},
    kernel::{
        id::{RawId, WardId},
        time::{Clock, Timestamp},
    },
    storage::{Incoming, Listed},
};

/// Time that one upload may take: 20 MB at 12 kB a second.
pub const MAX_UPLOAD_TIME: Duration = Duration::from_secs(1800);
/// Age from which bytes without a row belong to nobody, in seconds: an upload that old has ended, well or not.
pub const SWEEP_AGE_SECONDS: i64 = 3600;
/// Time between two sweeps of a running server.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// Folder of the files that are kept.
const FILES: &str = "files";

/// A file in its place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The file, with its row or about to get one.
    pub file: StoredFile,
    /// Whether its key is new, so that it goes again if it gets no row.
    is_new: bool,
}

/// Puts a whole file into its place.
///
/// # Errors
/// `storage_unavailable`, and those of the database.
pub async fn place(
    services: &Services,
    ward_id: WardId,
    incoming: &mut Incoming,
    kind: FileKind,
) -> Result<Placed> {
    let sha256 = incoming.sha256();
    let wanted = sha256.clone();
    let known =
        services.db.read(Scope::Ward(ward_id), move |c| store::find_file(c, ward_id, &wanted)).await?;
    if let Some(file) = known {
        // Bringing a file in again heals a storage that lost it.
        if !services.documents.exists(&file.object_key).await? {
            incoming.keep_as(&file.object_key).await?;
        }
        return Ok(Placed { file, is_new: false });
    }
    let object_key = format!("{FILES}/{ward_id}/{sha256}.{}", RawId::generate());
    incoming.keep_as(&object_key).await?;
    let size_bytes = i64::try_from(incoming.size()).map_err(Error::internal)?;
    Ok(Placed { file: StoredFile { ward_id, sha256, object_key, kind, size_bytes }, is_new: true })
}

/// Removes a file that was placed and got no row.
pub async fn settle<T>(services: &Services, placed: &Placed, outcome: &Result<T>) {
    // After a failure of our own nobody knows whether it was committed; the sweep will.
    let failed = |error: &Error| matches!(error.code.kind(), Kind::Internal | Kind::Unavailable);
    if !placed.is_new || outcome.as_ref().is_err_and(failed) {
        return;
    }
    let keys = vec![placed.file.object_key.clone()];
    // A key says to no one whose it is; the answer is only that it is known.
    let removed = match services.db.read(Scope::All, move |c| store::list_known_keys(c, &keys)).await {
        Ok(known) if known.is_empty() => services.documents.delete(&placed.file.object_key).await,
        other => other.map(drop),
    };
    if let Err(error) = removed {
        tracing::warn!(%error, "a file without a document stays until the next sweep");
    }
}

/// Which of the listed files belong to nobody: without a row, and last written before this time.
fn list_orphans(listed: &[Listed], known: &HashSet<String>, before: Timestamp) -> Vec<String> {
    let orphans = listed.iter().filter(|file| file.modified_at < before && !known.contains(&file.key));
    orphans.map(|file| file.key.clone()).collect()
}

/// Removes what killed processes left: uploads, and files without a row, older than this many seconds. Tells how many.
///
/// # Errors
/// `storage_unavailable`, and those of the database.
pub async fn sweep(services: &Services, age_seconds: i64) -> Result<usize> {
    let before = Clock::real_now().plus_seconds(-age_seconds);
    let mut swept = services.documents.sweep_incoming(before).await?;
    let mut pages = services.documents.list(FILES);
    while let Some(page) = pages.next().await {
        let listed = page.into_iter().collect::<Result<Vec<Listed>>>()?;
        let keys: Vec<String> = listed.iter().map(|file| file.key.clone()).collect();
        // The sweep is for all wards.
        let known = services.db.read(Scope::All, move |c| store::list_known_keys(c, &keys)).await?;
        for key in list_orphans(&listed, &known.into_iter().collect(), before) {
            services.documents.delete(&key).await?;
            swept += 1;
        }
    }
    Ok(swept)
}

/// Sweeps at the start of a server and each hour from then on.
pub async fn sweep_now_and_then(services: Services) {
    let job = services.metrics.job("document_sweep", SWEEP_EVERY);
    loop {
        match job.run(sweep(&services, SWEEP_AGE_SECONDS)).await {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "removed what interrupted uploads had left"),
            Err(error) => tracing::warn!(%error, "the files of documents could not be swept"),
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_upload_that_still_runs_is_swept() {
        assert!(i64::try_from(MAX_UPLOAD_TIME.as_secs()).is_ok_and(|longest| longest < SWEEP_AGE_SECONDS));
    }

    #[test]
    fn only_old_files_without_a_row_are_orphans() {
        let at = |text: &str| Timestamp::parse(text).expect("a time");
        let before = at("2026-06-15T08:00:00+07:00");
        let listed = [("with a row", "06:00"), ("old", "07:59"), ("at the limit", "08:00"), ("new", "08:01")]
            .map(|(key, time)| Listed {
                key: key.to_owned(),
                modified_at: at(&format!("2026-06-15T{time}:00+07:00")),
            });
        let known = HashSet::from(["with a row".to_owned()]);
        assert_eq!(list_orphans(&listed, &known, before), ["old"]);
    }
}
