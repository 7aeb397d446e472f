//! All SQL of the worker: leasing what is due, and noting what came of it.
//!
//! Leases are in real time, for they are about processes; when something is due is in the ward's time.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, QueryableByName, RunQueryDsl, SelectableHelper, dsl,
    sql_types::{BigInt, Bool, Text, Timestamp as SqlTimestamp},
};

use crate::{
    db::{AnyConnection, statement},
    error::Result,
    kernel::time::{Clock, Timestamp},
    outbox::DeliveryId,
    schema::{
        outbox_events as e, webhook_attempts as a, webhook_deliveries as d, webhook_subscriptions as s,
    },
    webhooks::model::{
        Attempt, Delivery, DeliveryState, DisabledReason, Failure, OutboxEvent, Parcel, Webhook, WebhookId,
    },
};

/// Seconds for which a delivery is held: an attempt takes ten at most, and clocks of machines differ a little.
pub const LEASE_SECONDS: i64 = 60;

/// A delivery that is ours until its lease runs out.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The delivery and its event.
    pub parcel: Parcel,
    /// The webhook.
    pub webhook: Webhook,
    /// Until when it is ours, in real time.
    pub until: Timestamp,
}

/// What a worker writes about an attempt.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The attempt.
    pub attempt: Attempt,
    /// Where the delivery stands now.
    pub state: DeliveryState,
    /// When it is due again.
    pub next_attempt_at: Option<Timestamp>,
}

#[derive(Debug, QueryableByName)]
struct Candidate {
    #[diesel(sql_type = Text)]
    id: DeliveryId,
}

/// The oldest waiting delivery of each queue, where it is due and nobody holds it; longest due first.
///
/// One look at the index of what waits finds the heads of all queues, however long these are.
pub fn list_due(connection: &mut AnyConnection, now: Timestamp, limit: i64) -> Result<Vec<DeliveryId>> {
    let sql = "SELECT d.id FROM \
           (SELECT subscription_id, queue, MIN(seq) AS seq FROM webhook_deliveries WHERE state = 'pending' \
             GROUP BY subscription_id, queue) h \
         JOIN webhook_deliveries d ON d.subscription_id = h.subscription_id AND d.queue = h.queue \
           AND d.seq = h.seq AND d.state = 'pending' \
         JOIN webhook_subscriptions s ON s.id = d.subscription_id AND s.active \
         JOIN clients c ON c.id = s.client_row_id \
         WHERE d.next_attempt_at <= $1 AND (d.leased_until IS NULL OR d.leased_until <= $2) \
           AND (c.expires_at IS NULL OR c.expires_at > $2) \
         ORDER BY d.next_attempt_at, d.id LIMIT $3";
    let found: Vec<Candidate> = statement(sql)
        .bind::<SqlTimestamp, _>(now)
        .bind::<SqlTimestamp, _>(Clock::real_now())
        .bind::<BigInt, _>(limit)
        .load(connection)?;
    Ok(found.into_iter().map(|candidate| candidate.id).collect())
}

/// Leases a delivery, unless somebody was faster. The guard is in the update itself, so two never hold the same.
pub fn lease(connection: &mut AnyConnection, id: DeliveryId, worker: &str) -> Result<Option<Claim>> {
    let now = Clock::real_now();
    let until = now.plus_seconds(LEASE_SECONDS);
    let free = d::leased_until.is_null().or(d::leased_until.le(now).assume_not_null());
    let row = d::table.find(id).filter(d::state.eq(DeliveryState::Pending)).filter(free);
    let leased =
        diesel::update(row).set((d::leased_until.eq(until), d::leased_by.eq(worker))).execute(connection)?;
    if leased == 0 {
        return Ok(None);
    }
    let found: Option<(Delivery, OutboxEvent, Webhook)> = d::table
        .inner_join(e::table.on(e::id.eq(d::event_id)))
        .inner_join(s::table.on(s::id.eq(d::subscription_id)))
        .filter(d::id.eq(id))
        .filter(s::active.eq(true))
        .select((Delivery::as_select(), OutboxEvent::as_select(), Webhook::as_select()))
        .first(connection)
        .optional()?;
    Ok(found.map(|(delivery, event, webhook)| Claim { parcel: Parcel { delivery, event }, webhook, until }))
}

/// The delivery that follows in a queue, leased, if it is due.
pub fn lease_next(
    connection: &mut AnyConnection,
    after: &Delivery,
    now: Timestamp,
    worker: &str,
) -> Result<Option<Claim>> {
    let next: Option<(DeliveryId, Timestamp)> = d::table
        .filter(d::subscription_id.eq(after.subscription_id))
        .filter(d::queue.eq(&after.queue))
        // Written out, for an index of what waits serves only a query that says so.
        .filter(dsl::sql::<Bool>("webhook_deliveries.state = 'pending'"))
        .select((d::id, d::next_attempt_at))
        .order((d::seq.asc(), d::id.asc()))
        .first(connection)
        .optional()?;
    match next {
        Some((id, due)) if due <= now => lease(connection, id, worker),
        _ => Ok(None),
    }
}

/// Notes an attempt and lets go of the delivery. `false` if the lease has passed to somebody else meanwhile.
pub fn settle(connection: &mut AnyConnection, settlement: &Settlement, worker: &str) -> Result<bool> {
    let Settlement { attempt, state, next_attempt_at } = settlement;
    let finished = (*state != DeliveryState::Pending).then_some(attempt.at);
    let row = d::table
        .find(attempt.delivery_id)
        .filter(d::leased_by.eq(worker))
        .filter(d::state.eq(DeliveryState::Pending));
    let settled = diesel::update(row)
        .set((
            d::state.eq(state),
            d::attempts.eq(d::attempts + 1),
            d::next_attempt_at.eq(next_attempt_at.unwrap_or(attempt.at)),
            d::leased_until.eq(None::<Timestamp>),
            d::leased_by.eq(None::<String>),
            d::last_status.eq(attempt.status),
            d::last_error.eq(attempt.error),
            d::finished_at.eq(finished),
        ))
        .execute(connection)?;
    if settled == 0 {
        return Ok(false);
    }
    diesel::insert_into(a::table).values(attempt).execute(connection)?;
    Ok(true)
}

/// Switches a webhook off because its receiver said it is gone.
pub fn disable(connection: &mut AnyConnection, id: WebhookId) -> Result<()> {
    diesel::update(s::table.find(id).filter(s::active.eq(true)))
        .set((
            s::active.eq(false),
            s::disabled_reason.eq(DisabledReason::Gone),
            s::version.eq(s::version + 1),
        ))
        .execute(connection)?;
    Ok(())
}

/// Whether an attempt says that the receiver is gone for good.
pub fn is_gone(attempt: &Attempt) -> bool {
    attempt.error == Some(Failure::Gone)
}
