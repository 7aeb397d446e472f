//! Writes about periods, and the questions that other concepts ask about them.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::{
    http::PeriodView,
    model::{CalendarDay, Period, PeriodId, PeriodKind},
    rules::{self, Times},
    store,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Faults, Result, text},
    kernel::{date::WorkingDays, id::WardId, text::clean, time::Timestamp},
    plans::{self, Basis, Plan, PlanId},
};

/// How a plan year's calendar is built.
#[derive(Clone, Debug)]
pub struct CalendarOptions {
    /// How windows are cut.
    pub basis: Basis,
    /// Whether quarters II and IV, nine months and months are made too.
    pub optional: bool,
    /// Time of day at which a period opens, on the cut-off day.
    pub opens_time: String,
    /// Time of day at which it is due, on the next working day.
    pub due_time: String,
    /// Working days after the due day for which late figures are taken.
    pub hard_close_after_working_days: u32,
}

impl CalendarOptions {
    /// The times that are PROPOSED, not law (REFERENCE §1), on this basis.
    #[must_use]
    pub fn proposed(basis: Basis) -> Self {
        Self {
            basis,
            optional: false,
            opens_time: rules::OPENS_TIME.to_owned(),
            due_time: rules::DUE_TIME.to_owned(),
            hard_close_after_working_days: rules::HARD_CLOSE_DAYS,
        }
    }

    fn times(&self) -> Result<Times> {
        let opens = rules::read_time(&self.opens_time, "/opens_time")?;
        let due = rules::read_time(&self.due_time, "/due_time")?;
        if self.hard_close_after_working_days > rules::MAX_HARD_CLOSE_DAYS {
            return Err(Error::field("/hard_close_after_working_days", Code::OutOfRange));
        }
        Ok(Times { opens, due, hard_close_days: self.hard_close_after_working_days })
    }
}

/// A period for a report that somebody asked for. Times that are not given are the proposed ones.
#[derive(Clone, Debug)]
pub struct NewPeriod {
    /// Code, unique in the plan.
    pub code: String,
    /// First day of the data.
    pub data_from: NaiveDate,
    /// Last day of the data.
    pub data_to: NaiveDate,
    /// From when figures may be submitted.
    pub opens_at: Option<Timestamp>,
    /// Until when they are on time.
    pub due_at: Option<Timestamp>,
    /// Until when they are taken at all.
    pub hard_close_at: Option<Timestamp>,
}

/// What changes about a period: absent keeps.
#[derive(Clone, Debug, Default)]
pub struct PeriodChanges {
    /// First day of the data.
    pub data_from: Option<NaiveDate>,
    /// Last day of the data.
    pub data_to: Option<NaiveDate>,
    /// From when figures may be submitted.
    pub opens_at: Option<Timestamp>,
    /// Until when they are on time.
    pub due_at: Option<Timestamp>,
    /// Until when they are taken at all.
    pub hard_close_at: Option<Timestamp>,
}

/// What the audit trail says of a built calendar.
#[derive(Serialize)]
struct Built<'a> {
    basis: Basis,
    codes: Vec<&'a str>,
}

/// Builds a plan year's calendar. Periods that exist stay as they are, so that it may be called again.
///
/// # Errors
/// Not found, `plan_not_issued` after the close, `periods_exist` on another basis, `invalid`.
pub fn generate_periods(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    plan_id: PlanId,
    options: &CalendarOptions,
) -> Result<Vec<Period>> {
    let plan = require_open_plan(tx.connection, ward_id, plan_id)?;
    let times = options.times()?;
    let existing = store::list_all(tx.connection, plan_id)?;
    let regular = existing.iter().any(|period| period.kind != PeriodKind::Adhoc);
    if regular && plan.basis.is_some_and(|basis| basis != options.basis) {
        return Err(Error::new(Code::PeriodsExist));
    }
    let calendar = load_working_days(tx.connection, ward_id)?;
    let taken: HashSet<&str> = existing.iter().map(|period| period.code.as_str()).collect();
    let mut added = Vec::new();
    for window in rules::windows(options.basis, plan.year, options.optional) {
        if taken.contains(window.code.as_str()) {
            continue;
        }
        let period = period_of(&plan, window, &times, &calendar);
        rules::check_period(&period, &calendar)?;
        store::insert_period(tx.connection, &period)?;
        added.push(period);
    }
    plans::actions::set_basis(tx, &plan, options.basis)?;
    let codes = added.iter().map(|period| period.code.as_str()).collect();
    let built = Built { basis: options.basis, codes };
    tx.record(Event::new("plan.periods_generated", "plan", plan_id).between(None, Some(&built)));
    store::list_all(tx.connection, plan_id)
}

fn period_of(plan: &Plan, window: rules::Window, times: &Times, calendar: &WorkingDays) -> Period {
    let limits = rules::limits(window.data_to, times, calendar);
    Period {
        id: PeriodId::generate(),
        ward_id: plan.ward_id,
        plan_id: plan.id,
        code: window.code,
        kind: window.kind,
        mandatory: window.mandatory,
        data_from: window.data_from,
        data_to: window.data_to,
        opens_at: limits.opens_at,
        due_at: limits.due_at,
        hard_close_at: limits.hard_close_at,
        version: 1,
    }
}

/// Adds a period of its own to a plan, for a report that somebody asked for.
///
/// # Errors
/// Not found, `plan_not_issued` after the close, `period_code_taken`, `due_too_early`, `invalid`.
pub fn create_period(tx: &mut Tx<'_>, ward_id: WardId, plan_id: PlanId, new: &NewPeriod) -> Result<Period> {
    let plan = require_open_plan(tx.connection, ward_id, plan_id)?;
    let code = clean(&new.code);
    if rules::is_regular_code(plan.year, &code) {
        let sentence = text(
            "Mã này dành cho kỳ báo cáo định kỳ; hãy đặt mã khác",
            "This code belongs to a regular period; choose another",
        );
        return Err(Error::because(Code::PeriodCodeTaken, sentence));
    }
    let calendar = load_working_days(tx.connection, ward_id)?;
    let times = CalendarOptions::proposed(Basis::Decree09).times()?;
    let window = rules::Window {
        code,
        kind: PeriodKind::Adhoc,
        mandatory: false,
        data_from: new.data_from,
        data_to: new.data_to,
    };
    let mut period = period_of(&plan, window, &times, &calendar);
    period.opens_at = new.opens_at.unwrap_or(period.opens_at);
    period.due_at = new.due_at.unwrap_or(period.due_at);
    // A late due time takes the proposed close along; only a close that was asked for may be refused.
    period.hard_close_at = new.hard_close_at.unwrap_or(period.hard_close_at.max(period.due_at));
    rules::check_period(&period, &calendar)?;
    store::insert_period(tx.connection, &period)?;
    let view = PeriodView::of(&period);
    tx.record(Event::new("period.created", "period", period.id).between(None, Some(&view)));
    Ok(period)
}

/// Changes the times of a period; the window only of an ad-hoc one, before anything was submitted in it.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `plan_not_issued` after the close, `period_in_use`,
/// `due_too_early`, `invalid`.
pub fn change_period(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    id: PeriodId,
    changes: &PeriodChanges,
) -> Result<Period> {
    let before = get_period(tx.connection, ward_id, id)?;
    tx.require_version(before.version)?;
    require_open_plan(tx.connection, ward_id, before.plan_id)?;
    check_window_change(tx.connection, &before, changes)?;
    let period = Period {
        data_from: changes.data_from.unwrap_or(before.data_from),
        data_to: changes.data_to.unwrap_or(before.data_to),
        opens_at: changes.opens_at.unwrap_or(before.opens_at),
        due_at: changes.due_at.unwrap_or(before.due_at),
        hard_close_at: changes.hard_close_at.unwrap_or(before.hard_close_at),
        version: before.version + 1,
        ..before.clone()
    };
    let calendar = load_working_days(tx.connection, ward_id)?;
    rules::check_period(&period, &calendar)?;
    store::update_period(tx.connection, &period)?;
    let (old, new) = (PeriodView::of(&before), PeriodView::of(&period));
    tx.record(Event::new("period.changed", "period", id).between(Some(&old), Some(&new)));
    Ok(period)
}

fn check_window_change(
    connection: &mut AnyConnection,
    before: &Period,
    changes: &PeriodChanges,
) -> Result<()> {
    let mut faults = Faults::new();
    if before.kind != PeriodKind::Adhoc {
        for (pointer, sent) in
            [("/data_from", changes.data_from.is_some()), ("/data_to", changes.data_to.is_some())]
        {
            if sent {
                faults.add(pointer, Code::NotApplicableHere);
            }
        }
    }
    faults.into_result(Code::Invalid)?;
    let moves = changes.data_from.is_some_and(|day| day != before.data_from)
        || changes.data_to.is_some_and(|day| day != before.data_to);
    if moves && store::has_submitted(connection, before.id)? {
        return Err(Error::new(Code::PeriodInUse));
    }
    Ok(())
}

/// A period of this ward.
///
/// # Errors
/// Not found.
pub fn get_period(connection: &mut AnyConnection, ward_id: WardId, id: PeriodId) -> Result<Period> {
    store::find_period(connection, ward_id, id)?.ok_or_else(Error::not_found)
}

/// A period of a plan by its id or code, as filters name it.
///
/// # Errors
/// When the database fails.
pub fn find_period(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    id_or_code: &str,
) -> Result<Option<Period>> {
    match PeriodId::parse(id_or_code) {
        Some(id) => store::find_of_plan(connection, plan_id, id),
        None => store::find_by_code(connection, plan_id, &clean(id_or_code)),
    }
}

/// The period with which figures are compared ([`rules::previous_of`]).
///
/// # Errors
/// When the database fails.
pub fn previous_period(connection: &mut AnyConnection, period: &Period) -> Result<Option<Period>> {
    let periods = store::list_all(connection, period.plan_id)?;
    Ok(rules::previous_of(&periods, period).cloned())
}

/// The period of a plan with the latest cut-off whose figures are settled: past its hard close, or published.
///
/// # Errors
/// When the database fails.
pub fn find_last_settled(
    connection: &mut AnyConnection,
    plan_id: PlanId,
    now: Timestamp,
) -> Result<Option<Period>> {
    store::find_last_settled(connection, plan_id, now)
}

/// The ward's working days.
///
/// # Errors
/// When the database fails.
pub fn load_working_days(connection: &mut AnyConnection, ward_id: WardId) -> Result<WorkingDays> {
    Ok(WorkingDays::new(store::list_calendar(connection, ward_id)?))
}

/// Replaces what the ward's calendar says of a year.
///
/// # Errors
/// `invalid`, where a day stands twice or in another year, or its name is empty or too long.
pub fn replace_calendar(tx: &mut Tx<'_>, ward_id: WardId, year: i32, days: &[CalendarDay]) -> Result<()> {
    let mut faults = Faults::new();
    let mut seen = HashSet::new();
    for (index, day) in days.iter().enumerate() {
        faults.check_text(&format!("/days/{index}/name"), &day.name, 1, 200);
        if day.date.year() != year || !seen.insert(day.date) {
            let sentence = text(
                format!("Mỗi ngày của năm {year} chỉ ghi một lần"),
                format!("Each day of {year} stands once"),
            );
            faults.add_because(format!("/days/{index}/date"), Code::OutOfRange, sentence);
        }
    }
    faults.into_result(Code::Invalid)?;
    store::replace_calendar(tx.connection, ward_id, year, days)?;
    tx.record(
        Event::new("ward.calendar_replaced", "ward", ward_id).with("year", year).with("days", days.len()),
    );
    Ok(())
}

fn require_open_plan(connection: &mut AnyConnection, ward_id: WardId, plan_id: PlanId) -> Result<Plan> {
    let plan = plans::actions::get_plan(connection, ward_id, plan_id)?;
    plans::rules::require_not_closed(plan.status)?;
    Ok(plan)
}
