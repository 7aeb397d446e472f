//! Signing in and out. A refused sign-in is written down too, so it is an outcome and not an error.

use std::sync::Arc;

use secrecy::SecretString;

use super::{
    model::{FamilyId, RefreshToken, RefreshTokenId},
    rules::{self, Worth},
    store,
};
use crate::{
    access::{Actor, Role, Scope, password, token::Claims},
    accounts::{self, Account, AccountId},
    audit::Event,
    clients::{self, Client, rules::Unfit},
    context::{Ctx, Tx},
    error::{Error, Result},
    kernel::{
        id::RawId,
        text::clean,
        time::{Clock, Timestamp},
    },
};

/// What a sign-in gives.
#[derive(Debug)]
pub struct Tokens {
    /// Signed access token.
    pub access_token: String,
    /// Refresh token; machines have none.
    pub refresh_token: Option<String>,
    /// Scopes of a machine client.
    pub scope: Option<String>,
}

/// Signs a person in; `None` where name and password do not fit, the account is locked or shut: all look alike.
///
/// # Errors
/// Busy, when too many sign in at once.
pub async fn sign_in(ctx: &Ctx, username: &str, secret: SecretString) -> Result<Option<Tokens>> {
    let username = clean(username).to_lowercase();
    let name = username.clone();
    let account = ctx.read(move |c| accounts::actions::find_account_by_username(c, &name)).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let fits = ctx.services.hasher.verify(secret, hash).await?;
    let Some(account) = account else {
        let name: String = username.chars().take(64).collect();
        ctx.write_value(move |tx| {
            tx.record_for(None);
            tx.record(Event::new("session.refused", "username", name));
            Ok(())
        })
        .await?;
        return Ok(None);
    };
    let issued = ctx.write_value(move |tx| settle_sign_in(tx, &account, fits)).await?;
    issued.map(|issued| issue(ctx, issued)).transpose()
}

/// Decides on the account as it is now, which may have changed while the hash was computed.
fn settle_sign_in(tx: &mut Tx<'_>, seen: &Account, fits: bool) -> Result<Option<Issued>> {
    let now = Clock::real_now();
    let account = accounts::actions::lock_account(tx.connection, seen.id)?;
    tx.record_for(Some(account.ward_id));
    let open = account.active && !rules::is_locked(account.locked_until, now);
    let same = account.credential_version == seen.credential_version;
    if open && fits && same {
        store::clear_failures(tx.connection, account.id)?;
        let family = FamilyId::generate();
        let refresh_token = add_refresh_token(tx, &account, family, now)?;
        tx.record(Event::new("session.started", "user", account.id).by(account.to_actor()?));
        return Ok(Some(Issued { account, family, refresh_token }));
    }
    if open && !fits {
        store::count_failure(tx.connection, account.id, now)?;
    }
    tx.record(Event::new("session.refused", "user", account.id));
    Ok(None)
}

/// Starts a session of somebody whom the identity provider vouches for; `None` where the account is shut by now.
///
/// A lock after wrong passwords does not count: it guards the password, and none was used.
///
/// # Errors
/// Not found, when there is no such account.
pub async fn start_session(ctx: &Ctx, id: AccountId) -> Result<Option<Tokens>> {
    let issued = ctx.write_value(move |tx| begin_session(tx, id)).await?;
    issued.map(|issued| issue(ctx, issued)).transpose()
}

pub(super) fn begin_session(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Issued>> {
    let account = accounts::actions::lock_account(tx.connection, id)?;
    tx.record_for(Some(account.ward_id));
    if !account.active {
        tx.record(Event::new("session.refused", "user", id).with("via", rules::BY_PROVIDER));
        return Ok(None);
    }
    let family = FamilyId::generate();
    let refresh_token = add_refresh_token(tx, &account, family, Clock::real_now())?;
    let event = Event::new("session.started", "user", id).by(account.to_actor()?);
    tx.record(event.with("via", rules::BY_PROVIDER));
    Ok(Some(Issued { account, family, refresh_token }))
}

/// Exchanges a refresh token for new tokens; `None` where it is worth nothing.
///
/// # Errors
/// When the database fails.
pub async fn refresh(ctx: &Ctx, token: &str) -> Result<Option<Tokens>> {
    let digest = password::digest(token);
    let found = ctx
        .read(move |c| {
            let Some(token) = store::find_refresh_token(c, &digest)? else { return Ok(None) };
            Ok(store::find_account(c, token.account_id)?.map(|account| (token.token_hash, account)))
        })
        .await?;
    let Some((digest, account)) = found else { return Ok(None) };
    let issued = ctx.write_value(move |tx| settle_refresh(tx, &digest, &account)).await?;
    issued.map(|issued| issue(ctx, issued)).transpose()
}

fn settle_refresh(tx: &mut Tx<'_>, digest: &str, seen: &Account) -> Result<Option<Issued>> {
    let now = Clock::real_now();
    let account = accounts::actions::lock_account(tx.connection, seen.id)?;
    let token = store::find_refresh_token(tx.connection, digest)?.ok_or_else(Error::not_found)?;
    tx.record_for(Some(account.ward_id));
    let worth = rules::worth_of(&token, account.active, account.credential_version, now);
    if worth == Worth::Void {
        tx.record(Event::new("session.refused", "user", account.id));
        return Ok(None);
    }
    if worth == Worth::Reused {
        store::revoke_family(tx.connection, token.family_id, now)?;
        tx.record(Event::new("session.reuse_detected", "user", account.id));
        return Ok(None);
    }
    store::use_refresh_token(tx.connection, &token, now)?;
    let family = token.family_id;
    let refresh_token = add_refresh_token(tx, &account, family, now)?;
    tx.record(Event::new("session.refreshed", "user", account.id).by(account.to_actor()?));
    Ok(Some(Issued { account, family, refresh_token }))
}

/// Signs a machine client in; `None` where id and secret do not fit, it has ended or calls from elsewhere: all look alike.
///
/// # Errors
/// When the database fails.
pub async fn sign_in_client(ctx: &Ctx, client_id: &str, secret: &str) -> Result<Option<Client>> {
    let name = clean(client_id);
    let client = ctx.read(move |c| clients::actions::find_by_client_id(c, &name)).await?;
    let digest = password::digest(secret);
    let now = Clock::real_now();
    let refused_for = match &client {
        Some(client) => clients::rules::check_sign_in(client, &digest, ctx.peer, now)?.map(Unfit::as_str),
        None => Some("client_id"),
    };
    let name: String = client_id.chars().take(64).collect();
    let (ward_id, id) = (client.as_ref().and_then(|client| client.ward_id), client.as_ref().map(|c| c.id));
    let peer = ctx.peer;
    ctx.write_value(move |tx| {
        tx.record_for(ward_id);
        let kind = if refused_for.is_none() { "session.started" } else { "session.refused" };
        let event = Event::new(kind, "client", name).with("address", peer);
        tx.record(refused_for.iter().fold(event, |event, why| event.with("refused_for", why)));
        match id.filter(|_| refused_for.is_none()) {
            Some(id) => clients::actions::note_use(tx.connection, id, now),
            None => Ok(()),
        }
    })
    .await?;
    Ok(client.filter(|_| refused_for.is_none()))
}

/// Signs an access token for a machine client with these of its scopes.
///
/// # Errors
/// Internal, when signing fails.
pub fn issue_to_client(ctx: &Ctx, client: &Client, scopes: &[Scope]) -> Result<Tokens> {
    let scope = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
    let access_token = ctx.services.tokens.sign(Claims {
        ward: client.ward_id.map(|id| id.to_string()),
        unit: client.unit_id.map(|id| id.to_string()),
        scope: Some(scope.clone()),
        client: true,
        ..claims(client.id.to_string(), client.credential_version)
    })?;
    Ok(Tokens { access_token, refresh_token: None, scope: Some(scope) })
}

/// Ends what a token stands for: a refresh token its whole sign-in, an access token itself. Others change nothing.
///
/// # Errors
/// When the database fails.
pub async fn revoke(ctx: &Ctx, token: &str) -> Result<()> {
    let now = Clock::real_now();
    if let Some(claims) = ctx.services.tokens.verify(token) {
        let found = ctx
            .read(move |c| Ok(crate::access::store::find_actor(c, &claims, now)?.map(|a| (a, claims))))
            .await?;
        let Some((actor, claims)) = found else { return Ok(()) };
        return acting_as(ctx, actor)
            .write_value(move |tx| {
                let left = claims.exp - now.unix_seconds();
                store::revoke_access(tx.connection, &claims.jti, now.plus_seconds(left), now)?;
                tx.record(Event::new("session.revoked", "access_token", &claims.jti));
                Ok(())
            })
            .await;
    }
    let digest = password::digest(token);
    let found = ctx
        .read(move |c| {
            let Some(token) = store::find_refresh_token(c, &digest)? else { return Ok(None) };
            Ok(store::find_account(c, token.account_id)?.map(|account| (token, account)))
        })
        .await?;
    let Some((token, account)) = found else { return Ok(()) };
    acting_as(ctx, account.to_actor()?)
        .write_value(move |tx| {
            // A refresh at this moment waits, and then finds its family ended.
            accounts::actions::lock_account(tx.connection, account.id)?;
            store::revoke_family(tx.connection, token.family_id, now)?;
            tx.record(Event::new("session.revoked", "user", account.id));
            Ok(())
        })
        .await
}

/// Changes the caller's own password; `false` where the current one does not fit, which counts as a wrong sign-in.
///
/// # Errors
/// Busy, when too many hashes are computed at once.
pub async fn change_password(
    ctx: &Ctx,
    account: Account,
    current: SecretString,
    new: SecretString,
) -> Result<bool> {
    let fits = ctx.services.hasher.verify(current, Some(account.password_hash.clone())).await?;
    let hash = ctx.services.hasher.hash(new).await?;
    ctx.write_value(move |tx| {
        let now = Clock::real_now();
        let locked =
            rules::is_locked(accounts::actions::lock_account(tx.connection, account.id)?.locked_until, now);
        if fits && !locked {
            let kind = "user.password_changed";
            accounts::actions::set_password(tx, kind, account.ward_id, account.id, hash)?;
            return Ok(true);
        }
        if !locked {
            store::count_failure(tx.connection, account.id, now)?;
        }
        tx.record(Event::new("session.refused", "user", account.id));
        Ok(false)
    })
    .await
}

fn add_refresh_token(
    tx: &mut Tx<'_>,
    account: &Account,
    family_id: FamilyId,
    now: Timestamp,
) -> Result<String> {
    let secret = password::random_secret()?;
    let token = RefreshToken {
        id: RefreshTokenId::generate(),
        family_id,
        account_id: account.id,
        token_hash: password::digest(&secret),
        credential_version: account.credential_version,
        expires_at: now.plus_seconds(rules::REFRESH_SECONDS),
        used_at: None,
        revoked_at: None,
    };
    store::insert_refresh_token(tx.connection, &token, now)?;
    Ok(secret)
}

/// A sign-in that was settled: whose it is, and its newest refresh token.
pub(super) struct Issued {
    account: Account,
    family: FamilyId,
    refresh_token: String,
}

pub(super) fn issue(ctx: &Ctx, issued: Issued) -> Result<Tokens> {
    let Issued { account, family, refresh_token } = issued;
    let roles: Vec<Role> = account.roles.read().map_err(Error::internal)?;
    let access_token = ctx.services.tokens.sign(Claims {
        ward: Some(account.ward_id.to_string()),
        unit: Some(account.unit_id.to_string()),
        roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
        sid: Some(family.to_string()),
        ..claims(account.id.to_string(), account.credential_version)
    })?;
    Ok(Tokens { access_token, refresh_token: Some(refresh_token), scope: None })
}

fn claims(sub: String, cv: i64) -> Claims {
    Claims {
        iss: String::new(),
        aud: String::new(),
        sub,
        ward: None,
        unit: None,
        roles: Vec::new(),
        scope: None,
        client: false,
        cv,
        sid: None,
        jti: RawId::generate().to_string(),
        iat: 0,
        exp: 0,
    }
}

/// The same request, with the person it turned out to be.
fn acting_as(ctx: &Ctx, actor: Actor) -> Ctx {
    Ctx { actor: Arc::new(actor), ..ctx.clone() }
}
