//! Who reports which leaf: part of the plan's running, so it changes after the plan is issued too.

use std::collections::{HashMap, HashSet};

use chrono::Datelike;
use serde::Serialize;

use super::{
    actions::get_item,
    model::{Assignment, ItemId, PlanItem},
    rules, store,
    view::AssignmentView,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Faults, Result, text},
    kernel::id::{UnitId, WardId},
    plans::{self, PlanStatus},
    units,
};

/// What the audit trail compares.
#[derive(Serialize)]
pub(super) struct Reporters {
    assignments: Vec<AssignmentView>,
    version: i64,
}

impl Reporters {
    pub(super) fn of(item: &PlanItem, assignments: &[Assignment]) -> Self {
        let assignments = assignments.iter().map(AssignmentView::of).collect();
        Self { assignments, version: item.version }
    }
}

/// Replaces who reports a leaf, and counts it as a change of the item.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `item_not_leaf`, `plan_not_issued` after the close, `invalid`.
pub fn assign_item(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    id: ItemId,
    rows: &[AssignmentView],
) -> Result<(PlanItem, Vec<Assignment>)> {
    let before = get_item(tx.connection, ward_id, id)?;
    tx.require_version(before.version)?;
    rules::require_leaf(before.kind)?;
    let plan = plans::actions::get_plan(tx.connection, ward_id, before.plan_id)?;
    plans::rules::require_not_closed(plan.status)?;
    check_assignments(tx.connection, ward_id, rows)?;
    let old = store::list_assignments(tx.connection, id)?;
    let item = PlanItem { version: before.version + 1, ..before.clone() };
    let mut new: Vec<Assignment> = rows.iter().map(|row| reassigned(id, row, &old)).collect();
    // What ended in a plan in force stays owed for the days before; only a draft forgets it.
    let ended = |row: &&Assignment| row.withdrawn_from.is_some() && plan.status == PlanStatus::Issued;
    let left_out = |row: &&Assignment| rows.iter().all(|named| named.unit_id != row.unit_id);
    new.extend(old.iter().filter(ended).filter(left_out).cloned());
    new.sort_by_key(|row| row.unit_id);
    store::replace_assignments(tx.connection, &item, &new)?;
    let views = (Reporters::of(&before, &old), Reporters::of(&item, &new));
    tx.record(Event::new("item.assigned", "item", id).between(Some(&views.0), Some(&views.1)));
    Ok((item, new))
}

/// The row to be written. A unit that reported the leaf already does not begin anew.
fn reassigned(item_id: ItemId, row: &AssignmentView, old: &[Assignment]) -> Assignment {
    let before = old.iter().find(|known| known.unit_id == row.unit_id);
    Assignment {
        item_id,
        unit_id: row.unit_id,
        frequency: row.frequency,
        obligation: row.obligation,
        effective_from: row.effective_from.or_else(|| before.and_then(|known| known.effective_from)),
        withdrawn_from: row.withdrawn_from,
    }
}

/// Who reports a leaf.
///
/// # Errors
/// When the database fails.
pub fn list_assignments(connection: &mut AnyConnection, item_id: ItemId) -> Result<Vec<Assignment>> {
    store::list_assignments(connection, item_id)
}

/// Whether and how this unit reports this leaf.
///
/// # Errors
/// When the database fails.
pub fn find_assignment(
    connection: &mut AnyConnection,
    item_id: ItemId,
    unit_id: UnitId,
) -> Result<Option<Assignment>> {
    store::find_assignment(connection, item_id, unit_id)
}

/// Whether these units may report a leaf, each once; faults point at `/<row>/…`.
///
/// # Errors
/// `invalid` with every fault.
pub fn check_assignments(
    connection: &mut AnyConnection,
    ward_id: WardId,
    rows: &[AssignmentView],
) -> Result<()> {
    let mut faults = Faults::new();
    if rows.len() > rules::MAX_UNITS {
        faults.add("", Code::OutOfRange);
        return faults.into_result(Code::Invalid);
    }
    let units: HashMap<_, _> = units::actions::list_ward_units(connection, ward_id)?
        .into_iter()
        .map(|unit| (unit.id, unit.kind))
        .collect();
    let mut seen = HashSet::new();
    for (index, row) in rows.iter().enumerate() {
        let at = format!("/{index}");
        match units.get(&row.unit_id) {
            None => faults.add(format!("{at}/unit_id"), Code::UnknownReference),
            Some(kind) => rules::check_obligation(&mut faults, &at, *kind, row.obligation),
        }
        if row.effective_from.is_some_and(|day| !(2000..=2200).contains(&day.year())) {
            faults.add(format!("{at}/effective_from"), Code::OutOfRange);
        }
        if row.effective_from.zip(row.withdrawn_from).is_some_and(|(from, until)| until <= from) {
            faults.add(format!("{at}/withdrawn_from"), Code::OutOfRange);
        }
        if !seen.insert(row.unit_id) {
            let sentence =
                text("Đơn vị này đã có ở một dòng trên", "This unit stands in a line above already");
            faults.add_because(format!("{at}/unit_id"), Code::OutOfRange, sentence);
        }
    }
    faults.into_result(Code::Invalid)
}
