//! Imports: a ward's units and a whole plan read in from data files; all rows good, or nothing kept and every problem
//! named (RULES §6).

mod file;
pub mod http;
mod resolve;
mod units;

pub use self::{
    file::{
        AppendixFile, AssignmentEntry, IndicatorEntry, ItemEntry, MeasureEntry, PlanFile, SectionEntry,
        TaskEntry, UnitEntry, WardFile,
    },
    units::import_units,
};

use serde::Serialize;

use self::resolve::{Resolver, Row};
use crate::{
    audit::Event,
    context::Tx,
    error::{Code, Error, Faults, Result},
    items::{self, ItemId, ItemKind, draft::FullItem},
    kernel::id::WardId,
    plans::{
        Plan, PlanId,
        actions::{self, NewPlan},
        rules,
    },
    units::{Unit, actions::list_ward_units},
};

/// Most items of one plan that is read in.
const MAX_ITEMS: usize = 5000;

/// How much a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlanCounts {
    /// Its sections.
    pub sections: usize,
    /// Its indicators.
    pub indicators: usize,
    /// Its tasks.
    pub tasks: usize,
    /// Who reports what: one per leaf and unit.
    pub assignments: usize,
}

/// What was read in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ImportReport {
    /// The new plan.
    pub plan_id: PlanId,
    /// How much of everything.
    #[serde(flatten)]
    pub counts: PlanCounts,
}

/// A file that is good, ready to be written.
struct Prepared {
    plan: Plan,
    items: Vec<FullItem>,
}

impl Prepared {
    fn counts(&self) -> PlanCounts {
        let count = |kind| self.items.iter().filter(|full| full.item.kind == kind).count();
        PlanCounts {
            sections: count(ItemKind::Section),
            indicators: count(ItemKind::Indicator),
            tasks: count(ItemKind::Task),
            assignments: self.items.iter().map(|full| full.assignments.len()).sum(),
        }
    }
}

/// Reads a plan in as a draft, with its items, targets and assignments; the appendix counts as part of it.
///
/// Faults point at `/items/<row>/…` and `/appendix/<row>/…`. The plan's basis is kept; its periods are not built here.
///
/// # Errors
/// `invalid` with every problem of every row; `plan_year_taken`.
pub fn import_plan(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    file: &PlanFile,
    appendix: &[ItemEntry],
) -> Result<ImportReport> {
    let units = list_ward_units(tx.connection, ward_id)?;
    let prepared = prepare(ward_id, file, appendix, units)?;
    actions::insert_checked(tx.connection, &prepared.plan)?;
    items::actions::add_checked_items(tx, &prepared.items)?;
    let report = ImportReport { plan_id: prepared.plan.id, counts: prepared.counts() };
    tx.record(Event::new("plan.imported", "plan", prepared.plan.id).between(None, Some(&report)));
    Ok(report)
}

fn prepare(ward_id: WardId, file: &PlanFile, appendix: &[ItemEntry], units: Vec<Unit>) -> Result<Prepared> {
    if file.items.len() + appendix.len() > MAX_ITEMS {
        return Err(Error::field("/items", Code::OutOfRange));
    }
    let plan = Plan { basis: file.basis, ..new_plan(file).to_plan(ward_id) };
    let mut faults = Faults::new();
    rules::check_plan(&mut faults, &plan, &file.legal_bases);
    let mut all = faults.into_result(Code::Invalid).err().map(|error| error.fields).unwrap_or_default();
    let (items, faults) = Resolver::new(&plan, rows_of(file, appendix), units).resolve();
    all.extend(faults);
    if all.is_empty() { Ok(Prepared { plan, items }) } else { Err(Error::fields(Code::Invalid, all)) }
}

fn rows_of<'a>(file: &'a PlanFile, appendix: &'a [ItemEntry]) -> Vec<Row<'a>> {
    let list = |list: &'static str, entries: &'a [ItemEntry]| {
        let row = move |(index, entry)| Row { entry, list, index, id: ItemId::generate() };
        entries.iter().enumerate().map(row)
    };
    list("/items", &file.items).chain(list("/appendix", appendix)).collect()
}

fn new_plan(file: &PlanFile) -> NewPlan {
    NewPlan {
        year: file.year,
        title: file.title.clone(),
        number: file.number.clone(),
        issued_on: file.issued_on,
        legal_bases: file.legal_bases.clone(),
        note: file.note.clone(),
    }
}

#[cfg(test)]
mod tests;
