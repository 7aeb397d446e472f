//! Writing an amendment, and applying it.

use chrono::NaiveDate;
use serde_json::json;

use super::{
    changes::Change,
    model::{Amendment, AmendmentId, AmendmentStatus},
    prepare::{Step, prepare},
    rules, store,
    view::AmendmentView,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Faults, Result},
    items::actions::{self as items, Cause},
    kernel::{id::WardId, json::JsonText, text::clean},
    outbox::EventKind,
    periods,
    plans::{self, Plan, PlanId},
};

/// What a new amendment is made of.
#[derive(Clone, Debug)]
pub struct NewAmendment {
    /// Number of the decision.
    pub number: String,
    /// Date of the decision.
    pub decided_on: NaiveDate,
    /// First day on which it counts.
    pub effective_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// What it changes.
    pub changes: Vec<Change>,
}

/// What changes about a draft: absent keeps.
#[derive(Clone, Debug, Default)]
pub struct AmendmentChanges {
    /// Number of the decision.
    pub number: Option<String>,
    /// Date of the decision.
    pub decided_on: Option<NaiveDate>,
    /// First day on which it counts.
    pub effective_on: Option<NaiveDate>,
    /// Why.
    pub reason: Option<String>,
    /// All that it changes.
    pub changes: Option<Vec<Change>>,
}

/// Writes a draft amendment of an issued plan; the plan stays as it is.
///
/// # Errors
/// Not found, `plan_not_issued`, `invalid` with every fault, `code_taken` for its number.
pub fn create_amendment(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    plan_id: PlanId,
    new: &NewAmendment,
) -> Result<Amendment> {
    let plan = plans::actions::require_issued(tx.connection, ward_id, plan_id)?;
    let amendment = Amendment {
        id: AmendmentId::generate(),
        ward_id,
        plan_id,
        number: clean(&new.number),
        decided_on: new.decided_on,
        effective_on: new.effective_on,
        reason: clean(&new.reason),
        changes: clean_changes(&new.changes)?,
        status: AmendmentStatus::Draft,
        created_by: tx.actor.principal()?,
        created_at: tx.now,
        approved_by: None,
        approved_at: None,
        version: 1,
    };
    check(tx, &plan, &amendment)?;
    store::insert_amendment(tx.connection, &amendment)?;
    record(tx, "amendment.created", None, Some(&amendment))?;
    Ok(amendment)
}

/// Changes a draft.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `amendment_not_draft`, and those of [`create_amendment`].
pub fn change_amendment(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    id: AmendmentId,
    changes: AmendmentChanges,
) -> Result<Amendment> {
    let before = get_amendment(tx.connection, ward_id, id)?;
    tx.require_version(before.version)?;
    rules::require_draft(before.status)?;
    let plan = plans::actions::require_issued(tx.connection, ward_id, before.plan_id)?;
    let kept = before.clone();
    let amendment = Amendment {
        number: changes.number.as_deref().map_or(kept.number, clean),
        decided_on: changes.decided_on.unwrap_or(kept.decided_on),
        effective_on: changes.effective_on.unwrap_or(kept.effective_on),
        reason: changes.reason.as_deref().map_or(kept.reason, clean),
        changes: changes.changes.as_deref().map_or(Ok(kept.changes), clean_changes)?,
        version: kept.version + 1,
        ..before.clone()
    };
    check(tx, &plan, &amendment)?;
    store::update_amendment(tx.connection, &amendment)?;
    record(tx, "amendment.changed", Some(&before), Some(&amendment))?;
    Ok(amendment)
}

/// Deletes a draft.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `amendment_not_draft`.
pub fn delete_amendment(tx: &mut Tx<'_>, ward_id: WardId, id: AmendmentId) -> Result<()> {
    let before = get_amendment(tx.connection, ward_id, id)?;
    tx.require_version(before.version)?;
    rules::require_draft(before.status)?;
    store::delete_amendment(tx.connection, &before)?;
    record(tx, "amendment.deleted", Some(&before), None)
}

/// Approves a draft and applies all of it, or nothing.
///
/// # Errors
/// Not found, `version_stale`, `amendment_not_draft`, `plan_not_issued`, `invalid` with every fault, for the plan may
/// have changed since the draft was written.
pub fn approve_amendment(tx: &mut Tx<'_>, ward_id: WardId, id: AmendmentId) -> Result<Amendment> {
    let before = get_amendment(tx.connection, ward_id, id)?;
    tx.check_version(before.version)?;
    rules::require_draft(before.status)?;
    let plan = plans::actions::require_issued(tx.connection, ward_id, before.plan_id)?;
    rules::require_decided(before.decided_on, tx.now.ward_date())?;
    let steps = check(tx, &plan, &before)?;
    let amendment = Amendment {
        status: AmendmentStatus::Approved,
        approved_by: Some(tx.actor.principal()?),
        approved_at: Some(tx.now),
        version: before.version + 1,
        ..before.clone()
    };
    store::update_amendment(tx.connection, &amendment)?;
    let cause = Cause { number: &amendment.number, effective_on: amendment.effective_on };
    for step in &steps {
        apply(tx, &cause, ward_id, step)?;
    }
    record(tx, "amendment.approved", Some(&before), Some(&amendment))?;
    let told = json!({
        "id": amendment.id, "number": amendment.number, "effective_on": amendment.effective_on,
    });
    plans::actions::announce(tx, EventKind::PlanAmended, &plan, Some(told));
    Ok(amendment)
}

fn apply(tx: &mut Tx<'_>, cause: &Cause<'_>, ward_id: WardId, step: &Step) -> Result<()> {
    match step {
        Step::Add(full) => items::add_item(tx, cause, full),
        Step::Withdraw(id) => items::withdraw_item(tx, cause, ward_id, *id),
        Step::Retarget(id, targets) => items::retarget_item(tx, cause, ward_id, *id, targets),
        Step::Redefine(id, measure) => items::redefine_item(tx, cause, ward_id, *id, measure),
        Step::Assign(id, rows) => items::reassign_item(tx, cause, ward_id, *id, rows),
    }
}

/// An amendment of this ward.
///
/// # Errors
/// Not found.
pub fn get_amendment(connection: &mut AnyConnection, ward_id: WardId, id: AmendmentId) -> Result<Amendment> {
    store::find_amendment(connection, ward_id, id)?.ok_or_else(Error::not_found)
}

/// Checks an amendment in itself and against the plan as it is; gives what its changes would write.
fn check(tx: &mut Tx<'_>, plan: &Plan, amendment: &Amendment) -> Result<Vec<Step>> {
    let changes: Vec<Change> = amendment.changes.read().map_err(Error::internal)?;
    let settled = periods::actions::find_last_settled(tx.connection, plan.id, tx.now)?;
    let mut faults = Faults::new();
    rules::check_amendment(&mut faults, amendment, plan, settled.as_ref());
    if changes.is_empty() {
        faults.add("/changes", Code::Required);
    } else if changes.len() > rules::MAX_CHANGES {
        faults.add("/changes", Code::OutOfRange);
        return faults.into_result(Code::Invalid).map(|()| Vec::new());
    }
    let mut all = faults.into_fields();
    match prepare(tx.connection, plan, amendment.effective_on, &changes) {
        Ok(steps) if all.is_empty() => Ok(steps),
        Ok(_) => Err(Error::fields(Code::Invalid, all)),
        Err(error) if error.code == Code::Invalid => {
            all.extend(error.fields);
            Err(Error::fields(Code::Invalid, all))
        }
        Err(error) => Err(error),
    }
}

/// The changes with all their texts composed and without zero-width characters (RULES §10).
fn clean_changes(changes: &[Change]) -> Result<JsonText> {
    let text = clean(JsonText::of(changes).as_str());
    let value: serde_json::Value = serde_json::from_str(&text).map_err(Error::internal)?;
    Ok(JsonText::of(&value))
}

fn record(
    tx: &mut Tx<'_>,
    kind: &'static str,
    before: Option<&Amendment>,
    after: Option<&Amendment>,
) -> Result<()> {
    let Some(id) = after.or(before).map(|amendment| amendment.id) else { return Ok(()) };
    let view = |amendment: Option<&Amendment>| amendment.cloned().map(AmendmentView::of).transpose();
    let (old, new) = (view(before)?, view(after)?);
    let reason = after.map(|amendment| amendment.reason.clone());
    tx.record(Event::new(kind, "amendment", id).between(old.as_ref(), new.as_ref()).because(reason));
    Ok(())
}
