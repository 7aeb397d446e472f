//! From one database to another: every row, or nothing at all.

use super::{
    checks::{prove, require_current},
    store::{
        Counted, Table, begin_load, copy_table, count_first_row, count_table, delete_rows, finish_load,
        list_tables, parents_first,
    },
};
use crate::{
    audit::Proof,
    db::{AnyConnection, Db, SchemaAge, Scope, open_fresh, read_schema},
    error::{Error, Result},
};

/// A table that is copied and was read again.
#[derive(Clone, Debug)]
pub struct Copied {
    /// Its name.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 over all of them, the same on both sides.
    pub digest: String,
}

/// Copies one moment of a database into an empty one, in one transaction, and proves the copy row by row and by the
/// audit chains. Tells of each table as it is done.
///
/// # Errors
/// Internal, with a sentence that says what is in the way; the target then holds no rows.
pub fn copy(source: &Db, target: &Db, mut tell: impl FnMut(&Copied)) -> Result<Proof> {
    source.snapshot_blocking(|from| {
        require_current(from, "The source")?;
        prove(from)?;
        target.read_blocking(Scope::All, require_room)?;
        target.migrate()?;
        target.write_blocking(Scope::All, |to| load(from, to, &mut tell))
    })
}

/// Only a database without tables, or one at this program's schema, may become a target.
fn require_room(connection: &mut AnyConnection) -> Result<()> {
    match read_schema(connection)?.age {
        SchemaAge::Current => Ok(()),
        SchemaAge::None if list_tables(connection)?.is_empty() => Ok(()),
        _ => Err(not_empty("it holds tables of another program or version")),
    }
}

fn not_empty(why: &str) -> Error {
    Error::internal(format!(
        "The target is not empty: {why}. Give a new, empty database; nothing was copied."
    ))
}

fn load(from: &mut AnyConnection, to: &mut AnyConnection, tell: &mut impl FnMut(&Copied)) -> Result<Proof> {
    let tables = list_tables(to)?;
    if tables != list_tables(from)? {
        return Err(Error::internal(
            "Source and target have different tables or columns; nothing was copied.",
        ));
    }
    let tables = parents_first(to, tables)?;
    begin_load(to)?;
    clear(to, &tables)?;
    for table in &tables {
        let read = copy_table(from, to, table)?;
        let written = count_table(to, table)?;
        if read != written {
            return Err(differs(table, &read, &written));
        }
        tell(&Copied { table: table.name.clone(), rows: written.rows, digest: written.digest });
    }
    finish_load(to)?;
    prove(to)
}

/// Takes out what migrations put in, once it is known that nobody put in more.
fn clear(to: &mut AnyConnection, tables: &[Table]) -> Result<()> {
    let mut fresh = open_fresh()?;
    let mut filled = Vec::new();
    for table in tables {
        let found = count_first_row(to, table)?;
        if found.rows == 0 {
            continue;
        }
        if found != count_first_row(&mut fresh, table)?
            || count_table(to, table)? != count_table(&mut fresh, table)?
        {
            return Err(not_empty(&format!("the table {} has rows", table.name)));
        }
        filled.push(table);
    }
    filled.into_iter().rev().try_for_each(|table| delete_rows(to, table))
}

fn differs(table: &Table, read: &Counted, written: &Counted) -> Error {
    Error::internal(format!(
        "The table {} is not the same after the copy: {} rows ({}) became {} rows ({}). Nothing was copied.",
        table.name, read.rows, read.digest, written.rows, written.digest
    ))
}
