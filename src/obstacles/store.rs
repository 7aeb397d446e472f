//! All SQL about obstacles. What a caller may see is part of each query, never a filter afterwards.

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, RunQueryDsl, SelectableHelper, dsl,
    helper_types::{Eq, InnerJoinOn},
    sql_types::{BigInt, Text},
};

use super::model::{Case, Obstacle, ObstacleId, ObstacleState, ObstacleStep, WaitingObstacle};
use crate::{
    db::{AnyConnection, MultiBackend, one_of, statement},
    error::{Code, Error, Result},
    kernel::{
        id::WardId,
        page::{Page, PageRequest},
        text,
    },
    plans::PlanId,
    schema::{obstacle_steps, obstacles, plan_items, units},
    submissions::reach::Visibility,
};

/// Which obstacles are wanted. Things are named by id or by code.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub state: Option<ObstacleState>,
    pub unit: Option<String>,
    pub item: Option<String>,
}

type Row = (Obstacle, String, String, String);
type WithItem = InnerJoinOn<obstacles::table, plan_items::table, Eq<plan_items::id, obstacles::item_id>>;
type Joined = InnerJoinOn<WithItem, units::table, Eq<units::id, obstacles::unit_id>>;

/// The obstacles that this caller may know of: its unit's own, those of leaves that its unit tracks, or all.
fn visible<'q>(visibility: &Visibility) -> dsl::IntoBoxed<'q, Joined, MultiBackend> {
    let query = obstacles::table
        .inner_join(plan_items::table.on(plan_items::id.eq(obstacles::item_id)))
        .inner_join(units::table.on(units::id.eq(obstacles::unit_id)))
        .into_boxed()
        .filter(obstacles::ward_id.eq(visibility.ward_id));
    if visibility.all {
        return query;
    }
    // Ids that match nothing stand for what the caller does not have.
    let own = visibility.own_unit.map_or_else(String::new, |unit| unit.to_string());
    let tracked = visibility.tracked_unit.map_or_else(String::new, |unit| unit.to_string());
    query.filter(
        obstacles::unit_id
            .eq(own.clone())
            // The people of a merged unit's successor finish what it left open.
            .or(units::acting_unit_id.eq(own).assume_not_null())
            .or(plan_items::tracking_unit_id.eq(tracked).assume_not_null()),
    )
}

/// The obstacles of a plan that a caller may see, newest first.
pub(super) fn list_obstacles(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    plan_id: PlanId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Case>> {
    let mut query = visible(visibility).filter(obstacles::plan_id.eq(plan_id));
    if let Some(state) = filter.state {
        query = query.filter(obstacles::state.eq(state));
    }
    if let Some(unit) = filter.unit.clone() {
        query = query.filter(obstacles::unit_id.eq(unit.clone()).or(units::code.eq(unit)));
    }
    if let Some(item) = filter.item.as_deref().map(text::clean) {
        query = query.filter(
            obstacles::item_id
                .eq(item.clone())
                .or(plan_items::code.eq(item.clone()))
                .or(plan_items::code_ascii.eq(item)),
        );
    }
    if let Some(after) = &page.after {
        let after = ObstacleId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(obstacles::id.lt(after));
    }
    let rows: Vec<Row> = query
        .select((Obstacle::as_select(), plan_items::code, plan_items::title, units::code))
        .order(obstacles::id.desc())
        .limit(page.fetch())
        .load(connection)?;
    let page = page.page(rows, |(obstacle, ..)| obstacle.id.to_string());
    let next_cursor = page.next_cursor;
    Ok(Page { items: complete(connection, page.items)?, next_cursor })
}

/// The obstacles of a ward in these states, oldest first, each with the length of the list.
pub(super) fn list_waiting(
    connection: &mut AnyConnection,
    ward_id: WardId,
    (first, second): (Option<ObstacleState>, Option<ObstacleState>),
    limit: i64,
) -> Result<Vec<WaitingObstacle>> {
    let sql = "SELECT o.id AS obstacle_id, i.code AS item_code, i.title AS item_title, o.unit_id, \
           u.code AS unit_code, o.description, o.state, o.raised_at, COUNT(*) OVER () AS total \
         FROM obstacles o JOIN plan_items i ON i.id = o.item_id JOIN units u ON u.id = o.unit_id \
         WHERE o.ward_id = $1 AND o.state IN ($2, $3) ORDER BY o.id LIMIT $4";
    // A name that is no state stands for none.
    let named = |state: Option<ObstacleState>| state.map_or("", ObstacleState::as_str);
    Ok(statement(sql)
        .bind::<Text, _>(ward_id)
        .bind::<Text, _>(named(first))
        .bind::<Text, _>(named(second))
        .bind::<BigInt, _>(limit)
        .load(connection)?)
}

/// One obstacle, if the caller may know of it.
pub(super) fn find_obstacle(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    id: ObstacleId,
) -> Result<Option<Case>> {
    let row: Option<Row> = visible(visibility)
        .filter(obstacles::id.eq(id))
        .select((Obstacle::as_select(), plan_items::code, plan_items::title, units::code))
        .first(connection)
        .optional()?;
    Ok(complete(connection, row.into_iter().collect())?.pop())
}

/// Adds the steps to the rows of a page: one query, whatever their number.
fn complete(connection: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Case>> {
    let ids: Vec<ObstacleId> = rows.iter().map(|(obstacle, ..)| obstacle.id).collect();
    let found: Vec<ObstacleStep> = obstacle_steps::table
        .filter(one_of(obstacle_steps::obstacle_id, ids))
        .select(ObstacleStep::as_select())
        .order(obstacle_steps::id.asc())
        .load(connection)?;
    let mut steps: HashMap<ObstacleId, Vec<ObstacleStep>> = HashMap::new();
    for step in found {
        steps.entry(step.obstacle_id).or_default().push(step);
    }
    let case = |(obstacle, item_code, item_title, unit_code): Row| Case {
        steps: steps.remove(&obstacle.id).unwrap_or_default(),
        obstacle,
        item_code,
        item_title,
        unit_code,
    };
    Ok(rows.into_iter().map(case).collect())
}

/// Adds an obstacle.
pub(super) fn insert_obstacle(connection: &mut AnyConnection, obstacle: &Obstacle) -> Result<()> {
    diesel::insert_into(obstacles::table).values(obstacle).execute(connection)?;
    Ok(())
}

/// Moves an obstacle over the state and version that were read, and adds the step.
pub(super) fn move_obstacle(
    connection: &mut AnyConnection,
    before: &Obstacle,
    state: ObstacleState,
    step: &ObstacleStep,
) -> Result<()> {
    let row = obstacles::table
        .find(before.id)
        .filter(obstacles::state.eq(before.state))
        .filter(obstacles::version.eq(before.version));
    let changed = diesel::update(row)
        .set((obstacles::state.eq(state), obstacles::version.eq(before.version + 1)))
        .execute(connection)?;
    if changed == 0 {
        return Err(Error::new(Code::ConcurrentChange));
    }
    diesel::insert_into(obstacle_steps::table).values(step).execute(connection)?;
    Ok(())
}
