//! All SQL about who reports which leaf.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper};

use crate::{
    db::AnyConnection,
    error::{Code, Error, Result},
    items::model::{Assignment, ItemId, PlanItem},
    kernel::id::UnitId,
    plans::PlanId,
    schema::{assignments, plan_items},
};

/// Who reports this leaf, in the order of their ids; at most a few hundred.
pub(in crate::items) fn list_assignments(
    connection: &mut AnyConnection,
    item_id: ItemId,
) -> Result<Vec<Assignment>> {
    Ok(assignments::table
        .filter(assignments::item_id.eq(item_id))
        .select(Assignment::as_select())
        .order(assignments::unit_id.asc())
        .load(connection)?)
}

/// Who reports which leaf of a plan.
pub(in crate::items) fn list_plan_assignments(
    connection: &mut AnyConnection,
    plan_id: PlanId,
) -> Result<Vec<Assignment>> {
    Ok(assignments::table
        .inner_join(plan_items::table.on(plan_items::id.eq(assignments::item_id)))
        .filter(plan_items::plan_id.eq(plan_id))
        .select(Assignment::as_select())
        .order((assignments::item_id.asc(), assignments::unit_id.asc()))
        .load(connection)?)
}

/// Whether and how this unit reports this leaf.
pub(in crate::items) fn find_assignment(
    connection: &mut AnyConnection,
    item_id: ItemId,
    unit_id: UnitId,
) -> Result<Option<Assignment>> {
    Ok(assignments::table
        .find((item_id, unit_id))
        .select(Assignment::as_select())
        .first(connection)
        .optional()?)
}

/// Adds assignments.
pub(in crate::items) fn insert_assignments(
    connection: &mut AnyConnection,
    rows: &[Assignment],
) -> Result<()> {
    for row in rows {
        diesel::insert_into(assignments::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// Replaces who reports a leaf, over the version of the item that was read.
pub(in crate::items) fn replace_assignments(
    connection: &mut AnyConnection,
    item: &PlanItem,
    rows: &[Assignment],
) -> Result<()> {
    let row = plan_items::table.find(item.id).filter(plan_items::version.eq(item.version - 1));
    let changed = diesel::update(row).set(plan_items::version.eq(item.version)).execute(connection)?;
    if changed == 0 {
        return Err(Error::new(Code::ConcurrentChange));
    }
    diesel::delete(assignments::table.filter(assignments::item_id.eq(item.id))).execute(connection)?;
    insert_assignments(connection, rows)
}
