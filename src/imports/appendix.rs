//! The appendix of a plan from a sheet: more items of a draft, or a new draft of its own.

use std::collections::HashSet;

use super::{
    Checked, MAX_ITEMS, require_year_free,
    resolve::resolve,
    table::{ROOT, read_table},
    unit_names::UnitNames,
};
use crate::{
    db::AnyConnection,
    error::{Code, Error, Faults, FieldError, Result, text},
    items::{self, ItemKind, PlanItem},
    kernel::id::WardId,
    plans::{
        Plan,
        actions::{self, NewPlan},
        rules,
    },
    sheets::Sheet,
    units::actions::list_ward_units,
};

/// The plan that an appendix goes to.
#[derive(Clone, Debug)]
pub enum Target {
    /// A draft that exists, by its id or year.
    Draft(String),
    /// A new draft.
    New {
        /// Its year.
        year: i32,
        /// Its title.
        title: String,
    },
}

/// Holds the draft that an appendix goes to until the transaction ends, so that nobody issues it meanwhile.
///
/// # Errors
/// `unknown_reference` at `?plan`, `plan_not_draft`.
pub fn require_target_draft(connection: &mut AnyConnection, ward_id: WardId, target: &Target) -> Result<()> {
    let Target::Draft(plan) = target else { return Ok(()) };
    let plan = find_target(connection, ward_id, plan)?;
    actions::require_draft(connection, ward_id, plan.id).map(drop)
}

fn find_target(connection: &mut AnyConnection, ward_id: WardId, id_or_year: &str) -> Result<Plan> {
    actions::find_plan(connection, ward_id, id_or_year)?
        .ok_or_else(|| Error::field("?plan", Code::UnknownReference))
}

/// Holds the appendix table of a sheet against the rules, the ward and the plan it goes to.
///
/// # Errors
/// `heading_missing`, `too_many_rows`; `plan_not_draft`, `code_taken` where the plan has an appendix already,
/// `plan_year_taken`, `invalid` at `?year` and `?title`, `unknown_reference` at `?plan`.
pub fn check_appendix(
    connection: &mut AnyConnection,
    ward_id: WardId,
    sheet: &Sheet,
    target: &Target,
) -> Result<Checked> {
    let (plan, existing) = match target {
        Target::Draft(plan) => {
            let plan = find_target(connection, ward_id, plan)?;
            rules::require_draft(plan.status)?;
            let existing = items::actions::list_plan_items(connection, plan.id)?;
            require_no_appendix(&existing)?;
            (plan, existing)
        }
        Target::New { year, title } => (new_plan(connection, ward_id, *year, title)?, Vec::new()),
    };
    let units = list_ward_units(connection, ward_id)?;
    let top = existing.iter().filter(|item| item.parent_id.is_none()).map(|item| item.position).max();
    let names = UnitNames::new(&units)?;
    let mut rows = read_table(sheet, &names, plan.year, top.unwrap_or(0) + 1)?;
    if existing.len() + rows.rows.len() > MAX_ITEMS {
        return Err(Error::new(Code::TooManyRows));
    }
    let taken: HashSet<(ItemKind, String)> =
        existing.into_iter().map(|item| (item.kind, item.code_ascii)).collect();
    let items = resolve(&plan, &mut rows, &units, taken);
    let is_new = matches!(target, Target::New { .. });
    Ok(Checked { plan, is_new, plan_faults: Vec::new(), rows, items })
}

fn require_no_appendix(existing: &[PlanItem]) -> Result<()> {
    if existing.iter().any(|item| item.kind == ItemKind::Section && item.code == ROOT) {
        let sentence = text(
            format!("Kế hoạch đã có phụ lục (mục {ROOT}); hãy xóa phụ lục cũ trước khi nhập phụ lục mới"),
            format!("The plan has an appendix already (item {ROOT}); delete it before reading in another"),
        );
        return Err(Error::because(Code::CodeTaken, sentence));
    }
    Ok(())
}

fn new_plan(connection: &mut AnyConnection, ward_id: WardId, year: i32, title: &str) -> Result<Plan> {
    let new = NewPlan { year, title: title.to_owned(), ..NewPlan::default() };
    let plan = new.to_plan(ward_id);
    let mut faults = Faults::new();
    rules::check_plan(&mut faults, &plan, &[]);
    // Year and title came by the query.
    let of_query = |fault: FieldError| FieldError { pointer: fault.pointer.replacen('/', "?", 1), ..fault };
    let faults: Vec<FieldError> = faults.into_fields().into_iter().map(of_query).collect();
    if !faults.is_empty() {
        return Err(Error::fields(Code::Invalid, faults));
    }
    require_year_free(connection, ward_id, year, "?year")?;
    Ok(plan)
}
