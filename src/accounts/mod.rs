//! Accounts: the people of a ward, their unit and their roles (RULES §2). On the wire they are `users`.

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;
pub mod view;

pub use self::model::{Account, AccountId};
