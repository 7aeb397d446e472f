//! Every window of 2026, its due times, and what is owed when.

use super::*;
use crate::{kernel::id::WardId, periods::PeriodId, plans::PlanId};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_default()
}

fn proposed() -> Times {
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap_or_default();
    Times { opens: time(OPENS_TIME), due: time(DUE_TIME), hard_close_days: HARD_CLOSE_DAYS }
}

fn assert_windows(basis: Basis, expected: &[(&str, PeriodKind, bool, &str, &str)]) {
    let found = windows(basis, 2026, true);
    assert_eq!(found.len(), 19, "{basis}: seven stretches and twelve months");
    for (code, kind, mandatory, from, to) in expected {
        let window = Window {
            code: format!("2026-{code}"),
            kind: *kind,
            mandatory: *mandatory,
            data_from: day(from),
            data_to: day(to),
        };
        assert!(found.contains(&window), "{basis}: {window:?} in {found:?}");
    }
}

#[test]
fn the_decree_cuts_from_the_15th_to_the_14th() {
    use PeriodKind::{HalfYear, Month, NineMonths, Quarter, Year};
    assert_windows(
        Basis::Decree09,
        &[
            ("Q1", Quarter, true, "2025-12-15", "2026-03-14"),
            ("H1", HalfYear, true, "2025-12-15", "2026-06-14"),
            ("Q3", Quarter, true, "2026-06-15", "2026-09-14"),
            ("Y", Year, true, "2025-12-15", "2026-12-14"),
            ("Q2", Quarter, false, "2026-03-15", "2026-06-14"),
            ("9M", NineMonths, false, "2025-12-15", "2026-09-14"),
            ("Q4", Quarter, false, "2026-09-15", "2026-12-14"),
            ("01", Month, false, "2025-12-15", "2026-01-14"),
            ("02", Month, false, "2026-01-15", "2026-02-14"),
            ("03", Month, false, "2026-02-15", "2026-03-14"),
            ("04", Month, false, "2026-03-15", "2026-04-14"),
            ("05", Month, false, "2026-04-15", "2026-05-14"),
            ("06", Month, false, "2026-05-15", "2026-06-14"),
            ("07", Month, false, "2026-06-15", "2026-07-14"),
            ("08", Month, false, "2026-07-15", "2026-08-14"),
            ("09", Month, false, "2026-08-15", "2026-09-14"),
            ("10", Month, false, "2026-09-15", "2026-10-14"),
            ("11", Month, false, "2026-10-15", "2026-11-14"),
            ("12", Month, false, "2026-11-15", "2026-12-14"),
        ],
    );
}

#[test]
fn the_calendar_cuts_at_month_ends() {
    use PeriodKind::{HalfYear, Month, NineMonths, Quarter, Year};
    assert_windows(
        Basis::Calendar,
        &[
            ("Q1", Quarter, true, "2026-01-01", "2026-03-31"),
            ("H1", HalfYear, true, "2026-01-01", "2026-06-30"),
            ("Q3", Quarter, true, "2026-07-01", "2026-09-30"),
            ("Y", Year, true, "2026-01-01", "2026-12-31"),
            ("Q2", Quarter, false, "2026-04-01", "2026-06-30"),
            ("9M", NineMonths, false, "2026-01-01", "2026-09-30"),
            ("Q4", Quarter, false, "2026-10-01", "2026-12-31"),
            ("02", Month, false, "2026-02-01", "2026-02-28"),
            ("12", Month, false, "2026-12-01", "2026-12-31"),
        ],
    );
}

#[test]
fn four_reports_are_owed_and_the_rest_is_optional() {
    let codes = |optional| -> Vec<String> {
        windows(Basis::Decree09, 2026, optional).into_iter().map(|window| window.code).collect()
    };
    assert_eq!(codes(false), ["2026-Q1", "2026-H1", "2026-Q3", "2026-Y"]);
    assert!(codes(true).iter().all(|code| is_regular_code(2026, code)));
    assert!(!is_regular_code(2026, "HDND-07"));
    assert!(!is_regular_code(2026, "2025-Q1"));
}

#[test]
fn figures_of_2026_are_due_on_the_next_working_day_at_17() {
    let calendar = WorkingDays::default();
    for (cut_off, opens, due, close) in [
        ("2026-03-14", "2026-03-14T07:00:00", "2026-03-16T17:00:00", "2026-03-30T17:00:00"),
        ("2026-06-14", "2026-06-14T07:00:00", "2026-06-15T17:00:00", "2026-06-29T17:00:00"),
        ("2026-09-14", "2026-09-14T07:00:00", "2026-09-15T17:00:00", "2026-09-29T17:00:00"),
        ("2026-12-14", "2026-12-14T07:00:00", "2026-12-15T17:00:00", "2026-12-29T17:00:00"),
    ] {
        let limits = limits(day(cut_off), &proposed(), &calendar);
        assert_eq!(limits.opens_at.to_string(), format!("{opens}+07:00"));
        assert_eq!(limits.due_at.to_string(), format!("{due}+07:00"));
        assert_eq!(limits.hard_close_at.to_string(), format!("{close}+07:00"));
    }
}

#[test]
fn holidays_and_swapped_days_move_the_due_day() {
    let calendar = WorkingDays::new([(day("2026-03-15"), true), (day("2026-06-15"), false)]);
    let due = |cut_off: &str| limits(day(cut_off), &proposed(), &calendar).due_at.ward_date();
    assert_eq!(due("2026-03-14"), day("2026-03-15"));
    assert_eq!(due("2026-06-14"), day("2026-06-16"));
}

fn period() -> Period {
    let limits = limits(day("2026-06-14"), &proposed(), &WorkingDays::default());
    Period {
        id: PeriodId::generate(),
        ward_id: WardId::generate(),
        plan_id: PlanId::generate(),
        code: "HDND-07".to_owned(),
        kind: PeriodKind::Adhoc,
        mandatory: false,
        data_from: day("2025-12-15"),
        data_to: day("2026-06-14"),
        opens_at: limits.opens_at,
        due_at: limits.due_at,
        hard_close_at: limits.hard_close_at,
        version: 1,
    }
}

fn refusal(period: &Period) -> Option<(Code, Vec<String>)> {
    let error = check_period(period, &WorkingDays::default()).err()?;
    Some((error.code, error.fields.into_iter().map(|field| field.pointer).collect()))
}

#[test]
fn times_stand_in_order_and_a_working_day_after_the_cut_off() {
    let at = |text: &str| {
        Timestamp::parse(text).unwrap_or_else(|| Timestamp::from_ward_time(day(""), NaiveTime::MIN))
    };
    assert_eq!(refusal(&period()), None);
    // The cut-off of H1 is a Sunday: Monday's first minute is a working day later, Sunday's last is not.
    let monday = Period { due_at: at("2026-06-15T00:00:00+07:00"), ..period() };
    assert_eq!(refusal(&monday), None);
    let sunday = Period { due_at: at("2026-06-14T23:59:59+07:00"), ..period() };
    assert_eq!(refusal(&sunday), Some((Code::DueTooEarly, vec!["/due_at".to_owned()])));
    let late = Period { opens_at: at("2026-06-15T17:00:01+07:00"), ..period() };
    assert_eq!(refusal(&late), Some((Code::Invalid, vec!["/opens_at".to_owned()])));
    let shut = Period { hard_close_at: at("2026-06-15T16:59:59+07:00"), ..period() };
    assert_eq!(refusal(&shut), Some((Code::Invalid, vec!["/hard_close_at".to_owned()])));
    let inclusive = Period { opens_at: period().due_at, hard_close_at: period().due_at, ..period() };
    assert_eq!(refusal(&inclusive), None);
}

#[test]
fn codes_and_windows_are_checked() {
    let backwards = Period { data_from: day("2026-06-15"), ..period() };
    assert_eq!(refusal(&backwards), Some((Code::Invalid, vec!["/data_to".to_owned()])));
    let odd = Period { code: "HĐND 7/1".to_owned(), ..period() };
    assert_eq!(refusal(&odd), Some((Code::Invalid, vec!["/code".to_owned()])));
}

#[test]
fn only_times_of_day_are_read() {
    assert!(read_time("17:00", "/due_time").is_ok());
    for text in ["25:00", "17", "17:00:00", "", "5 giờ"] {
        assert!(read_time(text, "/due_time").is_err(), "{text}");
    }
}

#[test]
fn figures_are_the_years_so_far_where_the_period_begins_with_the_year() {
    for basis in [Basis::Decree09, Basis::Calendar] {
        let cumulative: Vec<String> = windows(basis, 2026, true)
            .into_iter()
            .filter(|window| is_cumulative(basis, 2026, window.data_from))
            .map(|window| window.code)
            .collect();
        assert_eq!(cumulative, ["2026-Q1", "2026-H1", "2026-Y", "2026-9M", "2026-01"], "{basis}");
    }
}

#[test]
fn a_period_is_held_against_the_last_of_its_kind_or_the_last_that_was_owed() {
    let year: Vec<Period> = windows(Basis::Decree09, 2026, true)
        .into_iter()
        .map(|window| Period {
            id: PeriodId::generate(),
            code: window.code,
            kind: window.kind,
            mandatory: window.mandatory,
            data_from: window.data_from,
            data_to: window.data_to,
            ..period()
        })
        .collect();
    let find = |code: &str| year.iter().find(|other| other.code == format!("2026-{code}")).expect("a period");
    let before = |code: &str| previous_of(&year, find(code)).map(|other| other.code.clone());
    for (code, expected) in [
        ("Q1", None),
        ("H1", Some("2026-Q1")),
        ("Q2", Some("2026-Q1")),
        ("Q3", Some("2026-Q2")),
        ("9M", Some("2026-H1")),
        ("Y", Some("2026-Q3")),
        ("01", None),
        ("02", Some("2026-01")),
    ] {
        assert_eq!(before(code).as_deref(), expected, "{code}");
    }
    assert!(lies_within(find("Q1"), find("H1")) && lies_within(find("Q3"), find("Y")));
    assert!(!lies_within(find("H1"), find("Q3")), "Q3 begins anew");
    assert!(!lies_within(find("Q2"), find("H1")), "both end on one day, so neither is earlier");
}
