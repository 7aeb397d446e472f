//! Promises about faults, each brought about with real processes: what was acknowledged stays, nothing is done twice, the
//! audit chain verifies, service returns by itself, and readiness tells the truth meanwhile (`docs/reliability.md`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by a panic"
)]

mod clocks;
mod databases;
mod disks;
mod instances;
mod ledger;
mod lines;
mod locks;
mod rig;
#[allow(dead_code, reason = "shared with the tests of processes; each uses its part")]
#[path = "../process/server.rs"]
mod server;
#[path = "../support/postgres.rs"]
mod servers;
#[allow(dead_code, unused_imports, unused_macros, reason = "shared with the other tests; each uses its part")]
#[path = "../support/mod.rs"]
mod support;
