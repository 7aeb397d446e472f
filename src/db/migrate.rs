//! Migrations, embedded per database, each run once and under a lock.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{AnyConnection, dialect, rollout};
use crate::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Runs what is pending: all of it or nothing on SQLite, and step by step on PostgreSQL.
pub(super) fn run_pending(connection: &mut AnyConnection) -> Result<()> {
    match connection {
        AnyConnection::Postgres(postgres) => rollout::run_pending(postgres, POSTGRES),
        // One process has the file; all of it or nothing.
        AnyConnection::Sqlite(_) => dialect::transaction(connection, run_on_sqlite),
    }
}

fn run_on_sqlite(connection: &mut AnyConnection) -> Result<()> {
    match connection {
        AnyConnection::Sqlite(connection) => connection.run_pending_migrations(SQLITE).map(drop),
        AnyConnection::Postgres(_) => Ok(()),
    }
    .map_err(Error::internal)
}
