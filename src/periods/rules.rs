//! How windows are cut, when a period opens, is due and closes, and which periods an assignment owes (RULES §4).

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime};

use super::model::{Period, PeriodKind};
use crate::{
    error::{Code, Error, Faults, FieldError, Result, text},
    kernel::{date::WorkingDays, text::ascii_code, time::Timestamp},
    plans::Basis,
};

/// Years that a calendar may speak of.
pub const YEARS: std::ops::RangeInclusive<i32> = 2000..=2200;
/// Longest code of a period, in characters.
const MAX_CODE: usize = 35;

/// PROPOSED, not law (REFERENCE §1): drafting ends and submitting opens in the morning of the cut-off day.
pub const OPENS_TIME: &str = "07:00";
/// PROPOSED, not law (REFERENCE §1): figures are due at the end of the next working day.
pub const DUE_TIME: &str = "17:00";
/// PROPOSED, not law: working days after the due day for which late figures are still taken.
pub const HARD_CLOSE_DAYS: u32 = 10;
/// Most working days between due day and hard close.
pub const MAX_HARD_CLOSE_DAYS: u32 = 250;

/// A stretch of the year, before it is a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Code: `2026-H1`.
    pub code: String,
    /// What stretch of the year it covers.
    pub kind: PeriodKind,
    /// Whether the ward owes a report for it.
    pub mandatory: bool,
    /// First day of the data.
    pub data_from: NaiveDate,
    /// Last day of the data.
    pub data_to: NaiveDate,
}

/// At what times of day a period opens and is due, and how long late figures are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Time of day, on the cut-off day.
    pub opens: NaiveTime,
    /// Time of day, on the next working day.
    pub due: NaiveTime,
    /// Working days after the due day.
    pub hard_close_days: u32,
}

/// When a period opens, is due and closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From when figures may be submitted.
    pub opens_at: Timestamp,
    /// Until when they are on time.
    pub due_at: Timestamp,
    /// Until when they are taken at all.
    pub hard_close_at: Timestamp,
}

/// What repeats every year: code after the year, kind, mandatory, first and last month.
const REGULAR: [(&str, PeriodKind, bool, u32, u32); 7] = [
    ("Q1", PeriodKind::Quarter, true, 1, 3),
    ("H1", PeriodKind::HalfYear, true, 1, 6),
    ("Q3", PeriodKind::Quarter, true, 7, 9),
    ("Y", PeriodKind::Year, true, 1, 12),
    ("Q2", PeriodKind::Quarter, false, 4, 6),
    ("9M", PeriodKind::NineMonths, false, 1, 9),
    ("Q4", PeriodKind::Quarter, false, 10, 12),
];

/// The windows of a year: the four reports that are owed, and with `optional` quarters, nine months and months.
#[must_use]
pub fn windows(basis: Basis, year: i32, optional: bool) -> Vec<Window> {
    let months = (1..=12).map(|month| (format!("{month:02}"), PeriodKind::Month, false, month, month));
    REGULAR
        .into_iter()
        .map(|(code, kind, mandatory, first, last)| (code.to_owned(), kind, mandatory, first, last))
        .chain(months)
        .filter(|(_, _, mandatory, _, _)| optional || *mandatory)
        .filter_map(|(code, kind, mandatory, first, last)| {
            Some(Window {
                code: format!("{year}-{code}"),
                kind,
                mandatory,
                data_from: first_day(basis, year, first)?,
                data_to: last_day(basis, year, last)?,
            })
        })
        .collect()
}

/// NĐ 09/2019/NĐ-CP, article 12: a month's data run from the 15th of the month before to the 14th.
fn first_day(basis: Basis, year: i32, month: u32) -> Option<NaiveDate> {
    match basis {
        Basis::Decree09 => NaiveDate::from_ymd_opt(year, month, 15)?.checked_sub_months(Months::new(1)),
        Basis::Calendar => NaiveDate::from_ymd_opt(year, month, 1),
    }
}

fn last_day(basis: Basis, year: i32, month: u32) -> Option<NaiveDate> {
    match basis {
        Basis::Decree09 => NaiveDate::from_ymd_opt(year, month, 14),
        Basis::Calendar => NaiveDate::from_ymd_opt(year, month, 1)?
            .checked_add_months(Months::new(1))?
            .checked_sub_days(Days::new(1)),
    }
}

/// First and last day of a year's data on this basis; `None` past the calendar's end.
#[must_use]
pub fn year_window(basis: Basis, year: i32) -> Option<(NaiveDate, NaiveDate)> {
    Some((first_day(basis, year, 1)?, last_day(basis, year, 12)?))
}

/// Whether a period's figures are those of the year so far: it begins where the year does. The third quarter and the
/// later months do not (REFERENCE §0, row 4).
#[must_use]
pub fn is_cumulative(basis: Basis, year: i32, data_from: NaiveDate) -> bool {
    year_window(basis, year).is_some_and(|(first, _)| first == data_from)
}

/// Whether a code is one of those that [`windows`] gives, so that no other period may take it.
#[must_use]
pub fn is_regular_code(year: i32, code: &str) -> bool {
    windows(Basis::Calendar, year, true).iter().any(|window| window.code.eq_ignore_ascii_case(code))
}

/// The period with which figures are compared, of those of its plan: the last of the same kind that ended before, or
/// else the last that the ward owed; a half-year is not held against a month.
#[must_use]
pub fn previous_of<'p>(periods: &'p [Period], period: &Period) -> Option<&'p Period> {
    let last = |fits: &dyn Fn(&Period) -> bool| {
        let before = periods.iter().filter(|other| other.data_to < period.data_to && fits(other));
        // Of those that end on one day, the first by code.
        before.max_by(|a, b| a.data_to.cmp(&b.data_to).then_with(|| b.code.cmp(&a.code)))
    };
    last(&|other| other.kind == period.kind).or_else(|| last(&|other| other.mandatory))
}

/// Whether an earlier period's cases are all among this one's: what is counted in both can only have grown.
#[must_use]
pub fn lies_within(earlier: &Period, period: &Period) -> bool {
    earlier.data_from >= period.data_from && earlier.data_to < period.data_to
}

/// Reads `17:00`.
///
/// # Errors
/// `invalid_value` at the pointer.
pub fn read_time(text: &str, pointer: &str) -> Result<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| {
        let sentence = self::text("Giờ viết dạng 17:00", "A time of day is written 17:00");
        Error::fields(Code::Invalid, vec![FieldError::because(pointer, Code::OutOfRange, sentence)])
    })
}

/// When a period with this cut-off opens, is due and closes.
#[must_use]
pub fn limits(data_to: NaiveDate, times: &Times, calendar: &WorkingDays) -> Limits {
    let due_day = calendar.after(data_to, 1);
    let closing_day = calendar.after(due_day, times.hard_close_days);
    Limits {
        opens_at: Timestamp::from_ward_time(data_to, times.opens),
        due_at: Timestamp::from_ward_time(due_day, times.due),
        hard_close_at: Timestamp::from_ward_time(closing_day, times.due),
    }
}

/// Whether a period's code, window and times go together.
///
/// # Errors
/// `invalid` with every field at fault; `due_too_early` where less than one working day lies between cut-off and due
/// time (NĐ 09/2019/NĐ-CP, article 8).
pub fn check_period(period: &Period, calendar: &WorkingDays) -> Result<()> {
    let mut faults = Faults::new();
    faults.check_text("/code", &period.code, 1, MAX_CODE);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if !ascii_code(&period.code).chars().all(allowed) {
        faults.add("/code", Code::OutOfRange);
    }
    for (pointer, day) in [("/data_from", period.data_from), ("/data_to", period.data_to)] {
        if !YEARS.contains(&day.year()) {
            faults.add(pointer, Code::OutOfRange);
        }
    }
    if period.data_to < period.data_from {
        let sentence =
            text("Ngày cuối không được trước ngày đầu", "The last day must not be before the first");
        faults.add_because("/data_to", Code::OutOfRange, sentence);
    }
    if period.opens_at > period.due_at {
        let sentence = text("Phải mở trước hạn nộp", "It must open before it is due");
        faults.add_because("/opens_at", Code::OutOfRange, sentence);
    }
    if period.hard_close_at < period.due_at {
        let sentence = text("Không được đóng trước hạn nộp", "It must not close before it is due");
        faults.add_because("/hard_close_at", Code::OutOfRange, sentence);
    }
    faults.into_result(Code::Invalid)?;
    if period.due_at.ward_date() < calendar.after(period.data_to, 1) {
        return Err(Error::fields(Code::DueTooEarly, vec![FieldError::new("/due_at", Code::DueTooEarly)]));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
