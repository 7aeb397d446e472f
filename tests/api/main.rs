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
mod batches;
mod batches_after_changes;
mod buckets;
mod bulk_decisions;
mod calendar;
mod carrying;
mod changes;
mod changes_at_once;
mod client_credentials;
mod clients;
mod comments;
mod decisions;
mod delegations;
mod documents;
mod evidence;
mod explanations;
mod exports;
mod extensions;
mod health;
mod imports;
mod instances;
mod issuing;
mod items;
mod library;
mod manners;
mod metrics;
mod needs;
mod obstacles;
mod periods;
mod plan_checks;
mod plans;
mod public;
mod public_caching;
mod public_cors;
mod public_lists;
mod public_trends;
mod publications;
mod reminders;
mod reorganisations;
mod results;
mod sessions;
mod sign_ons;
mod splits;
mod submissions;
mod templates;
mod todo;
mod tracking;
mod unit_names;
mod unit_plans;
mod units;
mod users;
mod walls;
mod ward_system;
mod wards;
mod warnings;
mod webhook_deliveries;
mod webhook_events;
mod webhooks;
