//! The tables of a database, as its own catalog has them.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Integer, Text},
};

use crate::{
    db::AnyConnection,
    error::{Error, Result},
};

/// What a column holds. Others are not in the schema; one that comes needs its own way from database to database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, identifiers and JSON among it.
    Text,
    /// A whole number of any size up to 64 bits.
    Integer,
    /// Yes or no; 1 or 0 in SQLite.
    Bool,
    /// A date.
    Date,
    /// An instant in UTC, in microseconds.
    Timestamp,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Its place in the primary key, from 1; 0 if it is not part of it.
    pub key: i32,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, by name.
    pub columns: Vec<Column>,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Integer)]
    key_position: i32,
}

#[derive(QueryableByName)]
struct ReferenceRow {
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    parent: String,
}

// What migrations were applied is each database's own affair, and so is what it keeps for itself.
const SQLITE_COLUMNS: &str = "\
    SELECT t.name AS table_name, c.name AS column_name, c.type AS kind, c.pk AS key_position \
    FROM sqlite_master t JOIN pragma_table_info(t.name) c \
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name <> '__diesel_schema_migrations' \
    ORDER BY t.name, c.name";
const POSTGRES_COLUMNS: &str = "\
    SELECT t.relname::text AS table_name, c.attname::text AS column_name, format_type(c.atttypid, NULL) AS kind, \
        coalesce(array_position(k.indkey::smallint[], c.attnum) + 1, 0) AS key_position \
    FROM pg_class t \
    JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped \
    LEFT JOIN pg_index k ON k.indrelid = t.oid AND k.indisprimary \
    WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::text::regnamespace \
        AND t.relname <> '__diesel_schema_migrations' \
    ORDER BY t.relname COLLATE \"C\", c.attname COLLATE \"C\"";

const SQLITE_REFERENCES: &str = "\
    SELECT DISTINCT t.name AS child, r.\"table\" AS parent \
    FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) r WHERE t.type = 'table'";
const POSTGRES_REFERENCES: &str = "\
    SELECT DISTINCT t.relname::text AS child, p.relname::text AS parent \
    FROM pg_constraint r JOIN pg_class t ON t.oid = r.conrelid JOIN pg_class p ON p.oid = r.confrelid \
    WHERE r.contype = 'f' AND t.relnamespace = current_schema()::text::regnamespace";

/// The tables by name, each with its columns by name.
///
/// # Errors
/// Internal, when a column is of a type that nobody here knows; when the database fails.
pub fn list_tables(connection: &mut AnyConnection) -> Result<Vec<Table>> {
    let sql = match connection {
        AnyConnection::Postgres(_) => POSTGRES_COLUMNS,
        AnyConnection::Sqlite(_) => SQLITE_COLUMNS,
    };
    let mut tables: Vec<Table> = Vec::new();
    for row in sql_query(sql).load::<ColumnRow>(connection)? {
        let column = Column { kind: kind_of(&row)?, name: row.column_name, key: row.key_position };
        match tables.last_mut().filter(|table| table.name == row.table_name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table { name: row.table_name, columns: vec![column] }),
        }
    }
    Ok(tables)
}

fn kind_of(row: &ColumnRow) -> Result<Kind> {
    match row.kind.to_ascii_lowercase().as_str() {
        "text" => Ok(Kind::Text),
        "bigint" | "integer" => Ok(Kind::Integer),
        "boolean" => Ok(Kind::Bool),
        "date" => Ok(Kind::Date),
        "timestamp" | "timestamp without time zone" => Ok(Kind::Timestamp),
        other => Err(Error::internal(format!(
            "{}.{} is of type {other}, which this program cannot move",
            row.table_name, row.column_name
        ))),
    }
}

/// The same tables, each after those that it refers to; a table may refer to itself.
///
/// # Errors
/// Internal, when tables refer to each other in a circle; when the database fails.
pub(in crate::moving) fn parents_first(
    connection: &mut AnyConnection,
    tables: Vec<Table>,
) -> Result<Vec<Table>> {
    let sql = match connection {
        AnyConnection::Postgres(_) => POSTGRES_REFERENCES,
        AnyConnection::Sqlite(_) => SQLITE_REFERENCES,
    };
    let references: Vec<ReferenceRow> = sql_query(sql).load(connection)?;
    let (mut ordered, mut waiting) = (Vec::with_capacity(tables.len()), tables);
    while !waiting.is_empty() {
        let names: Vec<String> = waiting.iter().map(|table| table.name.clone()).collect();
        let waits = |table: &Table| {
            references
                .iter()
                .any(|r| r.child == table.name && r.parent != table.name && names.contains(&r.parent))
        };
        let (blocked, ready): (Vec<_>, Vec<_>) = waiting.into_iter().partition(waits);
        if ready.is_empty() {
            return Err(Error::internal(format!("these tables refer to each other in a circle: {names:?}")));
        }
        ordered.extend(ready);
        waiting = blocked;
    }
    Ok(ordered)
}
