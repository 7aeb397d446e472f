//! What this process counts while it runs.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    jobs::{self, Job},
    page::Family,
    process,
    routes::Route,
    spread::Spread,
    tally::Tally,
};
use crate::kernel::time::{Clock, Timestamp};

/// The counters of one process; cloning it is cheap, and all clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Counted>);

/// What is counted.
#[derive(Debug)]
pub struct Counted {
    started_at: Timestamp,
    started: Instant,
    routes: Mutex<Vec<Arc<Route>>>,
    jobs: Mutex<BTreeMap<&'static str, Arc<Job>>>,
    in_flight: AtomicU64,
    /// Requests for paths and methods that do not exist.
    pub unknown: Arc<Route>,
    /// Requests for the pages of Swagger UI and the document.
    pub pages: Arc<Route>,
    /// Requests for these figures.
    pub scrapes: Arc<Route>,
    /// Attempts to sign in: by what, and what came of it.
    pub sign_ins: Tally<2>,
    attempts: Tally<1>,
    attempts_took: Spread,
    /// Batches of spans sent to the collector, by outcome.
    pub exports: Tally<1>,
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            started_at: Clock::real_now(),
            started: Instant::now(),
            routes: Mutex::default(),
            jobs: Mutex::default(),
            in_flight: AtomicU64::new(0),
            unknown: Arc::new(Route::new("any", "unknown", false)),
            pages: Arc::new(Route::new("get", "pages", false)),
            scrapes: Arc::new(Route::new("get", "/metrics", false)),
            sign_ins: Tally::new(["grant", "outcome"]),
            attempts: Tally::new(["outcome"]),
            attempts_took: Spread::default(),
            exports: Tally::new(["outcome"]),
        }
    }
}

impl std::ops::Deref for Metrics {
    type Target = Counted;

    fn deref(&self) -> &Counted {
        &self.0
    }
}

impl Metrics {
    /// Tells of these routes from now on.
    pub fn watch_routes(&self, routes: impl IntoIterator<Item = Arc<Route>>) {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).extend(routes);
    }

    /// The job of this name, which should run so often.
    #[must_use]
    pub fn job(&self, name: &'static str, every: Duration) -> Arc<Job> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(jobs.entry(name).or_insert_with(|| Arc::new(Job::new(every))))
    }

    /// A request has come.
    pub fn enter(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// It was answered, or is gone.
    pub fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Counts an attempt to deliver to a webhook, with the milliseconds it took.
    pub fn count_attempt(&self, outcome: &'static str, millis: i64) {
        self.attempts.count([outcome]);
        self.attempts_took.note(Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
    }

    /// All that the process knows of itself.
    #[must_use]
    pub fn families(&self) -> Vec<Family> {
        let mut families = self.of_requests();
        families.push(
            self.sign_ins.add_to(Family::counter("cchc_sign_ins", "Sign-ins by kind of grant and outcome")),
        );
        families.push(
            self.attempts.add_to(Family::counter("cchc_webhook_attempts", "Attempts to deliver, by outcome")),
        );
        families.push(
            Family::histogram("cchc_webhook_attempt_duration_seconds", "How long attempts to deliver took")
                .with(&[], self.attempts_took.snapshot()),
        );
        families.push(
            self.exports.add_to(Family::counter("cchc_trace_exports", "Batches of spans sent, by outcome")),
        );
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        families.extend(jobs::families(jobs.iter().map(|(name, job)| (*name, job.as_ref()))));
        families.extend(self.of_process());
        families
    }

    fn of_requests(&self) -> Vec<Family> {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let fixed = [&self.unknown, &self.pages, &self.scrapes].map(Arc::clone);
        let (requests, durations) = routes.iter().chain(&fixed).fold(
            (
                Family::counter("http_requests", "Requests by method, route and status"),
                Family::histogram("http_request_duration_seconds", "Time from a request to its answer"),
            ),
            |(requests, durations), route| route.add_to(requests, durations),
        );
        let in_flight = Family::gauge("http_requests_in_flight", "Requests that are not answered yet")
            .with(&[], self.in_flight.load(Ordering::Relaxed));
        vec![requests, durations, in_flight]
    }

    fn of_process(&self) -> Vec<Family> {
        let started_at = u64::try_from(self.started_at.unix_seconds()).ok();
        let mut families = vec![
            Family::gauge("cchc_build_info", "The version that runs")
                .with(&[("version", env!("CARGO_PKG_VERSION"))], true),
            Family::gauge("process_start_time_seconds", "When the process started")
                .with_some(&[], started_at),
            Family::gauge("process_uptime_seconds", "How long the process has run")
                .with(&[], self.started.elapsed().as_secs_f64()),
        ];
        families.extend(process::families());
        families
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::render;

    #[test]
    fn clones_count_together_and_a_job_is_known_by_its_name() {
        let metrics = Metrics::default();
        let clone = metrics.clone();
        clone.sign_ins.count(["password", "granted"]);
        clone.sign_ins.count(["password", "granted"]);
        clone.enter();
        let job = metrics.job("sweep", Duration::from_secs(1));
        assert!(Arc::ptr_eq(&job, &clone.job("sweep", Duration::from_secs(1))));
        metrics.watch_routes([Arc::new(Route::new("get", "/a", false))]);
        let text = render(metrics.families()).expect("text");
        for line in [
            "cchc_sign_ins_total{grant=\"password\",outcome=\"granted\"} 2",
            "http_requests_in_flight 1",
            concat!("cchc_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        ] {
            assert!(text.lines().any(|one| one == line), "no {line} in\n{text}");
        }
    }
}
