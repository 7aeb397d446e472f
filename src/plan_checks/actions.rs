//! Reading a plan for its check: one query for each kind of thing.

use super::{
    model::Finding,
    rules::{self, Reading},
};
use crate::{
    db::AnyConnection,
    error::Result,
    items::{self, ItemId, ItemKind},
    kernel::id::WardId,
    plans::{self, PlanId},
    units, wards,
};

/// What a careful reader would point at in this plan.
///
/// # Errors
/// Not found.
pub fn check_plan(connection: &mut AnyConnection, ward_id: WardId, id: PlanId) -> Result<Vec<Finding>> {
    let plan = plans::actions::get_plan(connection, ward_id, id)?;
    let ward = wards::actions::get_ward(connection, ward_id)?;
    let items = items::actions::list_plan_items(connection, id)?;
    let leaves: Vec<ItemId> =
        items.iter().filter(|item| item.kind == ItemKind::Indicator).map(|item| item.id).collect();
    let targets = items::actions::targets_of(connection, &leaves)?;
    let units = units::actions::list_ward_units(connection, ward_id)?;
    let reading =
        Reading { plan: &plan, ward_name: &ward.name, items: &items, targets: &targets, units: &units };
    Ok(rules::check(&reading))
}
