//! How a unit ends and another takes its place: the part of a merger or a split that is about units alone (RULES §4).

use chrono::NaiveDate;

use super::{model::Unit, rules, store, view::UnitView};
use crate::{
    audit::Event,
    context::Tx,
    error::Result,
    kernel::id::{UnitId, WardId},
};

/// Why a unit ends, and who comes after it.
#[derive(Clone, Debug)]
pub struct Ending<'a> {
    /// What the audit trail calls it.
    pub kind: &'static str,
    /// First day on which it no longer exists.
    pub effective_on: NaiveDate,
    /// The one unit that takes all of it over; none when it is split.
    pub successor_id: Option<UnitId>,
    /// The decision behind it.
    pub decision: Option<&'a str>,
}

/// Ends a unit the day before. Where one unit takes it over, that one's people act for it from now on, also for the
/// units it acted for itself.
///
/// # Errors
/// `concurrent_change`.
pub fn end_unit(tx: &mut Tx<'_>, before: &Unit, ending: &Ending<'_>) -> Result<Unit> {
    let after = Unit {
        active_to: Some(rules::day_before(ending.effective_on)),
        successor_id: ending.successor_id,
        acting_unit_id: ending.successor_id,
        is_standing_office: false,
        version: before.version + 1,
        ..before.clone()
    };
    store::update_unit(tx.connection, &after)?;
    if let Some(successor) = ending.successor_id {
        store::replace_acting_unit(tx.connection, before.id, successor)?;
    }
    let (old, new) = (UnitView::of(before)?, UnitView::of(&after)?);
    let event = Event::new(ending.kind, "unit", before.id).between(Some(&old), Some(&new));
    tx.record(event.with("effective_on", ending.effective_on).with("decision", ending.decision));
    Ok(after)
}

/// Makes a unit the ward's standing office, after the one before it ended.
///
/// # Errors
/// `standing_office_taken`, `concurrent_change`.
pub fn make_standing_office(tx: &mut Tx<'_>, before: &Unit) -> Result<Unit> {
    let after = Unit { is_standing_office: true, version: before.version + 1, ..before.clone() };
    write_change(tx, before, after)
}

/// Puts the units that belonged to ended ones under the successor, or, without one, under the first unit above that goes
/// on.
///
/// # Errors
/// `concurrent_change`.
pub fn adopt_children(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    ended: &[UnitId],
    successor: Option<UnitId>,
) -> Result<()> {
    let all = store::list_all(tx.connection, ward_id)?;
    for before in &all {
        if ended.contains(&before.id) || !before.parent_id.is_some_and(|parent| ended.contains(&parent)) {
            continue;
        }
        // The successor itself cannot stand under itself.
        let adopter = successor.filter(|unit| *unit != before.id);
        let parent_id = adopter.or_else(|| rules::first_above(&all, before, ended));
        let after = Unit { parent_id, version: before.version + 1, ..before.clone() };
        write_change(tx, before, after)?;
    }
    Ok(())
}

fn write_change(tx: &mut Tx<'_>, before: &Unit, after: Unit) -> Result<Unit> {
    store::update_unit(tx.connection, &after)?;
    let (old, new) = (UnitView::of(before)?, UnitView::of(&after)?);
    tx.record(Event::new("unit.changed", "unit", before.id).between(Some(&old), Some(&new)));
    Ok(after)
}
