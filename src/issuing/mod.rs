//! Issuing: the moment from which a plan changes only by amendment, and its end (RULES §6). Above plans and items, for
//! it asks both.

pub mod actions;
pub mod http;
pub mod rules;
