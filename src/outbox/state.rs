//! How far deliveries are behind, for those who watch.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Nullable, Timestamp as SqlTimestamp},
};

use crate::{
    db::AnyConnection,
    error::Result,
    kernel::time::{Clock, Timestamp},
};

/// What waits, and what was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Deliveries that wait for a webhook that is active.
    pub waiting: i64,
    /// When the oldest of them was queued, in the ward's time.
    pub oldest: Option<Timestamp>,
    /// Deliveries that were given up and are still kept.
    pub dead: i64,
}

#[derive(Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    waiting: i64,
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    oldest: Option<Timestamp>,
    #[diesel(sql_type = BigInt)]
    dead: i64,
}

/// How far deliveries are behind. What waits for a webhook that is off, or whose client has ended, waits for nobody.
///
/// # Errors
/// When the database fails.
pub fn read_backlog(connection: &mut AnyConnection) -> Result<Backlog> {
    let sql = "SELECT COUNT(d.id) AS waiting, MIN(d.queued_at) AS oldest, \
           (SELECT COUNT(x.id) FROM webhook_subscriptions t \
             JOIN webhook_deliveries x ON x.subscription_id = t.id AND x.state = 'dead') AS dead \
         FROM webhook_deliveries d \
         JOIN webhook_subscriptions s ON s.id = d.subscription_id AND s.active \
         JOIN clients c ON c.id = s.client_row_id \
         WHERE d.state = 'pending' AND (c.expires_at IS NULL OR c.expires_at > $1)";
    let row: Row = sql_query(sql).bind::<SqlTimestamp, _>(Clock::real_now()).get_result(connection)?;
    Ok(Backlog { waiting: row.waiting, oldest: row.oldest, dead: row.dead })
}
