//! All SQL about changes.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl};

use super::model::{Change, ChangeId, NewChange, Reach};
use crate::{
    db::AnyConnection,
    error::{Error, Result},
    kernel::id::WardId,
    schema::{change_heads, changes, periods, plans, publications, wards},
};

/// Id of the one row of heads.
const HEAD: i32 = 1;

/// Gives the next number, and makes others who want one wait until the transaction ends.
pub(super) fn advance_head(connection: &mut AnyConnection) -> Result<i64> {
    diesel::update(change_heads::table.find(HEAD))
        .set(change_heads::seq.eq(change_heads::seq + 1))
        .returning(change_heads::seq)
        .get_result(connection)
        .optional()?
        .ok_or_else(|| Error::internal("the feed of changes has no head"))
}

/// The number of the newest change; 0 before the first.
///
/// # Errors
/// When the database fails.
pub fn find_head(connection: &mut AnyConnection) -> Result<i64> {
    let head = change_heads::table.find(HEAD).select(change_heads::seq).first(connection).optional()?;
    Ok(head.unwrap_or(0))
}

/// Adds a change.
pub(super) fn insert_change(connection: &mut AnyConnection, new: &NewChange<'_>) -> Result<()> {
    diesel::insert_into(changes::table).values(new).execute(connection)?;
    Ok(())
}

/// The number of a change.
pub(super) fn find_seq(connection: &mut AnyConnection, id: ChangeId) -> Result<Option<i64>> {
    Ok(changes::table.filter(changes::id.eq(id)).select(changes::seq).first(connection).optional()?)
}

/// The wards that publish to everyone.
pub(super) fn list_open_wards(connection: &mut AnyConnection) -> Result<Vec<WardId>> {
    Ok(wards::table
        .filter(wards::public_results.eq(true))
        .select(wards::id)
        .order(wards::id.asc())
        .load(connection)?)
}

/// The changes after this number that a reader may see, oldest first.
pub(super) fn list_changes(
    connection: &mut AnyConnection,
    reach: Reach,
    after: i64,
    limit: i64,
) -> Result<Vec<Change>> {
    let mut query = changes::table
        .inner_join(wards::table.on(wards::id.eq(changes::ward_id)))
        .inner_join(publications::table.on(publications::id.eq(changes::publication_id)))
        .inner_join(plans::table.on(plans::id.eq(publications::plan_id)))
        .inner_join(periods::table.on(periods::id.eq(publications::period_id)))
        .filter(changes::seq.gt(after))
        .select((
            changes::id,
            changes::kind,
            changes::at,
            wards::code,
            plans::year,
            periods::code,
            publications::number,
            publications::hash,
            publications::corrections,
            publications::withdrawn_reason,
        ))
        .order(changes::seq.asc())
        .limit(limit)
        .into_boxed();
    match reach {
        Reach::All => {}
        Reach::Ward(id) => query = query.filter(changes::ward_id.eq(id)),
        Reach::Open => query = query.filter(wards::public_results.eq(true)),
    }
    Ok(query.load(connection)?)
}
