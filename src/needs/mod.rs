//! What the rest of the year must look like to reach a target.

pub mod http;
