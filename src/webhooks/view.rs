//! Webhooks and deliveries as people and machines see them.

use serde::Serialize;
use serde_json::{Value, json};

use super::model::{
    Attempt, DeliveryState, DisabledReason, Failure, OutboxEvent, Parcel, Webhook, WebhookId,
};
use crate::{
    clients::ClientRowId,
    error::{Error, Result},
    kernel::time::Timestamp,
    outbox::{DeliveryId, EventId, EventKind},
};

/// A webhook.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookView {
    /// Its id.
    pub id: WebhookId,
    /// The machine client that it belongs to.
    pub client_id: ClientRowId,
    /// Where events are sent.
    #[schema(example = "https://mot-cua.example.vn/cchc")]
    pub url: String,
    /// What it is told of.
    pub kinds: Vec<EventKind>,
    /// Whether it is told. While it is not, nothing is kept for it either.
    pub active: bool,
    /// Why it was switched off by itself.
    pub disabled_reason: Option<DisabledReason>,
    /// Until when the secret before the last rotation signs too.
    pub previous_secret_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl WebhookView {
    /// The view of a webhook.
    ///
    /// # Errors
    /// Internal, when the kinds in the database cannot be read.
    pub fn of(webhook: &Webhook) -> Result<Self> {
        Ok(Self {
            id: webhook.id,
            client_id: webhook.client_row_id,
            url: webhook.url.clone(),
            kinds: webhook.kinds.read().map_err(Error::internal)?,
            active: webhook.active,
            disabled_reason: webhook.disabled_reason,
            previous_secret_until: webhook.previous_secret_until,
            created_at: webhook.created_at,
            version: webhook.version,
        })
    }
}

/// A webhook and its secret, shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookSecretView {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// The secret that signs (`whsec_` and base64); `null` in a replay of the same `Idempotency-Key`.
    pub secret: Option<String>,
}

/// The delivery of one event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryView {
    /// Its id.
    pub id: DeliveryId,
    /// The webhook.
    pub webhook_id: WebhookId,
    /// The event: `webhook-id` of every attempt.
    pub event_id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// When it happened.
    pub happened_at: Timestamp,
    /// Where the delivery stands.
    pub state: DeliveryState,
    /// Attempts so far, or since it was last sent again by hand.
    #[schema(example = 1)]
    pub attempts: i32,
    /// When it is tried next, at the earliest; `null` once it is delivered or dead.
    pub next_attempt_at: Option<Timestamp>,
    /// Status of the last answer.
    #[schema(example = 204)]
    pub last_status: Option<i32>,
    /// Why the last attempt failed.
    pub last_error: Option<Failure>,
    /// When it was delivered or given up.
    pub finished_at: Option<Timestamp>,
}

impl DeliveryView {
    /// The view of a delivery.
    #[must_use]
    pub fn of(parcel: &Parcel) -> Self {
        let Parcel { delivery, event } = parcel;
        Self {
            id: delivery.id,
            webhook_id: delivery.subscription_id,
            event_id: delivery.event_id,
            kind: event.kind,
            happened_at: event.at,
            state: delivery.state,
            attempts: delivery.attempts,
            next_attempt_at: (delivery.state == DeliveryState::Pending).then_some(delivery.next_attempt_at),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            finished_at: delivery.finished_at,
        }
    }
}

/// One attempt to deliver.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AttemptView {
    /// When it ended.
    pub at: Timestamp,
    /// Status of the answer.
    #[schema(example = 503)]
    pub status: Option<i32>,
    /// Why it failed; `null` if the receiver took it.
    pub error: Option<Failure>,
    /// How long it took, in milliseconds.
    #[schema(example = 120)]
    pub millis: i64,
}

/// A delivery with what is sent and what came of each attempt.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryDetailView {
    /// The delivery.
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// The body of every attempt.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// The attempts, newest first; at most 100.
    pub log: Vec<AttemptView>,
}

impl DeliveryDetailView {
    /// The view of a delivery with its attempts.
    ///
    /// # Errors
    /// Internal, when the event in the database cannot be read.
    pub fn of(parcel: &Parcel, attempts: Vec<Attempt>) -> Result<Self> {
        let log = attempts.into_iter().map(|Attempt { at, status, error, millis, .. }| AttemptView {
            at,
            status,
            error,
            millis,
        });
        Ok(Self {
            delivery: DeliveryView::of(parcel),
            payload: payload_of(&parcel.event)?,
            log: log.collect(),
        })
    }
}

/// What is sent about an event: `{type, timestamp, data}`, the form that Standard Webhooks recommends.
///
/// # Errors
/// Internal, when the event in the database cannot be read.
pub fn payload_of(event: &OutboxEvent) -> Result<Value> {
    let data: Value = event.data.read().map_err(Error::internal)?;
    Ok(json!({ "type": event.kind, "timestamp": event.at, "data": data }))
}
