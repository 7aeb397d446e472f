//! Machine clients: other systems of a ward or of the city, with scopes instead of roles (RULES §2).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;
pub mod view;

pub use self::model::{Client, ClientRowId};
