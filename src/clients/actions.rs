//! Writes about machine clients.

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
    };
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
        version: before.version + 1,
        ..before.clone()
    };
    check(tx, &after, &scopes)?;
    store::update_client(tx.connection, &before, &after)?;
    let (old, new) = (ClientView::of(&before)?, ClientView::of(&after)?);
    tx.record(Event::new("client.changed", "client", id).between(Some(&old), Some(&new)));
    Ok(after)
}

/// Gives a client a new secret; the old one and its tokens end at once.
///
/// # Errors
/// Not found, `version_stale`.
pub fn rotate_secret(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    id: ClientRowId,
    secret_hash: String,
) -> Result<Client> {
    let before = get_client(tx.connection, ward_id, id)?;
    tx.check_version(before.version)?;
    let after = Client {
        secret_hash,
        credential_version: before.credential_version + 1,
        version: before.version + 1,
        ..before.clone()
    };
    store::update_client(tx.connection, &before, &after)?;
    tx.record(Event::new("client.secret_rotated", "client", id));
    Ok(after)
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
