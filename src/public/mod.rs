//! The city portal's side: published figures only, in types of their own, listed field by field (RULES §7).

pub mod change_view;
pub mod http;
pub mod view;
