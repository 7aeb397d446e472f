//! The plan check: what a careful reader would point at (RULES §6).

pub mod http;
