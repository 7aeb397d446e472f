//! All SQL about items, their targets and the units that work along.

mod assignments;
mod bulk;
mod definitions;

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, EscapeExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl,
    RunQueryDsl, SelectableHelper, TextExpressionMethods,
};

use super::{
    draft::FullItem,
    model::{Field, ItemId, ItemKind, PlanItem, Target},
    rules::Place,
};
use crate::{
    db::{AnyConnection, MultiBackend, is_unique_violation, one_of},
    error::{Code, Error, FieldError, Result},
    kernel::{
        id::{UnitId, WardId},
        page::{Page, PageRequest, Rank},
        text,
    },
    plans::PlanId,
    schema::{assignments as item_assignments, item_coordinators, item_targets, plan_items, submissions},
};

pub(super) use self::{
    assignments::{
        find_assignment, list_assignments, list_assignments_of, list_held, list_plan_assignments,
        replace_assignments,
    },
    bulk::{insert_assignments, insert_coordinators, insert_items, insert_targets},
    definitions::{insert_definition, list_definitions},
};

/// Which items are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub kind: Option<ItemKind>,
    pub field: Option<Field>,
    /// Leads, tracks, works along or reports.
    pub unit: Option<UnitId>,
    pub parent_id: Option<ItemId>,
    pub q: Option<String>,
}

/// The items of a plan in the plan's order; where a text is searched for, exact hits before loose ones.
pub(super) fn list_items(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<PlanItem>> {
    page.search(
        filter.q.is_some(),
        |rank, after, limit| list_ranked(connection, plan_id, filter, rank, after, limit),
        |item| format!("{}|{}", item.sort_path, item.id),
    )
}

fn list_ranked(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    filter: &Filter,
    rank: Rank,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<PlanItem>> {
    let mut query = matching(plan_id, filter);
    if let Some(q) = &filter.q {
        let loose = text::contains_pattern(&text::search_key(q));
        let exact = text::contains_pattern(&text::lower(q));
        query = query.filter(plan_items::search_key.like(loose).escape('\\'));
        query = match rank {
            Rank::Exact => query.filter(plan_items::title_lower.like(exact).escape('\\')),
            Rank::Loose => query.filter(plan_items::title_lower.not_like(exact).escape('\\')),
        };
    }
    if let Some(after) = after {
        let key = after.split_once('|').and_then(|(path, id)| Some((path.to_owned(), ItemId::parse(id)?)));
        let (path, id) = key.ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(
            plan_items::sort_path
                .gt(path.clone())
                .or(plan_items::sort_path.eq(path).and(plan_items::id.gt(id))),
        );
    }
    Ok(query
        .select(PlanItem::as_select())
        .order((plan_items::sort_path.asc(), plan_items::id.asc()))
        .limit(limit)
        .load(connection)?)
}

/// The items that everything but the text of the filter lets through.
fn matching(plan_id: PlanId, filter: &Filter) -> plan_items::BoxedQuery<'static, MultiBackend> {
    let mut query = plan_items::table.filter(plan_items::plan_id.eq(plan_id)).into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(plan_items::kind.eq(kind));
    }
    if let Some(field) = filter.field {
        query = query.filter(plan_items::field.eq(field));
    }
    if let Some(parent_id) = filter.parent_id {
        query = query.filter(plan_items::parent_id.eq(parent_id));
    }
    if let Some(unit) = filter.unit {
        let along = item_coordinators::table
            .filter(item_coordinators::unit_id.eq(unit))
            .select(item_coordinators::item_id);
        let reports = item_assignments::table
            .filter(item_assignments::unit_id.eq(unit))
            .select(item_assignments::item_id);
        query = query.filter(
            plan_items::id
                .eq_any(along)
                .or(plan_items::id.eq_any(reports))
                .or(plan_items::lead_unit_id.is_not_null().and(plan_items::lead_unit_id.eq(unit)))
                .or(plan_items::tracking_unit_id.is_not_null().and(plan_items::tracking_unit_id.eq(unit))),
        );
    }
    query
}

/// An item of this ward.
pub(super) fn find_item(
    connection: &mut AnyConnection,
    ward_id: WardId,
    id: ItemId,
) -> Result<Option<PlanItem>> {
    Ok(plan_items::table
        .find(id)
        .filter(plan_items::ward_id.eq(ward_id))
        .select(PlanItem::as_select())
        .first(connection)
        .optional()?)
}

/// The items of a plan that carry this code or its ASCII alias; an indicator and a task may share one.
pub(super) fn list_by_code(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    code: &str,
) -> Result<Vec<PlanItem>> {
    Ok(plan_items::table
        .filter(plan_items::plan_id.eq(plan_id))
        .filter(plan_items::code.eq(code).or(plan_items::code_ascii.eq(code)))
        .select(PlanItem::as_select())
        .order(plan_items::sort_path.asc())
        .load(connection)?)
}

/// All items of a plan, in its order.
pub(super) fn list_plan_items(connection: &mut AnyConnection, plan_id: PlanId) -> Result<Vec<PlanItem>> {
    Ok(plan_items::table
        .filter(plan_items::plan_id.eq(plan_id))
        .select(PlanItem::as_select())
        .order((plan_items::sort_path.asc(), plan_items::id.asc()))
        .load(connection)?)
}

/// All leaves of a plan, in its order.
pub(super) fn list_leaves(connection: &mut AnyConnection, plan_id: PlanId) -> Result<Vec<PlanItem>> {
    Ok(plan_items::table
        .filter(plan_items::plan_id.eq(plan_id))
        .filter(plan_items::kind.ne(ItemKind::Section))
        .select(PlanItem::as_select())
        .order((plan_items::sort_path.asc(), plan_items::id.asc()))
        .load(connection)?)
}

/// Where each item of a plan stands in its tree; a plan has some hundreds.
pub(super) fn load_places(connection: &mut AnyConnection, plan_id: PlanId) -> Result<HashMap<ItemId, Place>> {
    let rows: Vec<(ItemId, ItemKind, Option<ItemId>, i32, String)> = plan_items::table
        .filter(plan_items::plan_id.eq(plan_id))
        .select((
            plan_items::id,
            plan_items::kind,
            plan_items::parent_id,
            plan_items::position,
            plan_items::sort_path,
        ))
        .load(connection)?;
    Ok(rows
        .into_iter()
        .map(|(id, kind, parent_id, position, sort_path)| {
            (id, Place { id, kind, parent_id, position, sort_path })
        })
        .collect())
}

/// The targets of these items, each item's in the order in which they come into force.
pub(super) fn list_targets(connection: &mut AnyConnection, ids: &[ItemId]) -> Result<Vec<Target>> {
    Ok(item_targets::table
        .filter(one_of(item_targets::item_id, ids))
        .select(Target::as_select())
        .order((item_targets::effective_from.asc(), item_targets::id.asc()))
        .load(connection)?)
}

/// The units that work along on these items.
pub(super) fn list_coordinators(
    connection: &mut AnyConnection,
    ids: &[ItemId],
) -> Result<Vec<(ItemId, UnitId)>> {
    Ok(item_coordinators::table
        .filter(one_of(item_coordinators::item_id, ids))
        .select((item_coordinators::item_id, item_coordinators::unit_id))
        .order((item_coordinators::item_id.asc(), item_coordinators::unit_id.asc()))
        .load(connection)?)
}

/// Adds an item with its targets and the units that work along.
pub(super) fn insert_item(connection: &mut AnyConnection, full: &FullItem) -> Result<()> {
    let item = &full.item;
    diesel::insert_into(plan_items::table)
        .values((
            item,
            plan_items::title_lower.eq(exact_key_of(item)),
            plan_items::search_key.eq(search_key_of(item)),
        ))
        .execute(connection)
        .map_err(conflict)?;
    insert_targets(connection, &full.targets)?;
    insert_coordinators(connection, &pairs_of(item.id, &full.coordinators))
}

/// Writes a changed item over the version that was read.
pub(super) fn update_item(connection: &mut AnyConnection, item: &PlanItem) -> Result<()> {
    let row = plan_items::table.find(item.id).filter(plan_items::version.eq(item.version - 1));
    let changed = diesel::update(row)
        .set((
            item,
            plan_items::title_lower.eq(exact_key_of(item)),
            plan_items::search_key.eq(search_key_of(item)),
        ))
        .execute(connection)
        .map_err(conflict)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Writes the leaves that an imported indicator refers to, once all of them exist.
pub(super) fn update_references(
    connection: &mut AnyConnection,
    id: ItemId,
    subset_of: Option<ItemId>,
    no_more_than: Option<ItemId>,
) -> Result<()> {
    diesel::update(plan_items::table.find(id))
        .set((plan_items::subset_of_id.eq(subset_of), plan_items::no_more_than_id.eq(no_more_than)))
        .execute(connection)?;
    Ok(())
}

/// Writes the path of an item whose section moved; what people see of it stays.
pub(super) fn update_path(connection: &mut AnyConnection, id: ItemId, sort_path: &str) -> Result<()> {
    diesel::update(plan_items::table.find(id))
        .set(plan_items::sort_path.eq(sort_path))
        .execute(connection)?;
    Ok(())
}

/// Replaces the targets of an item.
pub(super) fn replace_targets(connection: &mut AnyConnection, id: ItemId, targets: &[Target]) -> Result<()> {
    diesel::delete(item_targets::table.filter(item_targets::item_id.eq(id))).execute(connection)?;
    insert_targets(connection, targets)
}

/// Replaces the units that work along on an item.
pub(super) fn replace_coordinators(
    connection: &mut AnyConnection,
    id: ItemId,
    units: &[UnitId],
) -> Result<()> {
    diesel::delete(item_coordinators::table.filter(item_coordinators::item_id.eq(id))).execute(connection)?;
    insert_coordinators(connection, &pairs_of(id, units))
}

/// Deletes an item over the version that was read; targets, coordinators and assignments go with it.
pub(super) fn delete_item(connection: &mut AnyConnection, item: &PlanItem) -> Result<()> {
    let row = plan_items::table.find(item.id).filter(plan_items::version.eq(item.version));
    let deleted = diesel::delete(row).execute(connection)?;
    if deleted == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Whether figures exist for this item, or another indicator refers to it.
pub(super) fn is_in_use(connection: &mut AnyConnection, id: ItemId) -> Result<bool> {
    let figures: i64 =
        submissions::table.filter(submissions::item_id.eq(id)).count().get_result(connection)?;
    let references: i64 = plan_items::table
        .filter(plan_items::subset_of_id.eq(id))
        .or_filter(plan_items::no_more_than_id.eq(id))
        .count()
        .get_result(connection)?;
    Ok(figures + references > 0)
}

fn pairs_of(id: ItemId, units: &[UnitId]) -> Vec<(ItemId, UnitId)> {
    units.iter().map(|unit| (id, *unit)).collect()
}

/// Where exact hits are looked for: the code too, for `II.2.đ` is not `II.2.d`.
fn exact_key_of(item: &PlanItem) -> String {
    [&item.title, &item.code].map(|word| text::lower(word)).join("\n")
}

fn search_key_of(item: &PlanItem) -> String {
    let words = [&item.code, &item.code_ascii, &item.title, item.title_en.as_ref().unwrap_or(&item.title)];
    words.map(|word| text::search_key(word)).join("\n")
}

fn conflict(error: diesel::result::Error) -> Error {
    if is_unique_violation(&error, "plan_items_code") {
        Error::fields(Code::CodeTaken, vec![FieldError::new("/code", Code::CodeTaken)])
    } else {
        error.into()
    }
}
