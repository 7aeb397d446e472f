//! Carrying a plan over into the next year.

pub mod http;
