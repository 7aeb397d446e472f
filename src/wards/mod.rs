//! Wards: everything belongs to exactly one, and nothing crosses from one to another (RULES §1).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;

pub use self::model::{ReturnReason, Ward};
