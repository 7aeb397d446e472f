//! Which leaves a unit reports.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl,
    SelectableHelper,
};

use crate::{
    db::AnyConnection,
    error::Result,
    items::{ItemKind, PlanItem},
    kernel::id::UnitId,
    periods::Period,
    schema::{assignments, plan_items},
};

/// The indicators of a period's plan that a unit reports at its end, in the order of the plan; with `tracked_by` only
/// those that this unit tracks.
pub(super) fn list_reported(
    connection: &mut AnyConnection,
    period: &Period,
    unit_id: UnitId,
    tracked_by: Option<UnitId>,
) -> Result<Vec<PlanItem>> {
    let on = period.data_to;
    let (from, until) = (assignments::effective_from, assignments::withdrawn_from);
    let withdrawn = plan_items::withdrawn_from;
    let mut query = assignments::table
        .inner_join(plan_items::table.on(plan_items::id.eq(assignments::item_id)))
        .into_boxed()
        .filter(assignments::unit_id.eq(unit_id))
        .filter(from.is_null().or(from.assume_not_null().le(on)))
        .filter(until.is_null().or(until.assume_not_null().gt(on)))
        .filter(withdrawn.is_null().or(withdrawn.assume_not_null().gt(on)))
        .filter(plan_items::plan_id.eq(period.plan_id))
        .filter(plan_items::kind.eq(ItemKind::Indicator));
    if let Some(tracking) = tracked_by {
        query = query.filter(plan_items::tracking_unit_id.eq(tracking).assume_not_null());
    }
    Ok(query
        .select(PlanItem::as_select())
        .order((plan_items::sort_path.asc(), plan_items::id.asc()))
        .load(connection)?)
}
