//! The database: one set of queries for SQLite and PostgreSQL; reads, writes, connecting, migrating.

mod connect;
mod dialect;
mod failure;
mod files;
mod grants;
mod location;
mod migrate;
mod options;
mod pool;
mod probe;
mod replica;
mod rollout;
mod scope;
mod state;
mod statement;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Semaphore;
use tracing::Instrument;

pub use self::{
    connect::AnyConnection,
    dialect::{is_unique_violation, json_rows},
    files::{open_fresh, open_still, save_copy},
    grants::GRANTS,
    location::Location,
    migrate::{Schema, SchemaAge, read_schema},
    options::DbOptions,
    probe::Probe,
    replica::Mark,
    scope::Scope,
    state::{DbState, PoolState},
    statement::{OneOf, Statement, one_of, statement},
};
pub(crate) use self::{dialect::per_backend, scope::widen};
use self::{
    failure::Failure,
    pool::{Loan, Pool, Target},
    replica::Replica,
};
use crate::{
    error::{Code, Error, Result},
    telemetry::TRACE,
};

/// The backend type that stands for both databases in derives.
pub use self::connect::MultiBackend;

/// A handle on the database; cloning it is cheap.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    location: Location,
    /// For whoever asks past the pools.
    target: Target,
    readers: Pool,
    writers: Pool,
    replica: Option<Replica>,
    /// Bounds the calls that wait for the database, so that a storm of requests is told to come back.
    permits: Arc<Semaphore>,
    refused: AtomicU64,
    writes: AtomicU64,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Db")
    }
}

/// Requests that may wait for a connection before others are told the system is busy.
const MAX_WAITING: usize = 512;

impl Db {
    /// Opens the database.
    ///
    /// # Errors
    /// Internal, when it cannot be reached or opened.
    pub fn open(location: Location, options: &DbOptions) -> Result<Self> {
        let target = Target::primary(&location, options);
        let (writers, readers) = match &location {
            // The file first exists once the writer has opened it.
            Location::Sqlite(_) => {
                let writers = Pool::new(target.clone(), 1, 1, options)?.opened()?;
                let reader = Target::reader(&location, options);
                (writers, Pool::new(reader, options.connections, 1, options)?.opened()?)
            }
            Location::Postgres(_) => {
                let pool = Pool::new(target.clone(), options.connections, 1, options)?.opened()?;
                (pool.clone(), pool)
            }
        };
        let replica = options.replica.as_ref().map(|replica| Replica::new(replica, options)).transpose()?;
        let permits = Arc::new(Semaphore::new(MAX_WAITING));
        let (refused, writes) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self(Arc::new(Inner { location, target, readers, writers, replica, permits, refused, writes })))
    }

    /// Where the data is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// Runs queries that change nothing, on these rows, off the async threads; once more, if the connection broke.
    ///
    /// # Errors
    /// Those of `work`; `busy` when too many wait already.
    pub async fn read<T, F>(&self, scope: Scope, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T> + Clone + Send + 'static,
    {
        let db = self.clone();
        let span = tracing::debug_span!(target: TRACE, "db.read");
        self.off_thread(&self.0.readers, move || db.read_surely(scope, work)).instrument(span).await
    }

    /// [`Db::read`], but never again.
    ///
    /// # Errors
    /// Those of `work`; `busy` when too many wait already.
    pub async fn read_once<T, F>(&self, scope: Scope, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
    {
        let db = self.clone();
        let span = tracing::debug_span!(target: TRACE, "db.read");
        self.off_thread(&self.0.readers, move || db.read_blocking(scope, work)).instrument(span).await
    }

    /// [`Db::read`] by a replica, if there is one that has all that this mark counts (see [`Mark`]).
    ///
    /// # Errors
    /// Those of `work`; `busy` when too many wait already.
    pub async fn read_near<T, F>(&self, scope: Scope, mark: Mark, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T> + Clone + Send + 'static,
    {
        let db = self.clone();
        let span = tracing::debug_span!(target: TRACE, "db.read");
        let read = self.off_thread(&self.0.readers, move || {
            let Some(replica) = &db.0.replica else { return db.read_surely(scope, work) };
            let number = db.read_surely(scope, move |connection| replica::read_mark(connection, mark))?;
            let answer = replica.read(scope, (mark, number), work.clone());
            answer.unwrap_or_else(|| db.read_surely(scope, work))
        });
        read.instrument(span).await
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
        self.off_thread(&self.0.writers, move || db.write_blocking(scope, work)).instrument(span).await
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
        self.0.readers.run(scope, |connection| dialect::reading(connection, work))
    }

    /// A read that found its connection broken has changed nothing, and may be made again.
    fn read_surely<T>(
        &self,
        scope: Scope,
        work: impl FnOnce(&mut AnyConnection) -> Result<T> + Clone,
    ) -> Result<T> {
        if matches!(self.0.location, Location::Sqlite(_)) {
            return self.read_blocking(scope, work);
        }
        match self.read_blocking(scope, work.clone()) {
            Err(error) if failure::cause_of(&error) == Failure::Lost => self.read_blocking(scope, work),
            outcome => outcome,
        }
    }

    /// Runs queries that change nothing on one moment of the database, without a limit of time; for commands.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn snapshot_blocking<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T>) -> Result<T> {
        self.0.readers.run(Scope::All, |connection| dialect::snapshot(connection, work))
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
        let writers = &self.0.writers;
        let mut loan = match self.begin(scope) {
            // Nothing was done yet. Later than this nobody could tell what was, so nothing is done twice.
            Err(error) if failure::cause_of(&error) == Failure::Lost => self.begin(scope)?,
            begun => begun?,
        };
        let outcome = writers.run_on(&mut loan, scope, |connection| dialect::conclude(connection, work));
        // Whatever became of it: one that broke off in its commit may have been done.
        self.0.writes.fetch_add(1, Ordering::Release);
        outcome
    }

    /// How many writes this process has ended: what was read before the last may be old. `None` where others write as
    /// well, so that nobody can tell.
    #[must_use]
    pub fn writes(&self) -> Option<u64> {
        let alone = matches!(self.0.location, Location::Sqlite(_));
        alone.then(|| self.0.writes.load(Ordering::Acquire))
    }

    fn begin(&self, scope: Scope) -> Result<Loan> {
        let mut loan = self.0.writers.checkout()?;
        self.0.writers.run_on(&mut loan, scope, |connection| Ok(dialect::begin(connection)?))?;
        Ok(loan)
    }

    /// Brings the schema up to date, one instance at a time; as an application role, only looks whether it is.
    ///
    /// # Errors
    /// Internal, when a migration fails, and is then not applied; when the owner of the tables must run it.
    pub fn migrate(&self) -> Result<()> {
        migrate::run_pending(&mut self.0.writers.checkout()?.session.connection)
    }

    /// A connection beside the pools.
    fn connect(&self) -> Result<AnyConnection> {
        let opened = self.0.target.connect();
        opened.map_err(|error| Error { cause: Some(Box::new(error)), ..Error::new(Code::Busy) })
    }

    /// Whether requests get no connection: none is free, and none has come back for so long.
    fn is_stuck(&self, since: Duration) -> bool {
        self.0.readers.is_stuck(since)
    }

    /// Gives an application role what the program needs of the tables, and nothing else; on PostgreSQL, as their owner.
    ///
    /// # Errors
    /// Internal, with what to do, where that cannot be.
    pub fn grant_to(&self, role: &str) -> Result<()> {
        self.write_blocking(Scope::All, |connection| match connection {
            AnyConnection::Postgres(postgres) => grants::grant_to(postgres, role),
            AnyConnection::Sqlite(_) => Err(Error::internal("an embedded database has no roles")),
        })
    }

    async fn off_thread<T, F>(&self, pool: &Pool, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.0.permits).try_acquire_owned().map_err(|_| {
            self.0.refused.fetch_add(1, Ordering::Relaxed);
            Error::new(Code::Busy)
        })?;
        pool.off_thread(move || {
            let _permit = permit;
            work()
        })
        .await
    }
}
