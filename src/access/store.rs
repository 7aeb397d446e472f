//! Who a token's subject is at this moment: read anew on every request, so that a deactivation works at once.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::{
    actor::{Actor, ActorKind, Role, Scope},
    token::Claims,
};
use crate::{
    db::AnyConnection,
    error::{Error, Result},
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        json::JsonText,
    },
    schema::{accounts, clients, revoked_tokens},
};

/// The caller that a genuine token names; `None` if it no longer stands for anybody.
///
/// # Errors
/// When the database fails.
pub fn find_actor(connection: &mut AnyConnection, claims: &Claims) -> Result<Option<Actor>> {
    let revoked: Option<String> =
        revoked_tokens::table.find(&claims.jti).select(revoked_tokens::jti).first(connection).optional()?;
    let Some(id) = PrincipalId::parse(&claims.sub).filter(|_| revoked.is_none()) else {
        return Ok(None);
    };
    if claims.client { find_client(connection, id, claims) } else { find_account(connection, id, claims.cv) }
}

fn find_account(connection: &mut AnyConnection, id: PrincipalId, credentials: i64) -> Result<Option<Actor>> {
    type Row = (WardId, UnitId, JsonText, String, Option<String>);
    let row: Option<Row> = accounts::table
        .filter(accounts::id.eq(id))
        .filter(accounts::active.eq(true))
        .filter(accounts::credential_version.eq(credentials))
        .select((
            accounts::ward_id,
            accounts::unit_id,
            accounts::roles,
            accounts::username,
            accounts::position,
        ))
        .first(connection)
        .optional()?;
    let Some((ward_id, unit_id, roles, name, position)) = row else {
        return Ok(None);
    };
    Ok(Some(Actor {
        kind: ActorKind::Account,
        principal_id: Some(id),
        ward_id: Some(ward_id),
        unit_id: Some(unit_id),
        roles: roles.read::<Vec<Role>>().map_err(Error::internal)?,
        scopes: Vec::new(),
        name,
        position,
    }))
}

fn find_client(connection: &mut AnyConnection, id: PrincipalId, claims: &Claims) -> Result<Option<Actor>> {
    type Row = (Option<WardId>, Option<UnitId>, JsonText, String);
    let row: Option<Row> = clients::table
        .filter(clients::id.eq(id))
        .filter(clients::credential_version.eq(claims.cv))
        .select((clients::ward_id, clients::unit_id, clients::scopes, clients::client_id))
        .first(connection)
        .optional()?;
    let Some((ward_id, unit_id, scopes, name)) = row else {
        return Ok(None);
    };
    // A client may have asked for a token with some of its scopes only.
    let asked = claims.scope.as_deref().unwrap_or_default();
    let mut scopes = scopes.read::<Vec<Scope>>().map_err(Error::internal)?;
    scopes.retain(|scope| asked.split(' ').any(|word| word == scope.as_str()));
    Ok(Some(Actor {
        kind: ActorKind::Client,
        principal_id: Some(id),
        ward_id,
        unit_id,
        roles: Vec::new(),
        scopes,
        name,
        position: None,
    }))
}
