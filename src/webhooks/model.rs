//! Webhooks, deliveries and attempts as the database keeps them.

use diesel::{Insertable, Queryable, Selectable};

use crate::{
    clients::ClientRowId,
    id_type,
    kernel::{id::WardId, json::JsonText, time::Timestamp},
    outbox::{DeliveryId, EventId, EventKind},
    schema::{outbox_events, webhook_attempts, webhook_deliveries, webhook_subscriptions},
    text_enum,
};

id_type! {
    /// Identifies a webhook.
    WebhookId
}

id_type! {
    /// Identifies an attempt to deliver.
    AttemptId
}

text_enum! {
    /// Why a webhook was switched off without anybody asking for it.
    pub enum DisabledReason {
        /// The receiver answered 410 Gone.
        Gone = "gone",
    }
}

text_enum! {
    /// Where a delivery stands.
    pub enum DeliveryState {
        /// Waits for its turn, or for its next attempt.
        Pending = "pending",
        /// The receiver took it (2xx).
        Delivered = "delivered",
        /// Given up; it can be delivered again by hand.
        Dead = "dead",
    }
}

text_enum! {
    /// Why an attempt failed. What the receiver said beyond its status is not kept.
    pub enum Failure {
        /// The receiver answered with something else than 2xx.
        Status = "status",
        /// The receiver answered 410 Gone, which switches the webhook off.
        Gone = "gone",
        /// The receiver answered with a redirect, which is not followed.
        Redirect = "redirect",
        /// The address is, or its name now leads, into a private or reserved network.
        AddressNotAllowed = "address_not_allowed",
        /// There was no answer in time.
        TimedOut = "timed_out",
        /// Nobody could be reached there.
        Unreachable = "unreachable",
    }
}

/// What a machine client asked to be told, and where.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_subscriptions, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// The client's ward; none for a client of the city.
    pub ward_id: Option<WardId>,
    /// The client.
    pub client_row_id: ClientRowId,
    /// Where to.
    pub url: String,
    /// Of what (JSON list of kinds).
    pub kinds: JsonText,
    /// Whether it is told.
    pub active: bool,
    /// Why it was switched off by itself.
    pub disabled_reason: Option<DisabledReason>,
    /// Counts secrets; the secret is derived from it.
    pub secret_version: i64,
    /// Until when the secret before signs too.
    pub previous_secret_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts changes.
    pub version: i64,
}

/// The delivery of one event to one webhook.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries, check_for_backend(crate::db::MultiBackend))]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The webhook.
    pub subscription_id: WebhookId,
    /// The event.
    pub event_id: EventId,
    /// What is delivered one after the other: a ward's events, or this delivery by itself.
    pub queue: String,
    /// Its place in the queue.
    pub seq: i64,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts since it was last put into a queue.
    pub attempts: i32,
    /// When it was last put into a queue.
    pub queued_at: Timestamp,
    /// When it is due.
    pub next_attempt_at: Timestamp,
    /// Status of the last answer.
    pub last_status: Option<i32>,
    /// Why the last attempt failed.
    pub last_error: Option<Failure>,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
}

/// What was announced.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outbox_events, check_for_backend(crate::db::MultiBackend))]
pub struct OutboxEvent {
    /// Its id, the same in every attempt.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// What it happened to (JSON object).
    pub data: JsonText,
    /// When.
    pub at: Timestamp,
}

/// One attempt to deliver.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_attempts, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// When it ended.
    pub at: Timestamp,
    /// Status of the answer.
    pub status: Option<i32>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// How long it took, in milliseconds.
    pub millis: i64,
}

/// A delivery with its event.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The delivery.
    pub delivery: Delivery,
    /// The event.
    pub event: OutboxEvent,
}
