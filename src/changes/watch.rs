//! Waiting for the feed to go on, without a thread or a connection of the database for those who wait.
//!
//! While somebody waits, one task of the process reads the number of the newest change, twice a second, and wakes them
//! when it rose. It looks at the database, so it sees what other instances publish. Nobody waits, nothing is read.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, watch},
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};

use super::store;
use crate::{
    db::{Db, Scope},
    error::{Code, Error, Result},
};

/// Time between two looks at the database.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The most callers that wait at a time in one process: half of the 1,024 files that a process may have open by default.
pub const MAX_WAITING: usize = 512;
/// How many of these places are kept for callers with a token.
pub const KEPT_FOR_KNOWN: usize = 256;
/// Woken callers that read at a time: one publication must not fill the queue for the database.
const READING: usize = 16;

/// What those who wait look at.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    head: i64,
    stopping: bool,
}

/// Where callers wait; one in each process.
#[derive(Clone, Debug)]
pub struct Watch(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    state: watch::Sender<State>,
    places: Arc<Semaphore>,
    turns: Semaphore,
    looking: Mutex<Option<JoinHandle<()>>>,
}

/// One caller that waits.
#[derive(Debug)]
pub struct Waiter {
    watch: Watch,
    state: watch::Receiver<State>,
    _place: OwnedSemaphorePermit,
}

impl Watch {
    /// A place to wait for changes in this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self(Arc::new(Inner {
            db,
            state: watch::Sender::new(State::default()),
            places: Arc::new(Semaphore::new(MAX_WAITING)),
            turns: Semaphore::new(READING),
            looking: Mutex::new(None),
        }))
    }

    /// Lets everybody go who waits, and whoever comes from now on: the server stops.
    pub fn stop(&self) {
        self.0.state.send_modify(|state| state.stopping = true);
    }

    /// Takes a place among those who wait. Must be called where tasks can be started.
    ///
    /// # Errors
    /// `busy` when all places that such a caller may have are taken.
    pub fn join(&self, anonymous: bool) -> Result<Waiter> {
        let full = || Error::new(Code::Busy);
        if anonymous && self.0.places.available_permits() <= KEPT_FOR_KNOWN {
            return Err(full());
        }
        let place = Arc::clone(&self.0.places).try_acquire_owned().map_err(|_| full())?;
        let state = self.0.state.subscribe();
        let mut looking = self.0.looking.lock().unwrap_or_else(PoisonError::into_inner);
        // A task also ends with the thread that it was started on.
        if looking.as_ref().is_none_or(JoinHandle::is_finished) {
            *looking = Some(tokio::spawn(self.clone().look()));
        }
        drop(looking);
        Ok(Waiter { watch: self.clone(), state, _place: place })
    }

    /// Looks at the database for as long as somebody waits.
    async fn look(self) {
        loop {
            sleep(LOOK_EVERY).await;
            match self.0.db.read(Scope::All, store::find_head).await {
                Ok(head) => {
                    self.0.state.send_if_modified(|state| std::mem::replace(&mut state.head, head) != head);
                }
                Err(error) => tracing::warn!(%error, "the newest change was not read; trying again"),
            }
            if self.rest() {
                return;
            }
        }
    }

    /// Whether nobody waits any more. Under the lock, so that whoever comes now starts a new task.
    fn rest(&self) -> bool {
        let mut looking = self.0.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = self.0.state.receiver_count() == 0;
        if idle {
            *looking = None;
        }
        idle
    }
}

impl Waiter {
    /// Waits until there are changes beyond this number; `false` when the time is over or the server stops.
    pub async fn wait_beyond(&mut self, head: i64, until: Instant) -> bool {
        let more = self.state.wait_for(|state| state.stopping || state.head > head);
        matches!(timeout_at(until, more).await, Ok(Ok(state)) if !state.stopping)
    }

    /// The turn to read, after being woken together with all others.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.watch.0.turns.acquire().await.ok()
    }
}
