//! Submissions: one unit's figure for one leaf in one period (RULES §1, §5).

pub mod actions;
pub mod bulk;
pub mod http;
pub mod model;
mod questions;
pub mod reach;
pub mod rules;
mod store;
pub mod view;
pub mod warnings;
pub mod workflow;
#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test that indexes wrongly fails")]
mod workflow_tests;

pub use self::{
    model::{Content, DocumentId, Submission, SubmissionId, SubmissionState},
    workflow::{Action, Step},
};
