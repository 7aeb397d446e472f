//! Migrations, embedded per database, each run once and under a lock.

use std::collections::BTreeSet;

use diesel::{
    QueryableByName, RunQueryDsl,
    migration::{Migration, MigrationSource},
    pg::Pg,
    sql_query,
    sql_types::Text,
    sqlite::Sqlite,
};
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

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    version: String,
}

/// Whether every migration of this program has run; later ones, of a later program, may have run too.
///
/// # Errors
/// When the database fails, as it does where nothing was ever migrated.
pub(super) fn is_current(connection: &mut AnyConnection) -> Result<bool> {
    let known = match connection {
        AnyConnection::Postgres(_) => versions(MigrationSource::<Pg>::migrations(&POSTGRES)),
        AnyConnection::Sqlite(_) => versions(MigrationSource::<Sqlite>::migrations(&SQLITE)),
    }?;
    let applied: Vec<Applied> =
        sql_query("SELECT version FROM __diesel_schema_migrations").load(connection)?;
    let applied: BTreeSet<String> = applied.into_iter().map(|row| row.version).collect();
    Ok(known.is_subset(&applied))
}

fn versions<DB: diesel::backend::Backend>(
    migrations: diesel::migration::Result<Vec<Box<dyn Migration<DB>>>>,
) -> Result<BTreeSet<String>> {
    let migrations = migrations.map_err(Error::internal)?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}
