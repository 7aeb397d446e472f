//! All SQL about the items of unit plans, and the leaves that they contribute to.

use std::collections::HashSet;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper};

use super::visible;
use crate::{
    db::{AnyConnection, one_of},
    error::{Code, Error, Result},
    items::{ItemId, ItemKind},
    kernel::page::{Page, PageRequest},
    plans::PlanId,
    schema::{plan_items, unit_plan_items, unit_plan_links, unit_plans},
    unit_plans::{
        model::{UnitPlan, UnitPlanId, UnitPlanItem, UnitPlanItemId},
        reach::Reach,
    },
};

/// The items of a unit's plan, in the order in which they were written.
pub(in crate::unit_plans) fn list_items(
    connection: &mut AnyConnection,
    unit_plan_id: UnitPlanId,
    page: &PageRequest,
) -> Result<Page<UnitPlanItem>> {
    let mut query = unit_plan_items::table
        .filter(unit_plan_items::unit_plan_id.eq(unit_plan_id))
        .select(UnitPlanItem::as_select())
        .order(unit_plan_items::id.asc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = &page.after {
        let after = UnitPlanItemId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(unit_plan_items::id.gt(after));
    }
    Ok(page.page(query.load(connection)?, |item| item.id.to_string()))
}

/// How many items a unit's plan has.
pub(in crate::unit_plans) fn count_items(
    connection: &mut AnyConnection,
    unit_plan_id: UnitPlanId,
) -> Result<i64> {
    let items = unit_plan_items::table.filter(unit_plan_items::unit_plan_id.eq(unit_plan_id));
    Ok(items.count().get_result(connection)?)
}

/// An item with its unit's plan, if the caller may know of that.
pub(in crate::unit_plans) fn find_item(
    connection: &mut AnyConnection,
    reach: &Reach,
    id: UnitPlanItemId,
) -> Result<Option<(UnitPlan, UnitPlanItem)>> {
    let item: Option<UnitPlanItem> = unit_plan_items::table
        .find(id)
        .filter(unit_plan_items::ward_id.eq(reach.ward_id))
        .select(UnitPlanItem::as_select())
        .first(connection)
        .optional()?;
    let Some(item) = item else { return Ok(None) };
    let plan: Option<UnitPlan> = visible(reach)
        .filter(unit_plans::id.eq(item.unit_plan_id))
        .select(UnitPlan::as_select())
        .first(connection)
        .optional()?;
    Ok(plan.map(|plan| (plan, item)))
}

/// The leaves that these items contribute to, each item's in the order of their ids.
pub(in crate::unit_plans) fn list_links(
    connection: &mut AnyConnection,
    ids: &[UnitPlanItemId],
) -> Result<Vec<(UnitPlanItemId, ItemId)>> {
    Ok(unit_plan_links::table
        .filter(one_of(unit_plan_links::unit_plan_item_id, ids))
        .select((unit_plan_links::unit_plan_item_id, unit_plan_links::item_id))
        .order((unit_plan_links::unit_plan_item_id.asc(), unit_plan_links::item_id.asc()))
        .load(connection)?)
}

/// Those of these ids that are leaves of the ward's plan and not withdrawn.
pub(in crate::unit_plans) fn list_leaves_among(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    ids: &[ItemId],
) -> Result<HashSet<ItemId>> {
    let found: Vec<ItemId> = plan_items::table
        .filter(plan_items::plan_id.eq(plan_id))
        .filter(one_of(plan_items::id, ids))
        .filter(plan_items::kind.ne(ItemKind::Section))
        .filter(plan_items::withdrawn_from.is_null())
        .select(plan_items::id)
        .load(connection)?;
    Ok(found.into_iter().collect())
}

/// Adds an item with its links.
pub(in crate::unit_plans) fn insert_item(
    connection: &mut AnyConnection,
    item: &UnitPlanItem,
    links: &[ItemId],
) -> Result<()> {
    diesel::insert_into(unit_plan_items::table).values(item).execute(connection)?;
    insert_links(connection, item.id, links)
}

/// Writes a changed item over the version that was read, with its links.
pub(in crate::unit_plans) fn update_item(
    connection: &mut AnyConnection,
    item: &UnitPlanItem,
    links: &[ItemId],
) -> Result<()> {
    let row = unit_plan_items::table.find(item.id).filter(unit_plan_items::version.eq(item.version - 1));
    if diesel::update(row).set(item).execute(connection)? == 0 {
        return Err(Error::new(Code::ConcurrentChange));
    }
    diesel::delete(unit_plan_links::table.filter(unit_plan_links::unit_plan_item_id.eq(item.id)))
        .execute(connection)?;
    insert_links(connection, item.id, links)
}

/// Deletes an item in the version that was read; its links go with it.
pub(in crate::unit_plans) fn delete_item(connection: &mut AnyConnection, item: &UnitPlanItem) -> Result<()> {
    let row = unit_plan_items::table.find(item.id).filter(unit_plan_items::version.eq(item.version));
    let deleted = diesel::delete(row).execute(connection)?;
    if deleted == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

fn insert_links(connection: &mut AnyConnection, id: UnitPlanItemId, links: &[ItemId]) -> Result<()> {
    for item in links {
        diesel::insert_into(unit_plan_links::table)
            .values((unit_plan_links::unit_plan_item_id.eq(id), unit_plan_links::item_id.eq(*item)))
            .execute(connection)?;
    }
    Ok(())
}
