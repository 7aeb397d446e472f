//! Who calls, from where, and whether it may: the part of the gate that knows tokens and the role table.

use std::net::IpAddr;

use actix_web::{dev::ServiceRequest, http::header};

use crate::{
    access::{self, Actor, ActorKind, Permission, networks, policy},
    context::{Ctx, Services},
    error::{Code, Error, Result, text},
    kernel::id::WardId,
};

/// Who the bearer token says it is; nobody, where there is none.
pub(super) async fn authenticate(request: &ServiceRequest, services: &Services) -> Result<Actor> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return Ok(Actor::anonymous());
    };
    let refused = || Error::new(Code::Unauthenticated);
    let (scheme, token) = value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or_else(refused)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refused());
    }
    let claims = services.tokens.verify(token.trim()).ok_or_else(refused)?;
    let now = services.clock.now();
    // Its signature vouches for the ward it names; the handler then works on the same rows.
    let scope = claims.ward.as_deref().and_then(WardId::parse).into();
    services
        .db
        .read(scope, move |connection| access::store::find_actor(connection, &claims, now))
        .await?
        .ok_or_else(refused)
}

/// Whether the caller may call this operation, and from where it does.
pub(super) fn check_caller(ctx: &Ctx, permission: Permission) -> Result<()> {
    if !networks::admits(&ctx.actor.networks, ctx.peer) {
        let sentence = Code::NetworkNotAllowed.sentence();
        let from = ctx.peer.map_or_else(|| "?".to_owned(), |peer| peer.to_string());
        return Err(Error::because(
            Code::NetworkNotAllowed,
            text(format!("{} ({from})", sentence.vi), format!("{} ({from})", sentence.en)),
        ));
    }
    match ctx.actor.kind {
        _ if policy::allows(&ctx.actor, permission) => Ok(()),
        ActorKind::Anonymous => Err(Error::new(Code::Unauthenticated)),
        kind => Err(Error::because(Code::Forbidden, policy::refusal(kind, permission))),
    }
}

/// Where the call comes from.
pub(super) fn peer_of(request: &ServiceRequest, services: &Services) -> Option<IpAddr> {
    let lines = request.headers().get_all("X-Forwarded-For");
    let lines: Vec<&str> = lines.map(|line| line.to_str().unwrap_or_default()).collect();
    let connection = request.peer_addr().map(|address| address.ip());
    networks::caller_of(connection, &lines, &services.settings.trusted_proxies)
}
