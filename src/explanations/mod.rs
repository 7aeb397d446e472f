//! Explanations: a unit is asked to explain a figure and answers; findings and conclusions stand beside what it claims
//! (RULES §5, plan V.1.c and V.2.c).

pub mod actions;
pub mod assessing;
pub mod http;
pub mod model;
pub mod rules;
mod store;
pub mod view;

pub use self::model::{
    Assessment, AssessmentId, AssessmentKind, ExplanationRequest, ExplanationRequestId, RequestState,
};
