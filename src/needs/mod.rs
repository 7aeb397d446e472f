//! What the rest of the year must look like to reach a target: whole cases, exact numbers.

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;
pub mod view;
