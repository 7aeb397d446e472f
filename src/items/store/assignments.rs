//! All SQL about who reports which leaf.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, RunQueryDsl, SelectableHelper,
};

use super::bulk::insert_assignments;
use crate::{
    db::{AnyConnection, one_of},
    error::{Code, Error, Result},
    items::model::{Assignment, ItemId, PlanItem},
    kernel::id::{UnitId, WardId},
    plans::{PlanId, PlanStatus},
    schema::{assignments, item_coordinators, plan_items, plans},
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

/// Who reports these leaves.
pub(in crate::items) fn list_assignments_of(
    connection: &mut AnyConnection,
    items: &[ItemId],
) -> Result<Vec<Assignment>> {
    Ok(assignments::table
        .filter(one_of(assignments::item_id, items))
        .select(Assignment::as_select())
        .order((assignments::item_id.asc(), assignments::unit_id.asc()))
        .load(connection)?)
}

/// The items of plans that are not closed which these units report, lead, track or work along on.
pub(in crate::items) fn list_held(
    connection: &mut AnyConnection,
    ward_id: WardId,
    units: &[UnitId],
) -> Result<Vec<PlanItem>> {
    let open = plans::table
        .filter(plans::ward_id.eq(ward_id))
        .filter(plans::status.ne(PlanStatus::Closed))
        .select(plans::id);
    let reports = assignments::table.filter(one_of(assignments::unit_id, units)).select(assignments::item_id);
    let along = item_coordinators::table
        .filter(one_of(item_coordinators::unit_id, units))
        .select(item_coordinators::item_id);
    Ok(plan_items::table
        .filter(plan_items::plan_id.eq_any(open))
        .filter(
            plan_items::id
                .eq_any(reports)
                .or(plan_items::id.eq_any(along))
                .or(plan_items::lead_unit_id
                    .is_not_null()
                    .and(one_of(plan_items::lead_unit_id.assume_not_null(), units)))
                .or(plan_items::tracking_unit_id
                    .is_not_null()
                    .and(one_of(plan_items::tracking_unit_id.assume_not_null(), units))),
        )
        .select(PlanItem::as_select())
        .order((plan_items::plan_id.asc(), plan_items::sort_path.asc(), plan_items::id.asc()))
        .load(connection)?)
}
