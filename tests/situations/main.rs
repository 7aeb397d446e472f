//! Thirty-eight situations of a real year, each with the test that says how it ends (RULES §3 to §10).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by a panic"
)]

#[allow(dead_code, unused_imports, reason = "shared with the other tests; each uses its part")]
#[path = "../support/mod.rs"]
mod support;

mod approvals;
mod indicators;
mod periods;
mod public_and_safety;
mod units;
