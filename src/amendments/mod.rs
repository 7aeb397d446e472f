//! Amendments: how an issued plan changes (RULES §6).

pub mod http;
