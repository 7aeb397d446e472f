//! Reorganisations: units that are merged, and one that is split (RULES §4). Above units, people, items and unit plans,
//! for they change together or not at all.

pub mod actions;
pub mod http;
pub mod rules;
