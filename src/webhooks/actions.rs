//! Writes about webhooks, and the questions that handlers ask.

use serde_json::json;

pub use super::store::Reach;
use super::{
    model::{DeliveryState, Parcel, Webhook, WebhookId},
    rules,
    store::{self, deliveries},
    view::WebhookView,
};
use crate::{
    access::{Actor, ActorKind},
    audit::Event,
    clients::{self, Client, ClientRowId},
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Result},
    kernel::{
        id::WardId,
        json::JsonText,
        page::{Page, PageRequest},
    },
    outbox::{self, DeliveryId, EventKind, Listener},
};

impl Reach {
    /// What this caller knows of.
    ///
    /// # Errors
    /// Not found, for a person without a ward.
    pub fn of(actor: &Actor) -> Result<Self> {
        match actor.kind {
            ActorKind::Client => actor.principal().map(Self::Client),
            _ => actor.ward().map(Self::Ward),
        }
    }
}

/// What a new webhook is made of; its URL was checked before.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// The client, where it is not the caller itself.
    pub client_id: Option<ClientRowId>,
    /// Where to.
    pub url: String,
    /// Of what.
    pub kinds: Vec<EventKind>,
}

/// What changes about a webhook: absent keeps. The URL was checked before.
#[derive(Clone, Debug, Default)]
pub struct WebhookChanges {
    /// Where to.
    pub url: Option<String>,
    /// Of what.
    pub kinds: Option<Vec<EventKind>>,
    /// Whether it is told.
    pub active: Option<bool>,
}

/// Adds a webhook for the caller itself, or for a client of the caller's ward.
///
/// # Errors
/// `unknown_reference`, `required` at `/client_id`; `invalid` for its kinds; `too_many_webhooks`.
pub fn create_webhook(tx: &mut Tx<'_>, new: NewWebhook) -> Result<Webhook> {
    let (client_row_id, ward_id, listener) = owner(tx, new.client_id)?;
    rules::check_kinds(&new.kinds, &listener)?;
    if store::count_webhooks(tx.connection, client_row_id)? >= rules::MAX_WEBHOOKS {
        return Err(Error::new(Code::TooManyWebhooks));
    }
    let webhook = Webhook {
        id: WebhookId::generate(),
        ward_id,
        client_row_id,
        url: new.url,
        kinds: JsonText::of(&new.kinds),
        active: true,
        disabled_reason: None,
        secret_version: 1,
        previous_secret_until: None,
        created_at: tx.now,
        version: 1,
    };
    store::insert_webhook(tx.connection, &webhook)?;
    let view = WebhookView::of(&webhook)?;
    tx.record(Event::new("webhook.created", "webhook", webhook.id).between(None, Some(&view)));
    Ok(webhook)
}

/// Changes a webhook.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `invalid` for its kinds.
pub fn change_webhook(tx: &mut Tx<'_>, id: WebhookId, changes: WebhookChanges) -> Result<Webhook> {
    let before = get_webhook(tx.connection, Reach::of(tx.actor)?, id)?;
    tx.require_version(before.version)?;
    if let Some(kinds) = &changes.kinds {
        rules::check_kinds(kinds, &listener_of(tx, &before)?)?;
    }
    let active = changes.active.unwrap_or(before.active);
    let after = Webhook {
        url: changes.url.unwrap_or_else(|| before.url.clone()),
        kinds: changes.kinds.map_or_else(|| before.kinds.clone(), |kinds| JsonText::of(&kinds)),
        active,
        disabled_reason: before.disabled_reason.filter(|_| !active),
        version: before.version + 1,
        ..before.clone()
    };
    store::update_webhook(tx.connection, &before, &after)?;
    let (old, new) = (WebhookView::of(&before)?, WebhookView::of(&after)?);
    tx.record(Event::new("webhook.changed", "webhook", id).between(Some(&old), Some(&new)));
    Ok(after)
}

/// Deletes a webhook; nothing more is sent to it.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`.
pub fn delete_webhook(tx: &mut Tx<'_>, id: WebhookId) -> Result<()> {
    let webhook = get_webhook(tx.connection, Reach::of(tx.actor)?, id)?;
    tx.require_version(webhook.version)?;
    store::delete_webhook(tx.connection, &webhook)?;
    let view = WebhookView::of(&webhook)?;
    tx.record(Event::new("webhook.deleted", "webhook", id).between(Some(&view), None));
    Ok(())
}

/// Gives a webhook a new secret; the one before signs too for so many seconds.
///
/// # Errors
/// Not found, `version_stale`, `out_of_range`.
pub fn rotate_secret(tx: &mut Tx<'_>, id: WebhookId, overlap_seconds: Option<i64>) -> Result<Webhook> {
    let before = get_webhook(tx.connection, Reach::of(tx.actor)?, id)?;
    tx.check_version(before.version)?;
    let overlap = rules::check_overlap(overlap_seconds)?;
    let after = Webhook {
        secret_version: before.secret_version + 1,
        previous_secret_until: Some(tx.now.plus_seconds(overlap)),
        version: before.version + 1,
        ..before.clone()
    };
    store::update_webhook(tx.connection, &before, &after)?;
    let (old, new) = (WebhookView::of(&before)?, WebhookView::of(&after)?);
    tx.record(Event::new("webhook.secret_rotated", "webhook", id).between(Some(&old), Some(&new)));
    Ok(after)
}

/// Sends a trial, past all that waits.
///
/// # Errors
/// Not found, `webhook_inactive`.
pub fn ping(tx: &mut Tx<'_>, id: WebhookId) -> Result<Parcel> {
    let reach = Reach::of(tx.actor)?;
    let webhook = get_webhook(tx.connection, reach, id)?;
    rules::require_active(&webhook)?;
    let data = json!({ "webhook": id });
    let delivery_id = outbox::insert_ping(tx.connection, id.as_str(), &data, tx.now)?;
    tx.record(Event::new("webhook.pinged", "webhook", id).with("delivery", delivery_id));
    get_delivery(tx.connection, reach, delivery_id)
}

/// Sends an event again, under its own id: now, and if that fails with all retries.
///
/// # Errors
/// Not found, `webhook_inactive`, `concurrent_change`.
pub fn redeliver(tx: &mut Tx<'_>, id: DeliveryId) -> Result<Parcel> {
    let reach = Reach::of(tx.actor)?;
    let before = get_delivery(tx.connection, reach, id)?.delivery;
    rules::require_active(&get_webhook(tx.connection, reach, before.subscription_id)?)?;
    deliveries::requeue_delivery(tx.connection, &before, tx.now)?;
    tx.record(
        Event::new("webhook.redelivered", "webhook", before.subscription_id)
            .with("delivery", id)
            .with("event", before.event_id),
    );
    get_delivery(tx.connection, reach, id)
}

/// A webhook that the caller knows of.
///
/// # Errors
/// Not found.
pub fn get_webhook(connection: &mut AnyConnection, reach: Reach, id: WebhookId) -> Result<Webhook> {
    store::find_webhook(connection, reach, id)?.ok_or_else(Error::not_found)
}

/// A delivery that the caller knows of.
///
/// # Errors
/// Not found.
pub fn get_delivery(connection: &mut AnyConnection, reach: Reach, id: DeliveryId) -> Result<Parcel> {
    deliveries::find_delivery(connection, reach, id)?.ok_or_else(Error::not_found)
}

/// The deliveries of a webhook that the caller knows of, newest first.
///
/// # Errors
/// Not found, `invalid_cursor`.
pub fn list_deliveries(
    connection: &mut AnyConnection,
    reach: Reach,
    id: WebhookId,
    state: Option<DeliveryState>,
    page: &PageRequest,
) -> Result<Page<Parcel>> {
    let webhook = get_webhook(connection, reach, id)?;
    deliveries::list_deliveries(connection, webhook.id, state, page)
}

/// Whose webhook it becomes, in which ward, and what that client may hear.
fn owner(tx: &mut Tx<'_>, client_id: Option<ClientRowId>) -> Result<(ClientRowId, Option<WardId>, Listener)> {
    let unknown = || Error::field("/client_id", Code::UnknownReference);
    if tx.actor.kind == ActorKind::Client {
        let own = tx.actor.principal()?;
        // For a client there is no other client.
        return match client_id {
            Some(other) if other != own => Err(unknown()),
            _ => Ok((own, tx.actor.ward_id, listener_of_actor(tx.actor))),
        };
    }
    let ward_id = tx.actor.ward()?;
    let client_id = client_id.ok_or_else(|| Error::field("/client_id", Code::Required))?;
    let client = match clients::actions::get_client(tx.connection, ward_id, client_id) {
        Err(error) if error.code == Code::NotFound => Err(unknown()),
        found => found,
    }?;
    Ok((client.id, client.ward_id, listener_of_client(&client)?))
}

fn listener_of(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<Listener> {
    match webhook.ward_id {
        // The people of a ward know of no others' webhooks, so the city's are changed by their clients alone.
        Some(ward_id) if tx.actor.kind != ActorKind::Client => {
            let client = clients::actions::get_client(tx.connection, ward_id, webhook.client_row_id)?;
            listener_of_client(&client)
        }
        _ => Ok(listener_of_actor(tx.actor)),
    }
}

fn listener_of_actor(actor: &Actor) -> Listener {
    Listener { of_ward: actor.ward_id.is_some(), unit_id: actor.unit_id, scopes: actor.scopes.clone() }
}

fn listener_of_client(client: &Client) -> Result<Listener> {
    Ok(Listener {
        of_ward: client.ward_id.is_some(),
        unit_id: client.unit_id,
        scopes: client.scopes.read().map_err(Error::internal)?,
    })
}
