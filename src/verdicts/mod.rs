//! Verdicts: is a target met? Decided on exact numbers, before any rounding (RULES §5).

pub mod model;
pub mod rules;

pub use self::model::{Figures, Verdict};
