//! Periods: the reporting windows of a plan, cut from working days and a basis (RULES §4).

pub mod model;

pub use self::model::{Period, PeriodId, PeriodKind};
