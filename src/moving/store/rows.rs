//! Rows as text that both databases write alike: a JSON array of strings and nulls for each.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    connection::{DefaultLoadingMode, SimpleConnection},
    pg::PgRowByRowLoadingMode,
    sql_query,
    sql_types::Text,
};
use sha2::{Digest, Sha256};

use super::{Column, Kind, Table};
use crate::{
    db::AnyConnection,
    error::{Error, Result},
};

/// Bytes of rows that are written in one statement; with the longest row this bounds the memory.
const BATCH_BYTES: usize = 1 << 20;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// How many rows a table has, and a digest over all columns of all of them in the order of the primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Rows.
    pub rows: u64,
    /// SHA-256, hexadecimal.
    pub digest: String,
}

#[derive(Default)]
struct Counter {
    rows: u64,
    hash: Sha256,
}

impl Counter {
    /// Takes a row. What is hashed are the values: the two databases space and escape their JSON differently.
    fn add(&mut self, line: &str) -> Result<()> {
        let values: Vec<Option<String>> = serde_json::from_str(line).map_err(Error::internal)?;
        for value in values {
            match value {
                None => self.hash.update([0]),
                Some(text) => {
                    self.hash.update([1]);
                    self.hash.update(u64::try_from(text.len()).map_err(Error::internal)?.to_be_bytes());
                    self.hash.update(text);
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn finish(self) -> Counted {
        Counted { rows: self.rows, digest: hex::encode(self.hash.finalize()) }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn joined(columns: &[Column], part: impl Fn(usize, &Column) -> String) -> String {
    columns.iter().enumerate().map(|(at, column)| part(at, column)).collect::<Vec<_>>().join(", ")
}

/// A column as text, the same text on both databases: that of diesel's SQLite, for there it is what is stored.
fn as_text(connection: &AnyConnection, column: &Column) -> String {
    let name = quoted(&column.name);
    match (connection, column.kind) {
        (AnyConnection::Sqlite(_), _) => format!("CAST({name} AS TEXT)"),
        (AnyConnection::Postgres(_), Kind::Text | Kind::Integer) => format!("{name}::text"),
        (AnyConnection::Postgres(_), Kind::Bool) => format!("{name}::integer::text"),
        (AnyConnection::Postgres(_), Kind::Date) => format!("to_char({name}, 'YYYY-MM-DD')"),
        // Fractions of a second have no digits, three or six.
        (AnyConnection::Postgres(_), Kind::Timestamp) => {
            format!(r"regexp_replace(to_char({name}, 'YYYY-MM-DD HH24:MI:SS.US'), '(\.000)?000$', '')")
        }
    }
}

/// Reads the rows of a table in the order of its primary key, one JSON array after the other.
fn select(connection: &AnyConnection, table: &Table, end: &str) -> String {
    let texts = joined(&table.columns, |_, column| as_text(connection, column));
    let array = match connection {
        AnyConnection::Sqlite(_) => format!("json_array({texts})"),
        AnyConnection::Postgres(_) => format!("json_build_array({texts})::text"),
    };
    let mut keys: Vec<Column> = table.columns.iter().filter(|column| column.key > 0).cloned().collect();
    keys.sort_by_key(|column| column.key);
    // Bytes in order, whatever the collation of the server.
    let order = joined(&keys, |_, column| match (connection, column.kind) {
        (AnyConnection::Postgres(_), Kind::Text) => format!("{} COLLATE \"C\"", quoted(&column.name)),
        _ => quoted(&column.name),
    });
    format!("SELECT {array} AS line FROM {} ORDER BY {order}{end}", quoted(&table.name))
}

fn for_each_row(
    connection: &mut AnyConnection,
    sql: String,
    take: impl FnMut(&str) -> Result<()>,
) -> Result<()> {
    fn drain(
        rows: impl Iterator<Item = QueryResult<Line>>,
        mut take: impl FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        for row in rows {
            take(&row?.line)?;
        }
        Ok(())
    }
    // Row by row: no table is ever whole in memory.
    match connection {
        AnyConnection::Postgres(c) => {
            // The key's index has the order already; a sort would write a large table to the server's disk once more.
            c.batch_execute("SET LOCAL enable_sort = off;")?;
            drain(sql_query(sql).load_iter::<Line, PgRowByRowLoadingMode>(c)?, take)
        }
        AnyConnection::Sqlite(c) => drain(sql_query(sql).load_iter::<Line, DefaultLoadingMode>(c)?, take),
    }
}

/// Counts a whole table.
pub(in crate::moving) fn count_table(connection: &mut AnyConnection, table: &Table) -> Result<Counted> {
    count(connection, table, "")
}

/// Counts no further than the first row.
pub(in crate::moving) fn count_first_row(connection: &mut AnyConnection, table: &Table) -> Result<Counted> {
    count(connection, table, " LIMIT 1")
}

fn count(connection: &mut AnyConnection, table: &Table, end: &str) -> Result<Counted> {
    let sql = select(connection, table, end);
    let mut counter = Counter::default();
    for_each_row(connection, sql, |line| counter.add(line))?;
    Ok(counter.finish())
}

/// Copies all rows of a table to another database, and counts them as they were read.
pub(in crate::moving) fn copy_table(
    from: &mut AnyConnection,
    to: &mut AnyConnection,
    table: &Table,
) -> Result<Counted> {
    let sql = select(from, table, "");
    let (mut counter, mut batch) = (Counter::default(), String::new());
    for_each_row(from, sql, |line| {
        counter.add(line)?;
        batch.push(if batch.is_empty() { '[' } else { ',' });
        batch.push_str(line);
        if batch.len() >= BATCH_BYTES { insert_rows(to, table, &mut batch) } else { Ok(()) }
    })?;
    if !batch.is_empty() {
        insert_rows(to, table, &mut batch)?;
    }
    Ok(counter.finish())
}

/// Writes the rows of a batch and empties it.
fn insert_rows(connection: &mut AnyConnection, table: &Table, batch: &mut String) -> Result<()> {
    batch.push(']');
    let names = joined(&table.columns, |_, column| quoted(&column.name));
    let rows = match connection {
        // A column's type makes numbers of texts that are numbers, as it does for what the program writes.
        AnyConnection::Sqlite(_) => {
            format!("SELECT {} FROM json_each($1)", joined(&table.columns, |at, _| format!("value->>{at}")))
        }
        AnyConnection::Postgres(_) => {
            let values = joined(&table.columns, |at, column| {
                let kind = match column.kind {
                    Kind::Text => "text",
                    Kind::Integer => "bigint",
                    Kind::Bool => "boolean",
                    Kind::Date => "date",
                    Kind::Timestamp => "timestamp",
                };
                format!("(r->>{at})::{kind}")
            });
            format!("SELECT {values} FROM jsonb_array_elements($1::jsonb) AS rows (r)")
        }
    };
    let sql = format!("INSERT INTO {} ({names}) {rows}", quoted(&table.name));
    sql_query(sql).bind::<Text, _>(&*batch).execute(connection)?;
    batch.clear();
    Ok(())
}

/// Deletes all rows of a table.
pub(in crate::moving) fn delete_rows(connection: &mut AnyConnection, table: &Table) -> Result<()> {
    sql_query(format!("DELETE FROM {}", quoted(&table.name))).execute(connection)?;
    Ok(())
}

/// Turns the foreign keys by which a table refers to itself: a unit may come before the one above it.
fn turn_own_references(to: &str) -> String {
    format!(
        "DO $$ DECLARE k record; BEGIN \
            FOR k IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint \
                WHERE contype = 'f' AND conrelid = confrelid \
                    AND connamespace = current_schema()::text::regnamespace \
            LOOP EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I {to}', k.owner, k.conname); END LOOP; \
        END $$;"
    )
}

/// Prepares a transaction that writes all rows: without a limit of time, and with references that may wait.
pub(in crate::moving) fn begin_load(connection: &mut AnyConnection) -> Result<()> {
    match connection {
        AnyConnection::Postgres(c) => {
            let own = turn_own_references("DEFERRABLE INITIALLY DEFERRED");
            c.batch_execute(&format!(
                "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; {own}"
            ))?;
        }
        AnyConnection::Sqlite(c) => c.batch_execute("PRAGMA defer_foreign_keys = ON;")?,
    }
    Ok(())
}

/// Checks the references that waited, and leaves the schema as it was; SQLite does so when it commits.
pub(in crate::moving) fn finish_load(connection: &mut AnyConnection) -> Result<()> {
    if let AnyConnection::Postgres(c) = connection {
        let own = turn_own_references("NOT DEFERRABLE");
        // Without ANALYZE the first hours would be planned for empty tables.
        c.batch_execute(&format!("SET CONSTRAINTS ALL IMMEDIATE; {own} ANALYZE;"))?;
    }
    Ok(())
}
