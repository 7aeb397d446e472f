//! Writes about items, and the questions that other concepts ask about them.

use std::collections::{HashMap, HashSet};

use super::{
    changes::UpdateItem,
    draft::{Content, FullItem, ItemDraft},
    model::{Assignment, ItemId, ItemKind, PlanItem, Target},
    rules, store,
    view::ItemView,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Faults, Result},
    kernel::{
        id::{UnitId, WardId},
        text::clean,
    },
    plans::{self, Plan, PlanId},
    units,
};

pub use super::{
    amending::{Cause, add_item, reassign_item, redefine_item, retarget_item, withdraw_item},
    assigning::{assign_item, check_assignments, find_assignment, list_assignments},
    definitions::{Definitions, load_definitions},
    handover::{Heir, hand_over, list_held},
};

/// Adds an item to a draft plan.
///
/// # Errors
/// Not found, `plan_not_draft`, `invalid`, `code_taken`.
pub fn create_item(tx: &mut Tx<'_>, ward_id: WardId, plan_id: PlanId, draft: ItemDraft) -> Result<FullItem> {
    let plan = plans::actions::require_draft(tx.connection, ward_id, plan_id)?;
    let draft = draft.cleaned();
    check_item(tx.connection, &plan, None, &draft)?;
    let places = store::load_places(tx.connection, plan_id)?;
    let sort_path = rules::place_item(&places, None, draft.parent_id, draft.position)?;
    let id = ItemId::generate();
    let full = FullItem {
        item: draft.to_row(id, ward_id, plan_id, sort_path),
        targets: draft.to_targets(id),
        coordinators: draft.coordinating_unit_ids,
        assignments: Vec::new(),
    };
    store::insert_item(tx.connection, &full)?;
    let view = ItemView::of(&full.item, &full.targets, &full.coordinators);
    tx.record(Event::new("item.created", "item", id).between(None, Some(&view)));
    Ok(full)
}

/// Changes an item of a draft plan; what stands below it moves along.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `plan_not_draft`, `invalid`, `code_taken`.
pub fn change_item(tx: &mut Tx<'_>, ward_id: WardId, id: ItemId, changes: UpdateItem) -> Result<FullItem> {
    let before = get_full_item(tx.connection, ward_id, id)?;
    tx.require_version(before.item.version)?;
    let plan = plans::actions::require_draft(tx.connection, ward_id, before.item.plan_id)?;
    let old = ItemDraft::of(&before.item, &before.targets, &before.coordinators);
    let draft = changes.apply(old.clone())?.cleaned();
    check_item(tx.connection, &plan, Some(id), &draft)?;
    let places = store::load_places(tx.connection, plan.id)?;
    let sort_path = rules::place_item(&places, Some(id), draft.parent_id, draft.position)?;
    let item = PlanItem {
        carried_from_id: before.item.carried_from_id,
        version: before.item.version + 1,
        ..draft.to_row(id, ward_id, plan.id, sort_path)
    };
    store::update_item(tx.connection, &item)?;
    if item.sort_path != before.item.sort_path {
        for (below, path) in rules::moved_paths(&places, id, &item.sort_path) {
            rules::check_depth(&path)?;
            store::update_path(tx.connection, below, &path)?;
        }
    }
    let targets = replace_targets(tx, id, &old, &draft, &before)?;
    let coordinators = draft.coordinating_unit_ids;
    if coordinators != before.coordinators {
        store::replace_coordinators(tx.connection, id, &coordinators)?;
    }
    let views = (
        ItemView::of(&before.item, &before.targets, &before.coordinators),
        ItemView::of(&item, &targets, &coordinators),
    );
    tx.record(Event::new("item.changed", "item", id).between(Some(&views.0), Some(&views.1)));
    Ok(FullItem { item, targets, coordinators, assignments: Vec::new() })
}

fn replace_targets(
    tx: &mut Tx<'_>,
    id: ItemId,
    old: &ItemDraft,
    new: &ItemDraft,
    before: &FullItem,
) -> Result<Vec<Target>> {
    let aims = |draft: &ItemDraft| match &draft.content {
        Content::Indicator(indicator) => indicator.targets.clone(),
        _ => Vec::new(),
    };
    if aims(old) == aims(new) {
        return Ok(before.targets.clone());
    }
    let targets = new.to_targets(id);
    store::replace_targets(tx.connection, id, &targets)?;
    Ok(targets)
}

/// Deletes an item of a draft plan that nothing hangs on.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `plan_not_draft`, `item_has_children`, `in_use`.
pub fn delete_item(tx: &mut Tx<'_>, ward_id: WardId, id: ItemId) -> Result<()> {
    let before = get_full_item(tx.connection, ward_id, id)?;
    tx.require_version(before.item.version)?;
    plans::actions::require_draft(tx.connection, ward_id, before.item.plan_id)?;
    let places = store::load_places(tx.connection, before.item.plan_id)?;
    if places.values().any(|place| place.parent_id == Some(id)) {
        return Err(Error::new(Code::ItemHasChildren));
    }
    if store::is_in_use(tx.connection, id)? {
        return Err(Error::new(Code::InUse));
    }
    store::delete_item(tx.connection, &before.item)?;
    let view = ItemView::of(&before.item, &before.targets, &before.coordinators);
    tx.record(Event::new("item.deleted", "item", id).between(Some(&view), None));
    Ok(())
}

/// Adds items that were checked before, each after its section; the import records its own event.
///
/// # Errors
/// `code_taken`.
pub fn add_checked_items(tx: &mut Tx<'_>, items: &[FullItem]) -> Result<()> {
    // The leaves that an item refers to may stand further down; they are written once all exist.
    let alone = |full: &FullItem| PlanItem { subset_of_id: None, no_more_than_id: None, ..full.item.clone() };
    let rows: Vec<PlanItem> = items.iter().map(alone).collect();
    store::insert_items(tx.connection, &rows)?;
    let targets: Vec<Target> = items.iter().flat_map(|full| full.targets.clone()).collect();
    store::insert_targets(tx.connection, &targets)?;
    let pairs =
        |full: &FullItem| full.coordinators.iter().map(|unit| (full.item.id, *unit)).collect::<Vec<_>>();
    let coordinators: Vec<(ItemId, UnitId)> = items.iter().flat_map(pairs).collect();
    store::insert_coordinators(tx.connection, &coordinators)?;
    let assignments: Vec<Assignment> = items.iter().flat_map(|full| full.assignments.clone()).collect();
    store::insert_assignments(tx.connection, &assignments)?;
    for item in items.iter().map(|full| &full.item) {
        if item.subset_of_id.is_some() || item.no_more_than_id.is_some() {
            store::update_references(tx.connection, item.id, item.subset_of_id, item.no_more_than_id)?;
        }
    }
    Ok(())
}

/// An item of this ward.
///
/// # Errors
/// Not found.
pub fn get_item(connection: &mut AnyConnection, ward_id: WardId, id: ItemId) -> Result<PlanItem> {
    store::find_item(connection, ward_id, id)?.ok_or_else(Error::not_found)
}

/// An item of this ward with its targets and the units that work along; without its assignments.
///
/// # Errors
/// Not found.
pub fn get_full_item(connection: &mut AnyConnection, ward_id: WardId, id: ItemId) -> Result<FullItem> {
    let item = get_item(connection, ward_id, id)?;
    let targets = store::list_targets(connection, &[id])?;
    let coordinators = store::list_coordinators(connection, &[id])?.into_iter().map(|(_, unit)| unit);
    Ok(FullItem { item, targets, coordinators: coordinators.collect(), assignments: Vec::new() })
}

/// An item of a plan by its id, its code or the code's ASCII alias, as filters name it. Where kinds share a code, the
/// indicator is meant, then the task.
///
/// # Errors
/// When the database fails.
pub fn find_item(connection: &mut AnyConnection, plan: &Plan, id_or_code: &str) -> Result<Option<PlanItem>> {
    if let Some(id) = ItemId::parse(id_or_code) {
        let item = store::find_item(connection, plan.ward_id, id)?;
        return Ok(item.filter(|item| item.plan_id == plan.id));
    }
    let found = store::list_by_code(connection, plan.id, &clean(id_or_code))?;
    let rank = |kind: ItemKind| match kind {
        ItemKind::Indicator => 0,
        ItemKind::Task => 1,
        ItemKind::Section => 2,
    };
    Ok(found.into_iter().min_by_key(|item| rank(item.kind)))
}

/// The targets of these items, in one query.
///
/// # Errors
/// When the database fails.
pub fn list_targets(connection: &mut AnyConnection, ids: &[ItemId]) -> Result<Vec<Target>> {
    store::list_targets(connection, ids)
}

/// [`list_targets`], each item's together, in the order in which they come into force.
///
/// # Errors
/// When the database fails.
pub fn targets_of(connection: &mut AnyConnection, ids: &[ItemId]) -> Result<HashMap<ItemId, Vec<Target>>> {
    let targets = store::list_targets(connection, ids)?;
    Ok(grouped(targets.into_iter().map(|target| (target.item_id, target))))
}

/// All items of a plan, in its order.
///
/// # Errors
/// When the database fails.
pub fn list_plan_items(connection: &mut AnyConnection, plan_id: PlanId) -> Result<Vec<PlanItem>> {
    store::list_plan_items(connection, plan_id)
}

/// The indicators and tasks of a plan, in its order.
///
/// # Errors
/// When the database fails.
pub fn list_leaves(connection: &mut AnyConnection, plan_id: PlanId) -> Result<Vec<PlanItem>> {
    store::list_leaves(connection, plan_id)
}

/// All items of a plan with all that hangs on them, each after its section. Four queries, whatever their number.
///
/// # Errors
/// When the database fails.
pub fn list_full_items(connection: &mut AnyConnection, plan_id: PlanId) -> Result<Vec<FullItem>> {
    let items = store::list_plan_items(connection, plan_id)?;
    let ids: Vec<ItemId> = items.iter().map(|item| item.id).collect();
    let mut targets = targets_of(connection, &ids)?;
    let mut coordinators = grouped(store::list_coordinators(connection, &ids)?);
    let assignments = store::list_plan_assignments(connection, plan_id)?;
    let mut assignments = grouped(assignments.into_iter().map(|row| (row.item_id, row)));
    let full = |item: PlanItem| FullItem {
        targets: targets.remove(&item.id).unwrap_or_default(),
        coordinators: coordinators.remove(&item.id).unwrap_or_default(),
        assignments: assignments.remove(&item.id).unwrap_or_default(),
        item,
    };
    Ok(items.into_iter().map(full).collect())
}

fn grouped<V>(pairs: impl IntoIterator<Item = (ItemId, V)>) -> HashMap<ItemId, Vec<V>> {
    let mut groups: HashMap<ItemId, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// A unit of this ward by its id or code, as a filter of that name names it.
///
/// # Errors
/// `unknown_reference` at `?unit`.
pub fn require_unit_named(
    connection: &mut AnyConnection,
    ward_id: WardId,
    id_or_code: &str,
) -> Result<UnitId> {
    let wanted = clean(id_or_code);
    units::actions::list_ward_units(connection, ward_id)?
        .into_iter()
        .find(|unit| unit.id.as_str() == wanted || unit.code == wanted)
        .map(|unit| unit.id)
        .ok_or_else(|| Error::field("?unit", Code::UnknownReference))
}

/// Checks a draft in itself and everything it names.
///
/// # Errors
/// `invalid` with every fault.
pub fn check_item(
    connection: &mut AnyConnection,
    plan: &Plan,
    id: Option<ItemId>,
    draft: &ItemDraft,
) -> Result<()> {
    let mut faults = Faults::new();
    rules::check_draft(&mut faults, "", draft);
    check_units(connection, plan.ward_id, draft, &mut faults)?;
    if let Content::Indicator(indicator) = &draft.content
        && let Some(measure) = &indicator.measure
    {
        let leaves = [("subset_of", measure.subset_of), ("no_more_than", measure.no_more_than)];
        for (name, leaf) in leaves {
            let Some(leaf) = leaf else { continue };
            let found = store::find_item(connection, plan.ward_id, leaf)?;
            let fits = |item: &PlanItem| item.plan_id == plan.id && item.kind == ItemKind::Indicator;
            if Some(leaf) == id || !found.as_ref().is_some_and(fits) {
                faults.add(format!("/measure/{name}"), Code::UnknownReference);
            }
        }
        if let (Some(id), Some(larger)) = (id, measure.subset_of)
            && is_part_of(connection, plan.ward_id, larger, id)?
        {
            faults.add("/measure/subset_of", Code::OutOfRange);
        }
    }
    faults.into_result(Code::Invalid)
}

/// Whether a leaf is, directly or through others, a subset of another ("trong đó"): then that one is not part of it.
fn is_part_of(connection: &mut AnyConnection, ward_id: WardId, leaf: ItemId, other: ItemId) -> Result<bool> {
    let mut next = Some(leaf);
    // Chains are two or three long; the bound ends a circle that somebody else wrote.
    for _ in 0..rules::MAX_DEPTH {
        let Some(id) = next else { return Ok(false) };
        if id == other {
            return Ok(true);
        }
        next = store::find_item(connection, ward_id, id)?.and_then(|item| item.subset_of_id);
    }
    Ok(true)
}

fn check_units(
    connection: &mut AnyConnection,
    ward_id: WardId,
    draft: &ItemDraft,
    faults: &mut Faults,
) -> Result<()> {
    let named = draft.coordinating_unit_ids.iter().enumerate();
    let named = named.map(|(index, unit)| (format!("/coordinating_unit_ids/{index}"), *unit));
    let named = named
        .chain(draft.lead_unit_id.map(|unit| ("/lead_unit_id".to_owned(), unit)))
        .chain(draft.tracking_unit_id.map(|unit| ("/tracking_unit_id".to_owned(), unit)));
    let known: HashSet<UnitId> =
        units::actions::list_ward_units(connection, ward_id)?.into_iter().map(|unit| unit.id).collect();
    for (pointer, unit) in named {
        if !known.contains(&unit) {
            faults.add(pointer, Code::UnknownReference);
        }
    }
    Ok(())
}

/// Who reports a leaf, with the rows to be written.
pub(super) fn assignment(item_id: ItemId, row: &super::view::AssignmentView) -> Assignment {
    Assignment {
        item_id,
        unit_id: row.unit_id,
        frequency: row.frequency,
        obligation: row.obligation,
        effective_from: row.effective_from,
        withdrawn_from: row.withdrawn_from,
    }
}
