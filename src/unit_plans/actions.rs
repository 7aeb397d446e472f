//! Writes about unit plans.

use chrono::NaiveDate;

use super::{
    model::{UnitPlan, UnitPlanId, UnitPlanStatus},
    reach::Reach,
    rules, store,
    view::UnitPlanView,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Result},
    kernel::{
        id::{UnitId, WardId},
        text::clean,
    },
    plans::{self, PlanId},
    units::{self, Unit},
};

/// What a new unit plan is made of.
#[derive(Clone, Debug)]
pub struct NewUnitPlan {
    /// The unit; the caller's own if absent.
    pub unit_id: Option<UnitId>,
    /// Title.
    pub title: String,
    /// Number of the document.
    pub number: Option<String>,
    /// Date of the document.
    pub issued_on: Option<NaiveDate>,
}

/// What changes about a unit plan: absent keeps.
#[derive(Clone, Debug, Default)]
pub struct UnitPlanChanges {
    /// Title.
    pub title: Option<String>,
    /// Number of the document.
    pub number: Option<Option<String>>,
    /// Date of the document.
    pub issued_on: Option<Option<NaiveDate>>,
}

/// Path of a unit plan.
#[must_use]
pub fn path_of(id: UnitPlanId) -> String {
    format!("/api/v1/unit-plans/{id}")
}

/// Begins a unit's plan for an issued plan of the ward.
///
/// # Errors
/// Not found, `forbidden` for another unit's, `plan_not_issued`, `unknown_reference`, `unit_not_active`, `invalid`,
/// `unit_plan_exists` with the path of the one that exists.
pub fn create_unit_plan(tx: &mut Tx<'_>, plan_id: PlanId, new: NewUnitPlan) -> Result<UnitPlan> {
    let ward_id = tx.actor.ward()?;
    let ward_plan = plans::actions::get_plan(tx.connection, ward_id, plan_id)?;
    let unit_id = new.unit_id.or(tx.actor.unit_id).ok_or_else(|| Error::new(Code::Forbidden))?;
    let unit = units::actions::require_unit(tx.connection, ward_id, unit_id, "/unit_id")?;
    rules::require_drafter(tx.actor, &unit)?;
    plans::rules::require_issued(ward_plan.status)?;
    if !unit.is_active_on(tx.now.ward_date()) {
        return Err(Error::field("/unit_id", Code::UnitNotActive));
    }
    let plan = UnitPlan {
        id: UnitPlanId::generate(),
        ward_id,
        plan_id,
        unit_id,
        title: clean(&new.title),
        number: new.number.as_deref().map(clean),
        issued_on: new.issued_on,
        status: UnitPlanStatus::Draft,
        created_at: tx.now,
        issued_at: None,
        issued_by: None,
        version: 1,
    };
    rules::check_plan(&plan)?;
    if let Some(id) = store::find_id(tx.connection, plan_id, unit_id)? {
        return Err(Error::new(Code::UnitPlanExists).linking(path_of(id)));
    }
    store::insert_unit_plan(tx.connection, &plan)?;
    let view = UnitPlanView::of(&plan);
    tx.record(Event::new("unit_plan.created", "unit_plan", plan.id).between(None, Some(&view)));
    Ok(plan)
}

/// Changes the texts of a draft.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `forbidden`, `unit_plan_issued`, `plan_not_issued`, `invalid`.
pub fn change_unit_plan(tx: &mut Tx<'_>, id: UnitPlanId, changes: UnitPlanChanges) -> Result<UnitPlan> {
    let before = get_for_actor(tx, id)?;
    tx.require_version(before.version)?;
    require_writable(tx, &before)?;
    let mut plan = before.clone();
    if let Some(title) = changes.title {
        plan.title = clean(&title);
    }
    if let Some(number) = changes.number {
        plan.number = number.as_deref().map(clean);
    }
    plan.issued_on = changes.issued_on.unwrap_or(plan.issued_on);
    rules::check_plan(&plan)?;
    replace(tx, "unit_plan.changed", &before, plan)
}

/// Puts a unit's plan in force; from then on it is fixed. The date of the document is today's, if none was given.
///
/// # Errors
/// Not found, `version_stale`, `forbidden` for all but the unit's head, `unit_plan_issued`, `plan_not_issued`,
/// `plan_incomplete` without items.
pub fn issue_unit_plan(tx: &mut Tx<'_>, id: UnitPlanId) -> Result<UnitPlan> {
    let before = get_for_actor(tx, id)?;
    tx.check_version(before.version)?;
    rules::require_head(tx.actor, &unit_of(tx, &before)?)?;
    let before = lock(tx, &before)?;
    if store::count_items(tx.connection, id)? == 0 {
        return Err(Error::new(Code::PlanIncomplete));
    }
    let plan = UnitPlan {
        status: UnitPlanStatus::Issued,
        issued_on: before.issued_on.or_else(|| Some(tx.now.ward_date())),
        issued_at: Some(tx.now),
        issued_by: Some(tx.actor.principal()?),
        ..before.clone()
    };
    replace(tx, "unit_plan.issued", &before, plan)
}

/// Gives the plans of a merged unit to the one it was merged into. Where that has a plan of its own already, the other
/// stays with the old unit, for its history.
///
/// # Errors
/// `concurrent_change`.
pub fn hand_over(tx: &mut Tx<'_>, ward_id: WardId, from: &[UnitId], to: UnitId) -> Result<()> {
    for unit in from {
        for before in store::list_open_of_unit(tx.connection, ward_id, *unit)? {
            if store::find_id(tx.connection, before.plan_id, to)?.is_none() {
                let plan = UnitPlan { unit_id: to, ..before.clone() };
                replace(tx, "unit_plan.handed_over", &before, plan)?;
            }
        }
    }
    Ok(())
}

/// A unit's plan, if the caller may know of it.
///
/// # Errors
/// Not found.
pub fn get_unit_plan(connection: &mut AnyConnection, reach: &Reach, id: UnitPlanId) -> Result<UnitPlan> {
    store::find_unit_plan(connection, reach, id)?.ok_or_else(Error::not_found)
}

/// [`get_unit_plan`] for the actor of a transaction.
pub(super) fn get_for_actor(tx: &mut Tx<'_>, id: UnitPlanId) -> Result<UnitPlan> {
    let reach = Reach::of(tx.actor)?;
    get_unit_plan(tx.connection, &reach, id)
}

/// Whether the actor may write on this plan now; if so, it is held until the transaction ends.
pub(super) fn require_writable(tx: &mut Tx<'_>, plan: &UnitPlan) -> Result<()> {
    rules::require_drafter(tx.actor, &unit_of(tx, plan)?)?;
    lock(tx, plan).map(drop)
}

/// The draft as it is now that it is held; its ward's plan must be in force.
fn lock(tx: &mut Tx<'_>, plan: &UnitPlan) -> Result<UnitPlan> {
    rules::require_draft(plan)?;
    let ward_plan = plans::actions::get_plan(tx.connection, plan.ward_id, plan.plan_id)?;
    plans::rules::require_issued(ward_plan.status)?;
    if !store::lock_draft(tx.connection, plan.id)? {
        return Err(Error::new(Code::UnitPlanIssued));
    }
    get_for_actor(tx, plan.id)
}

fn unit_of(tx: &mut Tx<'_>, plan: &UnitPlan) -> Result<Unit> {
    units::actions::get_unit(tx.connection, plan.ward_id, plan.unit_id)
}

fn replace(tx: &mut Tx<'_>, kind: &'static str, before: &UnitPlan, plan: UnitPlan) -> Result<UnitPlan> {
    let plan = UnitPlan { version: before.version + 1, ..plan };
    store::update_unit_plan(tx.connection, &plan)?;
    let (old, new) = (UnitPlanView::of(before), UnitPlanView::of(&plan));
    tx.record(Event::new(kind, "unit_plan", plan.id).between(Some(&old), Some(&new)));
    Ok(plan)
}
