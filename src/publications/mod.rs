//! Publications: the approved figures of a period, frozen, numbered, hashed and made public by a leader (RULES §7).

pub mod actions;
pub mod http;
pub mod model;
pub mod rules;
mod store;

pub use self::model::{Publication, PublicationId, PublishedContent, PublishedItem};
