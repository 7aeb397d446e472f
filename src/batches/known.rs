//! All that the rows of a batch may name, loaded once, and the figure that each row means.

use std::collections::{HashMap, HashSet};

use super::{model::GivenRow, store};
use crate::{
    db::AnyConnection,
    error::{Code, FieldError, Result, text},
    items::{
        Assignment, ItemId, ItemKind, PlanItem,
        actions::{Definitions, load_definitions},
    },
    kernel::{
        id::{UnitId, WardId},
        text::clean,
    },
    periods::Period,
    plans::{Plan, PlanId},
    units::{self, Unit},
};

/// What the ward has, by id and by code.
pub struct Known {
    plans: HashMap<PlanId, Plan>,
    plan_names: HashMap<String, PlanId>,
    periods: Vec<Period>,
    period_names: HashMap<String, Vec<usize>>,
    items: Vec<PlanItem>,
    item_names: HashMap<(PlanId, String), Vec<usize>>,
    definitions: Definitions,
    units: Vec<Unit>,
    unit_names: HashMap<String, usize>,
    assigned: HashMap<(ItemId, UnitId), Assignment>,
}

/// The figure that a row means.
#[derive(Clone, Copy)]
pub struct Place<'k> {
    /// The plan.
    pub plan: &'k Plan,
    /// The period.
    pub period: &'k Period,
    /// The item, which need not be a leaf.
    pub item: &'k PlanItem,
    /// The unit.
    pub unit: &'k Unit,
    /// Whether that unit reports that item at the end of the period.
    pub assigned: bool,
}

impl Known {
    /// Loads what these rows may name: a handful of queries, whatever their number.
    ///
    /// # Errors
    /// When the database fails.
    pub fn load(connection: &mut AnyConnection, ward_id: WardId, rows: &[GivenRow]) -> Result<Self> {
        let plans = store::list_plans(connection, ward_id)?;
        let ids: Vec<PlanId> = plans.iter().map(|plan| plan.id).collect();
        let mut known = Self {
            plan_names: plans
                .iter()
                .flat_map(|plan| [(plan.id.to_string(), plan.id), (plan.year.to_string(), plan.id)])
                .collect(),
            plans: plans.into_iter().map(|plan| (plan.id, plan)).collect(),
            periods: store::list_periods(connection, &ids)?,
            period_names: HashMap::new(),
            items: Vec::new(),
            item_names: HashMap::new(),
            definitions: Definitions::default(),
            units: units::actions::list_ward_units(connection, ward_id)?,
            unit_names: HashMap::new(),
            assigned: HashMap::new(),
        };
        for (at, period) in known.periods.iter().enumerate() {
            for name in [period.id.to_string(), period.code.clone()] {
                known.period_names.entry(name).or_default().push(at);
            }
        }
        for (at, unit) in known.units.iter().enumerate() {
            known.unit_names.insert(unit.id.to_string(), at);
            known.unit_names.insert(unit.code.clone(), at);
        }
        let named: HashSet<PlanId> =
            rows.iter().filter_map(|row| known.find_period(row).ok()).map(|(plan, _)| plan.id).collect();
        let named: Vec<PlanId> = named.into_iter().collect();
        let assigned = store::list_assigned(connection, &named)?.into_iter();
        known.assigned = assigned.map(|row| ((row.item_id, row.unit_id), row)).collect();
        known.items = store::list_items(connection, &named)?;
        known.definitions = load_definitions(connection, &known.items)?;
        for (at, item) in known.items.iter().enumerate() {
            let names = HashSet::from([item.id.to_string(), item.code.clone(), item.code_ascii.clone()]);
            for name in names {
                known.item_names.entry((item.plan_id, name)).or_default().push(at);
            }
        }
        Ok(known)
    }

    /// The figure that a row means; `own` is the unit of a row that names none.
    ///
    /// # Errors
    /// Every name that means nothing in this ward.
    pub fn place(&self, row: &GivenRow, own: UnitId) -> Result<Place<'_>, Vec<FieldError>> {
        let mut faults = Vec::new();
        let found = self.find_period(row).map_err(|fault| faults.push(fault)).ok();
        let unit_name = row.unit.as_deref().map_or_else(|| own.to_string(), clean);
        let unit = self.unit_names.get(&unit_name).and_then(|at| self.units.get(*at));
        if unit.is_none() {
            faults.push(unknown("/unit", "đơn vị", "unit", &unit_name));
        }
        let (Some((plan, period)), Some(unit)) = (found, unit) else { return Err(faults) };
        let Some(item) = self.find_item(plan.id, row, unit.id) else {
            faults.push(unknown("/item", "mục", "item", &row.item));
            return Err(faults);
        };
        let assignment = self.assigned.get(&(item.id, unit.id));
        let assigned = assignment.is_some_and(|row| row.is_in_force(period.data_to));
        Ok(Place { plan, period, item, unit, assigned })
    }

    /// The item of a figure as it was defined at the end of the period.
    pub fn defined(&self, place: &Place<'_>) -> PlanItem {
        self.definitions.at(place.item, place.period.data_to)
    }

    /// The period that a row names, with its plan: the year tells codes apart that several plans have.
    fn find_period(&self, row: &GivenRow) -> Result<(&Plan, &Period), FieldError> {
        let name = clean(&row.period);
        let named = self.period_names.get(&name).map(Vec::as_slice).unwrap_or_default();
        let mut periods = named.iter().filter_map(|at| self.periods.get(*at));
        let period = match &row.plan {
            Some(plan) => {
                let plan_id = self.plan_names.get(&clean(plan));
                let plan_id = plan_id.ok_or_else(|| unknown("/plan", "kế hoạch", "plan", plan))?;
                periods.find(|period| period.plan_id == *plan_id)
            }
            None if named.len() > 1 => {
                let sentence = text(
                    format!("Kỳ “{name}” có trong nhiều kế hoạch; hãy ghi thêm năm của kế hoạch"),
                    format!("Several plans have a period “{name}”; add the plan's year"),
                );
                return Err(FieldError::because("/plan", Code::Required, sentence));
            }
            None => periods.next(),
        };
        let found = period.and_then(|period| Some((self.plans.get(&period.plan_id)?, period)));
        found.ok_or_else(|| unknown("/period", "kỳ báo cáo", "period", &name))
    }

    /// The item of this name. Where kinds share a code, the one that the row or the assignment tells, else the
    /// indicator.
    fn find_item(&self, plan_id: PlanId, row: &GivenRow, unit_id: UnitId) -> Option<&PlanItem> {
        let named = self.item_names.get(&(plan_id, clean(&row.item)))?;
        named
            .iter()
            .filter_map(|at| self.items.get(*at))
            .filter(|item| row.kind.is_none_or(|kind| kind == item.kind))
            .min_by_key(|item| {
                let rank = match item.kind {
                    ItemKind::Indicator => 0,
                    ItemKind::Task => 1,
                    ItemKind::Section => 2,
                };
                (!self.assigned.contains_key(&(item.id, unit_id)), rank)
            })
    }
}

fn unknown(pointer: &str, vi: &str, en: &str, given: &str) -> FieldError {
    let sentence = text(
        format!("Không có {vi} “{given}”; hãy kiểm tra lại mã"),
        format!("There is no {en} “{given}”; check the code"),
    );
    FieldError::because(pointer, Code::UnknownReference, sentence)
}
