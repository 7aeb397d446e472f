//! Passing on what units do for the items of open plans, when they are merged or one is split (RULES §4).

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    model::{Assignment, ItemId, Obligation, PlanItem},
    store,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::Result,
    kernel::id::{UnitId, WardId},
    units::{self, Unit},
};

/// A unit that takes over, and what it takes.
#[derive(Clone, Debug)]
pub struct Heir {
    /// The unit.
    pub unit: Unit,
    /// The items; none means all.
    pub items: Option<HashSet<ItemId>>,
}

impl Heir {
    fn takes(&self, id: ItemId) -> bool {
        self.items.as_ref().is_none_or(|items| items.contains(&id))
    }
}

/// An item with the units around it.
#[derive(Clone, Debug)]
struct Held {
    item: PlanItem,
    assignments: Vec<Assignment>,
    coordinators: Vec<UnitId>,
}

/// What the audit trail compares.
#[derive(Serialize)]
struct Units<'a> {
    lead_unit_id: Option<UnitId>,
    tracking_unit_id: Option<UnitId>,
    coordinating_unit_ids: &'a [UnitId],
    reporting_unit_ids: Vec<UnitId>,
    version: i64,
}

impl<'a> Units<'a> {
    fn of(held: &'a Held) -> Self {
        Self {
            lead_unit_id: held.item.lead_unit_id,
            tracking_unit_id: held.item.tracking_unit_id,
            coordinating_unit_ids: &held.coordinators,
            reporting_unit_ids: held.assignments.iter().map(|row| row.unit_id).collect(),
            version: held.item.version,
        }
    }
}

/// The items of open plans that these units report, lead, track or work along on, in the order of the plans.
///
/// # Errors
/// When the database fails.
pub fn list_held(connection: &mut AnyConnection, ward_id: WardId, units: &[UnitId]) -> Result<Vec<PlanItem>> {
    store::list_held(connection, ward_id, units)
}

/// Passes what these units do in open plans on to others, from a day on. Their own assignments stay, for what they owed
/// before. Lead and tracking go to the first heir that takes the item; figures on their way keep their verifier. Gives
/// how many items changed.
///
/// # Errors
/// `concurrent_change`.
pub fn hand_over(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    from: &[UnitId],
    heirs: &[Heir],
    effective_on: NaiveDate,
) -> Result<usize> {
    let items = store::list_held(tx.connection, ward_id, from)?;
    let ids: Vec<ItemId> = items.iter().map(|item| item.id).collect();
    let mut assignments: HashMap<ItemId, Vec<Assignment>> = HashMap::new();
    for row in store::list_assignments_of(tx.connection, &ids)? {
        assignments.entry(row.item_id).or_default().push(row);
    }
    let mut coordinators: HashMap<ItemId, Vec<UnitId>> = HashMap::new();
    for (item, unit) in store::list_coordinators(tx.connection, &ids)? {
        coordinators.entry(item).or_default().push(unit);
    }
    let mut changed = 0;
    for item in items {
        let before = Held {
            assignments: assignments.remove(&item.id).unwrap_or_default(),
            coordinators: coordinators.remove(&item.id).unwrap_or_default(),
            item,
        };
        let takers: Vec<&Unit> =
            heirs.iter().filter(|heir| heir.takes(before.item.id)).map(|heir| &heir.unit).collect();
        let after = passed_on(&before, from, &takers, effective_on);
        if Units::of(&after).reporting_unit_ids == Units::of(&before).reporting_unit_ids
            && after.coordinators == before.coordinators
            && after.item.lead_unit_id == before.item.lead_unit_id
            && after.item.tracking_unit_id == before.item.tracking_unit_id
        {
            continue;
        }
        write(tx, &before, after)?;
        changed += 1;
    }
    Ok(changed)
}

fn write(tx: &mut Tx<'_>, before: &Held, mut after: Held) -> Result<()> {
    after.item.version = before.item.version + 1;
    store::update_item(tx.connection, &after.item)?;
    let new = after.assignments.iter().filter(|row| !before.assignments.contains(row));
    let new: Vec<Assignment> = new.cloned().collect();
    store::insert_assignments(tx.connection, &new)?;
    if after.coordinators != before.coordinators {
        store::replace_coordinators(tx.connection, after.item.id, &after.coordinators)?;
    }
    let event = Event::new("item.handed_over", "item", after.item.id);
    tx.record(event.between(Some(&Units::of(before)), Some(&Units::of(&after))));
    Ok(())
}

/// The item as it is once the takers have taken it.
fn passed_on(before: &Held, from: &[UnitId], takers: &[&Unit], effective_on: NaiveDate) -> Held {
    let Some(first) = takers.first() else { return before.clone() };
    let mut after = before.clone();
    for role in [&mut after.item.lead_unit_id, &mut after.item.tracking_unit_id] {
        if role.is_some_and(|unit| from.contains(&unit)) {
            *role = Some(first.id);
        }
    }
    if after.coordinators.iter().any(|unit| from.contains(unit)) {
        after.coordinators.retain(|unit| !from.contains(unit));
        after.coordinators.extend(takers.iter().map(|unit| unit.id));
        after.coordinators.sort_unstable();
        after.coordinators.dedup();
    }
    let theirs: Vec<&Assignment> =
        before.assignments.iter().filter(|row| from.contains(&row.unit_id)).collect();
    // The strictest of several: ordered before asked, the more frequent before the less.
    if let Some(strictest) = theirs.into_iter().min_by_key(|row| (row.obligation, row.frequency)) {
        for taker in takers {
            if before.assignments.iter().any(|row| row.unit_id == taker.id) {
                continue;
            }
            let asked = units::rules::is_only_asked(taker.kind);
            after.assignments.push(Assignment {
                unit_id: taker.id,
                obligation: if asked { Obligation::Request } else { strictest.obligation },
                effective_from: Some(effective_on),
                ..strictest.clone()
            });
        }
    }
    after
}
