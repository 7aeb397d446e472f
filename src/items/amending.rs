//! What an amendment does to the items of an issued plan (RULES §6). What it does was checked before; here it is
//! written and noted, item by item.

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    actions::{assignment, get_full_item, get_item},
    definitions::with_measure,
    draft::{FullItem, Measure, TargetContent, measure_of},
    model::{Assignment, ItemId, MeasureVersion, PlanItem},
    rules, store,
    view::{AssignmentView, ItemView},
};
use crate::{
    audit::Event,
    context::Tx,
    error::{Error, Result},
    kernel::{id::WardId, json::JsonText},
};

/// The decision that changes an issued plan.
#[derive(Clone, Debug)]
pub struct Cause<'a> {
    /// Number of its document.
    pub number: &'a str,
    /// First day on which it counts.
    pub effective_on: NaiveDate,
}

impl Cause<'_> {
    fn event<T: Serialize>(
        &self,
        kind: &'static str,
        id: ItemId,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Event {
        Event::new(kind, "item", id).between(before, after).with("amendment_number", self.number)
    }
}

/// Adds an item with its targets and who reports it.
///
/// # Errors
/// `code_taken`.
pub fn add_item(tx: &mut Tx<'_>, cause: &Cause<'_>, full: &FullItem) -> Result<()> {
    store::insert_item(tx.connection, full)?;
    store::insert_assignments(tx.connection, &full.assignments)?;
    let view = ItemView::of(&full.item, &full.targets, &full.coordinators);
    tx.record(cause.event("item.added", full.item.id, None, Some(&view)));
    Ok(())
}

/// Withdraws an item and all that stands below it; their data stay.
///
/// # Errors
/// Not found, `concurrent_change`.
pub fn withdraw_item(tx: &mut Tx<'_>, cause: &Cause<'_>, ward_id: WardId, id: ItemId) -> Result<()> {
    let top = get_item(tx.connection, ward_id, id)?;
    let places = store::load_places(tx.connection, top.plan_id)?;
    let below = rules::moved_paths(&places, id, &top.sort_path).into_iter().map(|(below, _)| below);
    for id in std::iter::once(id).chain(below) {
        let before = get_full_item(tx.connection, ward_id, id)?;
        if before.item.withdrawn_from.is_none() {
            let item = PlanItem { withdrawn_from: Some(cause.effective_on), ..before.item.clone() };
            replace(tx, cause, "item.withdrawn", &before, item)?;
        }
    }
    Ok(())
}

/// Adds targets that count from the decision's first day; those before stay for the periods that ended under them.
///
/// # Errors
/// Not found, `concurrent_change`.
pub fn retarget_item(
    tx: &mut Tx<'_>,
    cause: &Cause<'_>,
    ward_id: WardId,
    id: ItemId,
    targets: &[TargetContent],
) -> Result<()> {
    let before = get_full_item(tx.connection, ward_id, id)?;
    let rows: Vec<_> = targets.iter().map(|target| target.to_row(id)).collect();
    store::insert_targets(tx.connection, &rows)?;
    replace(tx, cause, "item.retargeted", &before, before.item.clone())
}

/// Gives an indicator another definition, and keeps the one before for the periods that ended under it.
///
/// # Errors
/// Not found, `concurrent_change`; internal where it had no definition, which an issued plan does not have.
pub fn redefine_item(
    tx: &mut Tx<'_>,
    cause: &Cause<'_>,
    ward_id: WardId,
    id: ItemId,
    measure: &Measure,
) -> Result<()> {
    let before = get_full_item(tx.connection, ward_id, id)?;
    let old = measure_of(&before.item).ok_or_else(|| Error::internal("an indicator without a measure"))?;
    let number = before.item.definition_version;
    let version = MeasureVersion {
        item_id: id,
        number,
        measure: JsonText::of(&old),
        replaced_from: cause.effective_on,
    };
    store::insert_definition(tx.connection, &version)?;
    let item = with_measure(&before.item, measure, number + 1);
    replace(tx, cause, "item.redefined", &before, item)
}

/// Names who reports a leaf from the decision's first day on.
///
/// # Errors
/// Not found, `concurrent_change`.
pub fn reassign_item(
    tx: &mut Tx<'_>,
    cause: &Cause<'_>,
    ward_id: WardId,
    id: ItemId,
    rows: &[AssignmentView],
) -> Result<()> {
    let before = get_item(tx.connection, ward_id, id)?;
    let old = store::list_assignments(tx.connection, id)?;
    let new: Vec<Assignment> = rows.iter().map(|row| assignment(id, row)).collect();
    let merged = rules::merge_assignments(&old, &new, cause.effective_on);
    let item = PlanItem { version: before.version + 1, ..before };
    store::replace_assignments(tx.connection, &item, &merged)?;
    let (old, new) = (Reporters::of(&old), Reporters::of(&merged));
    tx.record(cause.event("item.reassigned", id, Some(&old), Some(&new)));
    Ok(())
}

/// What the audit trail compares.
#[derive(Serialize)]
struct Reporters {
    assignments: Vec<AssignmentView>,
}

impl Reporters {
    fn of(rows: &[Assignment]) -> Self {
        Self { assignments: rows.iter().map(AssignmentView::of).collect() }
    }
}

/// Writes the item over the version that was read, and notes what changed, its targets among it.
fn replace(
    tx: &mut Tx<'_>,
    cause: &Cause<'_>,
    kind: &'static str,
    before: &FullItem,
    item: PlanItem,
) -> Result<()> {
    let item = PlanItem { version: before.item.version + 1, ..item };
    store::update_item(tx.connection, &item)?;
    let targets = store::list_targets(tx.connection, &[item.id])?;
    let old = ItemView::of(&before.item, &before.targets, &before.coordinators);
    let new = ItemView::of(&item, &targets, &before.coordinators);
    tx.record(cause.event(kind, item.id, Some(&old), Some(&new)));
    Ok(())
}
