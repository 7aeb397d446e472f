//! Plans: one ward, one year; draft, issued, closed (RULES §1, §6).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;
pub mod view;

pub use self::model::{Basis, Plan, PlanId, PlanStatus};
