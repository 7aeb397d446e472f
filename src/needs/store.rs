//! Which leaves a unit reports.

use diesel::{
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper,
};

use crate::{
    db::AnyConnection,
    error::Result,
    items::{ItemKind, PlanItem},
    kernel::id::UnitId,
    plans::PlanId,
    schema::{assignments, plan_items},
};

/// The indicators of a plan that a unit reports, in the order of the plan; with `tracked_by` only those that this unit
/// tracks.
pub(super) fn list_reported(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    unit_id: UnitId,
    tracked_by: Option<UnitId>,
) -> Result<Vec<PlanItem>> {
    let mut query = assignments::table
        .inner_join(plan_items::table.on(plan_items::id.eq(assignments::item_id)))
        .into_boxed()
        .filter(assignments::unit_id.eq(unit_id))
        .filter(plan_items::plan_id.eq(plan_id))
        .filter(plan_items::kind.eq(ItemKind::Indicator));
    if let Some(tracking) = tracked_by {
        query = query.filter(plan_items::tracking_unit_id.eq(tracking).assume_not_null());
    }
    Ok(query
        .select(PlanItem::as_select())
        .order((plan_items::sort_path.asc(), plan_items::id.asc()))
        .load(connection)?)
}
