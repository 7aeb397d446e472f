//! Extensions: more time for one unit in one period (RULES §4).

pub mod http;
