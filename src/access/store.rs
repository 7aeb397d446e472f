//! Who a token's subject is at this moment: read anew on every request, so that a deactivation works at once.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl, dsl,
};

use super::{
    actor::{Actor, ActorKind, Authority, Role, Scope},
    networks::read_networks,
    token::Claims,
};
use crate::{
    db::AnyConnection,
    error::{Error, Result},
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        json::JsonText,
        time::{Clock, Timestamp},
    },
    schema::{accounts, clients, delegations, revoked_tokens},
};

/// The caller that a genuine token names; `None` if it no longer stands for anybody.
///
/// # Errors
/// When the database fails.
pub fn find_actor(connection: &mut AnyConnection, claims: &Claims, now: Timestamp) -> Result<Option<Actor>> {
    let Some(id) = PrincipalId::parse(&claims.sub) else {
        return Ok(None);
    };
    if claims.client {
        find_client(connection, id, claims)
    } else {
        find_account(connection, id, claims, now)
    }
}

/// Whether this token itself was revoked.
#[dsl::auto_type]
fn is_revoked<'a>(claims: &'a Claims) -> _ {
    let jti: &'a str = &claims.jti;
    dsl::exists(revoked_tokens::table.filter(revoked_tokens::jti.eq(jti)))
}

fn find_account(
    connection: &mut AnyConnection,
    id: PrincipalId,
    claims: &Claims,
    now: Timestamp,
) -> Result<Option<Actor>> {
    type Row = (WardId, UnitId, JsonText, String, Option<String>, bool);
    let delegated = delegations::table
        .filter(delegations::delegate_id.eq(accounts::id))
        .filter(delegations::ends_at.ge(now));
    let row: Option<Row> = accounts::table
        .filter(accounts::id.eq(id))
        .filter(accounts::active.eq(true))
        .filter(accounts::credential_version.eq(claims.cv))
        .filter(dsl::not(is_revoked(claims)))
        .select((
            accounts::ward_id,
            accounts::unit_id,
            accounts::roles,
            accounts::username,
            accounts::position,
            // Most accounts hold none, and this saves them the second query.
            dsl::exists(delegated),
        ))
        .first(connection)
        .optional()?;
    let Some((ward_id, unit_id, roles, name, position, delegated)) = row else {
        return Ok(None);
    };
    let authorities = if delegated { list_authorities(connection, id, unit_id, now)? } else { Vec::new() };
    Ok(Some(Actor {
        kind: ActorKind::Account,
        principal_id: Some(id),
        ward_id: Some(ward_id),
        unit_id: Some(unit_id),
        roles: roles.read::<Vec<Role>>().map_err(Error::internal)?,
        authorities,
        name,
        position,
        ..Actor::anonymous()
    }))
}

/// What is delegated to an account now. A head's authority ends where one of the two leaves the unit.
fn list_authorities(
    connection: &mut AnyConnection,
    delegate: PrincipalId,
    unit_id: UnitId,
    now: Timestamp,
) -> Result<Vec<Authority>> {
    let rows: Vec<(PrincipalId, UnitId, JsonText)> = delegations::table
        .inner_join(accounts::table.on(accounts::id.eq(delegations::grantor_id)))
        .filter(delegations::delegate_id.eq(delegate))
        .filter(delegations::starts_at.le(now))
        .filter(delegations::ends_at.ge(now))
        .filter(delegations::revoked_at.is_null())
        .filter(accounts::active.eq(true))
        .select((accounts::id, accounts::unit_id, accounts::roles))
        .order(delegations::id.asc())
        .limit(20)
        .load(connection)?;
    let mut authorities = Vec::with_capacity(rows.len());
    for (grantor_id, grantor_unit, roles) in rows {
        let mut roles: Vec<Role> = roles.read().map_err(Error::internal)?;
        roles.retain(|role| match role {
            Role::Leader => true,
            Role::DepartmentHead | Role::SchoolHead => grantor_unit == unit_id,
            _ => false,
        });
        authorities.push(Authority { grantor_id, unit_id: grantor_unit, roles });
    }
    Ok(authorities)
}

fn find_client(connection: &mut AnyConnection, id: PrincipalId, claims: &Claims) -> Result<Option<Actor>> {
    type Row = (Option<WardId>, Option<UnitId>, JsonText, JsonText, String);
    // Like its tokens, a client ends by the real clock.
    let lives = clients::expires_at.is_null().or(clients::expires_at.gt(Clock::real_now()));
    let row: Option<Row> = clients::table
        .filter(clients::id.eq(id))
        .filter(clients::credential_version.eq(claims.cv))
        .filter(lives)
        .filter(dsl::not(is_revoked(claims)))
        .select((
            clients::ward_id,
            clients::unit_id,
            clients::scopes,
            clients::allowed_networks,
            clients::client_id,
        ))
        .first(connection)
        .optional()?;
    let Some((ward_id, unit_id, scopes, networks, name)) = row else {
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
        scopes,
        networks: read_networks(&networks)?,
        name,
        ..Actor::anonymous()
    }))
}
