//! Putting a plan in force, and ending it.

use super::rules;
use crate::{
    context::Tx,
    error::Result,
    items,
    kernel::id::WardId,
    outbox::EventKind,
    plans::{self, Plan, PlanId, PlanStatus},
};

/// Puts a draft plan in force.
///
/// # Errors
/// Not found, `version_stale`, `plan_not_draft`, `plan_incomplete`.
pub fn issue_plan(tx: &mut Tx<'_>, ward_id: WardId, id: PlanId) -> Result<Plan> {
    // Held from here on, so that the content that is checked is the content that is issued.
    let before = plans::actions::require_draft(tx.connection, ward_id, id)?;
    tx.check_version(before.version)?;
    let leaves = items::actions::list_leaves(tx.connection, id)?;
    let ids: Vec<_> = leaves.iter().map(|item| item.id).collect();
    let targets = items::actions::list_targets(tx.connection, &ids)?;
    rules::check_complete(&before, &leaves, &targets)?;
    let plan = Plan { status: PlanStatus::Issued, ..before.clone() };
    let plan = plans::actions::replace(tx, "plan.issued", &before, plan)?;
    plans::actions::announce(tx, EventKind::PlanIssued, &plan, None);
    Ok(plan)
}

/// Ends an issued plan: nothing is drafted or signed any more; what is on its way is still reviewed and approved.
///
/// # Errors
/// Not found, `version_stale`, `plan_not_issued`.
pub fn close_plan(tx: &mut Tx<'_>, ward_id: WardId, id: PlanId) -> Result<Plan> {
    let before = plans::actions::get_plan(tx.connection, ward_id, id)?;
    tx.check_version(before.version)?;
    plans::rules::require_issued(before.status)?;
    let plan = Plan { status: PlanStatus::Closed, ..before.clone() };
    let plan = plans::actions::replace(tx, "plan.closed", &before, plan)?;
    plans::actions::announce(tx, EventKind::PlanClosed, &plan, None);
    Ok(plan)
}
