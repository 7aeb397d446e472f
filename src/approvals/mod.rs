//! Approvals: submitting, reviewing, approving, sending back (RULES §3).

pub mod actions;
pub mod bulk;
pub mod http;
pub mod model;
mod store;

pub use self::model::{Decision, DecisionId};
