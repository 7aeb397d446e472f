//! Adding the rows of a whole plan, many in one statement.

use diesel::{ExpressionMethods, RunQueryDsl};

use super::{conflict, exact_key_of, search_key_of};
use crate::{
    db::{AnyConnection, per_backend},
    error::Result,
    items::model::{Assignment, ItemId, PlanItem, Target},
    kernel::id::UnitId,
    schema::{assignments, item_coordinators, item_targets, plan_items},
};

/// Rows of one statement: an item has some 40 columns, and SQLite takes about 32,000 values.
const CHUNK: usize = 500;

/// Adds items, those above before those below.
pub(in crate::items) fn insert_items(connection: &mut AnyConnection, items: &[PlanItem]) -> Result<()> {
    for chunk in items.chunks(CHUNK) {
        let row = |item| {
            let keys = (
                plan_items::title_lower.eq(exact_key_of(item)),
                plan_items::search_key.eq(search_key_of(item)),
            );
            (item, keys.0, keys.1)
        };
        let rows: Vec<_> = chunk.iter().map(row).collect();
        per_backend!(connection, c => diesel::insert_into(plan_items::table).values(rows).execute(c))
            .map_err(conflict)?;
    }
    Ok(())
}

/// Adds targets.
pub(in crate::items) fn insert_targets(connection: &mut AnyConnection, targets: &[Target]) -> Result<()> {
    for chunk in targets.chunks(CHUNK) {
        per_backend!(connection, c => diesel::insert_into(item_targets::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Adds units that work along.
pub(in crate::items) fn insert_coordinators(
    connection: &mut AnyConnection,
    pairs: &[(ItemId, UnitId)],
) -> Result<()> {
    for chunk in pairs.chunks(CHUNK) {
        let row = |(item, unit): &(ItemId, UnitId)| {
            (item_coordinators::item_id.eq(*item), item_coordinators::unit_id.eq(*unit))
        };
        let rows: Vec<_> = chunk.iter().map(row).collect();
        per_backend!(connection, c => diesel::insert_into(item_coordinators::table).values(&rows).execute(c))?;
    }
    Ok(())
}

/// Adds assignments.
pub(in crate::items) fn insert_assignments(
    connection: &mut AnyConnection,
    rows: &[Assignment],
) -> Result<()> {
    for chunk in rows.chunks(CHUNK) {
        per_backend!(connection, c => diesel::insert_into(assignments::table).values(chunk).execute(c))?;
    }
    Ok(())
}
