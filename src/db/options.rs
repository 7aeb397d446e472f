//! How the database is used: how many connections, how long one waits, and where reads may go.

use std::time::Duration;

use super::Location;

/// How the database is used.
#[derive(Clone, Debug)]
pub struct DbOptions {
    /// Connections at most (SQLite: readers, beside the one writer).
    pub connections: u32,
    /// Longest run of one statement on PostgreSQL.
    pub statement_timeout: Duration,
    /// Longest wait for another transaction's lock on PostgreSQL.
    pub lock_timeout: Duration,
    /// Longest wait of a request for a connection; then it is told to come back.
    pub wait: Duration,
    /// A PostgreSQL that follows the primary and may answer reads.
    pub replica: Option<Location>,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self {
            connections: 4,
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
            wait: Duration::from_secs(5),
            replica: None,
        }
    }
}

impl DbOptions {
    /// The usual, with so many connections.
    #[must_use]
    pub fn of(connections: u32) -> Self {
        Self { connections, ..Self::default() }
    }

    /// What a new session of PostgreSQL is told first.
    pub(super) fn session(&self) -> String {
        format!(
            "SET timezone = 'UTC'; SET statement_timeout = {}; SET lock_timeout = {}; \
             SET idle_in_transaction_session_timeout = '60s';",
            self.statement_timeout.as_millis(),
            self.lock_timeout.as_millis(),
        )
    }
}
