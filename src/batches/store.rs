//! The queries of batches and templates: each loads all of a kind that the rows may name, whatever their number.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl,
    SelectableHelper,
};

use crate::{
    db::{AnyConnection, one_of},
    error::Result,
    items::{Assignment, PlanItem},
    kernel::id::{UnitId, WardId},
    periods::Period,
    plans::{Plan, PlanId},
    schema::{assignments, owed_figures, periods, plan_items, plans, submissions},
};

/// The plans of a ward, one a year.
pub(super) fn list_plans(connection: &mut AnyConnection, ward_id: WardId) -> Result<Vec<Plan>> {
    Ok(plans::table.filter(plans::ward_id.eq(ward_id)).select(Plan::as_select()).load(connection)?)
}

/// The periods of these plans, some dozens each.
pub(super) fn list_periods(connection: &mut AnyConnection, ids: &[PlanId]) -> Result<Vec<Period>> {
    Ok(periods::table.filter(one_of(periods::plan_id, ids)).select(Period::as_select()).load(connection)?)
}

/// The items of these plans, some hundreds each.
pub(super) fn list_items(connection: &mut AnyConnection, ids: &[PlanId]) -> Result<Vec<PlanItem>> {
    Ok(plan_items::table
        .filter(one_of(plan_items::plan_id, ids))
        .select(PlanItem::as_select())
        .load(connection)?)
}

/// Who reports what in these plans.
pub(super) fn list_assigned(connection: &mut AnyConnection, ids: &[PlanId]) -> Result<Vec<Assignment>> {
    Ok(assignments::table
        .inner_join(plan_items::table.on(plan_items::id.eq(assignments::item_id)))
        .filter(one_of(plan_items::plan_id, ids))
        .select(Assignment::as_select())
        .load(connection)?)
}

/// The leaves that a unit reports at all at the end of a period or has begun to report, in the plan's order.
pub(super) fn list_assigned_items(
    connection: &mut AnyConnection,
    period: &Period,
    unit_id: UnitId,
) -> Result<Vec<PlanItem>> {
    let on = period.data_to;
    let from = assignments::effective_from;
    let until = assignments::withdrawn_from;
    let reported = assignments::table
        .filter(assignments::unit_id.eq(unit_id))
        .filter(from.is_null().or(from.assume_not_null().le(on)))
        .filter(until.is_null().or(until.assume_not_null().gt(on)))
        .select(assignments::item_id);
    let withdrawn = plan_items::withdrawn_from;
    let standing = withdrawn.is_null().or(withdrawn.assume_not_null().gt(on));
    let begun = submissions::table
        .filter(submissions::period_id.eq(period.id))
        .filter(submissions::unit_id.eq(unit_id))
        .select(submissions::item_id);
    Ok(plan_items::table
        .filter(plan_items::plan_id.eq(period.plan_id))
        .filter(plan_items::id.eq_any(reported).and(standing).or(plan_items::id.eq_any(begun)))
        .select(PlanItem::as_select())
        .order((plan_items::sort_path.asc(), plan_items::id.asc()))
        .load(connection)?)
}

/// The leaves that a unit owes in a period or has begun to report, in the plan's order.
pub(super) fn list_owed_items(
    connection: &mut AnyConnection,
    period: &Period,
    unit_id: UnitId,
) -> Result<Vec<PlanItem>> {
    let owed = owed_figures::table
        .filter(owed_figures::period_id.eq(period.id))
        .filter(owed_figures::unit_id.eq(unit_id))
        .select(owed_figures::item_id);
    let begun = submissions::table
        .filter(submissions::period_id.eq(period.id))
        .filter(submissions::unit_id.eq(unit_id))
        .select(submissions::item_id);
    Ok(plan_items::table
        .filter(plan_items::plan_id.eq(period.plan_id))
        .filter(plan_items::id.eq_any(owed).or(plan_items::id.eq_any(begun)))
        .select(PlanItem::as_select())
        .order((plan_items::sort_path.asc(), plan_items::id.asc()))
        .load(connection)?)
}
