//! The chain of hashes, and its proof.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::store::{self, AuditRow, chain_of};
use crate::{db::AnyConnection, error::Result, kernel::id::WardId};

/// Events read at a time while a chain is proven, which bounds the memory.
const CHUNK: i64 = 1000;

/// What a proof of a chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ChainReport {
    /// Whether every event stands as it was written, and none is missing.
    #[schema(example = true)]
    pub intact: bool,
    /// Events checked.
    #[schema(example = 321)]
    pub checked: i64,
    /// Number in the chain of the first event that does not fit.
    pub first_broken_seq: Option<i64>,
    /// Its id, if it is there at all.
    pub first_broken_id: Option<String>,
}

/// The hash before the first event of a chain.
#[must_use]
pub fn genesis(chain: &str) -> String {
    hex::encode(Sha256::digest(chain.as_bytes()))
}

/// The hash of an event: over all its content and the hash before it.
#[must_use]
pub fn hash_of(row: &AuditRow) -> String {
    #[derive(Serialize)]
    struct Content<'a>(
        &'a str,
        &'a str,
        i64,
        String,
        &'a str,
        Option<&'a str>,
        Option<&'a str>,
        Option<&'a str>,
        Option<&'a str>,
        Option<&'a str>,
        &'a str,
        &'a str,
        &'a str,
        Option<&'a str>,
        &'a str,
        &'a str,
    );
    let content = Content(
        row.id.as_str(),
        &row.chain,
        row.seq,
        row.at.to_string(),
        &row.kind,
        row.actor_id.as_ref().map(|id| id.as_str()),
        row.actor_name.as_deref(),
        row.actor_position.as_deref(),
        row.on_behalf_of.as_ref().map(|id| id.as_str()),
        row.unit_id.as_ref().map(|id| id.as_str()),
        &row.subject_kind,
        &row.subject_id,
        row.changes.as_str(),
        row.reason.as_deref(),
        &row.request_id,
        &row.previous_hash,
    );
    let text = serde_json::to_string(&content).unwrap_or_default();
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// Proves a ward's chain, or names the first broken link.
///
/// # Errors
/// When the database fails.
pub fn verify_chain(connection: &mut AnyConnection, ward_id: Option<WardId>) -> Result<ChainReport> {
    let chain = chain_of(ward_id);
    // The head first: events that are appended meanwhile are beyond it and do not count.
    let (last, head) = store::find_head(connection, &chain)?.unwrap_or((0, genesis(&chain)));
    let mut previous = genesis(&chain);
    let mut checked = 0;
    while checked < last {
        let rows = store::list_links(connection, &chain, checked, CHUNK.min(last - checked))?;
        if rows.is_empty() {
            return Ok(broken(checked, checked + 1, None));
        }
        for row in rows {
            let fits = row.seq == checked + 1 && row.previous_hash == previous && row.hash == hash_of(&row);
            if !fits {
                return Ok(broken(checked, row.seq, Some(row.id.to_string())));
            }
            checked += 1;
            previous = row.hash;
        }
    }
    if previous != head {
        return Ok(broken(checked, last, None));
    }
    Ok(ChainReport { intact: true, checked, first_broken_seq: None, first_broken_id: None })
}

fn broken(checked: i64, seq: i64, id: Option<String>) -> ChainReport {
    ChainReport { intact: false, checked, first_broken_seq: Some(seq), first_broken_id: id }
}
