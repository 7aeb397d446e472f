//! Databases that are files of one's own: a copy made while others write, one that stands still, and an empty one.

use std::path::Path;

use diesel::{
    Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query, sql_types::Text,
};

use super::{AnyConnection, connect, migrate};
use crate::error::{Error, Result};

/// Saves one moment of a SQLite database as a new file, while others write.
///
/// `VACUUM INTO` reads in one transaction, so a busy writer neither waits for it nor makes it begin again, as SQLite's
/// backup interface would; what it writes is one compact file without a log beside it.
///
/// # Errors
/// Internal, when the database cannot be read or the file exists or cannot be written.
pub fn save_copy(from: &Path, to: &Path) -> Result<()> {
    let mut connection = connect::open_sqlite(from, false).map_err(Error::internal)?;
    sql_query("VACUUM INTO $1").bind::<Text, _>(text_of(to)?).execute(&mut connection)?;
    Ok(())
}

/// Opens a SQLite file that nobody writes to, and changes nothing in it or beside it.
///
/// # Errors
/// Internal, when it cannot be opened.
pub fn open_still(path: &Path) -> Result<AnyConnection> {
    let url = format!("file:{}?mode=ro&immutable=1", escape(text_of(path)?));
    let mut connection = SqliteConnection::establish(&url).map_err(Error::internal)?;
    connection.batch_execute("PRAGMA trusted_schema = OFF;")?;
    Ok(AnyConnection::Sqlite(connection))
}

/// A database in memory, as the migrations leave it.
///
/// # Errors
/// Internal, when a migration fails.
pub fn open_fresh() -> Result<AnyConnection> {
    let connection = SqliteConnection::establish(":memory:").map_err(Error::internal)?;
    let mut connection = AnyConnection::Sqlite(connection);
    migrate::run_pending(&mut connection)?;
    Ok(connection)
}

fn text_of(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| Error::internal(format!("{} is not Unicode", path.display())))
}

/// The path as a URI has it.
fn escape(path: &str) -> String {
    let mut escaped = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
