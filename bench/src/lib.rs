//! A city to measure cchc on, and what its figures are compared with.

pub mod bare;
pub mod city;
pub mod http;
pub mod load;
pub mod program;
pub mod replay;

/// What goes wrong here ends the run with its sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
