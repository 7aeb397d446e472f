//! Delegation (ủy quyền): dated authority given to a named account (RULES §3).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;

pub use self::model::{Delegation, DelegationId};
