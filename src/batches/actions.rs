//! Receiving a batch: everything loaded once, every row decided in memory, all of it written in a few statements.

use std::collections::{HashMap, HashSet};

use super::{
    columns::Column,
    known::{Known, Place},
    model::{Batch, Form, FormLine, GivenColumn, GivenRow, Outcome, RowReport},
    rules::{self, Act},
    store, view,
};
use crate::{
    access::Actor,
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, FieldError, Result},
    items::{self, ItemId, Target},
    kernel::id::UnitId,
    periods::{self, PeriodId, model::PeriodKind},
    plans::{self, PlanId},
    submissions::{
        Submission,
        bulk::{self, ChangedDraft, NewDraft},
        reach::may_draft_for,
    },
    units, wards,
};

type Key = (ItemId, PeriodId, UnitId);

/// What becomes of all rows, before anything is written. Drafts carry the number of their report.
struct Decided<'k> {
    reports: Vec<RowReport>,
    created: Vec<(usize, NewDraft<'k>)>,
    changed: Vec<(usize, ChangedDraft)>,
}

/// Says what would become of each row, and does nothing.
///
/// # Errors
/// `forbidden` for a caller without a unit.
pub fn preview_batch(
    connection: &mut AnyConnection,
    actor: &Actor,
    batch: Batch,
) -> Result<(Vec<RowReport>, Vec<GivenColumn>)> {
    let known = Known::load(connection, actor.ward()?, &batch.rows)?;
    let decided = decide(connection, actor, &known, batch.rows)?;
    Ok((decided.reports, batch.columns))
}

/// Begins and changes the drafts that the rows of a batch say, in one transaction. Rows that are not right are left
/// out; if `atomic`, one of them keeps all others out.
///
/// # Errors
/// `forbidden` for a caller without a unit; `batch_rejected`, if `atomic`; `concurrent_change`.
pub fn receive_batch(
    tx: &mut Tx<'_>,
    batch: Batch,
    atomic: bool,
) -> Result<(Vec<RowReport>, Vec<GivenColumn>)> {
    let unit_id = tx.actor.unit_id.ok_or_else(|| Error::new(Code::Forbidden))?;
    let known = Known::load(tx.connection, tx.actor.ward()?, &batch.rows)?;
    let Decided { mut reports, created, changed } = decide(tx.connection, tx.actor, &known, batch.rows)?;
    view::require_whole(&reports, &batch.columns, atomic)?;
    let counts = view::Counts::of(&reports);
    tx.record(Event::new("batch.received", "unit", unit_id).between(None, Some(&counts)));
    let denied =
        reports.iter().filter(|report| report.faults.iter().any(|fault| fault.code == Code::Forbidden));
    let denied = denied.count();
    if denied > 0 {
        tx.record(
            Event::new("access.denied", "unit", unit_id)
                .with("operation", "create_batch")
                .with("rows", denied),
        );
    }
    let (places, drafts): (Vec<usize>, Vec<_>) = created.into_iter().unzip();
    for (place, id) in places.into_iter().zip(bulk::create_drafts(tx, &drafts)?) {
        if let Some(report) = reports.get_mut(place) {
            report.submission = Some((id, 1));
        }
    }
    let (places, drafts): (Vec<usize>, Vec<_>) = changed.into_iter().unzip();
    bulk::change_drafts(tx, &drafts)?;
    for (place, draft) in places.into_iter().zip(drafts) {
        if let Some(report) = reports.get_mut(place) {
            report.submission = Some((draft.before.id, draft.before.version + 1));
        }
    }
    Ok((reports, batch.columns))
}

fn decide<'k>(
    connection: &mut AnyConnection,
    actor: &Actor,
    known: &'k Known,
    rows: Vec<GivenRow>,
) -> Result<Decided<'k>> {
    let own = actor.unit_id.ok_or_else(|| Error::new(Code::Forbidden))?;
    let places: Vec<_> = rows.iter().map(|row| known.place(row, own)).collect();
    let mut existing = load_existing(connection, actor, &places)?;
    let mut seen = HashSet::new();
    let mut decided =
        Decided { reports: Vec::with_capacity(rows.len()), created: Vec::new(), changed: Vec::new() };
    for (row, place) in rows.into_iter().zip(places) {
        let mut report = report_of(&row, place.as_ref().ok());
        match check_row(actor, &row, place, &mut seen) {
            Err(faults) => report.faults = faults,
            Ok(place) => {
                let key = (place.item.id, place.period.id, place.unit.id);
                let may = may_draft_for(actor, place.unit.acting_id());
                report.submission = existing.get(&key).filter(|_| may).map(|found| (found.id, found.version));
                if !row.change.is_empty() {
                    decide_row(&mut decided, &mut report, &row, known, place, existing.remove(&key))?;
                }
            }
        }
        if !report.faults.is_empty() {
            report.outcome = Outcome::Rejected;
        }
        decided.reports.push(report);
    }
    Ok(decided)
}

fn decide_row<'k>(
    decided: &mut Decided<'k>,
    report: &mut RowReport,
    row: &GivenRow,
    known: &'k Known,
    place: Place<'k>,
    existing: Option<Submission>,
) -> Result<()> {
    // A figure that was begun while the unit had the leaf may still be finished.
    if let (None, Some(fault)) = (&existing, rules::check_beginning(&place)) {
        report.faults = vec![fault];
        return Ok(());
    }
    let at = decided.reports.len();
    let existing = existing
        .map(|found| found.content.read().map(|content| (found, content)).map_err(Error::internal))
        .transpose()?;
    let item = known.defined(&place);
    let said = existing.as_ref().map(|(found, content)| (found.state, content));
    match (rules::decide(&item, said, &row.change), existing) {
        (Err(faults), _) => report.faults = faults,
        (Ok(Act::Create(content)), _) => {
            report.outcome = Outcome::Created;
            let Place { item, period, unit, .. } = place;
            decided.created.push((at, NewDraft { item, period, unit_id: unit.id, content }));
        }
        (Ok(Act::Change(new)), Some((before, old))) => {
            report.outcome = Outcome::Updated;
            decided.changed.push((at, ChangedDraft { before, old, new }));
        }
        (Ok(Act::Change(_) | Act::Keep), _) => {}
    }
    Ok(())
}

fn report_of(row: &GivenRow, place: Option<&Place<'_>>) -> RowReport {
    RowReport {
        number: row.number,
        item: place.map_or_else(|| row.item.clone(), |place| place.item.code.clone()),
        period: place.map_or_else(|| row.period.clone(), |place| place.period.code.clone()),
        unit: place.map_or_else(|| row.unit.clone(), |place| Some(place.unit.code.clone())),
        outcome: Outcome::Unchanged,
        submission: None,
        faults: Vec::new(),
    }
}

/// Whether the caller may say something there, and says it for the first time. A row that says nothing asks nothing.
fn check_row<'k>(
    actor: &Actor,
    row: &GivenRow,
    place: std::result::Result<Place<'k>, Vec<FieldError>>,
    seen: &mut HashSet<Key>,
) -> std::result::Result<Place<'k>, Vec<FieldError>> {
    let mut faults = row.faults.clone();
    let place = match place {
        Ok(place) if faults.is_empty() => place,
        Ok(_) => return Err(faults),
        Err(more) => {
            let named: HashSet<String> = faults.iter().map(|fault| fault.pointer.clone()).collect();
            faults.extend(more.into_iter().filter(|fault| !named.contains(&fault.pointer)));
            return Err(faults);
        }
    };
    if row.change.is_empty() {
        return Ok(place);
    }
    if !may_draft_for(actor, place.unit.acting_id()) {
        return Err(vec![FieldError::new(Column::Unit.pointer(), Code::Forbidden)]);
    }
    if !seen.insert((place.item.id, place.period.id, place.unit.id)) {
        return Err(vec![FieldError::new("", Code::DuplicateRow)]);
    }
    match rules::check_place(&place) {
        Some(fault) => Err(vec![fault]),
        None => Ok(place),
    }
}

/// The submissions that are there already, one query for each period that the rows name.
fn load_existing(
    connection: &mut AnyConnection,
    actor: &Actor,
    places: &[std::result::Result<Place<'_>, Vec<FieldError>>],
) -> Result<HashMap<Key, Submission>> {
    let ward_id = actor.ward()?;
    let mut named: HashMap<PeriodId, HashSet<UnitId>> = HashMap::new();
    let mut wanted = HashSet::new();
    for place in places.iter().flatten().filter(|place| may_draft_for(actor, place.unit.acting_id())) {
        named.entry(place.period.id).or_default().insert(place.unit.id);
        wanted.insert((place.item.id, place.period.id, place.unit.id));
    }
    let mut existing = HashMap::new();
    for (period_id, units) in named {
        let units: Vec<UnitId> = units.into_iter().collect();
        let found = bulk::list_of_units(connection, ward_id, period_id, &units)?;
        let keyed = found.into_iter().map(|row| ((row.item_id, row.period_id, row.unit_id), row));
        existing.extend(keyed.filter(|(key, _)| wanted.contains(key)));
    }
    Ok(existing)
}

/// What the template of a unit for a period is made of: the leaves it owes, or, for a period that somebody asked for,
/// all that it reports.
///
/// # Errors
/// Not found; `unknown_reference` at `?period` and `?unit`; `forbidden` for a unit that the caller does not draft for.
pub fn load_form(
    connection: &mut AnyConnection,
    actor: &Actor,
    plan_id: PlanId,
    period: &str,
    unit: Option<&str>,
) -> Result<Form> {
    let ward_id = actor.ward()?;
    let plan = plans::actions::get_plan(connection, ward_id, plan_id)?;
    let period = periods::actions::find_period(connection, plan.id, period)?
        .ok_or_else(|| Error::field("?period", Code::UnknownReference))?;
    let unit_id = match unit {
        Some(unit) => items::actions::require_unit_named(connection, ward_id, unit)?,
        None => actor.unit_id.ok_or_else(|| Error::new(Code::Forbidden))?,
    };
    let unit = units::actions::get_unit(connection, ward_id, unit_id)?;
    if !may_draft_for(actor, unit.acting_id()) {
        return Err(Error::new(Code::Forbidden));
    }
    let leaves = if period.kind == PeriodKind::Adhoc {
        store::list_assigned_items(connection, &period, unit_id)?
    } else {
        store::list_owed_items(connection, &period, unit_id)?
    };
    let definitions = items::actions::load_definitions(connection, &leaves)?;
    let ids: Vec<ItemId> = leaves.iter().map(|item| item.id).collect();
    let mut targets: HashMap<ItemId, Vec<Target>> = HashMap::new();
    for target in items::actions::list_targets(connection, &ids)? {
        targets.entry(target.item_id).or_default().push(target);
    }
    let mut submissions = HashMap::new();
    for found in bulk::list_of_units(connection, ward_id, period.id, &[unit_id])? {
        let content = found.content.read().map_err(Error::internal)?;
        submissions.insert(found.item_id, (found, content));
    }
    let line = |item: items::PlanItem| FormLine {
        targets: targets.remove(&item.id).unwrap_or_default(),
        submission: submissions.remove(&item.id),
        item: definitions.at(&item, period.data_to),
    };
    Ok(Form {
        lines: leaves.into_iter().map(line).collect(),
        ward: wards::actions::get_ward(connection, ward_id)?,
        unit,
        plan,
        period,
    })
}
