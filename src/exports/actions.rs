//! Reading a report: what the caller may know of, and nothing else.

use std::collections::HashMap;

use super::model::{ExportResults, IndicatorRow, Report, TaskRow};
use crate::{
    access::Actor,
    db::AnyConnection,
    error::{Code, Error, Result},
    items::{self, ItemId, ItemKind, PlanItem},
    kernel::{number::Quantity, time::Timestamp},
    periods,
    plans::{self, PlanId},
    results::{self, LeafResult},
    submissions::{
        self,
        model::{FigureBasis, UnitFigure},
        reach::Visibility,
        view::{TargetView, VerdictView},
    },
    units::{self, model::Unit},
    wards,
};

/// The results of a period, on the basis that the caller's summary has.
///
/// # Errors
/// Not found, `unknown_reference` at `?period`, `forbidden` for a basis beyond the caller's.
pub fn read_report(
    connection: &mut AnyConnection,
    actor: &Actor,
    plan_id: PlanId,
    wanted: &ExportResults,
    now: Timestamp,
) -> Result<Report> {
    let basis = results::rules::basis_for(actor, wanted.basis)?;
    let plan = plans::actions::get_plan(connection, actor.ward()?, plan_id)?;
    let period = periods::actions::find_period(connection, plan.id, &wanted.period)?
        .ok_or_else(|| Error::field("?period", Code::UnknownReference))?;
    let ward = wards::actions::get_ward(connection, plan.ward_id)?;
    let units = units::actions::list_ward_units(connection, plan.ward_id)?;
    let summary = results::actions::summarise(connection, period.clone(), basis, now)?;
    let tasks = list_tasks(connection, actor, &period, basis, &units)?;
    let is_wanted = |field| wanted.field.is_none() || wanted.field == field;
    Ok(Report {
        ward_code: ward.code,
        ward_name: ward.name,
        plan_id: plan.id,
        year: plan.year,
        plan_title: plan.title,
        plan_number: plan.number,
        plan_issued_on: plan.issued_on,
        period_id: period.id,
        period_code: period.code,
        period_kind: period.kind,
        data_from: period.data_from,
        data_to: period.data_to,
        basis,
        as_of: now,
        standing_office: units.into_iter().find(|unit| unit.is_standing_office).map(|unit| unit.code),
        items: summary.leaves.into_iter().filter(|leaf| is_wanted(leaf.field)).map(indicator_row).collect(),
        tasks: tasks.into_iter().filter(|task| is_wanted(task.field)).collect(),
    })
}

fn indicator_row(leaf: LeafResult) -> IndicatorRow {
    let yes = leaf.figures.yes.map(|(yes, all)| (Quantity::whole(yes), Quantity::whole(all)));
    IndicatorRow {
        item_id: leaf.item_id,
        code: leaf.code,
        title: leaf.title,
        field: leaf.field,
        measure_unit: leaf.measure_unit,
        numerator: leaf.figures.numerator.or(yes.map(|(yes, _)| yes)),
        denominator: leaf.figures.denominator.or(yes.map(|(_, all)| all)),
        value: leaf.figures.value,
        band: leaf.figures.band,
        rate: leaf.rate,
        verdicts: leaf
            .verdicts
            .iter()
            .map(|(target, verdict)| VerdictView {
                tier: target.tier,
                verdict: *verdict,
                target: TargetView::of(target),
            })
            .collect(),
        withdrawn_from: leaf.withdrawn_from,
        coverage: leaf.coverage,
        previous_rate: leaf.previous_rate,
        trend: leaf.rate.zip(leaf.previous_rate).map(|(now, before)| now.minus(before)),
    }
}

/// What units said of tasks. Who sees the whole ward also sees on which tasks nobody reported; for others that would
/// only tell what they may not know of.
fn list_tasks(
    connection: &mut AnyConnection,
    actor: &Actor,
    period: &periods::Period,
    basis: FigureBasis,
    units: &[Unit],
) -> Result<Vec<TaskRow>> {
    let visibility = Visibility::of(actor)?;
    let kind = ItemKind::Task;
    let mut said: HashMap<ItemId, Vec<UnitFigure>> = HashMap::new();
    for figure in submissions::actions::list_figures(connection, &visibility, period.id, kind, None, basis)? {
        said.entry(figure.item.id).or_default().push(figure);
    }
    let tasks = items::actions::list_leaves(connection, period.plan_id)?;
    let rows =
        tasks.into_iter().filter(|item| item.kind == kind).flat_map(|task| match said.remove(&task.id) {
            Some(figures) => figures.into_iter().map(|figure| reported_row(&task, figure)).collect(),
            None if visibility.all && task.is_in_force(period.data_to) => vec![lone_row(&task, units)],
            None => Vec::new(),
        });
    Ok(rows.collect())
}

fn reported_row(task: &PlanItem, said: UnitFigure) -> TaskRow {
    let progress = said.content.progress;
    TaskRow {
        unit_code: Some(said.unit_code),
        unit_name: Some(said.unit_name),
        state: progress.as_ref().map(|progress| progress.state),
        percent: progress.as_ref().map(|progress| progress.percent),
        product: progress.and_then(|progress| progress.deliverable),
        ..bare_row(task)
    }
}

/// A task on which nobody reported yet, with the unit that leads it.
fn lone_row(task: &PlanItem, units: &[Unit]) -> TaskRow {
    let lead = units.iter().find(|unit| Some(unit.id) == task.lead_unit_id);
    TaskRow {
        unit_code: lead.map(|unit| unit.code.clone()),
        unit_name: lead.map(|unit| unit.name.clone()),
        ..bare_row(task)
    }
}

fn bare_row(task: &PlanItem) -> TaskRow {
    TaskRow {
        item_id: task.id,
        code: task.code.clone(),
        title: task.title.clone(),
        field: task.field,
        due_on: task.due_on,
        unit_code: None,
        unit_name: None,
        state: None,
        percent: None,
        product: None,
    }
}
