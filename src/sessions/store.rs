//! All SQL about sign-ins, refresh tokens and revocations.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper};

use super::{
    model::{FamilyId, RefreshToken, SignInCode},
    rules,
};
use crate::{
    access::token::LIFETIME_SECONDS,
    accounts::{Account, AccountId},
    db::AnyConnection,
    error::Result,
    kernel::{id::RawId, time::Timestamp},
    schema::{accounts, refresh_tokens, revoked_tokens, sign_in_codes, sign_in_failures},
};

/// The account of a refresh token, whatever its ward.
pub(super) fn find_account(connection: &mut AnyConnection, id: AccountId) -> Result<Option<Account>> {
    Ok(accounts::table.find(id).select(Account::as_select()).first(connection).optional()?)
}

/// Counts a wrong password on an account that the caller has locked, and shuts it at the last one.
pub(super) fn count_failure(connection: &mut AnyConnection, id: AccountId, now: Timestamp) -> Result<()> {
    use sign_in_failures as f;
    let window = now.plus_seconds(-rules::WINDOW_SECONDS);
    diesel::delete(f::table.filter(f::account_id.eq(id)).filter(f::failed_at.le(window)))
        .execute(connection)?;
    diesel::insert_into(f::table)
        .values((f::id.eq(RawId::generate().as_str()), f::account_id.eq(id), f::failed_at.eq(now)))
        .execute(connection)?;
    let failures: i64 = f::table.filter(f::account_id.eq(id)).count().get_result(connection)?;
    if failures >= rules::MAX_FAILURES {
        clear_failures(connection, id)?;
        diesel::update(accounts::table.find(id))
            .set(accounts::locked_until.eq(now.plus_seconds(rules::LOCK_SECONDS)))
            .execute(connection)?;
    }
    Ok(())
}

/// Forgets wrong passwords after a right one.
pub(super) fn clear_failures(connection: &mut AnyConnection, id: AccountId) -> Result<()> {
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::account_id.eq(id)))
        .execute(connection)?;
    Ok(())
}

/// A refresh token by its digest.
pub(super) fn find_refresh_token(
    connection: &mut AnyConnection,
    digest: &str,
) -> Result<Option<RefreshToken>> {
    Ok(refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(digest))
        .select(RefreshToken::as_select())
        .first(connection)
        .optional()?)
}

/// Adds a refresh token, and forgets those of the same account that expired.
pub(super) fn insert_refresh_token(
    connection: &mut AnyConnection,
    new: &RefreshToken,
    now: Timestamp,
) -> Result<()> {
    use refresh_tokens as t;
    diesel::delete(t::table.filter(t::account_id.eq(new.account_id)).filter(t::expires_at.le(now)))
        .execute(connection)?;
    diesel::insert_into(t::table)
        .values((
            t::id.eq(new.id),
            t::family_id.eq(new.family_id),
            t::account_id.eq(new.account_id),
            t::token_hash.eq(&new.token_hash),
            t::credential_version.eq(new.credential_version),
            t::expires_at.eq(new.expires_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// Adds a one-time code, and forgets those that ran out.
pub(super) fn insert_code(connection: &mut AnyConnection, new: &SignInCode) -> Result<()> {
    use sign_in_codes as c;
    let over = new.created_at.plus_seconds(-rules::CODE_SECONDS);
    diesel::delete(c::table.filter(c::created_at.le(over))).execute(connection)?;
    diesel::insert_into(c::table)
        .values((
            c::code_hash.eq(&new.code_hash),
            c::account_id.eq(new.account_id),
            c::code_challenge.eq(&new.code_challenge),
            c::created_at.eq(new.created_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// A one-time code that has not run out, by its digest.
pub(super) fn find_code(
    connection: &mut AnyConnection,
    digest: &str,
    now: Timestamp,
) -> Result<Option<SignInCode>> {
    use sign_in_codes as c;
    Ok(c::table
        .find(digest)
        .filter(c::created_at.gt(now.plus_seconds(-rules::CODE_SECONDS)))
        .select(SignInCode::as_select())
        .first(connection)
        .optional()?)
}

/// Uses a one-time code up; `false` where somebody else just did.
pub(super) fn delete_code(connection: &mut AnyConnection, digest: &str) -> Result<bool> {
    Ok(diesel::delete(sign_in_codes::table.find(digest)).execute(connection)? == 1)
}

/// Marks a refresh token as used; the caller has locked its account.
pub(super) fn use_refresh_token(
    connection: &mut AnyConnection,
    token: &RefreshToken,
    now: Timestamp,
) -> Result<()> {
    use refresh_tokens as t;
    diesel::update(t::table.find(token.id)).set(t::used_at.eq(now)).execute(connection)?;
    Ok(())
}

/// Ends a sign-in: all its refresh tokens, and the access tokens that came with them.
pub(super) fn revoke_family(connection: &mut AnyConnection, family: FamilyId, now: Timestamp) -> Result<()> {
    use refresh_tokens as t;
    diesel::update(t::table.filter(t::family_id.eq(family)).filter(t::revoked_at.is_null()))
        .set(t::revoked_at.eq(now))
        .execute(connection)?;
    revoke_access(connection, family.as_str(), now.plus_seconds(LIFETIME_SECONDS), now)
}

/// Voids an access token, or all of a sign-in, until they would have expired; forgets those that have.
pub(super) fn revoke_access(
    connection: &mut AnyConnection,
    id: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    use revoked_tokens as r;
    diesel::delete(r::table.filter(r::expires_at.le(now)).or_filter(r::jti.eq(id))).execute(connection)?;
    diesel::insert_into(r::table)
        .values((r::jti.eq(id), r::expires_at.eq(expires_at)))
        .execute(connection)?;
    Ok(())
}
