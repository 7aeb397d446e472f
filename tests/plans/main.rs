//! The plans of the SQL that the program really runs: no statement reads a large table from end to end, and no request
//! needs more statements because there is more to show.

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

#[allow(dead_code, reason = "shared with the contract tests; each uses its part")]
#[path = "../contract/calls.rs"]
mod calls;
#[allow(dead_code, reason = "shared with the contract tests; each uses its part")]
#[path = "../contract/document.rs"]
mod document;
#[allow(dead_code, reason = "shared with the contract tests; each uses its part")]
#[path = "../contract/recipes.rs"]
mod recipes;

mod callers;
mod crowd;
mod explain;
mod record;
mod walk;

use support::{App, both_databases};

/// Statements that one reading request may need.
const MOST_STATEMENTS: usize = 15;
/// Calls that answer several lists at once: how many statements they may need, and for which lists.
const SEVERAL_LISTS: &[(&str, usize, &str)] =
    &[("GET /api/v1/me/todo ", 20, "six lists, with all that surrounds the figures in two of them")];
/// What a page of fifty may need more than a page of two: kinds of things that the first two rows do not have.
const MORE_KINDS: usize = 3;

both_databases! {
    async fn no_statement_reads_a_large_table_from_end_to_end(app: App) {
        record::start();
        let mut seen = record::Seen::default();
        walk::make_changes(&app, &mut seen).await;
        walk::run_jobs(&app, &mut seen).await;
        // Connections that are made from here on are recorded, so the walk goes over a server of its own.
        let app = app.another();
        // Its samples are chosen before there are copies of them in other wards.
        let reads = walk::lay_out(&app).await;
        crowd::fill(&app);
        let counts = walk::read_everything(&app, &reads, &mut seen).await;
        let found = explain::find_faults(&app, &seen);
        assert!(seen.statements.len() > 200, "only {} statements were seen", seen.statements.len());
        assert!(found.is_empty(), "{} plans are not served by an index:\n{}", found.len(), found.join("\n"));
        let many: Vec<String> = counts.iter().filter_map(walk::Count::fault).collect();
        assert!(many.is_empty(), "requests that need too many statements:\n{}", many.join("\n"));
    }
}
