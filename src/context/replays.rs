//! Answers that are kept for their `Idempotency-Key`, so that a repeated request is not done twice.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, sql_types};

use super::{Answer, Idempotency};
use crate::{
    db::{AnyConnection, is_unique_violation, statement},
    error::{Code, Error, Result},
    kernel::{
        id::PrincipalId,
        json::JsonText,
        time::{Clock, Timestamp},
    },
    schema::idempotency_keys,
};

/// Seconds for which an answer is kept for its `Idempotency-Key` (API: 24 hours).
const REPLAY_SECONDS: i64 = 24 * 3600;

/// The answer that was kept for this key, if it was given to the same request.
///
/// # Errors
/// `idempotency_key_reused`; those of the database.
pub(super) fn find_answer(
    connection: &mut AnyConnection,
    principal: PrincipalId,
    idempotency: &Idempotency,
) -> Result<Option<Answer>> {
    let row: Option<(String, Option<JsonText>)> = idempotency_keys::table
        .find((principal.as_str(), &idempotency.key))
        .filter(idempotency_keys::created_at.gt(Clock::real_now().plus_seconds(-REPLAY_SECONDS)))
        .select((idempotency_keys::fingerprint, idempotency_keys::answer))
        .first(connection)
        .optional()?;
    match row {
        None => Ok(None),
        Some((fingerprint, _)) if fingerprint != idempotency.fingerprint => {
            Err(Error::new(Code::IdempotencyKeyReused))
        }
        Some((_, answer)) => answer.map(|text| text.read()).transpose().map_err(Error::internal),
    }
}

/// Claims the key. On PostgreSQL this waits for whoever holds it, and then says it is taken.
///
/// # Errors
/// `idempotency_in_progress`; those of the database.
pub(super) fn insert_key(
    connection: &mut AnyConnection,
    principal: PrincipalId,
    idempotency: &Idempotency,
) -> Result<()> {
    let now = Clock::real_now();
    forget_answers(connection, now.plus_seconds(-REPLAY_SECONDS))?;
    let inserted = diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::principal_id.eq(principal.as_str()),
            idempotency_keys::idempotency_key.eq(&idempotency.key),
            idempotency_keys::fingerprint.eq(&idempotency.fingerprint),
            idempotency_keys::created_at.eq(now),
        ))
        .execute(connection);
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if is_unique_violation(&error, "idempotency_keys_pkey") => {
            Err(Error::new(Code::IdempotencyInProgress))
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes what has become old, in all wards: whoever writes next does it.
fn forget_answers(connection: &mut AnyConnection, before: Timestamp) -> Result<()> {
    if let AnyConnection::Sqlite(sqlite) = connection {
        diesel::delete(idempotency_keys::table)
            .filter(idempotency_keys::created_at.le(before))
            .execute(sqlite)?;
    } else {
        // The policies would leave those of other wards; this runs with the rights of the tables' owner.
        statement("SELECT forget_answers($1)").bind::<sql_types::Timestamp, _>(before).execute(connection)?;
    }
    Ok(())
}

/// Keeps the answer for whoever asks again.
///
/// # Errors
/// Those of the database.
pub(super) fn store_answer(
    connection: &mut AnyConnection,
    principal: PrincipalId,
    idempotency: &Idempotency,
    answer: &Answer,
) -> Result<()> {
    let mut stored = answer.clone();
    if let Some(replay) = stored.replay.take() {
        stored.body = Some(replay);
    }
    diesel::update(idempotency_keys::table.find((principal.as_str(), &idempotency.key)))
        .set(idempotency_keys::answer.eq(JsonText::of(&stored)))
        .execute(connection)?;
    Ok(())
}
