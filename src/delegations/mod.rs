//! Delegation (ủy quyền): dated authority given to a named account (RULES §3).

pub mod http;
