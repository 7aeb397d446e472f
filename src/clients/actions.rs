//! Writes about machine clients.

use ipnet::IpNet;

use super::{
    model::{Client, ClientRowId},
    rules, store,
    view::ClientView,
};
use crate::{
    access::Scope,
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Error, Result},
    kernel::{
        id::{UnitId, WardId},
        json::JsonText,
        text::clean,
        time::{Clock, Timestamp},
    },
    units,
};

/// What a new client is made of.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// The name it signs in with.
    pub client_id: String,
    /// What it is.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<Scope>,
    /// The unit it acts for.
    pub unit_id: Option<UnitId>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Networks from which it may call; none: from anywhere.
    pub allowed_networks: Vec<IpNet>,
    /// SHA-256 of its secret.
    pub secret_hash: String,
}

/// What changes about a client: absent keeps.
#[derive(Clone, Debug, Default)]
pub struct ClientChanges {
    /// What it is.
    pub name: Option<String>,
    /// Its scopes.
    pub scopes: Option<Vec<Scope>>,
    /// The unit it acts for.
    pub unit_id: Option<Option<UnitId>>,
    /// When it ends; a time that is over stops it at once.
    pub expires_at: Option<Option<Timestamp>>,
    /// Networks from which it may call; none: from anywhere.
    pub allowed_networks: Option<Vec<IpNet>>,
}

/// Adds a client of a ward, or, without one, of the city.
///
/// # Errors
/// `invalid`, `unknown_reference`, `code_taken`.
pub fn create_client(tx: &mut Tx<'_>, ward_id: Option<WardId>, new: NewClient) -> Result<Client> {
    let client = Client {
        id: ClientRowId::generate(),
        ward_id,
        unit_id: new.unit_id,
        client_id: clean(&new.client_id),
        name: clean(&new.name),
        scopes: JsonText::of(&new.scopes),
        secret_hash: new.secret_hash,
        credential_version: 1,
        version: 1,
        expires_at: new.expires_at,
        allowed_networks: JsonText::of(&new.allowed_networks),
        previous_secret_hash: None,
        previous_secret_until: None,
        last_used_at: None,
    };
    rules::check_expiry(client.expires_at, Clock::real_now())?;
    check(tx, &client, &new.scopes)?;
    store::insert_client(tx.connection, &client)?;
    let view = ClientView::of(&client)?;
    tx.record(Event::new("client.created", "client", client.id).between(None, Some(&view)));
    Ok(client)
}

/// Changes a client.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `invalid`.
pub fn change_client(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    id: ClientRowId,
    changes: ClientChanges,
) -> Result<Client> {
    let before = get_client(tx.connection, ward_id, id)?;
    tx.require_version(before.version)?;
    let scopes = match changes.scopes {
        Some(scopes) => scopes,
        None => before.scopes.read().map_err(Error::internal)?,
    };
    let after = Client {
        name: changes.name.map_or_else(|| before.name.clone(), |name| clean(&name)),
        scopes: JsonText::of(&scopes),
        unit_id: changes.unit_id.unwrap_or(before.unit_id),
        expires_at: changes.expires_at.unwrap_or(before.expires_at),
        allowed_networks: changes
            .allowed_networks
            .map_or_else(|| before.allowed_networks.clone(), |networks| JsonText::of(&networks)),
        version: before.version + 1,
        ..before.clone()
    };
    check(tx, &after, &scopes)?;
    store::update_client(tx.connection, &before, &after)?;
    let (old, new) = (ClientView::of(&before)?, ClientView::of(&after)?);
    tx.record(Event::new("client.changed", "client", id).between(Some(&old), Some(&new)));
    Ok(after)
}

/// A new secret, and for how long the old one works beside it.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// SHA-256 of the new secret.
    pub secret_hash: String,
    /// Seconds for which the old secret still works, and with it the tokens that were issued; 0 ends all at once.
    pub overlap_seconds: i64,
}

/// Gives a client of this ward a new secret.
///
/// # Errors
/// Not found, `version_stale`, `invalid`.
pub fn rotate_secret(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    id: ClientRowId,
    rotation: Rotation,
) -> Result<Client> {
    let before = get_client(tx.connection, ward_id, id)?;
    rotate(tx, &before, rotation)
}

/// [`rotate_secret`] for the console, which knows clients of the city and of all wards by their names.
///
/// # Errors
/// Not found, `invalid`.
pub fn rotate_by_client_id(tx: &mut Tx<'_>, client_id: &str, rotation: Rotation) -> Result<Client> {
    let before = find_by_client_id(tx.connection, client_id)?.ok_or_else(Error::not_found)?;
    tx.record_for(before.ward_id);
    rotate(tx, &before, rotation)
}

/// There is one secret before at most: a rotation ends the one before that.
fn rotate(tx: &mut Tx<'_>, before: &Client, rotation: Rotation) -> Result<Client> {
    let Rotation { secret_hash, overlap_seconds } = rotation;
    tx.check_version(before.version)?;
    rules::check_overlap(overlap_seconds)?;
    let overlaps = overlap_seconds > 0;
    let after = Client {
        secret_hash,
        previous_secret_hash: overlaps.then(|| before.secret_hash.clone()),
        previous_secret_until: overlaps.then(|| Clock::real_now().plus_seconds(overlap_seconds)),
        credential_version: before.credential_version + i64::from(!overlaps),
        version: before.version + 1,
        ..before.clone()
    };
    store::update_client(tx.connection, before, &after)?;
    let (old, new) = (ClientView::of(before)?, ClientView::of(&after)?);
    tx.record(Event::new("client.secret_rotated", "client", before.id).between(Some(&old), Some(&new)));
    Ok(after)
}

/// Notes that a client got a token now.
///
/// # Errors
/// When the database fails.
pub fn note_use(connection: &mut AnyConnection, id: ClientRowId, at: Timestamp) -> Result<()> {
    store::update_last_used(connection, id, at)
}

/// The clients of the city.
///
/// # Errors
/// When the database fails.
pub fn list_city_clients(connection: &mut AnyConnection) -> Result<Vec<Client>> {
    store::list_city_clients(connection)
}

/// Deletes a client; its tokens stop working at once.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`.
pub fn delete_client(tx: &mut Tx<'_>, ward_id: WardId, id: ClientRowId) -> Result<()> {
    let client = get_client(tx.connection, ward_id, id)?;
    tx.require_version(client.version)?;
    store::delete_client(tx.connection, &client)?;
    let view = ClientView::of(&client)?;
    tx.record(Event::new("client.deleted", "client", id).between(Some(&view), None));
    Ok(())
}

/// Makes the clients that act for these units act for another; their secrets and tokens stay.
///
/// # Errors
/// `concurrent_change`.
pub fn move_clients(tx: &mut Tx<'_>, ward_id: WardId, from: &[UnitId], to: UnitId) -> Result<()> {
    for before in store::list_of_units(tx.connection, ward_id, from)? {
        let after = Client { unit_id: Some(to), version: before.version + 1, ..before.clone() };
        store::update_client(tx.connection, &before, &after)?;
        let (old, new) = (ClientView::of(&before)?, ClientView::of(&after)?);
        tx.record(Event::new("client.moved", "client", before.id).between(Some(&old), Some(&new)));
    }
    Ok(())
}

/// A client of this ward.
///
/// # Errors
/// Not found.
pub fn get_client(connection: &mut AnyConnection, ward_id: WardId, id: ClientRowId) -> Result<Client> {
    store::find_client(connection, ward_id, id)?.ok_or_else(Error::not_found)
}

/// A client by the name it signs in with.
///
/// # Errors
/// When the database fails.
pub fn find_by_client_id(connection: &mut AnyConnection, client_id: &str) -> Result<Option<Client>> {
    store::find_by_client_id(connection, client_id)
}

fn check(tx: &mut Tx<'_>, client: &Client, scopes: &[Scope]) -> Result<()> {
    rules::check_client(client, scopes)?;
    if let (Some(ward_id), Some(unit_id)) = (client.ward_id, client.unit_id) {
        units::actions::require_unit(tx.connection, ward_id, unit_id, "/unit_id")?;
    }
    Ok(())
}
