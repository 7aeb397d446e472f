//! Sessions: signing in, staying in, signing out, and the caller's own account (RULES §2, API "Identity").

pub mod actions;
pub mod codes;
pub mod http;
pub mod model;
pub mod rules;
mod store;
pub mod view;
