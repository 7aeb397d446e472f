//! Events and their deliveries in the database, written inside the transaction of the change.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, Insertable, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl,
};
use serde_json::Value;

use super::{
    Announcement, EventId, EventKind,
    rules::{self, Listener},
};
use crate::{
    db::{AnyConnection, per_backend},
    error::{Error, Result},
    id_type,
    kernel::{
        id::{RawId, UnitId, WardId},
        json::JsonText,
        time::Timestamp,
    },
    schema::{clients, outbox_events, outbox_heads, wards, webhook_deliveries, webhook_subscriptions},
};

/// Rows written in one statement: each binds at most 14 values, and SQLite takes some 32,000.
const CHUNK: usize = 500;

id_type! {
    /// Identifies the delivery of one event to one webhook.
    DeliveryId
}

#[derive(Debug, Insertable)]
#[diesel(table_name = outbox_events)]
#[diesel(treat_none_as_default_value = false)]
struct NewEvent {
    id: EventId,
    ward_id: Option<WardId>,
    seq: i64,
    kind: EventKind,
    unit_id: Option<UnitId>,
    data: JsonText,
    at: Timestamp,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = webhook_deliveries)]
struct NewDelivery {
    id: DeliveryId,
    subscription_id: String,
    event_id: EventId,
    queue: String,
    seq: i64,
    state: &'static str,
    attempts: i32,
    queued_at: Timestamp,
    next_attempt_at: Timestamp,
}

/// A webhook that may be told of a ward's events.
struct Subscription {
    id: String,
    kinds: Vec<EventKind>,
    listener: Listener,
}

/// Writes what was announced in a ward, and one delivery for each webhook that asked for it and may hear it.
///
/// The caller holds the head of the ward's audit chain, so events get their numbers in the order of commits.
///
/// # Errors
/// Internal, for announcements of no ward; when the database fails.
pub fn append(
    connection: &mut AnyConnection,
    ward_id: Option<WardId>,
    at: Timestamp,
    announcements: Vec<Announcement>,
) -> Result<()> {
    if announcements.is_empty() {
        return Ok(());
    }
    let ward_id = ward_id.ok_or_else(|| Error::internal("an announcement belongs to no ward"))?;
    let subscriptions = list_subscriptions(connection, ward_id)?;
    let told = announcements.into_iter().filter_map(|announcement| {
        let hears = |one: &&Subscription| {
            one.kinds.contains(&announcement.kind)
                && rules::hears(&one.listener, announcement.kind, announcement.unit_id)
        };
        let who: Vec<String> = subscriptions.iter().filter(hears).map(|one| one.id.clone()).collect();
        (!who.is_empty()).then_some((announcement, who))
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return Ok(());
    }
    let ward_code: String = wards::table.find(ward_id).select(wards::code).first(connection)?;
    let first = advance_head(connection, ward_id, told.len())?;
    let (mut events, mut deliveries) = (Vec::with_capacity(told.len()), Vec::new());
    for (seq, (announcement, who)) in (first..).zip(told) {
        let event = event_of(announcement, ward_id, &ward_code, seq, at);
        deliveries.extend(who.into_iter().map(|id| delivery_of(&event, id, ward_id.to_string(), at)));
        events.push(event);
    }
    insert_all(connection, &events, &deliveries)
}

/// Writes a trial for one webhook. It has a queue of its own, so nothing holds it back.
///
/// # Errors
/// When the database fails.
pub fn insert_ping(
    connection: &mut AnyConnection,
    subscription_id: &str,
    data: &Value,
    at: Timestamp,
) -> Result<DeliveryId> {
    let event = NewEvent {
        id: EventId::generate(),
        ward_id: None,
        seq: 0,
        kind: EventKind::Ping,
        unit_id: None,
        data: JsonText::of(data),
        at,
    };
    let queue = RawId::generate().to_string();
    let delivery = delivery_of(&event, subscription_id.to_owned(), queue, at);
    let id = delivery.id;
    insert_all(connection, &[event], &[delivery])?;
    Ok(id)
}

/// The active webhooks of a ward and of the city. Their number is small: each client has a few.
fn list_subscriptions(connection: &mut AnyConnection, ward_id: WardId) -> Result<Vec<Subscription>> {
    use webhook_subscriptions as s;
    type Row = (String, JsonText, Option<WardId>, Option<UnitId>, JsonText);
    let rows: Vec<Row> = s::table
        .inner_join(clients::table.on(clients::id.eq(s::client_row_id)))
        .filter(s::active.eq(true))
        .filter(s::ward_id.is_null().or(s::ward_id.eq(ward_id)))
        .select((s::id, s::kinds, s::ward_id, clients::unit_id, clients::scopes))
        .order(s::id.asc())
        .load(connection)?;
    let read = |(id, kinds, ward_id, unit_id, scopes): Row| {
        Ok(Subscription {
            id,
            kinds: kinds.read().map_err(Error::internal)?,
            listener: Listener {
                of_ward: ward_id.is_some(),
                unit_id,
                scopes: scopes.read().map_err(Error::internal)?,
            },
        })
    };
    rows.into_iter().map(read).collect()
}

/// Takes the next so many numbers of a ward; gives the first of them.
fn advance_head(connection: &mut AnyConnection, ward_id: WardId, count: usize) -> Result<i64> {
    let count = i64::try_from(count).map_err(Error::internal)?;
    let last: Option<i64> = diesel::update(outbox_heads::table.find(ward_id))
        .set(outbox_heads::seq.eq(outbox_heads::seq + count))
        .returning(outbox_heads::seq)
        .get_result(connection)
        .optional()?;
    if let Some(last) = last {
        return Ok(last - count + 1);
    }
    diesel::insert_into(outbox_heads::table)
        .values((outbox_heads::ward_id.eq(ward_id), outbox_heads::seq.eq(count)))
        .execute(connection)?;
    Ok(1)
}

fn event_of(
    announcement: Announcement,
    ward_id: WardId,
    ward_code: &str,
    seq: i64,
    at: Timestamp,
) -> NewEvent {
    let Announcement { kind, unit_id, mut data } = announcement;
    if let Value::Object(fields) = &mut data {
        fields.insert("ward".to_owned(), ward_code.into());
        fields.insert("sequence".to_owned(), seq.into());
    }
    let data = JsonText::of(&data);
    NewEvent { id: EventId::generate(), ward_id: Some(ward_id), seq, kind, unit_id, data, at }
}

fn delivery_of(event: &NewEvent, subscription_id: String, queue: String, at: Timestamp) -> NewDelivery {
    NewDelivery {
        id: DeliveryId::generate(),
        subscription_id,
        event_id: event.id,
        queue,
        seq: event.seq,
        state: "pending",
        attempts: 0,
        queued_at: at,
        next_attempt_at: at,
    }
}

fn insert_all(connection: &mut AnyConnection, events: &[NewEvent], deliveries: &[NewDelivery]) -> Result<()> {
    for rows in events.chunks(CHUNK) {
        per_backend!(connection, c => diesel::insert_into(outbox_events::table).values(rows).execute(c))?;
    }
    for rows in deliveries.chunks(CHUNK) {
        per_backend!(connection, c => diesel::insert_into(webhook_deliveries::table).values(rows).execute(c))?;
    }
    Ok(())
}
