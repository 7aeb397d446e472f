//! Queries over all submissions of a plan, for the year after.

use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl};

use crate::{
    db::AnyConnection,
    error::Result,
    items::{ItemId, ItemKind},
    kernel::{id::UnitId, json::JsonText},
    plans::PlanId,
    schema::{periods, plan_items, submission_revisions, submissions},
};

/// The approved content of every task of a plan, in the order of the periods' cut-offs.
pub(in crate::submissions) fn list_approved_tasks(
    connection: &mut AnyConnection,
    plan_id: PlanId,
) -> Result<Vec<(ItemId, UnitId, JsonText)>> {
    use submission_revisions as r;
    Ok(submissions::table
        .inner_join(plan_items::table.on(plan_items::id.eq(submissions::item_id)))
        .inner_join(periods::table.on(periods::id.eq(submissions::period_id)))
        .inner_join(r::table.on(r::submission_id.eq(submissions::id)))
        .filter(plan_items::plan_id.eq(plan_id))
        .filter(plan_items::kind.eq(ItemKind::Task))
        .filter(submissions::approved_revision.eq(r::number.nullable()))
        .select((submissions::item_id, submissions::unit_id, r::content))
        .order((periods::data_to.asc(), submissions::id.asc()))
        .load(connection)?)
}
