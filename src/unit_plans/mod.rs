//! Unit plans: a unit's own plan, whose items contribute to the leaves of the ward's (plan V.1.a).

pub mod actions;
pub mod entries;
pub mod http;
pub mod model;
pub mod reach;
pub mod rules;
mod store;
pub mod view;

pub use self::model::{UnitPlan, UnitPlanId, UnitPlanItem, UnitPlanItemId, UnitPlanStatus};
