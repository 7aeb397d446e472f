//! What goes over into the year after, and how it looks there.

use std::collections::{HashMap, HashSet};

use chrono::{Months, NaiveDate};

use crate::{
    items::{
        Assignment, ItemId, ItemKind, Obligation, PlanItem, Recurrence, Target,
        draft::{FullItem, TargetContent},
    },
    kernel::id::UnitId,
    plans::PlanId,
    submissions::model::ProgressState,
    units::{Unit, rules::is_only_asked},
    verdicts::rules::targets_in_force,
};

/// The year that is left and the one that begins.
#[derive(Clone, Copy, Debug)]
pub struct Years {
    /// The last day of the year that is left.
    pub last_day: NaiveDate,
    /// The first day of the data of the year that begins.
    pub first_day: NaiveDate,
    /// Years between the two; mostly 1.
    pub between: u32,
}

/// Why items stay behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftBehind {
    /// Withdrawn by amendments.
    pub withdrawn: usize,
    /// One-off tasks that are done.
    pub done: usize,
    /// Samples.
    pub samples: usize,
}

/// Whether a task comes back by itself.
#[must_use]
pub const fn is_recurring(recurrence: Option<Recurrence>) -> bool {
    !matches!(recurrence, None | Some(Recurrence::Once))
}

/// Whether a task was done by every unit that had to report it, by the last approved figure of each.
#[must_use]
pub fn is_done(full: &FullItem, progress: &HashMap<(ItemId, UnitId), ProgressState>) -> bool {
    let standing: Vec<_> = full.assignments.iter().filter(|row| row.withdrawn_from.is_none()).collect();
    let done = |row: &&Assignment| progress.get(&(row.item_id, row.unit_id)) == Some(&ProgressState::Done);
    !standing.is_empty() && standing.iter().all(done)
}

/// The items that go over, in their order. A heading goes with what stands below it, whatever it is itself.
#[must_use]
pub fn select_items(
    items: Vec<FullItem>,
    progress: &HashMap<(ItemId, UnitId), ProgressState>,
    include_samples: bool,
) -> (Vec<FullItem>, LeftBehind) {
    let mut left = LeftBehind::default();
    let mut needed: HashSet<ItemId> = HashSet::new();
    let mut kept = Vec::with_capacity(items.len());
    // From the leaves up, so that a heading knows whether it is needed.
    for full in items.into_iter().rev() {
        let item = &full.item;
        let one_off = item.kind == ItemKind::Task && !is_recurring(item.recurrence);
        let stays = if needed.contains(&item.id) {
            None
        } else if item.withdrawn_from.is_some() {
            Some(&mut left.withdrawn)
        } else if item.sample && !include_samples {
            Some(&mut left.samples)
        } else if one_off && is_done(&full, progress) {
            Some(&mut left.done)
        } else {
            None
        };
        if let Some(count) = stays {
            *count += 1;
            continue;
        }
        needed.extend(item.parent_id);
        kept.push(full);
    }
    kept.reverse();
    (kept, left)
}

/// Who does a unit's work in the year that begins: itself, or whoever took it over; none where nobody did.
#[must_use]
pub fn successors(units: &[Unit], first_day: NaiveDate) -> HashMap<UnitId, &Unit> {
    let by_id: HashMap<UnitId, &Unit> = units.iter().map(|unit| (unit.id, unit)).collect();
    let ended = |unit: &Unit| unit.active_to.is_some_and(|last| last < first_day);
    let mut found = HashMap::new();
    for unit in units {
        let mut current = Some(unit);
        // Chains are one or two long; the bound ends a circle that somebody else wrote.
        for _ in 0..units.len() {
            match current {
                Some(now) if ended(now) => {
                    current = now.successor_id.and_then(|id| by_id.get(&id).copied());
                }
                _ => break,
            }
        }
        if let Some(now) = current.filter(|now| !ended(now)) {
            found.insert(unit.id, now);
        }
    }
    found
}

/// The new ids of the items that go over.
#[must_use]
pub fn new_ids(items: &[FullItem]) -> HashMap<ItemId, ItemId> {
    items.iter().map(|full| (full.item.id, ItemId::generate())).collect()
}

/// An item as the plan of the year that begins has it.
#[must_use]
pub fn carry_item(
    full: &FullItem,
    plan_id: PlanId,
    years: Years,
    ids: &HashMap<ItemId, ItemId>,
    units: &HashMap<UnitId, &Unit>,
) -> FullItem {
    let old = &full.item;
    let new_id = |id: Option<ItemId>| id.and_then(|id| ids.get(&id).copied());
    let unit = |id: Option<UnitId>| id.and_then(|id| units.get(&id)).map(|unit| unit.id);
    let id = ids.get(&old.id).copied().unwrap_or(old.id);
    let mut coordinators: Vec<UnitId> = full.coordinators.iter().filter_map(|id| unit(Some(*id))).collect();
    coordinators.sort_unstable();
    coordinators.dedup();
    FullItem {
        item: PlanItem {
            id,
            plan_id,
            parent_id: new_id(old.parent_id),
            lead_unit_id: unit(old.lead_unit_id),
            tracking_unit_id: unit(old.tracking_unit_id),
            subset_of_id: new_id(old.subset_of_id),
            no_more_than_id: new_id(old.no_more_than_id),
            starts_on: shifted(old.starts_on, old.recurrence, years.between),
            due_on: shifted(old.due_on, old.recurrence, years.between),
            effective_from: None,
            withdrawn_from: None,
            definition_version: 1,
            carried_from_id: Some(old.id),
            version: 1,
            ..old.clone()
        },
        targets: carry_targets(&full.targets, id, years),
        coordinators,
        assignments: carry_assignments(&full.assignments, id, units),
    }
}

/// A recurring task comes back on the same days; a one-off that is not done needs new ones.
fn shifted(day: Option<NaiveDate>, recurrence: Option<Recurrence>, years: u32) -> Option<NaiveDate> {
    day.filter(|_| is_recurring(recurrence))
        .and_then(|day| day.checked_add_months(Months::new(years.saturating_mul(12))))
}

/// The targets in force at the end of the year that is left, from the first day of the one that begins.
fn carry_targets(targets: &[Target], item_id: ItemId, years: Years) -> Vec<Target> {
    let in_force = targets_in_force(targets, years.last_day).into_iter();
    in_force
        .map(|target| {
            TargetContent { effective_from: years.first_day, ..TargetContent::of(target) }.to_row(item_id)
        })
        .collect()
}

/// Who reports, once for each unit: where two became one, it reports as often and as bindingly as the stricter of them.
fn carry_assignments(
    rows: &[Assignment],
    item_id: ItemId,
    units: &HashMap<UnitId, &Unit>,
) -> Vec<Assignment> {
    let mut carried: Vec<Assignment> = Vec::new();
    for row in rows.iter().filter(|row| row.withdrawn_from.is_none()) {
        let Some(unit) = units.get(&row.unit_id) else { continue };
        let asked = is_only_asked(unit.kind);
        let obligation = if asked { Obligation::Request } else { row.obligation };
        match carried.iter_mut().find(|other| other.unit_id == unit.id) {
            // Both enums are declared from the strictest on.
            Some(other) => {
                other.frequency = other.frequency.min(row.frequency);
                other.obligation = other.obligation.min(obligation);
            }
            None => carried.push(Assignment {
                item_id,
                unit_id: unit.id,
                frequency: row.frequency,
                obligation,
                effective_from: None,
                withdrawn_from: None,
            }),
        }
    }
    carried
}

/// The title of the year that begins: the same, with its own year.
#[must_use]
pub fn carry_title(title: &str, from: i32, to: i32) -> String {
    title.replace(&from.to_string(), &to.to_string())
}

#[cfg(test)]
mod tests;
