//! Migrations, embedded per database, each run once and under a lock.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{AnyConnection, dialect};
use crate::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Runs what is pending, all of it or nothing.
pub(super) fn run_pending(connection: &mut AnyConnection) -> Result<()> {
    dialect::transaction(connection, run_locked)
}

fn run_locked(connection: &mut AnyConnection) -> Result<()> {
    dialect::lock_migrations(connection)?;
    match connection {
        AnyConnection::Postgres(connection) => connection.run_pending_migrations(POSTGRES).map(drop),
        AnyConnection::Sqlite(connection) => connection.run_pending_migrations(SQLITE).map(drop),
    }
    .map_err(Error::internal)
}
