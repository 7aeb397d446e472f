//! A period as the database keeps it.

use chrono::NaiveDate;
use diesel::{Queryable, Selectable};
use serde::Deserialize;

use crate::{
    id_type,
    kernel::{day, id::WardId, time::Timestamp},
    plans::PlanId,
    schema::periods,
    text_enum,
};

id_type! {
    /// Identifies a period.
    PeriodId
}

text_enum! {
    /// What stretch of the year a period covers.
    pub enum PeriodKind {
        /// A month: `2026-01`.
        Month = "month",
        /// A quarter: `2026-Q1`.
        Quarter = "quarter",
        /// Half a year: `2026-H1`.
        HalfYear = "half_year",
        /// Nine months: `2026-9M`.
        NineMonths = "nine_months",
        /// The year: `2026-Y`.
        Year = "year",
        /// A window of its own, for a report somebody asked for.
        Adhoc = "adhoc",
    }
}

/// A reporting window of a plan.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = periods, check_for_backend(crate::db::MultiBackend))]
pub struct Period {
    /// Its id.
    pub id: PeriodId,
    /// Its ward.
    pub ward_id: WardId,
    /// Its plan.
    pub plan_id: PlanId,
    /// Code: `2026-H1`.
    pub code: String,
    /// What stretch of the year it covers.
    pub kind: PeriodKind,
    /// Whether the ward owes a report for it.
    pub mandatory: bool,
    /// First day of the data.
    pub data_from: NaiveDate,
    /// Last day of the data: the cut-off.
    pub data_to: NaiveDate,
    /// From when figures may be submitted.
    pub opens_at: Timestamp,
    /// Until when they are on time, inclusive.
    pub due_at: Timestamp,
    /// Until when they are taken at all, inclusive.
    pub hard_close_at: Timestamp,
    /// Counts changes.
    pub version: i64,
}

/// A day that differs from the week's rhythm.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarDay {
    /// The day.
    #[serde(deserialize_with = "day::read")]
    pub date: NaiveDate,
    /// `true` a swapped working day, `false` a holiday.
    pub working: bool,
    /// Why.
    pub name: String,
}

/// A year's holidays and swapped days, as the data files hold them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarFile {
    /// The year.
    pub year: i32,
    /// Where the days come from.
    pub note: Option<String>,
    /// The days.
    pub days: Vec<CalendarDay>,
}
