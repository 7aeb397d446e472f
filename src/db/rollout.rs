//! Migrations on PostgreSQL while other instances serve: one instance at a time, each migration whole or not at all.
//!
//! A statement that waits for a table holds up every request that comes after it. So it gives up soon, lets them pass,
//! and tries again. What builds an index concurrently runs outside a transaction (`metadata.toml` beside its `up.sql`).

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    migration::Migration,
    pg::Pg,
    sql_query,
    sql_types::{Bool, Text},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use crate::error::{Error, Result};

/// The lock of 0.2.0 too. It is asked for and not waited for: who waits for it inside a statement holds up the building of
/// an index, which waits for all statements that began before.
const TAKE_TURN: &str = "SELECT pg_try_advisory_lock(7301926) AS yes";
const END_TURN: &str = "SELECT pg_advisory_unlock(7301926)";
/// How long another instance may take to migrate, and how often this one looks whether it is done.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How long a statement may wait for a table: as long do requests wait behind it.
const IN_TRANSACTION: &str = "SET lock_timeout = '2s'; SET statement_timeout = 0";
/// Nobody waits behind the building of an index. It waits for whoever began before, be it an hour-long backup.
const OUTSIDE: &str = "SET lock_timeout = 0; SET statement_timeout = 0";
/// Attempts of one migration to get at its tables, and the time that requests have between two.
const ATTEMPTS: u32 = 60;
const BREATH: Duration = Duration::from_secs(1);

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Runs what is pending. What other programs have run, older or newer, stays as it is.
///
/// # Errors
/// Internal, when a migration fails or its tables are never free; those before it stay applied.
pub(super) fn run_pending(connection: &mut PgConnection, migrations: EmbeddedMigrations) -> Result<()> {
    take_turn(connection)?;
    let before = settings_of(connection)?;
    let outcome = run_in_turn(connection, migrations);
    // The connection goes back to the pool.
    connection.batch_execute(&format!("{before}; {END_TURN}"))?;
    outcome
}

fn take_turn(connection: &mut PgConnection) -> Result<()> {
    let started = Instant::now();
    while !sql_query(TAKE_TURN).get_result::<Answer>(connection)?.yes {
        if started.elapsed() > PATIENCE {
            return Err(Error::internal("another instance has been migrating the database for half an hour"));
        }
        sleep(LOOK_EVERY);
    }
    Ok(())
}

/// Statements that bring back what the connection was set to.
fn settings_of(connection: &mut PgConnection) -> Result<String> {
    let sql = "SELECT format('SET lock_timeout = %L; SET statement_timeout = %L', \
               current_setting('lock_timeout'), current_setting('statement_timeout')) AS name";
    Ok(sql_query(sql).get_result::<Name>(connection)?.name)
}

fn run_in_turn(connection: &mut PgConnection, migrations: EmbeddedMigrations) -> Result<()> {
    let pending = connection.pending_migrations(migrations).map_err(Error::internal)?;
    for migration in pending {
        run(connection, &*migration)?;
    }
    Ok(())
}

fn run(connection: &mut PgConnection, migration: &dyn Migration<Pg>) -> Result<()> {
    let is_transaction = migration.metadata().run_in_transaction();
    connection.batch_execute(if is_transaction { IN_TRANSACTION } else { OUTSIDE })?;
    for _ in 1..ATTEMPTS {
        remove_half_built(connection, migration)?;
        match connection.run_migration(migration) {
            Ok(version) => {
                tracing::info!(%version, "migrated");
                return Ok(());
            }
            Err(error) if is_occupied(&error.to_string()) => {
                tracing::warn!(migration = %migration.name(), %error, "its tables are in use; trying again");
                sleep(BREATH);
            }
            Err(error) => return Err(Error::internal(error)),
        }
    }
    connection.run_migration(migration).map(drop).map_err(Error::internal)
}

/// Whether others are at work on the tables, and will be done.
fn is_occupied(message: &str) -> bool {
    ["lock timeout", "deadlock detected"].iter().any(|one| message.contains(one))
}

/// An index whose building was broken off is there, and of no use; `IF NOT EXISTS` would take it for built.
fn remove_half_built(connection: &mut PgConnection, migration: &dyn Migration<Pg>) -> Result<()> {
    if migration.metadata().run_in_transaction() {
        return Ok(());
    }
    let sql = "SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_index i \
               JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE NOT i.indisvalid AND n.nspname = current_schema()";
    for Name { name } in sql_query(sql).load::<Name>(connection)? {
        connection.batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passes_by_itself_is_tried_again() {
        assert!(is_occupied("canceling statement due to lock timeout"));
        assert!(is_occupied("Failed to run x with: deadlock detected"));
        assert!(!is_occupied("relation \"wards\" already exists"));
    }
}
