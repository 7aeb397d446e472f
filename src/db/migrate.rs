//! Migrations, embedded per database, each run once and under a lock.

use diesel::{
    QueryableByName, RunQueryDsl, SqliteConnection,
    migration::{Migration, MigrationSource},
    sql_query,
    sql_types::Text,
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{AnyConnection, grants, rollout};
use crate::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Runs what is pending: all of it or nothing on SQLite, and step by step on PostgreSQL. An application role may run
/// nothing, and is told who must. Whoever has nothing to do waits for nobody.
pub(super) fn run_pending(connection: &mut AnyConnection) -> Result<()> {
    if let AnyConnection::Postgres(postgres) = connection
        && !grants::may_migrate(postgres)?
    {
        let ready = grants::may_serve(postgres)? && is_current(connection)?;
        return if ready { Ok(()) } else { Err(Error::internal(grants::ADVICE)) };
    }
    if is_current(connection)? {
        return Ok(());
    }
    match connection {
        AnyConnection::Postgres(postgres) => rollout::run_pending(postgres, POSTGRES),
        AnyConnection::Sqlite(sqlite) => run_on_sqlite(sqlite),
    }
}

/// One process has the file; all of it or nothing.
fn run_on_sqlite(connection: &mut SqliteConnection) -> Result<()> {
    connection.immediate_transaction(|connection| {
        connection.run_pending_migrations(SQLITE).map(drop).map_err(Error::internal)
    })
}

/// Whether every migration of this program has run; later ones, of a later program, may have run too.
///
/// # Errors
/// When the database fails.
pub(super) fn is_current(connection: &mut AnyConnection) -> Result<bool> {
    Ok(matches!(read_schema(connection)?.age, SchemaAge::Current | SchemaAge::Newer))
}

/// How a database's schema stands to the one that this program was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaAge {
    /// There is none yet.
    None,
    /// Migrations are pending.
    Older,
    /// The same.
    Current,
    /// It holds migrations that this program does not know.
    Newer,
}

/// A database's schema.
#[derive(Clone, Debug)]
pub struct Schema {
    /// How it stands to this program's.
    pub age: SchemaAge,
    /// Its newest migration, such as `20260105000000`; empty if there is none.
    pub version: String,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

const SQLITE_HAS_MIGRATIONS: &str =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'";
const POSTGRES_HAS_MIGRATIONS: &str = "SELECT tablename::text AS name FROM pg_tables \
    WHERE schemaname = current_schema() AND tablename = '__diesel_schema_migrations'";

/// Reads which migrations were applied, and changes nothing.
///
/// # Errors
/// When the database fails.
pub fn read_schema(connection: &mut AnyConnection) -> Result<Schema> {
    let has_migrations = match connection {
        AnyConnection::Postgres(_) => POSTGRES_HAS_MIGRATIONS,
        AnyConnection::Sqlite(_) => SQLITE_HAS_MIGRATIONS,
    };
    if sql_query(has_migrations).load::<Named>(connection)?.is_empty() {
        return Ok(Schema { age: SchemaAge::None, version: String::new() });
    }
    let applied: Vec<Named> =
        sql_query("SELECT version AS name FROM __diesel_schema_migrations ORDER BY version")
            .load(connection)?;
    // Both databases have the same migrations (tests/contract/migrations.rs).
    let known: Vec<Box<dyn Migration<Sqlite>>> = SQLITE.migrations().map_err(Error::internal)?;
    let known: Vec<String> = known.iter().map(|migration| migration.name().version().to_string()).collect();
    let age = if applied.is_empty() {
        SchemaAge::None
    } else if !known.iter().all(|version| applied.iter().any(|row| row.name == *version)) {
        SchemaAge::Older
    } else if applied.len() > known.len() {
        SchemaAge::Newer
    } else {
        SchemaAge::Current
    };
    Ok(Schema { age, version: applied.last().map(|row| row.name.clone()).unwrap_or_default() })
}
