//! What holds for every operation, as it walks the OpenAPI document; and how the house is built.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by a panic"
)]

#[allow(dead_code, unused_imports, reason = "shared with the API tests; each uses its part")]
#[path = "../support/mod.rs"]
mod support;

mod access;
mod architecture;
mod audit;
mod calls;
mod compare;
mod dates;
mod document;
mod errors;
mod links;
mod migrations;
mod moving;
mod openapi;
mod policy;
mod readme;
mod recipes;
mod released;
mod rollout;
mod sources;
mod watching;
