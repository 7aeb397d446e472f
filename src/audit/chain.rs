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

/// What a proof of all chains found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Chains checked: one for each ward, and the city's.
    pub chains: usize,
    /// Events checked.
    pub events: i64,
    /// The first chain that does not hold, and the number of its first event that does not fit.
    pub broken: Option<(String, i64)>,
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
    verify(connection, &chain_of(ward_id))
}

/// Proves the chains of all wards and of the city, on one moment of the database: events that are in no chain, or
/// beyond its head, do not hold either.
///
/// # Errors
/// When the database fails.
pub fn verify_all(connection: &mut AnyConnection) -> Result<Proof> {
    let mut proof = Proof { chains: 0, events: 0, broken: None };
    for chain in store::list_chains(connection)? {
        let report = verify(connection, &chain)?;
        proof.chains += 1;
        proof.events += report.checked;
        if !report.intact {
            proof.broken = Some((chain, report.first_broken_seq.unwrap_or_default()));
            return Ok(proof);
        }
    }
    if let Some(stray) = store::find_stray(connection)? {
        proof.broken = Some(stray);
    }
    Ok(proof)
}

fn verify(connection: &mut AnyConnection, chain: &str) -> Result<ChainReport> {
    // The head first: events that are appended meanwhile are beyond it and do not count.
    let (last, head) = store::find_head(connection, chain)?.unwrap_or((0, genesis(chain)));
    let mut previous = genesis(chain);
    let mut checked = 0;
    while checked < last {
        let rows = store::list_links(connection, chain, checked, CHUNK.min(last - checked))?;
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
