//! Writes about the items of unit plans; only while the plan is a draft.

use chrono::NaiveDate;

use super::{
    actions::{get_for_actor, require_writable},
    model::{UnitPlan, UnitPlanId, UnitPlanItem, UnitPlanItemId},
    reach::Reach,
    rules, store,
    view::UnitPlanItemView,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Result},
    items::ItemId,
    kernel::text::clean,
};

/// What an item of a unit's plan says.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// What is to be done.
    pub title: String,
    /// The leaves of the ward's plan that it contributes to.
    pub contributes_to: Vec<ItemId>,
    /// Its product.
    pub deliverable: Option<String>,
    /// First day.
    pub starts_on: Option<NaiveDate>,
    /// Last day.
    pub due_on: Option<NaiveDate>,
    /// The position whose holder does it.
    pub person_position: Option<String>,
}

/// What changes about an item: absent keeps.
#[derive(Clone, Debug, Default)]
pub struct ItemChanges {
    /// What is to be done.
    pub title: Option<String>,
    /// The leaves of the ward's plan that it contributes to.
    pub contributes_to: Option<Vec<ItemId>>,
    /// Its product.
    pub deliverable: Option<Option<String>>,
    /// First day.
    pub starts_on: Option<Option<NaiveDate>>,
    /// Last day.
    pub due_on: Option<Option<NaiveDate>>,
    /// The position whose holder does it.
    pub person_position: Option<Option<String>>,
}

/// Adds an item to a draft.
///
/// # Errors
/// Not found, `forbidden`, `unit_plan_issued`, `plan_not_issued`, `too_many_rows`, `invalid`.
pub fn create_item(tx: &mut Tx<'_>, id: UnitPlanId, new: NewItem) -> Result<UnitPlanItemView> {
    let plan = get_for_actor(tx, id)?;
    require_writable(tx, &plan)?;
    if store::count_items(tx.connection, id)? >= rules::MAX_ITEMS {
        return Err(Error::new(Code::TooManyRows));
    }
    let item = UnitPlanItem {
        id: UnitPlanItemId::generate(),
        ward_id: plan.ward_id,
        unit_plan_id: id,
        title: clean(&new.title),
        deliverable: new.deliverable.as_deref().map(clean),
        starts_on: new.starts_on,
        due_on: new.due_on,
        person_position: new.person_position.as_deref().map(clean),
        version: 1,
    };
    let links = check(tx, &plan, &item, new.contributes_to)?;
    store::insert_item(tx.connection, &item, &links)?;
    let view = UnitPlanItemView::of(&item, links);
    tx.record(Event::new("unit_plan_item.created", "unit_plan_item", item.id).between(None, Some(&view)));
    Ok(view)
}

/// Changes an item of a draft.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `forbidden`, `unit_plan_issued`, `plan_not_issued`, `invalid`.
pub fn change_item(tx: &mut Tx<'_>, id: UnitPlanItemId, changes: ItemChanges) -> Result<UnitPlanItemView> {
    let (plan, before, old_links) = load(tx, id)?;
    tx.require_version(before.version)?;
    require_writable(tx, &plan)?;
    let mut item = UnitPlanItem { version: before.version + 1, ..before.clone() };
    if let Some(title) = changes.title {
        item.title = clean(&title);
    }
    if let Some(deliverable) = changes.deliverable {
        item.deliverable = deliverable.as_deref().map(clean);
    }
    if let Some(position) = changes.person_position {
        item.person_position = position.as_deref().map(clean);
    }
    item.starts_on = changes.starts_on.unwrap_or(item.starts_on);
    item.due_on = changes.due_on.unwrap_or(item.due_on);
    let links = changes.contributes_to.unwrap_or_else(|| old_links.clone());
    let links = check(tx, &plan, &item, links)?;
    store::update_item(tx.connection, &item, &links)?;
    let views = (UnitPlanItemView::of(&before, old_links), UnitPlanItemView::of(&item, links));
    let event = Event::new("unit_plan_item.changed", "unit_plan_item", id);
    tx.record(event.between(Some(&views.0), Some(&views.1)));
    Ok(views.1)
}

/// Deletes an item of a draft.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `forbidden`, `unit_plan_issued`, `plan_not_issued`.
pub fn delete_item(tx: &mut Tx<'_>, id: UnitPlanItemId) -> Result<()> {
    let (plan, item, links) = load(tx, id)?;
    tx.require_version(item.version)?;
    require_writable(tx, &plan)?;
    store::delete_item(tx.connection, &item)?;
    let view = UnitPlanItemView::of(&item, links);
    tx.record(Event::new("unit_plan_item.deleted", "unit_plan_item", id).between(Some(&view), None));
    Ok(())
}

/// An item with its unit's plan and the leaves it contributes to, if the caller may know of it.
///
/// # Errors
/// Not found.
pub fn get_item(
    connection: &mut AnyConnection,
    reach: &Reach,
    id: UnitPlanItemId,
) -> Result<(UnitPlan, UnitPlanItem, Vec<ItemId>)> {
    let (plan, item) = store::find_item(connection, reach, id)?.ok_or_else(Error::not_found)?;
    let links = store::list_links(connection, &[id])?.into_iter().map(|(_, leaf)| leaf).collect();
    Ok((plan, item, links))
}

fn load(tx: &mut Tx<'_>, id: UnitPlanItemId) -> Result<(UnitPlan, UnitPlanItem, Vec<ItemId>)> {
    let reach = Reach::of(tx.actor)?;
    get_item(tx.connection, &reach, id)
}

/// The links to be written, each once.
fn check(
    tx: &mut Tx<'_>,
    plan: &UnitPlan,
    item: &UnitPlanItem,
    mut links: Vec<ItemId>,
) -> Result<Vec<ItemId>> {
    // Too many are refused by their number, without asking the database about each.
    let asked = links.get(..rules::MAX_LINKS).unwrap_or(&links);
    let known = store::list_leaves_among(tx.connection, plan.plan_id, asked)?;
    rules::check_item(item, &links, &known)?;
    links.sort_unstable();
    links.dedup();
    Ok(links)
}
