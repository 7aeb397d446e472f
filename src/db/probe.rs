//! Whether the database serves: asked past the pools and the queues in front of them, and never for long.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Bool};
use tokio::{
    sync::{Semaphore, oneshot},
    time::timeout,
};

use super::{AnyConnection, Db, migrate};
use crate::error::{Code, Error, Result};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the database for a sign of life; one question at a time, on a connection of its own.
#[derive(Clone, Debug)]
pub struct Probe(Arc<Inner>);

struct Inner {
    db: Db,
    turn: Arc<Semaphore>,
    connection: Mutex<Option<AnyConnection>>,
    /// Once true it stays so: a schema never becomes older.
    migrated: AtomicBool,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Probe")
    }
}

#[derive(QueryableByName)]
struct Writable {
    #[diesel(sql_type = Bool)]
    writable: bool,
}

impl Probe {
    /// A probe of this database. It connects when first asked.
    #[must_use]
    pub fn new(db: Db) -> Self {
        let (connection, migrated) = (Mutex::new(None), AtomicBool::new(false));
        Self(Arc::new(Inner { db, turn: Arc::new(Semaphore::new(1)), connection, migrated }))
    }

    /// Whether the database answers, takes writes, has this program's schema, and lends connections.
    ///
    /// # Errors
    /// `busy` with the reason, within some two seconds, whatever the database does.
    pub async fn check(&self) -> Result<()> {
        let answer = timeout(PATIENCE, self.clone().ask()).await;
        answer.unwrap_or_else(|_| Err(not_ready("the database does not answer in time")))
    }

    /// Who hangs keeps its turn, so that no second one hangs beside it.
    async fn ask(self) -> Result<()> {
        let turn = Arc::clone(&self.0.turn).acquire_owned().await.map_err(Error::internal)?;
        let (tell, told) = oneshot::channel();
        // A thread of its own: all that work for requests may be waiting.
        let thread = std::thread::Builder::new().name("probe".to_owned()).spawn(move || {
            let _turn = turn;
            // Whoever asked may have gone.
            let _ = tell.send(self.ask_blocking());
        });
        thread.map_err(Error::internal)?;
        told.await.map_err(Error::internal)?
    }

    fn ask_blocking(&self) -> Result<()> {
        if self.0.db.is_stuck(PATIENCE) {
            return Err(not_ready("every connection is held, and none comes back"));
        }
        let kept = self.0.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The kept one may be of a server that was started anew since.
        if let Some(connection) = kept
            && self.question(connection).is_ok()
        {
            return Ok(());
        }
        self.question(self.0.db.connect()?)
    }

    fn question(&self, mut connection: AnyConnection) -> Result<()> {
        let writable = match &mut connection {
            AnyConnection::Postgres(postgres) => {
                let asked = "SELECT current_setting('transaction_read_only') = 'off' AS writable";
                sql_query(asked).get_result::<Writable>(postgres)?.writable
            }
            AnyConnection::Sqlite(sqlite) => {
                sql_query("SELECT 1").execute(sqlite)?;
                true
            }
        };
        if !writable {
            return Err(not_ready("the database takes no writes"));
        }
        if !self.0.migrated.load(Ordering::Relaxed) {
            if !migrate::is_current(&mut connection)? {
                return Err(not_ready("the schema is older than this program; run `cchc migrate`"));
            }
            self.0.migrated.store(true, Ordering::Relaxed);
        }
        *self.0.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        Ok(())
    }
}

fn not_ready(reason: &'static str) -> Error {
    Error { cause: Some(reason.into()), ..Error::new(Code::Busy) }
}
