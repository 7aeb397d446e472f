//! Plans: one ward, one year; draft, issued, closed (RULES §1, §6).

pub mod model;

pub use self::model::{Basis, Plan, PlanId, PlanStatus};
