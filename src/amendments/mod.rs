//! Amendments: how an issued plan changes (RULES §6). A coordinator writes one, a leader's approval applies all of it.

pub mod actions;
pub mod changes;
pub mod http;
pub mod model;
mod prepare;
pub mod rules;
mod store;
pub mod view;

pub use self::model::{Amendment, AmendmentId, AmendmentStatus};
