//! The city portal's side: published figures only, in types of their own, listed field by field (RULES §7).

pub mod columns;
pub mod csv;
pub mod http;
pub mod rules;
mod sight;
mod store;
pub mod view;
