//! All SQL about what is owed and about reminders. What a caller may know of is part of each query.
//!
//! SQLite numbers `$n` by first appearance in the text, so each text names them in their order.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl,
    SelectableHelper, dsl,
    sql_types::{BigInt, Bool, Text, Timestamp as SqlTimestamp},
};

use super::model::{
    OwedFigure, Reminder, ReminderId, ReturnCount, ReturnedFigure, Total, UnitProgress, Unsubmitted,
};
use crate::{
    db::{AnyConnection, statement},
    error::{Code, Error, Result},
    items::Obligation,
    kernel::{
        id::UnitId,
        page::{Page, PageRequest},
        time::Timestamp,
    },
    periods::PeriodId,
    plans::PlanId,
    schema::{owed_figures, plan_items, reminders, submissions, units},
    submissions::reach::Visibility,
};

/// What [`OwedFigure`] reads; `$1` is the second that is asked for.
const FIGURE: &str = "o.item_id, i.code AS item_code, i.title AS item_title, i.sort_path, o.unit_id, \
    u.code AS unit_code, u.name AS unit_name, o.period_id, p.code AS period_code, o.obligation, \
    o.opens_at, o.due_at, o.closes_at, s.id AS submission_id, s.state, s.created_at AS begun_at, \
    s.first_submitted_at, \
    (SELECT COUNT(*) FROM reminders r WHERE r.unit_id = o.unit_id AND r.period_id = o.period_id \
       AND (r.item_id IS NULL OR r.item_id = o.item_id) AND r.sent_at <= $1) AS times_chased, \
    (SELECT MAX(r.sent_at) FROM reminders r WHERE r.unit_id = o.unit_id AND r.period_id = o.period_id \
       AND (r.item_id IS NULL OR r.item_id = o.item_id) AND r.sent_at <= $1) AS reminded_at";

const OWED: &str = "owed_figures o \
    JOIN plan_items i ON i.id = o.item_id JOIN units u ON u.id = o.unit_id JOIN periods p ON p.id = o.period_id \
    LEFT JOIN submissions s ON s.item_id = o.item_id AND s.period_id = o.period_id AND s.unit_id = o.unit_id";

/// What a caller may know of (RULES §2): all (`$3`), its unit's (`$4`), and the leaves that its unit tracks (`$5`). What a
/// merged unit left open is its successor's.
const REACH: &str = "($3 OR u.id = $4 OR u.acting_unit_id = $4 OR i.tracking_unit_id = $5 OR s.verify_unit_id = $5 \
    OR s.verify_unit_id IN (SELECT v.id FROM units v WHERE v.acting_unit_id = $5))";

/// An id that matches nothing stands for what the caller does not have.
fn id_or_nothing(unit: Option<UnitId>) -> String {
    unit.map_or_else(String::new, |unit| unit.to_string())
}

/// What a unit, or one that was merged into it, has not signed: overdue, or due soon or still wanted. The first by due time, and how many there are.
pub(super) fn list_unsigned(
    connection: &mut AnyConnection,
    unit_id: UnitId,
    now: Timestamp,
    due_until: Timestamp,
    overdue: bool,
    limit: i64,
) -> Result<Vec<(OwedFigure, Total)>> {
    let sql = format!(
        "SELECT {FIGURE}, COUNT(*) OVER () AS total FROM {OWED} JOIN plans pl ON pl.id = o.plan_id \
         WHERE (u.id = $2 OR u.acting_unit_id = $2) \
         AND pl.status = 'issued' AND (s.id IS NULL OR s.state = 'draft') \
         AND (o.opens_at <= $1 OR o.due_at <= $3) AND (o.obligation = 'must' OR o.closes_at >= $1) \
         AND (o.obligation = 'must' AND o.due_at < $1 AND s.first_submitted_at IS NULL) = $4 \
         ORDER BY o.due_at, i.sort_path, o.item_id, o.period_id LIMIT $5"
    );
    Ok(statement(sql)
        .bind::<SqlTimestamp, _>(now)
        .bind::<Text, _>(unit_id)
        .bind::<SqlTimestamp, _>(due_until)
        .bind::<Bool, _>(overdue)
        .bind::<BigInt, _>(limit)
        .load(connection)?)
}

/// What was sent back to a unit, or to one that was merged into it; after the close of the year, what a leader opened.
/// The first by due time, and how many there are.
pub(super) fn list_returned(
    connection: &mut AnyConnection,
    unit_id: UnitId,
    limit: i64,
) -> Result<Vec<(ReturnedFigure, Total)>> {
    let owed = "FROM owed_figures o WHERE o.item_id = s.item_id AND o.unit_id = s.unit_id \
                AND o.period_id = s.period_id";
    let sql = format!(
        "SELECT s.id AS submission_id, s.item_id, i.code AS item_code, i.title AS item_title, s.unit_id, u.code AS unit_code, \
           s.period_id, p.code AS period_code, s.revision, s.updated_at, \
           COALESCE((SELECT o.due_at {owed}), p.due_at) AS due_at, \
           COALESCE((SELECT o.closes_at {owed}), p.hard_close_at) AS closes_at, \
           d.action, d.reason, d.reason_codes, d.pointers, d.decided_at, COUNT(*) OVER () AS total \
         FROM submissions s JOIN plan_items i ON i.id = s.item_id JOIN periods p ON p.id = s.period_id \
         JOIN plans pl ON pl.id = s.plan_id JOIN units u ON u.id = s.unit_id \
         JOIN decisions d ON d.submission_id = s.id AND d.id = \
           (SELECT MAX(x.id) FROM decisions x WHERE x.submission_id = s.id AND x.to_state = 'returned') \
         WHERE (u.id = $1 OR u.acting_unit_id = $1) AND s.state = 'returned' AND (pl.status = 'issued' \
           OR (s.submitted_revision > 0 AND s.revision > s.submitted_revision) OR s.revision > s.published_revision) \
         ORDER BY due_at, s.id LIMIT $2"
    );
    Ok(statement(sql).bind::<Text, _>(unit_id).bind::<BigInt, _>(limit).load(connection)?)
}

/// How far each unit is in a period as of a second, by name. One query.
///
/// Approved then is what was approved by then, in a revision that nobody reopened by then. Of what did not change since,
/// the submission itself tells; of the rest the decisions do.
pub(super) fn count_progress(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    period_id: PeriodId,
    as_of: Timestamp,
) -> Result<Vec<UnitProgress>> {
    let sum = |of: &str| format!("CAST(SUM({of}) AS BIGINT)");
    let sql = format!(
        "SELECT f.unit_id, f.unit_code, f.unit_name, {expected} AS expected, {submitted} AS submitted, \
           {on_time} AS on_time, {missing} AS missing, {approved} AS approved, {asked} AS asked, \
           {asked_submitted} AS asked_submitted, {asked_approved} AS asked_approved \
         FROM (SELECT o.unit_id, u.code AS unit_code, u.name AS unit_name, u.sort_key, \
             CASE WHEN o.obligation = 'must' THEN 1 ELSE 0 END AS must, \
             CASE WHEN s.first_submitted_at <= $1 THEN 1 ELSE 0 END AS submitted, \
             CASE WHEN s.first_submitted_at <= $1 AND s.on_time THEN 1 ELSE 0 END AS on_time, \
             CASE WHEN o.due_at < $1 THEN 1 ELSE 0 END AS past, \
             CASE WHEN s.updated_at <= $1 THEN CASE WHEN s.approved_revision IS NULL THEN 0 ELSE 1 END \
               WHEN EXISTS (SELECT 1 FROM decisions a WHERE a.submission_id = s.id AND a.action = 'approve' \
               AND a.decided_at <= $1 AND NOT EXISTS (SELECT 1 FROM decisions b WHERE b.submission_id = s.id \
                 AND b.action = 'reopen' AND b.revision = a.revision AND b.decided_at <= $1)) \
               THEN 1 ELSE 0 END AS approved \
           FROM {OWED} WHERE o.period_id = $2 AND {REACH}) f \
         GROUP BY f.unit_id, f.unit_code, f.unit_name, f.sort_key ORDER BY f.sort_key, f.unit_id",
        expected = sum("f.must"),
        submitted = sum("f.must * f.submitted"),
        on_time = sum("f.must * f.on_time"),
        missing = sum("f.must * f.past * (1 - f.submitted)"),
        approved = sum("f.must * f.approved"),
        asked = sum("1 - f.must"),
        asked_submitted = sum("(1 - f.must) * f.submitted"),
        asked_approved = sum("(1 - f.must) * f.approved"),
    );
    Ok(statement(sql)
        .bind::<SqlTimestamp, _>(as_of)
        .bind::<Text, _>(period_id)
        .bind::<Bool, _>(visibility.all || visibility.approved)
        .bind::<Text, _>(id_or_nothing(visibility.own_unit))
        .bind::<Text, _>(id_or_nothing(visibility.tracked_unit))
        .load(connection)?)
}

/// How often figures of a period were returned by a second, per unit and set of reason codes. One query.
///
/// Few were ever returned: those are returned still, or have a second revision.
pub(super) fn count_returns(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    period_id: PeriodId,
    as_of: Timestamp,
) -> Result<Vec<ReturnCount>> {
    let sql = format!(
        "SELECT s.unit_id, d.reason_codes, COUNT(*) AS returns FROM decisions d \
         JOIN submissions s ON s.id = d.submission_id JOIN units u ON u.id = s.unit_id \
         JOIN plan_items i ON i.id = s.item_id \
         WHERE d.decided_at <= $1 AND s.period_id = $2 AND d.action = 'return' \
         AND (s.revision > 1 OR s.state = 'returned') AND {REACH} \
         GROUP BY s.unit_id, d.reason_codes"
    );
    Ok(statement(sql)
        .bind::<SqlTimestamp, _>(as_of)
        .bind::<Text, _>(period_id)
        .bind::<Bool, _>(visibility.all)
        .bind::<Text, _>(id_or_nothing(visibility.own_unit))
        .bind::<Text, _>(id_or_nothing(visibility.tracked_unit))
        .load(connection)?)
}

/// The last row of a page of overdue figures.
type OverdueKey = (Timestamp, String, String, String, String);

/// What must have been in by a second and was not: by due time, unit code and place in the plan. One query.
pub(super) fn list_overdue(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    plan_id: PlanId,
    unit_id: Option<UnitId>,
    as_of: Timestamp,
    page: &PageRequest,
) -> Result<Page<OwedFigure>> {
    let (due_at, unit, path, item, period): OverdueKey = match &page.after {
        Some(after) => serde_json::from_str(after).map_err(|_| Error::new(Code::InvalidCursor))?,
        None => (Timestamp::EPOCH, String::new(), String::new(), String::new(), String::new()),
    };
    let sql = format!(
        "SELECT {FIGURE} FROM {OWED} \
         WHERE o.plan_id = $2 AND o.obligation = 'must' AND o.due_at < $1 \
         AND (s.first_submitted_at IS NULL OR s.first_submitted_at > $1) AND {REACH} \
         AND ($6 = '' OR o.unit_id = $6) \
         AND (o.due_at, u.code, i.sort_path, o.item_id, o.period_id) > ($7, $8, $9, $10, $11) \
         ORDER BY o.due_at, u.code, i.sort_path, o.item_id, o.period_id LIMIT $12"
    );
    let rows: Vec<OwedFigure> = statement(sql)
        .bind::<SqlTimestamp, _>(as_of)
        .bind::<Text, _>(plan_id)
        .bind::<Bool, _>(visibility.all)
        .bind::<Text, _>(id_or_nothing(visibility.own_unit))
        .bind::<Text, _>(id_or_nothing(visibility.tracked_unit))
        .bind::<Text, _>(id_or_nothing(unit_id))
        .bind::<SqlTimestamp, _>(due_at)
        .bind::<Text, _>(unit)
        .bind::<Text, _>(path)
        .bind::<Text, _>(item)
        .bind::<Text, _>(period)
        .bind::<BigInt, _>(page.fetch())
        .load(connection)?;
    Ok(page.page(rows, |row| {
        let key = (row.due_at, &row.unit_code, &row.sort_path, row.item_id, row.period_id);
        serde_json::to_string(&key).unwrap_or_default()
    }))
}

/// What must be in for a period and was never submitted, in the plan's order.
pub(super) fn list_unsubmitted(
    connection: &mut AnyConnection,
    period_id: PeriodId,
) -> Result<Vec<Unsubmitted>> {
    let submitted = submissions::table
        .filter(submissions::item_id.eq(owed_figures::item_id))
        .filter(submissions::period_id.eq(owed_figures::period_id))
        .filter(submissions::unit_id.eq(owed_figures::unit_id))
        .filter(submissions::first_submitted_at.is_not_null());
    Ok(owed_figures::table
        .inner_join(units::table.on(units::id.eq(owed_figures::unit_id)))
        .inner_join(plan_items::table.on(plan_items::id.eq(owed_figures::item_id)))
        .filter(owed_figures::period_id.eq(period_id))
        .filter(owed_figures::obligation.eq(Obligation::Must))
        .filter(dsl::not(dsl::exists(submitted)))
        .select((owed_figures::unit_id, units::code, owed_figures::item_id))
        .order((units::code.asc(), plan_items::sort_path.asc(), plan_items::id.asc()))
        .load(connection)?)
}

/// Adds a reminder.
pub(super) fn insert_reminder(connection: &mut AnyConnection, new: &Reminder) -> Result<()> {
    diesel::insert_into(reminders::table)
        .values((
            reminders::id.eq(new.id),
            reminders::ward_id.eq(new.ward_id),
            reminders::period_id.eq(new.period_id),
            reminders::unit_id.eq(new.unit_id),
            reminders::item_id.eq(new.item_id),
            reminders::message.eq(&new.message),
            reminders::sent_by.eq(new.sent_by),
            reminders::sent_at.eq(new.sent_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// The reminders of a period that the caller may know of, newest first, with the codes of unit and leaf.
pub(super) fn list_reminders(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    period_id: PeriodId,
    page: &PageRequest,
) -> Result<Page<(Reminder, String, Option<String>)>> {
    let mut query = reminders::table
        .inner_join(units::table.on(units::id.eq(reminders::unit_id)))
        .left_join(plan_items::table.on(reminders::item_id.eq(plan_items::id.nullable())))
        .filter(reminders::period_id.eq(period_id))
        .select((Reminder::as_select(), units::code, plan_items::code.nullable()))
        .order(reminders::id.desc())
        .limit(page.fetch())
        .into_boxed();
    if !visibility.all {
        let tracked = id_or_nothing(visibility.tracked_unit);
        let own = id_or_nothing(visibility.own_unit);
        query = query.filter(
            reminders::unit_id
                .eq(own.clone())
                .or(units::acting_unit_id.eq(own).assume_not_null())
                .or(plan_items::tracking_unit_id.eq(tracked).assume_not_null()),
        );
    }
    if let Some(after) = &page.after {
        let after = ReminderId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(reminders::id.lt(after));
    }
    let rows = query.load(connection)?;
    Ok(page.page(rows, |(reminder, ..): &(Reminder, String, Option<String>)| reminder.id.to_string()))
}
