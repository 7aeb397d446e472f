//! Results: the units' figures made the ward's, read live, always with coverage and time (RULES §7).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;

pub use self::model::{Coverage, FigureBasis, LeafResult, Summary};
