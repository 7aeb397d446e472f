//! The database: one set of queries for SQLite and PostgreSQL; reads, writes, connecting, migrating.

mod connect;
mod dialect;
mod migrate;
mod rollout;
mod scope;
mod state;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use diesel::{RunQueryDsl, r2d2, sql_query};
use tokio::sync::Semaphore;
use tracing::Instrument;

pub use self::{
    connect::AnyConnection,
    dialect::is_unique_violation,
    scope::Scope,
    state::{DbState, PoolState},
};
use self::{connect::Manager, state::Meter};
pub(crate) use self::{dialect::per_backend, scope::widen};
use crate::{
    error::{Code, Error, Result},
    telemetry::TRACE,
};

/// The backend type that stands for both databases in derives.
pub use self::connect::MultiBackend;

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// An embedded database in this file.
    Sqlite(PathBuf),
    /// A PostgreSQL server by URL.
    Postgres(String),
}

impl Location {
    /// Reads `sqlite:path` or `postgres://…`; `None` for anything else.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(Self::Postgres(url.to_owned()));
        }
        url.strip_prefix("sqlite:")
            .map(|path| path.trim_start_matches("//"))
            .filter(|path| !path.is_empty())
            .map(|path| Self::Sqlite(path.into()))
    }
}

type Pool = r2d2::Pool<Manager>;

/// A handle on the database; cloning it is cheap.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    location: Location,
    readers: Pool,
    writers: Pool,
    /// Bounds the threads that wait for the database, so that a storm of requests is told to come back.
    permits: Arc<Semaphore>,
    refused: AtomicU64,
    reads: Arc<Meter>,
    /// The same as of the readers, where they share the pool.
    writes: Arc<Meter>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

/// Requests that may wait for a connection before others are told the system is busy.
const MAX_WAITING: usize = 512;
/// How long a request waits for a connection.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(10);

impl Db {
    /// Opens the database with so many connections at most (SQLite: readers, beside the one writer).
    ///
    /// # Errors
    /// Internal, when it cannot be reached or opened.
    pub fn open(location: Location, connections: u32) -> Result<Self> {
        let build = |size: u32, read_only: bool| {
            r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(matches!(location, Location::Postgres(_)))
                .connection_timeout(CHECKOUT_TIMEOUT)
                .build(Manager::new(location.clone(), read_only))
                .map_err(Error::internal)
        };
        let (writers, readers) = match &location {
            // The file first exists once the writer has opened it.
            Location::Sqlite(_) => (build(1, false)?, build(connections, true)?),
            Location::Postgres(_) => {
                let pool = build(connections, false)?;
                (pool.clone(), pool)
            }
        };
        let permits = Arc::new(Semaphore::new(MAX_WAITING));
        let writes = Arc::new(Meter::default());
        let reads = match &location {
            Location::Sqlite(_) => Arc::default(),
            Location::Postgres(_) => Arc::clone(&writes),
        };
        let refused = AtomicU64::new(0);
        Ok(Self(Arc::new(Inner { location, readers, writers, permits, refused, reads, writes })))
    }

    /// Where the data is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// Runs queries that change nothing, on these rows, off the async threads.
    ///
    /// # Errors
    /// Those of `work`; `busy` when too many wait already.
    pub async fn read<T, F>(&self, scope: Scope, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
    {
        let db = self.clone();
        let span = tracing::debug_span!(target: TRACE, "db.read");
        self.off_thread(move || db.read_blocking(scope, work)).instrument(span).await
    }

    /// Runs one transaction on these rows, off the async threads: all of it, or, on an error, nothing.
    ///
    /// # Errors
    /// Those of `work`; `busy` when too many wait already.
    pub async fn write<T, F>(&self, scope: Scope, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
    {
        let db = self.clone();
        let span = tracing::debug_span!(target: TRACE, "db.write");
        self.off_thread(move || db.write_blocking(scope, work)).instrument(span).await
    }

    /// [`Db::read`] for commands and start-up, which have no async threads to spare.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn read_blocking<T>(
        &self,
        scope: Scope,
        work: impl FnOnce(&mut AnyConnection) -> Result<T>,
    ) -> Result<T> {
        work(checkout(&self.0.readers, &self.0.reads)?.enter(scope)?)
    }

    /// [`Db::write`] for commands and start-up.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn write_blocking<T>(
        &self,
        scope: Scope,
        work: impl FnOnce(&mut AnyConnection) -> Result<T>,
    ) -> Result<T> {
        dialect::transaction(checkout(&self.0.writers, &self.0.writes)?.enter(scope)?, work)
    }

    /// Brings the schema up to date, one instance at a time.
    ///
    /// # Errors
    /// Internal, when a migration fails; it is then not applied.
    pub fn migrate(&self) -> Result<()> {
        migrate::run_pending(&mut checkout(&self.0.writers, &self.0.writes)?.connection)
    }

    async fn off_thread<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.0.permits).try_acquire_owned().map_err(|_| {
            self.0.refused.fetch_add(1, Ordering::Relaxed);
            Error::new(Code::Busy)
        })?;
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            span.in_scope(work)
        })
        .await
        .map_err(Error::internal)?
    }
}

/// Asks the database for a sign of life.
///
/// # Errors
/// When it gives none.
pub fn ping(connection: &mut AnyConnection) -> Result<()> {
    sql_query("SELECT 1").execute(connection)?;
    Ok(())
}

fn checkout(pool: &Pool, meter: &Meter) -> Result<r2d2::PooledConnection<Manager>> {
    meter
        .wait(|| pool.get())
        .map_err(|error| Error { cause: Some(Box::new(error)), ..Error::new(Code::Busy) })
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        match error {
            diesel::result::Error::NotFound => Self::not_found(),
            other if dialect::is_contention(&other) => {
                Self { cause: Some(Box::new(other)), ..Self::new(Code::Busy) }
            }
            other => Self::internal(other),
        }
    }
}
