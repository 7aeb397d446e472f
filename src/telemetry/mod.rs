//! How operators see the program: metrics, lines of log, traces. No globals: [`Metrics`] is a value in `Services`.
//!
//! What happens is counted where it happens, in atomics that cost some nanoseconds; the text that Prometheus reads is made
//! when it asks (`server::metrics`). `docs/operations.md` names every family of metrics; `tests/contract/watching.rs` holds it
//! to that.

mod jobs;
mod lines;
mod logs;
mod metrics;
mod page;
mod process;
mod routes;
mod spread;
mod tally;
mod traces;

pub use self::{
    jobs::Job,
    logs::{Observers, start_logs},
    metrics::Metrics,
    page::{Family, render},
    routes::Route,
    spread::{Snapshot, Spread},
    tally::Tally,
    traces::{TRACE, Traces, continue_trace, name_trace},
};
