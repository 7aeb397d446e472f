//! All SQL about the log of deliveries, as callers read it and send again.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, RunQueryDsl, SelectableHelper,
};

use super::Reach;
use crate::{
    db::AnyConnection,
    error::{Code, Error, Result},
    kernel::{
        id::RawId,
        page::{Page, PageRequest},
        time::{Clock, Timestamp},
    },
    outbox::DeliveryId,
    schema::{
        outbox_events as e, webhook_attempts as a, webhook_deliveries as d, webhook_subscriptions as s,
    },
    webhooks::model::{Attempt, Delivery, DeliveryState, OutboxEvent, Parcel, WebhookId},
};

/// Most attempts that are shown: the schedule has fewer, but sending again by hand starts it anew.
const MAX_LOG: i64 = 100;

fn parcel((delivery, event): (Delivery, OutboxEvent)) -> Parcel {
    Parcel { delivery, event }
}

/// The deliveries of a webhook, newest first. Whether the caller knows of the webhook was asked before.
pub fn list_deliveries(
    connection: &mut AnyConnection,
    webhook_id: WebhookId,
    state: Option<DeliveryState>,
    page: &PageRequest,
) -> Result<Page<Parcel>> {
    let mut query = d::table
        .inner_join(e::table.on(e::id.eq(d::event_id)))
        .filter(d::subscription_id.eq(webhook_id))
        .select((Delivery::as_select(), OutboxEvent::as_select()))
        .order(d::id.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(d::state.eq(state));
    }
    if let Some(after) = &page.after {
        let after = DeliveryId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(d::id.lt(after));
    }
    let rows: Vec<(Delivery, OutboxEvent)> = query.load(connection)?;
    Ok(page.page(rows.into_iter().map(parcel).collect(), |parcel| parcel.delivery.id.to_string()))
}

/// A delivery to a webhook that the caller knows of.
pub fn find_delivery(connection: &mut AnyConnection, reach: Reach, id: DeliveryId) -> Result<Option<Parcel>> {
    let query = d::table
        .inner_join(e::table.on(e::id.eq(d::event_id)))
        .inner_join(s::table.on(s::id.eq(d::subscription_id)))
        .filter(d::id.eq(id))
        .select((Delivery::as_select(), OutboxEvent::as_select()))
        .into_boxed();
    let query = match reach {
        Reach::Ward(ward_id) => query.filter(s::ward_id.eq(ward_id)),
        Reach::Client(client_id) => query.filter(s::client_row_id.eq(client_id)),
    };
    Ok(query.first(connection).optional()?.map(parcel))
}

/// The attempts of a delivery, newest first.
pub fn list_attempts(connection: &mut AnyConnection, id: DeliveryId) -> Result<Vec<Attempt>> {
    Ok(a::table
        .filter(a::delivery_id.eq(id))
        .select(Attempt::as_select())
        .order(a::id.desc())
        .limit(MAX_LOG)
        .load(connection)?)
}

/// Makes a delivery due now. One that was over already gets a queue of its own, so that it holds nothing back; one that
/// still waits keeps its place, and its lease if it is being sent this moment.
pub fn requeue_delivery(connection: &mut AnyConnection, before: &Delivery, now: Timestamp) -> Result<()> {
    let waits = before.state == DeliveryState::Pending;
    let queue = if waits { before.queue.clone() } else { RawId::generate().to_string() };
    let row = d::table.find(before.id).filter(d::state.eq(before.state)).filter(d::queue.eq(&before.queue));
    let changed = diesel::update(row)
        .set((
            d::queue.eq(queue),
            d::state.eq(DeliveryState::Pending),
            d::attempts.eq(0),
            d::queued_at.eq(now),
            d::next_attempt_at.eq(now),
            d::finished_at.eq(None::<Timestamp>),
        ))
        .execute(connection)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Removes what has been over, or has waited for nobody, since before this time, and events that nobody waits for.
pub fn delete_old(connection: &mut AnyConnection, before: Timestamp) -> Result<usize> {
    let known = s::table.filter(s::active.eq(true)).select(s::id);
    let now = Clock::real_now();
    // What is being sent this moment ends first.
    let idle = d::leased_until.is_null().or(d::leased_until.lt(now).assume_not_null());
    let over = d::state.ne(DeliveryState::Pending).or(d::subscription_id.ne_all(known));
    let deleted = diesel::delete(d::table.filter(d::queued_at.lt(before)).filter(over).filter(idle))
        .execute(connection)?;
    let wanted = diesel::dsl::exists(d::table.filter(d::event_id.eq(e::id)));
    diesel::delete(e::table.filter(e::at.lt(before)).filter(diesel::dsl::not(wanted))).execute(connection)?;
    Ok(deleted)
}
