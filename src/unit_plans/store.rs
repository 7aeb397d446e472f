//! All SQL about unit plans. What a caller may see is part of each query, never a filter afterwards.

mod entries;

use chrono::NaiveDate;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, RunQueryDsl, SelectableHelper,
    dsl::IntoBoxed,
    helper_types::{Eq, InnerJoinOn},
};

pub(super) use self::entries::{
    count_items, delete_item, find_item, insert_item, list_items, list_leaves_among, list_links, update_item,
};
use super::{
    model::{UnitPlan, UnitPlanId, UnitPlanStatus},
    reach::Reach,
};
use crate::{
    db::{AnyConnection, MultiBackend, is_unique_violation, one_of},
    error::{Code, Error, Result},
    items::{ItemId, ItemKind, PlanItem},
    kernel::{
        id::{UnitId, WardId},
        page::{Page, PageRequest},
    },
    plans::{PlanId, PlanStatus},
    schema::{assignments, plan_items, plans, unit_plan_items, unit_plan_links, unit_plans, units},
};

type WithUnit = InnerJoinOn<unit_plans::table, units::table, Eq<units::id, unit_plans::unit_id>>;

/// Which unit plans are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    /// Id or code.
    pub unit: Option<String>,
    pub status: Option<UnitPlanStatus>,
}

/// The rows that this caller may know of.
pub(super) fn visible<'q>(reach: &Reach) -> IntoBoxed<'q, WithUnit, MultiBackend> {
    let query = unit_plans::table
        .inner_join(units::table.on(units::id.eq(unit_plans::unit_id)))
        .into_boxed()
        .filter(unit_plans::ward_id.eq(reach.ward_id));
    if reach.all {
        return query;
    }
    // An id that matches nothing stands for a unit that the caller does not have.
    let own = reach.own_unit.map_or_else(String::new, |unit| unit.to_string());
    let issued = if reach.issued { vec![UnitPlanStatus::Issued] } else { Vec::new() };
    query.filter(
        unit_plans::unit_id
            .eq(own.clone())
            .or(units::acting_unit_id.eq(own).assume_not_null())
            .or(one_of(unit_plans::status, issued)),
    )
}

/// The unit plans of a ward's plan, newest first.
pub(super) fn list_unit_plans(
    connection: &mut AnyConnection,
    reach: &Reach,
    plan_id: PlanId,
    filter: Filter,
    page: &PageRequest,
) -> Result<Page<UnitPlan>> {
    let mut query = visible(reach).filter(unit_plans::plan_id.eq(plan_id));
    if let Some(unit) = filter.unit {
        query = query.filter(unit_plans::unit_id.eq(unit.clone()).or(units::code.eq(unit)));
    }
    if let Some(status) = filter.status {
        query = query.filter(unit_plans::status.eq(status));
    }
    if let Some(after) = &page.after {
        let after = UnitPlanId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(unit_plans::id.lt(after));
    }
    let rows = query
        .select(UnitPlan::as_select())
        .order(unit_plans::id.desc())
        .limit(page.fetch())
        .load(connection)?;
    Ok(page.page(rows, |plan| plan.id.to_string()))
}

/// A unit's plan, if the caller may know of it.
pub(super) fn find_unit_plan(
    connection: &mut AnyConnection,
    reach: &Reach,
    id: UnitPlanId,
) -> Result<Option<UnitPlan>> {
    Ok(visible(reach)
        .filter(unit_plans::id.eq(id))
        .select(UnitPlan::as_select())
        .first(connection)
        .optional()?)
}

/// The id of a unit's plan for a plan of the ward, whoever may see it.
pub(super) fn find_id(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    unit_id: UnitId,
) -> Result<Option<UnitPlanId>> {
    Ok(unit_plans::table
        .filter(unit_plans::plan_id.eq(plan_id))
        .filter(unit_plans::unit_id.eq(unit_id))
        .select(unit_plans::id)
        .first(connection)
        .optional()?)
}

/// The plans of a unit for plans of the ward that are not closed.
pub(super) fn list_open_of_unit(
    connection: &mut AnyConnection,
    ward_id: WardId,
    unit_id: UnitId,
) -> Result<Vec<UnitPlan>> {
    Ok(unit_plans::table
        .inner_join(plans::table.on(plans::id.eq(unit_plans::plan_id)))
        .filter(unit_plans::ward_id.eq(ward_id))
        .filter(unit_plans::unit_id.eq(unit_id))
        .filter(plans::status.ne(PlanStatus::Closed))
        .select(UnitPlan::as_select())
        .order(unit_plans::id.asc())
        .load(connection)?)
}

/// Holds a draft until the transaction ends, so that it is not issued while its items change. `false` when it is no
/// draft (any more).
pub(super) fn lock_draft(connection: &mut AnyConnection, id: UnitPlanId) -> Result<bool> {
    let row = unit_plans::table.find(id).filter(unit_plans::status.eq(UnitPlanStatus::Draft));
    let locked = diesel::update(row).set(unit_plans::version.eq(unit_plans::version)).execute(connection)?;
    Ok(locked > 0)
}

/// Adds a unit's plan; the second of a unit is a conflict.
pub(super) fn insert_unit_plan(connection: &mut AnyConnection, plan: &UnitPlan) -> Result<()> {
    diesel::insert_into(unit_plans::table).values(plan).execute(connection).map_err(conflict)?;
    Ok(())
}

/// Writes a changed unit plan over the version that was read.
pub(super) fn update_unit_plan(connection: &mut AnyConnection, plan: &UnitPlan) -> Result<()> {
    let row = unit_plans::table.find(plan.id).filter(unit_plans::version.eq(plan.version - 1));
    let changed = diesel::update(row).set(plan).execute(connection).map_err(conflict)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// The leaves of the ward's plan that no issued plan of a unit which exists today serves, in the plan's order; of one
/// unit, those it reports or leads and does not serve itself.
pub(super) fn list_unserved(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    unit: Option<UnitId>,
    today: NaiveDate,
    page: &PageRequest,
) -> Result<Page<PlanItem>> {
    let serving = unit_plan_links::table
        .inner_join(unit_plan_items::table.on(unit_plan_items::id.eq(unit_plan_links::unit_plan_item_id)))
        .inner_join(unit_plans::table.on(unit_plans::id.eq(unit_plan_items::unit_plan_id)))
        .inner_join(units::table.on(units::id.eq(unit_plans::unit_id)))
        .filter(unit_plans::plan_id.eq(plan_id))
        .filter(unit_plans::status.eq(UnitPlanStatus::Issued))
        .filter(units::active_to.is_null().or(units::active_to.assume_not_null().ge(today)))
        .select(unit_plan_links::item_id);
    let mut query = plan_items::table
        .filter(plan_items::plan_id.eq(plan_id))
        .filter(plan_items::kind.ne(ItemKind::Section))
        .filter(
            plan_items::withdrawn_from.is_null().or(plan_items::withdrawn_from.assume_not_null().gt(today)),
        )
        .into_boxed();
    if let Some(unit) = unit {
        let reports = assignments::table.filter(assignments::unit_id.eq(unit)).select(assignments::item_id);
        query = query
            .filter(
                plan_items::id.eq_any(reports).or(plan_items::lead_unit_id
                    .is_not_null()
                    .and(plan_items::lead_unit_id.assume_not_null().eq(unit))),
            )
            .filter(plan_items::id.ne_all(serving.filter(unit_plans::unit_id.eq(unit))));
    } else {
        query = query.filter(plan_items::id.ne_all(serving));
    }
    if let Some(after) = &page.after {
        let key = after.split_once('|').and_then(|(path, id)| Some((path.to_owned(), ItemId::parse(id)?)));
        let (path, id) = key.ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(
            plan_items::sort_path
                .gt(path.clone())
                .or(plan_items::sort_path.eq(path).and(plan_items::id.gt(id))),
        );
    }
    let rows = query
        .select(PlanItem::as_select())
        .order((plan_items::sort_path.asc(), plan_items::id.asc()))
        .limit(page.fetch())
        .load(connection)?;
    Ok(page.page(rows, |item: &PlanItem| format!("{}|{}", item.sort_path, item.id)))
}

fn conflict(error: diesel::result::Error) -> Error {
    if is_unique_violation(&error, "unit_plans_once") {
        Error::new(Code::UnitPlanExists)
    } else {
        error.into()
    }
}
