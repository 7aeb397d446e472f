//! Carrying over: the plan of the year after, begun from this one. Above plans, items and figures, for it asks them all.

pub mod actions;
pub mod http;
pub mod rules;
