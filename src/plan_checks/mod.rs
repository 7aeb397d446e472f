//! The plan check: what a careful reader would point at (RULES §6).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod words;
