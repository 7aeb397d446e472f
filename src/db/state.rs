//! What stands where in the pools, for those who watch.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use super::{Db, Location, MAX_WAITING, Pool};
use crate::telemetry::{Snapshot, Spread};

/// Counts of one pool's checkouts.
#[derive(Debug, Default)]
pub(super) struct Meter {
    waiting: AtomicU64,
    waits: Spread,
    timeouts: AtomicU64,
}

impl Meter {
    /// A call waits, until this is dropped.
    pub(super) fn wait(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting { meter: Arc::clone(self), since: Instant::now() }
    }

    /// A call got nothing in time.
    pub(super) fn gave_up(&self) {
        self.timeouts.fetch_add(1, Ordering::Relaxed);
    }
}

/// A call that waits.
pub(super) struct Waiting {
    meter: Arc<Meter>,
    since: Instant,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.meter.waiting.fetch_sub(1, Ordering::Relaxed);
        self.meter.waits.note(self.since.elapsed());
    }
}

/// One pool at this moment.
#[derive(Clone, Debug)]
pub struct PoolState {
    /// What it is for.
    pub name: &'static str,
    /// Connections that are open.
    pub open: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// The most that may be open.
    pub max: u32,
    /// Calls that wait for a thread with one.
    pub waiting: u64,
    /// How long they waited, since the start.
    pub waits: Snapshot,
    /// Those that got none in time, since the start.
    pub timeouts: u64,
}

/// The database as this process sees it at this moment.
#[derive(Clone, Debug)]
pub struct DbState {
    /// The pools; one where readers and writers share it, one more of the replica.
    pub pools: Vec<PoolState>,
    /// Calls that are with the database or wait for it.
    pub calls: usize,
    /// Calls that may be before others are told to come back.
    pub max_calls: usize,
    /// Calls that were told to come back, since the start.
    pub refused: u64,
}

impl Db {
    /// What stands where.
    #[must_use]
    pub fn state(&self) -> DbState {
        let inner = &self.0;
        let mut pools = match inner.location {
            Location::Postgres(_) => vec![inner.writers.state_as("shared")],
            Location::Sqlite(_) => vec![inner.writers.state_as("writers"), inner.readers.state_as("readers")],
        };
        pools.extend(inner.replica.as_ref().map(|replica| replica.pool().state_as("replica")));
        DbState {
            pools,
            calls: MAX_WAITING.saturating_sub(inner.permits.available_permits()),
            max_calls: MAX_WAITING,
            refused: inner.refused.load(Ordering::Relaxed),
        }
    }
}

impl Pool {
    fn state_as(&self, name: &'static str) -> PoolState {
        let (meter, state) = (self.meter(), self.connections().state());
        PoolState {
            name,
            open: state.connections,
            idle: state.idle_connections,
            max: self.connections().max_size(),
            waiting: meter.waiting.load(Ordering::Relaxed),
            waits: meter.waits.snapshot(),
            timeouts: meter.timeouts.load(Ordering::Relaxed),
        }
    }
}
