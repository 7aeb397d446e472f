//! Reads by a replica, which nobody can tell from reads by the primary.
//!
//! A replica is a little late, and who has just written must see it, whichever instance is asked next. No instance
//! remembers who wrote; the database does. Every write ends with an event in the audit chain of its ward, in the same
//! transaction, so the number of the chain's head counts the writes of the ward. What everybody may read changes with
//! the head of the feed of changes. So a read asks the primary for that number, which is one row by its key, and goes
//! to the replica only if the replica has the same number or a later one; a replica replays transactions whole and in
//! their order, so it then has all that was committed before the read began. Otherwise the primary answers.
//!
//! That promises more than to see one's own writes: whoever reads of a ward sees what anybody has written there. It
//! costs no write, no column and no memory that instances would have to share. The alternatives cost one of these: the
//! position in the write-ahead log is known only after the commit, when there is nowhere left to write it down, and a
//! time to wait after a write is a guess about how late a replica can be.
//!
//! A number that a connection to a replica has once shown is remembered with the connection, for it only grows.
//! A replica that fails is left alone for a moment, and reads go to the primary meanwhile. Who may do what is always
//! read from the primary (`access::store`), so a revocation works at once.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryResult, RunQueryDsl};

use super::{
    AnyConnection, DbOptions, Location,
    failure::{self, Failure},
    pool::{Loan, Pool, Target},
    scope::Scope,
};
use crate::{
    error::Result,
    kernel::id::WardId,
    schema::{audit_chains, change_heads},
};

/// Longest wait for a connection to a replica; the primary is quicker than that.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long a replica is left alone that could not be reached.
const REST: Duration = Duration::from_secs(2);
/// Marks remembered for each connection: more than the country has wards.
const MOST_MARKS: usize = 5_000;
/// Key of the one row of heads (`changes::store`).
const HEAD: i32 = 1;

/// A number that grows with every commit that a reader must not miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The newest event in the audit chain of this ward.
    Ward(WardId),
    /// The newest change of what is public.
    Changes,
}

impl Mark {
    fn read(self, connection: &mut AnyConnection) -> QueryResult<i64> {
        let head = match self {
            Self::Ward(ward_id) => audit_chains::table
                .find(ward_id.as_str())
                .select(audit_chains::seq)
                .first(connection)
                .optional()?,
            Self::Changes => {
                let head = change_heads::table.filter(change_heads::id.eq(HEAD)).select(change_heads::seq);
                head.first(connection).optional()?
            }
        };
        Ok(head.unwrap_or(0))
    }
}

/// A server that follows the primary.
pub(super) struct Replica {
    pool: Pool,
    rests_until: Mutex<Option<Instant>>,
}

impl Replica {
    /// Its connections.
    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Nothing waits for it: the program starts without it, and goes on without it.
    ///
    /// # Errors
    /// Internal, when the system gives no threads.
    pub(super) fn new(location: &Location, options: &DbOptions) -> Result<Self> {
        let target = Target::reader(location, options);
        let pool = Pool::new(target, options.connections, 0, options)?;
        Ok(Self { pool, rests_until: Mutex::new(None) })
    }

    /// What the replica answers; `None`, if the primary must, for the replica is not as far, or fails.
    pub(super) fn read<T>(
        &self,
        scope: Scope,
        (mark, number): (Mark, i64),
        work: impl FnOnce(&mut AnyConnection) -> Result<T>,
    ) -> Option<Result<T>> {
        let mut loan = self.loan()?;
        let outcome = match self.has_reached(&mut loan, scope, mark, number) {
            Ok(false) => return None,
            Ok(true) => self.pool.run_on(&mut loan, scope, work),
            Err(error) => Err(error),
        };
        match outcome.as_ref().map_err(failure::cause_of) {
            Err(Failure::Lost) => {
                self.rest();
                None
            }
            Err(Failure::ReadOnly | Failure::Contention) => None,
            _ => Some(outcome),
        }
    }

    fn loan(&self) -> Option<Loan> {
        let rests = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        if rests.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let loan = self.pool.checkout_within(PATIENCE).ok();
        if loan.is_none() && self.pool.is_empty() {
            self.rest();
        }
        loan
    }

    fn rest(&self) {
        tracing::warn!("the replica cannot be reached; the primary answers reads for a while");
        let until = Instant::now() + REST;
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    fn has_reached(&self, loan: &mut Loan, scope: Scope, mark: Mark, number: i64) -> Result<bool> {
        if loan.reached.get(&mark).is_some_and(|reached| *reached >= number) {
            return Ok(true);
        }
        let reached = self.pool.run_on(loan, scope, |connection| Ok(mark.read(connection)?))?;
        if loan.reached.len() >= MOST_MARKS {
            loan.reached.clear();
        }
        loan.reached.insert(mark, reached);
        Ok(reached >= number)
    }
}

/// The number that a replica must have.
///
/// # Errors
/// When the database fails.
pub(super) fn read_mark(connection: &mut AnyConnection, mark: Mark) -> Result<i64> {
    Ok(mark.read(connection)?)
}
