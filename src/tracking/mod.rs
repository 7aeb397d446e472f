//! Tracking: what is due, overdue, returned or awaiting whom, and reminding of it (RULES §4).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;
pub mod todo;
pub mod view;
