//! All SQL about periods and the ward's calendar of working days.

use chrono::NaiveDate;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper,
};

use super::model::{CalendarDay, Period, PeriodId};
use crate::{
    db::{AnyConnection, is_unique_violation},
    error::{Code, Error, FieldError, Result},
    kernel::{
        day,
        id::WardId,
        page::{Page, PageRequest},
        time::Timestamp,
    },
    plans::PlanId,
    schema::{calendar_days, periods, publications, submissions},
};

/// The periods of a plan by cut-off, then code.
pub(super) fn list_periods(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    page: &PageRequest,
) -> Result<Page<Period>> {
    let mut query = periods::table
        .filter(periods::plan_id.eq(plan_id))
        .select(Period::as_select())
        .order((periods::data_to.asc(), periods::code.asc()))
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = &page.after {
        let invalid = || Error::new(Code::InvalidCursor);
        let (day, code) = after.split_once('|').ok_or_else(invalid)?;
        let day = day::parse(day).map_err(|_| invalid())?;
        query = query.filter(
            periods::data_to.gt(day).or(periods::data_to.eq(day).and(periods::code.gt(code.to_owned()))),
        );
    }
    let rows: Vec<Period> = query.load(connection)?;
    Ok(page.page(rows, |period| format!("{}|{}", period.data_to, period.code)))
}

/// All periods of a plan by cut-off, then code; a plan has some dozens.
pub(super) fn list_all(connection: &mut AnyConnection, plan_id: PlanId) -> Result<Vec<Period>> {
    Ok(periods::table
        .filter(periods::plan_id.eq(plan_id))
        .select(Period::as_select())
        .order((periods::data_to.asc(), periods::code.asc()))
        .load(connection)?)
}

/// A period of this ward.
pub(super) fn find_period(
    connection: &mut AnyConnection,
    ward_id: WardId,
    id: PeriodId,
) -> Result<Option<Period>> {
    Ok(periods::table
        .find(id)
        .filter(periods::ward_id.eq(ward_id))
        .select(Period::as_select())
        .first(connection)
        .optional()?)
}

/// A period of this plan by its id.
pub(super) fn find_of_plan(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    id: PeriodId,
) -> Result<Option<Period>> {
    Ok(periods::table
        .find(id)
        .filter(periods::plan_id.eq(plan_id))
        .select(Period::as_select())
        .first(connection)
        .optional()?)
}

/// A period of this plan by its code.
pub(super) fn find_by_code(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    code: &str,
) -> Result<Option<Period>> {
    Ok(periods::table
        .filter(periods::plan_id.eq(plan_id))
        .filter(periods::code.eq(code))
        .select(Period::as_select())
        .first(connection)
        .optional()?)
}

/// The period of a plan with the latest cut-off that is settled: past its hard close, or published.
pub(super) fn find_last_settled(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    now: Timestamp,
) -> Result<Option<Period>> {
    let published = publications::table
        .filter(publications::plan_id.eq(plan_id))
        .filter(publications::withdrawn_at.is_null())
        .select(publications::period_id);
    Ok(periods::table
        .filter(periods::plan_id.eq(plan_id))
        .filter(periods::hard_close_at.lt(now).or(periods::id.eq_any(published)))
        .select(Period::as_select())
        .order((periods::data_to.desc(), periods::code.asc()))
        .first(connection)
        .optional()?)
}

/// Adds a period.
pub(super) fn insert_period(connection: &mut AnyConnection, period: &Period) -> Result<()> {
    diesel::insert_into(periods::table)
        .values((
            periods::id.eq(period.id),
            periods::ward_id.eq(period.ward_id),
            periods::plan_id.eq(period.plan_id),
            periods::code.eq(&period.code),
            periods::kind.eq(period.kind),
            periods::mandatory.eq(period.mandatory),
            periods::data_from.eq(period.data_from),
            periods::data_to.eq(period.data_to),
            periods::opens_at.eq(period.opens_at),
            periods::due_at.eq(period.due_at),
            periods::hard_close_at.eq(period.hard_close_at),
            periods::version.eq(period.version),
        ))
        .execute(connection)
        .map_err(conflict)?;
    Ok(())
}

/// Writes a changed period over the version that was read.
pub(super) fn update_period(connection: &mut AnyConnection, period: &Period) -> Result<()> {
    let row = periods::table.find(period.id).filter(periods::version.eq(period.version - 1));
    let changed = diesel::update(row)
        .set((
            periods::data_from.eq(period.data_from),
            periods::data_to.eq(period.data_to),
            periods::opens_at.eq(period.opens_at),
            periods::due_at.eq(period.due_at),
            periods::hard_close_at.eq(period.hard_close_at),
            periods::version.eq(period.version),
        ))
        .execute(connection)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Whether figures were ever submitted in this period.
pub(super) fn has_submitted(connection: &mut AnyConnection, id: PeriodId) -> Result<bool> {
    let count: i64 = submissions::table
        .filter(submissions::period_id.eq(id))
        .filter(submissions::first_submitted_at.is_not_null())
        .count()
        .get_result(connection)?;
    Ok(count > 0)
}

/// The days of a ward that differ from the week's rhythm.
pub(super) fn list_calendar(
    connection: &mut AnyConnection,
    ward_id: WardId,
) -> Result<Vec<(NaiveDate, bool)>> {
    Ok(calendar_days::table
        .filter(calendar_days::ward_id.eq(ward_id))
        .select((calendar_days::day, calendar_days::working))
        .load(connection)?)
}

/// The days of a year that differ from the week's rhythm, by date.
pub(super) fn list_calendar_days(
    connection: &mut AnyConnection,
    ward_id: WardId,
    year: i32,
) -> Result<Vec<CalendarDay>> {
    let rows: Vec<(NaiveDate, bool, String)> = calendar_days::table
        .filter(calendar_days::ward_id.eq(ward_id))
        .filter(calendar_days::day.ge(first_day(year)))
        .filter(calendar_days::day.lt(first_day(year + 1)))
        .select((calendar_days::day, calendar_days::working, calendar_days::name))
        .order(calendar_days::day.asc())
        .load(connection)?;
    Ok(rows.into_iter().map(|(date, working, name)| CalendarDay { date, working, name }).collect())
}

fn first_day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default()
}

/// Replaces the days of a year.
pub(super) fn replace_calendar(
    connection: &mut AnyConnection,
    ward_id: WardId,
    year: i32,
    days: &[CalendarDay],
) -> Result<()> {
    diesel::delete(calendar_days::table)
        .filter(calendar_days::ward_id.eq(ward_id))
        .filter(calendar_days::day.ge(first_day(year)))
        .filter(calendar_days::day.lt(first_day(year + 1)))
        .execute(connection)?;
    for day in days {
        diesel::insert_into(calendar_days::table)
            .values((
                calendar_days::ward_id.eq(ward_id),
                calendar_days::day.eq(day.date),
                calendar_days::working.eq(day.working),
                calendar_days::name.eq(&day.name),
            ))
            .execute(connection)?;
    }
    Ok(())
}

fn conflict(error: diesel::result::Error) -> Error {
    if is_unique_violation(&error, "periods_code") {
        Error::fields(Code::PeriodCodeTaken, vec![FieldError::new("/code", Code::PeriodCodeTaken)])
    } else {
        error.into()
    }
}
