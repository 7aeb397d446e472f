//! Imports: a ward's units, a whole plan, or a plan's appendix read in from files; all rows good, or nothing kept and
//! every problem named (RULES §6).

mod appendix;
mod deadlines;
mod file;
pub mod http;
mod numbering;
mod report;
mod resolve;
mod rows;
mod table;
mod unit_names;
mod units;
mod words;

pub use self::{
    appendix::{Target, check_appendix, require_target_draft},
    file::{
        AppendixFile, AssignmentEntry, IndicatorEntry, ItemEntry, MeasureEntry, PlanFile, SectionEntry,
        TaskEntry, UnitEntry, WardFile,
    },
    report::{CellFault, ImportReport, PlanCounts, RowOutcome, RowReport},
    units::import_units,
};

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;

use self::rows::FileRows;
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Faults, FieldError, Result},
    items::{self, ItemKind, draft::FullItem},
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

/// What the audit keeps of an import.
#[derive(Serialize)]
struct Imported {
    plan_id: PlanId,
    #[serde(flatten)]
    counts: PlanCounts,
}

/// A file that was held against rules, ward and plan, and would be kept if nothing is wrong with it.
#[derive(Debug)]
pub struct Checked {
    plan: Plan,
    is_new: bool,
    plan_faults: Vec<FieldError>,
    rows: FileRows,
    items: Vec<FullItem>,
}

impl Checked {
    /// What becomes of every row; in a dry run nothing does.
    #[must_use]
    pub fn report(&self, dry_run: bool) -> ImportReport {
        let pointer = |fault: &FieldError| fault.pointer.trim_start_matches('/').to_owned();
        ImportReport {
            dry_run,
            plan_id: (!dry_run || !self.is_new).then_some(self.plan.id),
            counts: self.counts(),
            errors: self.plan_faults.iter().map(|fault| CellFault::of(fault, Some(pointer(fault)))).collect(),
            rows: self.rows.report(),
        }
    }

    fn counts(&self) -> PlanCounts {
        PlanCounts {
            sections: self.rows.count(ItemKind::Section),
            indicators: self.rows.count(ItemKind::Indicator),
            tasks: self.rows.count(ItemKind::Task),
            assignments: self.rows.entries().map(|entry| entry.assignments().len()).sum(),
        }
    }

    /// Whether all of it is good.
    ///
    /// # Errors
    /// `import_rejected` with every fault of the plan and of every row.
    pub fn require_good(&self) -> Result<()> {
        let mut all = self.plan_faults.clone();
        all.extend(self.rows.located_faults());
        if all.is_empty() { Ok(()) } else { Err(Error::fields(Code::ImportRejected, all)) }
    }
}

/// Holds a plan's file, its appendix counting as part of it, against the rules and the ward.
///
/// Faults point at `/items/<row>/…` and `/appendix/<row>/…`. The plan's basis is kept; its periods are not built here.
///
/// # Errors
/// `plan_year_taken`; `invalid` for too many items.
pub fn check_plan_file(
    connection: &mut AnyConnection,
    ward_id: WardId,
    file: &PlanFile,
    appendix: &[Value],
) -> Result<Checked> {
    if file.items.len() + appendix.len() > MAX_ITEMS {
        return Err(Error::field("/items", Code::OutOfRange));
    }
    require_year_free(connection, ward_id, file.year, "/year")?;
    let units = list_ward_units(connection, ward_id)?;
    Ok(prepare(ward_id, file, appendix, &units))
}

fn require_year_free(
    connection: &mut AnyConnection,
    ward_id: WardId,
    year: i32,
    pointer: &str,
) -> Result<()> {
    match actions::find_plan(connection, ward_id, &year.to_string())? {
        Some(_) => {
            Err(Error::fields(Code::PlanYearTaken, vec![FieldError::new(pointer, Code::PlanYearTaken)]))
        }
        None => Ok(()),
    }
}

fn prepare(ward_id: WardId, file: &PlanFile, appendix: &[Value], units: &[Unit]) -> Checked {
    let plan = Plan { basis: file.basis, ..new_plan(file).to_plan(ward_id) };
    let mut faults = Faults::new();
    rules::check_plan(&mut faults, &plan, &file.legal_bases);
    let mut rows = FileRows::of_list("/items", &file.items);
    rows.rows.extend(FileRows::of_list("/appendix", appendix).rows);
    let items = resolve::resolve(&plan, &mut rows, units, HashSet::new());
    Checked { plan, is_new: true, plan_faults: faults.into_fields(), rows, items }
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

/// Writes what was checked: a new draft plan, or more items of one, with targets and assignments.
///
/// # Errors
/// `import_rejected` with every fault; then nothing is written. `plan_year_taken`, `code_taken` for who was slower.
pub fn keep(tx: &mut Tx<'_>, checked: &Checked) -> Result<ImportReport> {
    checked.require_good()?;
    if checked.is_new {
        actions::insert_checked(tx.connection, &checked.plan)?;
    }
    items::actions::add_checked_items(tx, &checked.items)?;
    let imported = Imported { plan_id: checked.plan.id, counts: checked.counts() };
    tx.record(Event::new("plan.imported", "plan", checked.plan.id).between(None, Some(&imported)));
    Ok(checked.report(false))
}

/// Reads a plan in as a draft: [`check_plan_file`], then [`keep`].
///
/// # Errors
/// Those of both.
pub fn import_plan(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    file: &PlanFile,
    appendix: &[Value],
) -> Result<(PlanId, PlanCounts)> {
    let checked = check_plan_file(tx.connection, ward_id, file, appendix)?;
    keep(tx, &checked)?;
    Ok((checked.plan.id, checked.counts()))
}

#[cfg(test)]
mod tests;
