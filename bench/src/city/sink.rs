//! Rows into a database, fast: secondary indexes are built at the end, and nothing is synced before.

use std::{fmt::Write as _, io::Write as _};

use cchc::{db::Location, schema};
use diesel::{
    Connection, ExecuteCopyFromDsl, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection, sql_query, sql_types::Text,
};

use super::rows::Table;
use crate::Failure;

/// Bytes of rows that go in one statement.
const BATCH: usize = 4 << 20;

/// The database that is filled.
pub struct Sink {
    connection: Any,
    /// The statements that build the indexes that were dropped.
    indexes: Vec<String>,
    table: Option<Table>,
    batch: String,
}

enum Any {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
}

const SQLITE_INDEXES: &str = "SELECT name, sql AS definition FROM sqlite_master WHERE type = 'index' \
    AND sql IS NOT NULL ORDER BY name";
/// Those that no constraint is made of.
const POSTGRES_INDEXES: &str = "SELECT i.indexname::text AS name, i.indexdef AS definition FROM pg_indexes i \
    JOIN pg_class c ON c.relname = i.indexname AND c.relnamespace = current_schema()::text::regnamespace \
    WHERE i.schemaname = current_schema() AND i.tablename <> '__diesel_schema_migrations' \
    AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid) ORDER BY i.indexname";

impl Sink {
    /// Opens a migrated, empty database and makes it fast.
    ///
    /// # Errors
    /// When it cannot be opened, or has wards already.
    pub fn begin(target: &Location) -> Result<Self, Failure> {
        let (connection, indexes) = match target {
            Location::Sqlite(path) => {
                let mut c = SqliteConnection::establish(&path.to_string_lossy())?;
                c.batch_execute(
                    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; \
                     PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY;",
                )?;
                let indexes = sql_query(SQLITE_INDEXES).load::<Index>(&mut c)?;
                (Any::Sqlite(c), indexes)
            }
            Location::Postgres(url) => {
                let mut c = PgConnection::establish(url)?;
                // Triggers and foreign keys rest: what is written was proven when the ward was played.
                c.batch_execute(
                    "SET timezone = 'UTC'; SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; \
                     SET session_replication_role = replica;",
                )?;
                let indexes = sql_query(POSTGRES_INDEXES).load::<Index>(&mut c)?;
                (Any::Postgres(c), indexes)
            }
        };
        let mut sink = Self { connection, indexes: Vec::new(), table: None, batch: String::new() };
        if sink.has_wards()? {
            return Err("the target has wards already; give a new, empty database".into());
        }
        for index in indexes {
            sink.execute(&format!("DROP INDEX \"{}\"", index.name))?;
            sink.indexes.push(index.definition);
        }
        Ok(sink)
    }

    fn has_wards(&mut self) -> Result<bool, Failure> {
        let sql = "SELECT code AS name, code AS definition FROM wards LIMIT 1";
        let found: Vec<Index> = match &mut self.connection {
            Any::Sqlite(c) => sql_query(sql).load(c)?,
            Any::Postgres(c) => sql_query(sql).load(c)?,
        };
        Ok(!found.is_empty())
    }

    fn execute(&mut self, sql: &str) -> Result<(), Failure> {
        match &mut self.connection {
            Any::Sqlite(c) => c.batch_execute(sql)?,
            Any::Postgres(c) => c.batch_execute(sql)?,
        }
        Ok(())
    }

    /// Deletes what a table holds: what migrations put there is written anew.
    ///
    /// # Errors
    /// When the database fails.
    pub fn empty(&mut self, table: &Table) -> Result<(), Failure> {
        self.execute(&format!("DELETE FROM {}", table.name))
    }

    /// Begins a table, in a transaction of its own.
    ///
    /// # Errors
    /// When the database fails.
    pub fn open(&mut self, table: &Table) -> Result<(), Failure> {
        self.table = Some(table.clone());
        self.execute("BEGIN")
    }

    /// Adds a row, in the table's order of columns.
    ///
    /// # Errors
    /// When the database fails.
    pub fn row(&mut self, cells: &[Option<String>]) -> Result<(), Failure> {
        match &self.connection {
            Any::Sqlite(_) => {
                self.batch.push(if self.batch.is_empty() { '[' } else { ',' });
                self.batch.push_str(&serde_json::to_string(cells)?);
            }
            Any::Postgres(_) => {
                for (at, cell) in cells.iter().enumerate() {
                    if at > 0 {
                        self.batch.push('\t');
                    }
                    escape(&mut self.batch, cell.as_deref())?;
                }
                self.batch.push('\n');
            }
        }
        if self.batch.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Ends a table.
    ///
    /// # Errors
    /// When the database fails.
    pub fn close(&mut self) -> Result<(), Failure> {
        self.flush()?;
        self.execute("COMMIT")
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let Some(table) = self.table.clone().filter(|_| !self.batch.is_empty()) else { return Ok(()) };
        match &mut self.connection {
            Any::Sqlite(c) => {
                self.batch.push(']');
                let names = table.columns.join("\", \"");
                let values: Vec<String> =
                    (0..table.columns.len()).map(|at| format!("value->>{at}")).collect();
                // A column's type makes numbers of texts that are numbers.
                let sql = format!(
                    "INSERT INTO {} (\"{names}\") SELECT {} FROM json_each(?)",
                    table.name,
                    values.join(", ")
                );
                sql_query(sql).bind::<Text, _>(&self.batch).execute(c)?;
            }
            Any::Postgres(c) => copy(c, &table.name, self.batch.as_bytes())?,
        }
        self.batch.clear();
        Ok(())
    }

    /// Builds the indexes, and leaves the database as the program opens it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn finish(mut self) -> Result<(), Failure> {
        for index in std::mem::take(&mut self.indexes) {
            self.execute(&index)?;
        }
        match &mut self.connection {
            Any::Sqlite(c) => c.batch_execute("PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL;")?,
            // What autovacuum would do in the first hours.
            Any::Postgres(c) => c.batch_execute("VACUUM ANALYZE")?,
        }
        Ok(())
    }
}

/// A value as COPY reads it.
fn escape(batch: &mut String, cell: Option<&str>) -> std::fmt::Result {
    let Some(text) = cell else { return batch.write_str("\\N") };
    for letter in text.chars() {
        match letter {
            '\\' => batch.push_str("\\\\"),
            '\t' => batch.push_str("\\t"),
            '\n' => batch.push_str("\\n"),
            '\r' => batch.push_str("\\r"),
            other => batch.push(other),
        }
    }
    Ok(())
}

/// The tables that a city fills; another one is named in the error, and belongs here.
macro_rules! copy_into {
    ($connection:expr, $name:expr, $data:expr, [$($table:ident),+ $(,)?]) => {
        match $name {
            $(stringify!($table) => diesel::copy_from(schema::$table::table)
                .from_raw_data(schema::$table::table, |copy| {
                    copy.write_all($data).map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
                    diesel::QueryResult::Ok(())
                })
                .execute($connection)?,)+
            other => return Err(format!("no city fills {other} yet").into()),
        }
    };
}

fn copy(connection: &mut PgConnection, table: &str, data: &[u8]) -> Result<(), Failure> {
    copy_into!(
        connection,
        table,
        data,
        [
            wards,
            units,
            accounts,
            clients,
            plans,
            plan_items,
            item_targets,
            item_coordinators,
            assignments,
            periods,
            submissions,
            submission_drafters,
            submission_revisions,
            decisions,
            publications,
            audit_chains,
            audit_events,
            change_heads,
            changes,
            outbox_heads,
            outbox_events,
            calendar_days,
            measure_versions,
            unit_names,
        ]
    );
    Ok(())
}
