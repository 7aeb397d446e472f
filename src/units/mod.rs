//! Units: the bodies of a ward that report or review (RULES §1, §4).

pub mod actions;
pub mod http;
pub mod model;
pub mod naming;
pub mod rules;
mod store;
pub mod succession;
pub mod view;

pub use self::model::{FormerName, Unit, UnitKind};
