//! What must hold of a database before anybody relies on it.

use super::{
    files,
    store::{find_ward_code, list_files, read_damage},
};
use crate::{
    audit::{Proof, verify_all},
    db::{AnyConnection, Db, SchemaAge, read_schema},
    error::{Error, Result},
    storage::Storage,
};

/// What was proven.
#[derive(Clone, Copy, Debug)]
pub struct Verified {
    /// Audit chains.
    pub chains: usize,
    /// Events in them.
    pub events: i64,
    /// Documents whose content was read.
    pub documents: usize,
}

/// Proves all audit chains, and that every document is there as it was filed.
///
/// # Errors
/// Internal, with a sentence about the first thing that does not hold.
pub async fn verify(db: &Db, documents: &Storage) -> Result<Verified> {
    let (proof, listed) = db.snapshot_blocking(|connection| {
        require_current(connection, "The database")?;
        Ok((prove(connection)?, list_files(connection)?))
    })?;
    files::check_all(documents, &listed).await?;
    Ok(Verified { chains: proof.chains, events: proof.events, documents: listed.len() })
}

/// Refuses a database that is not at this program's schema.
pub(super) fn require_current(connection: &mut AnyConnection, which: &str) -> Result<()> {
    let advice = match read_schema(connection)?.age {
        SchemaAge::Current => return Ok(()),
        SchemaAge::None => "holds nothing of cchc. Is the address right?",
        SchemaAge::Older => "is of an older version. Run `cchc migrate` on it, with this program, first.",
        SchemaAge::Newer => "is of a newer version than this program. Use the program that last served it.",
    };
    Err(Error::internal(format!("{which} {advice}")))
}

/// Proves all audit chains of one moment of the database.
pub(super) fn prove(connection: &mut AnyConnection) -> Result<Proof> {
    let proof = verify_all(connection)?;
    let Some((chain, seq)) = &proof.broken else { return Ok(proof) };
    let of = match find_ward_code(connection, chain)? {
        Some(code) => format!("ward {code}"),
        None => format!("the {chain}"),
    };
    Err(Error::internal(format!(
        "The audit chain of {of} is broken at event number {seq}: somebody changed, added or removed events past the \
         program. Go back to a backup whose chain holds, or find out what was done before you go on."
    )))
}

/// Refuses a SQLite file that is damaged.
pub(super) fn require_whole(connection: &mut AnyConnection) -> Result<()> {
    let damage = read_damage(connection)?;
    if damage.is_empty() {
        return Ok(());
    }
    Err(Error::internal(format!("The database is damaged: {}.", damage.join("; "))))
}
