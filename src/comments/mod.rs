//! Comments: what readers of a figure say about it. They stay as they were written.

pub mod actions;
pub mod http;
pub mod model;
mod store;
pub mod view;

pub use self::model::{Comment, CommentId};
