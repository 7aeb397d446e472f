//! All SQL about machine clients.

use diesel::{
    ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper,
};

use super::model::{Client, ClientRowId};
use crate::{
    db::{AnyConnection, is_unique_violation, one_of},
    error::{Code, Error, FieldError, Result},
    kernel::{
        id::{UnitId, WardId},
        page::{Page, PageRequest},
        time::Timestamp,
    },
    schema::clients,
};

/// A ward's clients by `client_id`.
pub(super) fn list_clients(
    connection: &mut AnyConnection,
    ward_id: WardId,
    page: &PageRequest,
) -> Result<Page<Client>> {
    let mut query = clients::table
        .filter(clients::ward_id.eq(ward_id))
        .select(Client::as_select())
        .order(clients::client_id.asc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = page.after.clone() {
        query = query.filter(clients::client_id.gt(after));
    }
    Ok(page.page(query.load(connection)?, |client| client.client_id.clone()))
}

/// The city's clients by `client_id`.
pub(super) fn list_city_clients(connection: &mut AnyConnection) -> Result<Vec<Client>> {
    Ok(clients::table
        .filter(clients::ward_id.is_null())
        .select(Client::as_select())
        .order(clients::client_id.asc())
        .limit(1000)
        .load(connection)?)
}

/// A client of this ward.
pub(super) fn find_client(
    connection: &mut AnyConnection,
    ward_id: WardId,
    id: ClientRowId,
) -> Result<Option<Client>> {
    Ok(clients::table
        .find(id)
        .filter(clients::ward_id.eq(ward_id))
        .select(Client::as_select())
        .first(connection)
        .optional()?)
}

/// The clients that act for these units.
pub(super) fn list_of_units(
    connection: &mut AnyConnection,
    ward_id: WardId,
    units: &[UnitId],
) -> Result<Vec<Client>> {
    Ok(clients::table
        .filter(clients::ward_id.eq(ward_id))
        .filter(one_of(clients::unit_id.assume_not_null(), units))
        .select(Client::as_select())
        .order(clients::client_id.asc())
        .load(connection)?)
}

/// A client by the name it signs in with.
pub(super) fn find_by_client_id(connection: &mut AnyConnection, client_id: &str) -> Result<Option<Client>> {
    Ok(clients::table
        .filter(clients::client_id.eq(client_id))
        .select(Client::as_select())
        .first(connection)
        .optional()?)
}

/// Adds a client.
pub(super) fn insert_client(connection: &mut AnyConnection, new: &Client) -> Result<()> {
    use clients as c;
    diesel::insert_into(c::table)
        .values((
            c::id.eq(new.id),
            c::ward_id.eq(new.ward_id),
            c::unit_id.eq(new.unit_id),
            c::client_id.eq(&new.client_id),
            c::name.eq(&new.name),
            c::scopes.eq(&new.scopes),
            c::secret_hash.eq(&new.secret_hash),
            c::credential_version.eq(new.credential_version),
            c::version.eq(new.version),
            c::expires_at.eq(new.expires_at),
            c::allowed_networks.eq(&new.allowed_networks),
        ))
        .execute(connection)
        .map_err(|error| {
            if is_unique_violation(&error, "clients_client_id") {
                Error::fields(Code::CodeTaken, vec![FieldError::new("/client_id", Code::CodeTaken)])
            } else {
                error.into()
            }
        })?;
    Ok(())
}

/// Writes a changed client over the version that was read.
pub(super) fn update_client(connection: &mut AnyConnection, before: &Client, after: &Client) -> Result<()> {
    use clients as c;
    let changed = diesel::update(c::table.find(after.id).filter(c::version.eq(before.version)))
        .set((
            c::unit_id.eq(after.unit_id),
            c::name.eq(&after.name),
            c::scopes.eq(&after.scopes),
            c::secret_hash.eq(&after.secret_hash),
            c::credential_version.eq(after.credential_version),
            c::version.eq(after.version),
            c::expires_at.eq(after.expires_at),
            c::allowed_networks.eq(&after.allowed_networks),
            c::previous_secret_hash.eq(&after.previous_secret_hash),
            c::previous_secret_until.eq(after.previous_secret_until),
        ))
        .execute(connection)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Notes when a client last got a token; no change of the client, so its version stays.
pub(super) fn update_last_used(connection: &mut AnyConnection, id: ClientRowId, at: Timestamp) -> Result<()> {
    diesel::update(clients::table.find(id)).set(clients::last_used_at.eq(at)).execute(connection)?;
    Ok(())
}

/// Deletes a client in the version that was read; its tokens stop working at once.
pub(super) fn delete_client(connection: &mut AnyConnection, client: &Client) -> Result<()> {
    let deleted = diesel::delete(clients::table.find(client.id).filter(clients::version.eq(client.version)))
        .execute(connection)?;
    if deleted == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}
