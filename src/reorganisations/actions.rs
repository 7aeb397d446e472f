//! Merging units and splitting one: all that changes hands does so in one transaction, from one day on (RULES §4).
//!
//! What the units owed before that day stays theirs; the people of a merged unit's successor finish it for them.

use chrono::NaiveDate;

use super::rules;
use crate::{
    accounts::{self, AccountId},
    clients,
    context::Tx,
    error::{Code, Error, Faults, Result},
    items::{self, ItemId, actions::Heir},
    kernel::{
        id::{UnitId, WardId},
        text::clean,
    },
    unit_plans,
    units::{
        self, Unit, UnitKind,
        actions::NewUnit,
        succession::{self, Ending},
    },
};

/// A unit that a merger or a split makes.
#[derive(Clone, Debug)]
pub struct Founding {
    /// Short code, unique in the ward.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Other ways documents write the name.
    pub aliases: Vec<String>,
    /// What sort of body it is.
    pub kind: UnitKind,
    /// The unit it belongs to.
    pub parent_id: Option<UnitId>,
}

/// Units that become one.
#[derive(Clone, Debug)]
pub struct Merger {
    /// The units that end.
    pub from: Vec<UnitId>,
    /// The unit that takes over.
    pub into: Option<UnitId>,
    /// The new unit that takes over; this or `into`.
    pub new_unit: Option<Founding>,
    /// First day of the new order.
    pub effective_on: NaiveDate,
    /// The decision behind it.
    pub decision: Option<String>,
}

/// One unit that a split makes, and what it gets.
#[derive(Clone, Debug)]
pub struct Part {
    /// The new unit.
    pub unit: Founding,
    /// Whether it becomes the standing office that the old unit was.
    pub is_standing_office: bool,
    /// The items it takes; none means all.
    pub items: Option<Vec<ItemId>>,
    /// The accounts that move into it.
    pub accounts: Vec<AccountId>,
}

/// One unit that becomes several.
#[derive(Clone, Debug)]
pub struct Split {
    /// What becomes of it.
    pub into: Vec<Part>,
    /// First day of the new order.
    pub effective_on: NaiveDate,
    /// The decision behind it.
    pub decision: Option<String>,
}

/// What changed hands.
#[derive(Clone, Copy, Debug)]
pub struct Moved {
    /// How many accounts.
    pub accounts: usize,
    /// How many items of open plans.
    pub items: usize,
}

/// Makes several units one. Duties, people, machine clients and unit plans pass to it; figures on their way go on. Gives
/// the successor and the units that ended.
///
/// # Errors
/// `invalid` with `unknown_reference`, `unit_not_active`, or `role_not_for_unit` for people who cannot move there;
/// `code_taken`, `concurrent_change`.
pub fn merge_units(tx: &mut Tx<'_>, ward_id: WardId, merger: Merger) -> Result<(Unit, Vec<Unit>, Moved)> {
    let decision = merger.decision.as_deref().map(clean);
    let all = units::actions::list_ward_units(tx.connection, ward_id)?;
    check_merger(tx, &merger, decision.as_deref(), &all)?;
    let from = &merger.from;
    let ending_units: Vec<&Unit> = all.iter().filter(|unit| from.contains(&unit.id)).collect();
    let into = match (merger.into, merger.new_unit) {
        (_, Some(new)) => {
            found(tx, ward_id, new, merger.effective_on).map_err(|error| rules::within(error, "/new_unit"))?
        }
        (into, None) => units::actions::get_unit(tx.connection, ward_id, into.ok_or_else(Error::not_found)?)?,
    };
    let ending = Ending {
        kind: "unit.merged",
        effective_on: merger.effective_on,
        successor_id: Some(into.id),
        decision: decision.as_deref(),
    };
    let was_office = ending_units.iter().any(|unit| unit.is_standing_office);
    let ended =
        ending_units.iter().map(|unit| succession::end_unit(tx, unit, &ending)).collect::<Result<_>>()?;
    if was_office {
        succession::make_standing_office(tx, &into)?;
    }
    succession::adopt_children(tx, ward_id, from, Some(into.id))?;
    let named: Vec<(UnitId, String)> =
        from.iter().enumerate().map(|(index, unit)| (*unit, format!("/from_unit_ids/{index}"))).collect();
    let accounts = accounts::actions::move_accounts(tx, &named, &into)?;
    clients::actions::move_clients(tx, ward_id, from, into.id)?;
    unit_plans::actions::hand_over(tx, ward_id, from, into.id)?;
    let heir = Heir { unit: into.clone(), items: None };
    let items = items::actions::hand_over(tx, ward_id, from, &[heir], merger.effective_on)?;
    let successor = units::actions::get_unit(tx.connection, ward_id, into.id)?;
    Ok((successor, ended, Moved { accounts, items }))
}

fn check_merger(tx: &Tx<'_>, merger: &Merger, decision: Option<&str>, all: &[Unit]) -> Result<()> {
    let mut faults = Faults::new();
    units::rules::check_decision(&mut faults, decision);
    units::rules::check_effective_day(&mut faults, merger.effective_on, tx.now.ward_date());
    rules::check_from(&mut faults, &merger.from, all, merger.effective_on);
    match (merger.into, &merger.new_unit) {
        (None, None) => faults.add("/into_unit_id", Code::Required),
        (Some(_), Some(_)) => faults.add("/new_unit", Code::NotApplicableHere),
        (Some(into), None) => {
            rules::check_into(&mut faults, into, &merger.from, all, merger.effective_on);
        }
        (None, Some(new)) if new.parent_id.is_some_and(|parent| merger.from.contains(&parent)) => {
            faults.add("/new_unit/parent_id", Code::UnitNotActive);
        }
        (None, Some(_)) => {}
    }
    faults.into_result(Code::Invalid)
}

/// Makes several units of one. People who are not named stay with the old unit and finish its earlier periods; so do its
/// machine clients and its own plan. Gives the unit that ended and those it became.
///
/// # Errors
/// Not found, `version_stale`; `invalid` with `unit_not_active`, `unknown_reference`, `item_left_without_unit` for each
/// item that no part takes, `role_not_for_unit`; `code_taken`, `concurrent_change`.
pub fn split_unit(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    id: UnitId,
    split: Split,
) -> Result<(Unit, Vec<Unit>, Moved)> {
    let before = units::actions::get_unit(tx.connection, ward_id, id)?;
    tx.check_version(before.version)?;
    let decision = split.decision.as_deref().map(clean);
    check_split(tx, &before, &split, decision.as_deref())?;
    let ending = Ending {
        kind: "unit.split",
        effective_on: split.effective_on,
        successor_id: None,
        decision: decision.as_deref(),
    };
    let ended = succession::end_unit(tx, &before, &ending)?;
    let mut heirs = Vec::new();
    let mut accounts = 0;
    for (index, part) in split.into.into_iter().enumerate() {
        let at = format!("/into/{index}");
        let founding = Founding { parent_id: part.unit.parent_id.or(before.parent_id), ..part.unit };
        let mut unit =
            found(tx, ward_id, founding, split.effective_on).map_err(|error| rules::within(error, &at))?;
        if part.is_standing_office {
            unit = succession::make_standing_office(tx, &unit)?;
        }
        let named = part.accounts.into_iter().enumerate();
        let named: Vec<(AccountId, String)> =
            named.map(|(place, account)| (account, format!("{at}/account_ids/{place}"))).collect();
        accounts += accounts::actions::move_named(tx, id, &named, &unit)?;
        heirs.push(Heir { unit, items: part.items.map(|items| items.into_iter().collect()) });
    }
    succession::adopt_children(tx, ward_id, &[id], None)?;
    let items = items::actions::hand_over(tx, ward_id, &[id], &heirs, split.effective_on)?;
    let parts = heirs.into_iter().map(|heir| heir.unit).collect();
    Ok((ended, parts, Moved { accounts, items }))
}

fn check_split(tx: &mut Tx<'_>, unit: &Unit, split: &Split, decision: Option<&str>) -> Result<()> {
    let mut faults = Faults::new();
    units::rules::check_decision(&mut faults, decision);
    units::rules::check_effective_day(&mut faults, split.effective_on, tx.now.ward_date());
    if !rules::can_end(unit, split.effective_on) {
        faults.add("/effective_on", Code::UnitNotActive);
    }
    if !(2..=rules::MAX_UNITS).contains(&split.into.len()) {
        faults.add("/into", Code::OutOfRange);
    }
    for (index, part) in split.into.iter().enumerate() {
        if part.unit.parent_id == Some(unit.id) {
            faults.add(format!("/into/{index}/parent_id"), Code::UnitNotActive);
        }
    }
    let standing: Vec<bool> = split.into.iter().map(|part| part.is_standing_office).collect();
    rules::check_standing_office(&mut faults, unit.is_standing_office, &standing);
    let held = items::actions::list_held(tx.connection, unit.ward_id, &[unit.id])?;
    let taken: Vec<Option<Vec<ItemId>>> = split.into.iter().map(|part| part.items.clone()).collect();
    rules::check_items(&mut faults, &held, &taken);
    faults.into_result(Code::Invalid)
}

fn found(tx: &mut Tx<'_>, ward_id: WardId, new: Founding, active_from: NaiveDate) -> Result<Unit> {
    let new = NewUnit {
        code: new.code,
        name: new.name,
        aliases: new.aliases,
        kind: new.kind,
        is_standing_office: false,
        parent_id: new.parent_id,
        active_from,
    };
    units::actions::create_unit(tx, ward_id, new)
}
