//! Pools of connections, which forsake a server that went away or takes no writes any more.
//!
//! A connection is handed out without asking the server: what the server said before it hung up lies in the socket,
//! and is looked at without a round trip. What breaks later shows as a [`Failure`], and then all connections that are
//! as old are dropped when they are next wanted, for a server seldom loses one alone.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::{PgConnection, r2d2};

use super::{
    AnyConnection, DbOptions, Location,
    connect::{open_postgres, open_sqlite},
    failure::{self, Failure},
    location,
    replica::Mark,
    scope::{Scope, Session},
    state::Meter,
};
use crate::{
    error::{Code, Error, Result},
    kernel::threads::Threads,
    telemetry::TRACE,
};

/// Longest wait for the first connection, when the program starts: the first of several hosts may not answer.
const PATIENCE_AT_START: Duration = Duration::from_secs(20);
/// Twice the longest pause between attempts to reach a server that is away (r2d2 halves it).
const TWICE_THE_PAUSE: Duration = Duration::from_secs(4);

/// What a pool connects to.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// The file, for reads only or not.
    Sqlite { path: PathBuf, read_only: bool },
    /// The server, and what each session is told first.
    Postgres { url: String, session: String },
}

impl Target {
    /// What takes writes.
    pub(super) fn primary(location: &Location, options: &DbOptions) -> Self {
        match location {
            Location::Sqlite(path) => Self::Sqlite { path: path.clone(), read_only: false },
            Location::Postgres(url) => {
                Self::Postgres { url: location::of_primary(url), session: options.session() }
            }
        }
    }

    /// What answers reads only: the file, or a server that follows the primary.
    pub(super) fn reader(location: &Location, options: &DbOptions) -> Self {
        match location {
            Location::Sqlite(path) => Self::Sqlite { path: path.clone(), read_only: true },
            Location::Postgres(url) => Self::Postgres {
                url: location::of_replica(url),
                session: format!("{} SET default_transaction_read_only = on;", options.session()),
            },
        }
    }

    /// One more connection.
    pub(super) fn connect(&self) -> Result<AnyConnection, r2d2::Error> {
        match self {
            Self::Postgres { url, session } => open_postgres(url, session),
            Self::Sqlite { path, read_only } => open_sqlite(path, *read_only),
        }
        .map_err(r2d2::Error::ConnectionError)
    }
}

/// A connection of a pool.
pub(super) struct Pooled {
    pub(super) session: Session,
    /// On a replica: what its server is known to have. It only grows.
    pub(super) reached: HashMap<Mark, i64>,
    epoch: u64,
}

/// Which connections are still good for something, and when the last one came back.
#[derive(Debug)]
struct Life {
    born: Instant,
    epoch: AtomicU64,
    /// Milliseconds after `born`.
    returned: AtomicU64,
}

impl Life {
    fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Milliseconds since the pool was made.
    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Ends the epoch of a connection that failed so; once, however many of it fail.
    fn mind(&self, epoch: u64, failure: Failure) {
        if matches!(failure, Failure::Lost | Failure::ReadOnly) {
            // Somebody else having ended it is as good.
            let _ = self.epoch.compare_exchange(epoch, epoch + 1, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

/// Opens connections for the pool, and tells which are to be dropped.
#[derive(Debug)]
pub(super) struct Manager {
    target: Target,
    life: Arc<Life>,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Pooled, r2d2::Error> {
        // Taken first: whatever ends while this connects may be what it connects to.
        let epoch = self.life.epoch();
        let session = Session::new(self.target.connect()?).map_err(r2d2::Error::QueryError)?;
        Ok(Pooled { session, reached: HashMap::new(), epoch })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), r2d2::Error> {
        if pooled.epoch != self.life.epoch() {
            return Err(r2d2::Error::QueryError(diesel::result::Error::BrokenTransactionManager));
        }
        match &mut pooled.session.connection {
            AnyConnection::Postgres(postgres) => listen(postgres).map_err(r2d2::Error::QueryError),
            AnyConnection::Sqlite(_) => Ok(()),
        }
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        self.life.returned.store(self.life.now(), Ordering::Relaxed);
        std::thread::panicking()
            || pooled.epoch != self.life.epoch()
            || match &mut pooled.session.connection {
                AnyConnection::Postgres(c) => r2d2::R2D2Connection::is_broken(c),
                AnyConnection::Sqlite(c) => r2d2::R2D2Connection::is_broken(c),
            }
    }
}

/// Reads what lies in the socket, and asks for nothing. Once for a farewell such as that of a server that stops, and
/// once for the end of the connection behind it.
fn listen(postgres: &mut PgConnection) -> diesel::QueryResult<()> {
    for _ in 0..2 {
        if let Some(heard) = postgres.notifications_iter().next() {
            heard?;
        }
    }
    Ok(())
}

/// Tells the log what r2d2 would keep to itself.
#[derive(Debug)]
struct Reporter;

impl r2d2::HandleError<r2d2::Error> for Reporter {
    fn handle_error(&self, error: r2d2::Error) {
        match error {
            r2d2::Error::ConnectionError(error) => tracing::warn!(%error, "no connection to the database"),
            r2d2::Error::QueryError(error) => tracing::info!(%error, "a connection was dropped"),
        }
    }
}

/// A pool; cloning it is cheap.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    connections: r2d2::Pool<Manager>,
    life: Arc<Life>,
    wait: Duration,
    meter: Arc<Meter>,
    threads: Arc<Threads>,
}

/// A connection on loan.
pub(super) type Loan = r2d2::PooledConnection<Manager>;

impl Pool {
    /// A pool of so many connections at most; opens none yet that anybody would wait for.
    ///
    /// # Errors
    /// Internal, when the system gives no threads.
    pub(super) fn new(target: Target, size: u32, idle: u32, options: &DbOptions) -> Result<Self> {
        let life =
            Arc::new(Life { born: Instant::now(), epoch: AtomicU64::new(0), returned: AtomicU64::new(0) });
        let connections = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(idle))
            .test_on_check_out(matches!(target, Target::Postgres { .. }))
            .connection_timeout(TWICE_THE_PAUSE)
            .error_handler(Box::new(Reporter))
            .build_unchecked(Manager { target, life: Arc::clone(&life) });
        // Where a replica does much of the work, more are busy than this pool alone has connections for.
        let threads = if options.replica.is_some() { 2 * size } else { size };
        let threads = Arc::new(Threads::new(threads.try_into().unwrap_or(usize::MAX), None)?);
        Ok(Self { connections, life, wait: options.wait, meter: Arc::default(), threads })
    }

    /// The same, when it has its first connection.
    ///
    /// # Errors
    /// Internal, when it gets none.
    pub(super) fn opened(self) -> Result<Self> {
        self.connections.get_timeout(PATIENCE_AT_START).map_err(Error::internal)?;
        Ok(self)
    }

    /// Does this on a thread that waits for the database, once one is free.
    ///
    /// # Errors
    /// Those of `work`; `busy`, when none is free in time.
    pub(super) async fn off_thread<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let waiting = self.meter.wait();
        let wait = tracing::debug_span!(target: TRACE, "db.wait");
        let span = tracing::Span::current();
        let done = self.threads.run(self.wait, move || {
            drop(wait);
            drop(waiting);
            span.in_scope(work)
        });
        match done.await? {
            Some(done) => Ok(done),
            None => {
                self.meter.gave_up();
                let cause = Some("timed out waiting for connection".into());
                Err(Error { cause, ..Error::new(Code::Busy) })
            }
        }
    }

    /// A connection for a call that has its thread, or for a command.
    ///
    /// # Errors
    /// `busy`, when none is free in time.
    pub(super) fn checkout(&self) -> Result<Loan> {
        self.checkout_within(self.wait)
    }

    /// [`Pool::checkout`] with another patience.
    ///
    /// # Errors
    /// `busy`, when none is free in time.
    pub(super) fn checkout_within(&self, wait: Duration) -> Result<Loan> {
        // Mostly one is free: there is one for each thread, unless the server is away or a command takes its share.
        if let Some(loan) = self.connections.try_get() {
            return Ok(loan);
        }
        let _waiting = self.meter.wait();
        self.connections.get_timeout(wait).map_err(|error| {
            self.meter.gave_up();
            Error { cause: Some(Box::new(error)), ..Error::new(Code::Busy) }
        })
    }

    /// Works on these rows with a connection on loan, and minds how that fails.
    ///
    /// # Errors
    /// Those of `work`.
    pub(super) fn run_on<T>(
        &self,
        loan: &mut Loan,
        scope: Scope,
        work: impl FnOnce(&mut AnyConnection) -> Result<T>,
    ) -> Result<T> {
        let outcome = loan.session.enter(scope).map_err(Error::from).and_then(work);
        if let Err(error) = &outcome {
            self.life.mind(loan.epoch, failure::cause_of(error));
        }
        outcome
    }

    /// [`Pool::run_on`] with the next connection that is free.
    ///
    /// # Errors
    /// Those of `work`; `busy`, when none is free in time.
    pub(super) fn run<T>(
        &self,
        scope: Scope,
        work: impl FnOnce(&mut AnyConnection) -> Result<T>,
    ) -> Result<T> {
        self.run_on(&mut self.checkout()?, scope, work)
    }

    /// The connections, to be counted.
    pub(super) fn connections(&self) -> &r2d2::Pool<Manager> {
        &self.connections
    }

    /// What was counted when they were taken.
    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Whether there is no connection at all.
    pub(super) fn is_empty(&self) -> bool {
        self.connections.state().connections == 0
    }

    /// Whether nobody gets a connection: none is free, and none has come back for so long.
    pub(super) fn is_stuck(&self, since: Duration) -> bool {
        let idle = self.life.now().saturating_sub(self.life.returned.load(Ordering::Relaxed));
        self.connections.state().idle_connections == 0 && u128::from(idle) > since.as_millis()
    }
}
