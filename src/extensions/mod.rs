//! Extensions: more time for one unit in one period (RULES §4).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;

pub use self::model::{Extension, ExtensionId};
