//! The manners all handlers share: how a request is read, how an answer and a refusal are written.
//!
//! A floor of its own below the concepts: their `http.rs` use it, and `server` above them does too.

mod answer;
mod download;
pub mod extract;
pub mod known;
pub mod problem;

pub use self::{
    download::{Download, FileContent},
    extract::{Body, Form, Id, OptionalBody, PageQuery, Query, Upload},
    known::Known,
    problem::{Problem, ProblemBody},
};

/// What every handler returns.
pub type HttpResult = std::result::Result<crate::context::Answer, Problem>;
