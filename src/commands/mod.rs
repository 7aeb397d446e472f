//! What the commands do.

pub mod admin;
pub mod clients;
pub mod demo;
pub mod serve;
pub mod work;

/// Why a command failed, for the console.
pub type Failure = Box<dyn std::error::Error>;
