//! What the commands do.

pub mod admin;
pub mod backup;
pub mod clients;
pub mod copy;
pub mod demo;
pub mod serve;
pub mod work;

/// Why a command failed, for the console.
pub type Failure = Box<dyn std::error::Error>;

/// The sentence of an error, without what is said to callers of the API.
pub fn reason(error: cchc::error::Error) -> Failure {
    match error.cause {
        Some(cause) => cause,
        None => error.detail.en.into(),
    }
}
