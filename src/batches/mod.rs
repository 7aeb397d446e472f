//! Batches: many figures at once, by codes, and the template that units fill in and send back.

pub mod actions;
mod body;
mod change;
mod columns;
pub mod http;
mod known;
mod labels;
pub mod model;
mod reading;
pub mod rules;
mod store;
mod template;
mod view;

pub use self::model::{Batch, GivenRow};
