//! Beginning the plan of the year after.

use chrono::NaiveDate;
use serde::Serialize;

use super::rules::{self, LeftBehind, Years};
use crate::{
    audit::Event,
    context::Tx,
    error::{Code, Error, Faults, Result},
    items::{self, ItemKind, draft::FullItem},
    kernel::{id::WardId, text::clean},
    periods::{PeriodKind, rules::windows},
    plans::{self, Basis, Plan, PlanId, PlanStatus},
    submissions, units,
};

/// How a plan is carried over.
#[derive(Clone, Debug, Default)]
pub struct CarryOptions {
    /// The year that begins; the one after if absent.
    pub year: Option<i32>,
    /// Title; the same with the new year if absent.
    pub title: Option<String>,
    /// Whether samples go along.
    pub include_samples: bool,
}

/// How much was carried over, and how much was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CarryCounts {
    /// Sections that went over.
    pub sections: usize,
    /// Indicators that went over.
    pub indicators: usize,
    /// Tasks that went over.
    pub tasks: usize,
    /// Who reports what: one per leaf and unit.
    pub assignments: usize,
    /// Items that amendments had withdrawn.
    pub left_withdrawn: usize,
    /// One-off tasks that are done.
    pub left_done: usize,
    /// Samples.
    pub left_samples: usize,
    /// Assignments of units that ended without a successor, or whose successor reports the leaf already.
    pub dropped_assignments: usize,
}

/// Begins the plan of the year after as a draft: all that stands and is not done, with the targets of the year's end.
///
/// # Errors
/// Not found, `plan_not_issued` for a draft, `invalid`, `plan_year_taken`.
pub fn carry_over(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    plan_id: PlanId,
    options: &CarryOptions,
) -> Result<(Plan, CarryCounts)> {
    let source = plans::actions::get_plan(tx.connection, ward_id, plan_id)?;
    if source.status == PlanStatus::Draft {
        return Err(Error::new(Code::PlanNotIssued));
    }
    let plan = new_plan(&source, options)?;
    let years = years_of(&source, &plan)?;
    let progress = submissions::actions::list_approved_progress(tx.connection, plan_id)?;
    let all = items::actions::list_full_items(tx.connection, plan_id)?;
    let (kept, left) = rules::select_items(all, &progress, options.include_samples);
    let units = units::actions::list_ward_units(tx.connection, ward_id)?;
    let successors = rules::successors(&units, years.first_day);
    let ids = rules::new_ids(&kept);
    let items: Vec<FullItem> =
        kept.iter().map(|full| rules::carry_item(full, plan.id, years, &ids, &successors)).collect();
    plans::actions::insert_checked(tx.connection, &plan)?;
    items::actions::add_checked_items(tx, &items)?;
    let counts = count(&kept, &items, left);
    tx.record(
        Event::new("plan.carried_over", "plan", plan.id)
            .between(None, Some(&counts))
            .with("from_plan_id", plan_id)
            .with("year", plan.year),
    );
    Ok((plan, counts))
}

fn new_plan(source: &Plan, options: &CarryOptions) -> Result<Plan> {
    let year = options.year.unwrap_or(source.year + 1);
    let title = match &options.title {
        Some(title) => clean(title),
        None => rules::carry_title(&source.title, source.year, year),
    };
    let plan = Plan {
        id: PlanId::generate(),
        year,
        title,
        number: None,
        issued_on: None,
        note: None,
        status: PlanStatus::Draft,
        version: 1,
        ..source.clone()
    };
    let mut faults = Faults::new();
    if year <= source.year {
        faults.add("/year", Code::OutOfRange);
    }
    plans::rules::check_plan(&mut faults, &plan, &[]);
    faults.into_result(Code::Invalid)?;
    Ok(plan)
}

fn years_of(source: &Plan, plan: &Plan) -> Result<Years> {
    let last_day = NaiveDate::from_ymd_opt(source.year, 12, 31);
    let first_day = windows(plan.basis.unwrap_or(Basis::Calendar), plan.year, false)
        .into_iter()
        .find(|window| window.kind == PeriodKind::Year)
        .map(|window| window.data_from);
    let (Some(last_day), Some(first_day)) = (last_day, first_day) else {
        return Err(Error::field("/year", Code::OutOfRange));
    };
    let between = u32::try_from(plan.year - source.year).map_err(Error::internal)?;
    Ok(Years { last_day, first_day, between })
}

fn count(kept: &[FullItem], items: &[FullItem], left: LeftBehind) -> CarryCounts {
    let of = |kind| items.iter().filter(|full| full.item.kind == kind).count();
    let standing = kept.iter().flat_map(|full| &full.assignments).filter(|row| row.withdrawn_from.is_none());
    let assignments = items.iter().map(|full| full.assignments.len()).sum();
    CarryCounts {
        sections: of(ItemKind::Section),
        indicators: of(ItemKind::Indicator),
        tasks: of(ItemKind::Task),
        assignments,
        left_withdrawn: left.withdrawn,
        left_done: left.done,
        left_samples: left.samples,
        dropped_assignments: standing.count().saturating_sub(assignments),
    }
}
