//! Work that nobody asks for: when it last ran, whether it went well, how long it took.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::page::Family;
use crate::kernel::time::Clock;

/// A job that runs again and again.
#[derive(Debug)]
pub struct Job {
    every: Duration,
    runs: Mutex<Runs>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Runs {
    well: u64,
    failed: u64,
    /// Unix seconds.
    last: Option<u64>,
    /// Unix seconds.
    last_well: Option<u64>,
    took: Duration,
}

impl Job {
    /// A job that has not run yet, and should so often.
    pub(super) fn new(every: Duration) -> Self {
        Self { every, runs: Mutex::default() }
    }

    /// Does it, and notes how it went.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn run<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let started = Instant::now();
        let outcome = work.await;
        let now = u64::try_from(Clock::real_now().unix_seconds()).ok();
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.last = now;
        runs.took = started.elapsed();
        if outcome.is_ok() {
            runs.well += 1;
            runs.last_well = now;
        } else {
            runs.failed += 1;
        }
        outcome
    }

    fn state(&self) -> Runs {
        *self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is told of all jobs. The label is no `job`: Prometheus calls what it scrapes so.
pub(super) fn families<'a>(jobs: impl Iterator<Item = (&'static str, &'a Job)>) -> Vec<Family> {
    let mut every = Family::gauge("cchc_job_interval_seconds", "How often the job should run");
    let mut runs = Family::counter("cchc_job_runs", "Runs of the job by outcome");
    let mut last = Family::gauge("cchc_job_last_run_timestamp_seconds", "When the job last ended");
    let mut well = Family::gauge("cchc_job_last_success_timestamp_seconds", "When the job last ended well");
    let mut took = Family::gauge("cchc_job_last_duration_seconds", "How long the last run took");
    for (name, job) in jobs {
        let (label, state) = (("name", name), job.state());
        every = every.with(&[label], job.every.as_secs_f64());
        runs = runs.with(&[label, ("outcome", "well")], state.well);
        runs = runs.with(&[label, ("outcome", "failed")], state.failed);
        last = last.with_some(&[label], state.last);
        well = well.with_some(&[label], state.last_well);
        took = took.with_some(&[label], state.last.map(|_| state.took.as_secs_f64()));
    }
    vec![every, runs, last, well, took]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::render;

    #[tokio::test]
    async fn a_failure_is_counted_and_leaves_the_last_success_where_it_was() {
        let job = Job::new(Duration::from_secs(60));
        let before = Clock::real_now().unix_seconds();
        assert_eq!(job.run(async { Ok::<_, ()>(7) }).await, Ok(7));
        assert_eq!(job.run(async { Err::<(), _>("no") }).await, Err("no"));
        let state = job.state();
        assert_eq!((state.well, state.failed), (1, 1));
        assert!(state.last_well.is_some_and(|at| i64::try_from(at).is_ok_and(|at| at >= before)));
        let text = render(families([("sweep", &job)].into_iter())).expect("text");
        assert!(text.contains("cchc_job_runs_total{name=\"sweep\",outcome=\"failed\"} 1"), "{text}");
        assert!(text.contains("cchc_job_interval_seconds{name=\"sweep\"} 60"), "{text}");
    }
}
