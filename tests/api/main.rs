//! The promises of the API, one file per concept, spoken to over HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by a panic"
)]

#[allow(dead_code, unused_imports, reason = "shared with the contract tests; each uses its part")]
#[path = "../support/mod.rs"]
mod support;

mod amendment_drafts;
mod amendments;
mod audit_events;
mod carrying;
mod clients;
mod decisions;
mod health;
mod issuing;
mod items;
mod manners;
mod periods;
mod plans;
mod public;
mod publications;
mod results;
mod sessions;
mod submissions;
mod units;
mod users;
mod wards;
