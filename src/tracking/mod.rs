//! Tracking: what is due, overdue, returned or awaiting whom (RULES §4).

pub mod http;
