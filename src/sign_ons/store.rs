//! All SQL about browsers on their way to the identity provider.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper};

use super::{model::Attempt, rules};
use crate::{db::AnyConnection, error::Result, kernel::time::Timestamp, schema::sign_on_attempts};

/// Adds an attempt and forgets those that ran out; `false`, and nothing added, where too many are under way.
pub(super) fn insert_attempt(connection: &mut AnyConnection, new: &Attempt) -> Result<bool> {
    use sign_on_attempts as a;
    let over = new.created_at.plus_seconds(-rules::ATTEMPT_SECONDS);
    diesel::delete(a::table.filter(a::created_at.le(over))).execute(connection)?;
    let live: i64 = a::table.count().get_result(connection)?;
    if live >= rules::MAX_ATTEMPTS {
        return Ok(false);
    }
    diesel::insert_into(a::table)
        .values((
            a::state_hash.eq(&new.state_hash),
            a::nonce.eq(&new.nonce),
            a::pkce_verifier.eq(&new.pkce_verifier),
            a::return_to.eq(&new.return_to),
            a::code_challenge.eq(&new.code_challenge),
            a::created_at.eq(new.created_at),
        ))
        .execute(connection)?;
    Ok(true)
}

/// Takes an attempt out, if it has not run out. Of two that ask at once, one gets it.
pub(super) fn delete_attempt(
    connection: &mut AnyConnection,
    state_hash: &str,
    now: Timestamp,
) -> Result<Option<Attempt>> {
    use sign_on_attempts as a;
    let found: Option<Attempt> = a::table
        .find(state_hash)
        .filter(a::created_at.gt(now.plus_seconds(-rules::ATTEMPT_SECONDS)))
        .select(Attempt::as_select())
        .first(connection)
        .optional()?;
    let deleted = diesel::delete(a::table.find(state_hash)).execute(connection)?;
    Ok(found.filter(|_| deleted == 1))
}
