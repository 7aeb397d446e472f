//! Periods: the reporting windows of a plan, cut from working days and a basis (RULES §4).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;

pub use self::model::{CalendarDay, CalendarFile, Period, PeriodId, PeriodKind};
