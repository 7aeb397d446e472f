//! Reading what the rest of the year must look like. Few queries, whatever the number of leaves.

use std::collections::{BTreeMap, HashMap};

use super::{
    model::{Leaf, Needs, TargetNeed},
    rules, store,
    view::GetNeeds,
};
use crate::{
    access::Actor,
    db::AnyConnection,
    error::{Code, Error, FieldError, Result, text},
    items::{self, ItemId, ItemKind, MeasureKind, PlanItem, Target},
    kernel::{id::UnitId, time::Timestamp},
    periods::{self, Period},
    plans::{self, Plan, PlanId},
    results,
    submissions::{self, model::FigureBasis, reach::Visibility},
    verdicts::{Figures, rules as verdicts},
};

/// What the targets of a plan need, from the figures of a period: the ward's, or those of one unit.
///
/// # Errors
/// Not found, also for a unit whose figures the caller may not know of; `unknown_reference`, `not_applicable_here`,
/// `out_of_range` at a parameter; `forbidden` for a basis beyond the caller's.
pub fn read_needs(
    connection: &mut AnyConnection,
    actor: &Actor,
    plan_id: PlanId,
    wanted: &GetNeeds,
    now: Timestamp,
) -> Result<Needs> {
    let plan = plans::actions::get_plan(connection, actor.ward()?, plan_id)?;
    let period = periods::actions::find_period(connection, plan.id, &wanted.period)?
        .ok_or_else(|| Error::field("?period", Code::UnknownReference))?;
    let item = find_indicator(connection, &plan, wanted)?;
    let unit_id = match &wanted.unit {
        Some(unit) => Some(items::actions::require_unit_named(connection, plan.ward_id, unit)?),
        None => None,
    };
    let (basis, leaves) = match unit_id {
        Some(unit) => unit_leaves(connection, actor, &period, unit, wanted.basis)?,
        None => ward_leaves(connection, actor, &period, wanted.basis, now)?,
    };
    let leaves: Vec<Leaf> = leaves
        .into_iter()
        .filter(|leaf| item.is_none_or(|id| id == leaf.item_id))
        .filter(|leaf| wanted.field.is_none() || leaf.field == wanted.field)
        .collect();
    let leaves = with_targets(connection, &plan, &period, leaves, wanted.expected_denominator)?;
    Ok(Needs {
        plan,
        period,
        basis,
        as_of: now,
        unit_id,
        expected_denominator: wanted.expected_denominator,
        leaves,
    })
}

/// The leaf that is asked for, if one is; a number of expected cases belongs to one leaf.
fn find_indicator(connection: &mut AnyConnection, plan: &Plan, wanted: &GetNeeds) -> Result<Option<ItemId>> {
    let Some(item) = &wanted.item else {
        if wanted.expected_denominator.is_none() {
            return Ok(None);
        }
        let sentence = text(
            "Số trường hợp dự kiến là của một chỉ tiêu; hãy nêu chỉ tiêu ở tham số item",
            "A number of expected cases belongs to one indicator; name it as item",
        );
        let fault = FieldError::because("?expected_denominator", Code::NotApplicableHere, sentence);
        return Err(Error::fields(Code::Invalid, vec![fault]));
    };
    let found = items::actions::find_item(connection, plan, item)?
        .ok_or_else(|| Error::field("?item", Code::UnknownReference))?;
    if found.kind != ItemKind::Indicator {
        return Err(Error::field("?item", Code::NotApplicableHere));
    }
    Ok(Some(found.id))
}

fn ward_leaves(
    connection: &mut AnyConnection,
    actor: &Actor,
    period: &Period,
    asked: Option<FigureBasis>,
    now: Timestamp,
) -> Result<(FigureBasis, Vec<Leaf>)> {
    let basis = results::rules::basis_for(actor, asked)?;
    let summary = results::actions::summarise(connection, period.clone(), basis, now)?;
    let leaf = |leaf: results::LeafResult| Leaf {
        item_id: leaf.item_id,
        code: leaf.code,
        title: leaf.title,
        field: leaf.field,
        measure_kind: leaf.measure_kind,
        aggregation: leaf.aggregation,
        figures: leaf.figures,
    };
    // Of what was withdrawn the rest of the year asks nothing (RULES §6).
    let standing = summary.leaves.into_iter().filter(|leaf| leaf.withdrawn_from.is_none());
    Ok((basis, standing.map(leaf).collect()))
}

/// The leaves of a unit that the caller may know of, with its own figures.
fn unit_leaves(
    connection: &mut AnyConnection,
    actor: &Actor,
    period: &Period,
    unit_id: UnitId,
    asked: Option<FigureBasis>,
) -> Result<(FigureBasis, Vec<Leaf>)> {
    let visibility = Visibility::of(actor)?;
    let sees_all = visibility.all || visibility.approved || visibility.own_unit == Some(unit_id);
    // Others see what they track, if they track anything at all.
    let tracked_by =
        if sees_all { None } else { Some(visibility.tracked_unit.ok_or_else(Error::not_found)?) };
    let basis = rules::basis_of_unit(&visibility, asked)?;
    let mut items: BTreeMap<String, PlanItem> =
        store::list_reported(connection, period, unit_id, tracked_by)?
            .into_iter()
            .map(|item| (item.sort_path.clone(), item))
            .collect();
    let mut figures: HashMap<ItemId, Figures> = HashMap::new();
    let kind = ItemKind::Indicator;
    for said in
        submissions::actions::list_figures(connection, &visibility, period.id, kind, Some(unit_id), basis)?
    {
        if said.item.is_withdrawn(period.data_to) {
            continue;
        }
        figures.insert(said.item.id, submissions::rules::figures_of(&said.item, &said.content));
        // As it was defined when the period ended.
        items.insert(said.item.sort_path.clone(), said.item);
    }
    if items.is_empty() && !sees_all {
        return Err(Error::not_found());
    }
    let leaf = |item: PlanItem| Leaf {
        item_id: item.id,
        figures: figures.remove(&item.id).unwrap_or_default(),
        code: item.code,
        title: item.title,
        field: item.field,
        measure_kind: item.measure_kind.unwrap_or(MeasureKind::Count),
        aggregation: item.aggregation,
    };
    Ok((basis, items.into_values().map(leaf).collect()))
}

/// Each leaf with the targets that are in force at the year's end, for that is what the rest of the year leads to.
fn with_targets(
    connection: &mut AnyConnection,
    plan: &Plan,
    period: &Period,
    leaves: Vec<Leaf>,
    expected: Option<u32>,
) -> Result<Vec<(Leaf, Vec<TargetNeed>)>> {
    let window = plan.basis.and_then(|basis| periods::rules::year_window(basis, plan.year));
    let last_day = window.map_or(period.data_to, |(_, last)| last.max(period.data_to));
    let cumulative =
        plan.basis.is_some_and(|basis| periods::rules::is_cumulative(basis, plan.year, period.data_from));
    let ids: Vec<ItemId> = leaves.iter().map(|leaf| leaf.item_id).collect();
    let mut targets: HashMap<ItemId, Vec<Target>> = HashMap::new();
    for target in items::actions::list_targets(connection, &ids)? {
        targets.entry(target.item_id).or_default().push(target);
    }
    leaves
        .into_iter()
        .map(|leaf| {
            let all = targets.remove(&leaf.item_id).unwrap_or_default();
            let needs = verdicts::targets_in_force(&all, last_day)
                .into_iter()
                .map(|target| {
                    let cases = rules::cases_of(&leaf, target, cumulative);
                    Ok(TargetNeed {
                        target: target.clone(),
                        verdict: verdicts::decide(leaf.measure_kind, target, &leaf.figures),
                        need: match cases {
                            Ok(cases) => Ok(rules::need(cases, expected)?),
                            Err(reason) => Err(reason),
                        },
                    })
                })
                .collect::<Result<_>>()?;
            Ok((leaf, needs))
        })
        .collect()
}
