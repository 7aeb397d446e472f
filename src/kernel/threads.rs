//! Threads for work that blocks, so that none of those that speak HTTP has to wait for it: so many, and no more. Calls
//! queue for them, first come, first served.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::runtime::{Builder, Runtime};

use crate::error::{Error, Result};

/// How long a thread with nothing to do stays.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// Threads for work that blocks.
#[derive(Debug)]
pub struct Threads(Option<Runtime>);

impl Threads {
    /// So many threads at most, started when they are wanted; as nice to all others as this says (`nice(2)`), if it
    /// says anything.
    ///
    /// # Errors
    /// Internal, when the system gives none.
    pub fn new(most: usize, nice: Option<i32>) -> Result<Self> {
        // Of this runtime only the threads for blocking work are ever used.
        let mut builder = Builder::new_current_thread();
        builder.thread_name("blocking").max_blocking_threads(most).thread_keep_alive(KEEP_ALIVE);
        if let Some(nice) = nice {
            // Where the system does not take it, the work is done all the same.
            builder.on_thread_start(move || {
                rustix::process::setpriority_process(None, nice).ok();
            });
        }
        Ok(Self(Some(builder.build().map_err(Error::internal)?)))
    }

    /// Does this work when a thread is free; `None`, when none was for so long.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn run<T, F>(&self, wait: Duration, work: F) -> Result<Option<T>>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let runtime = self.0.as_ref().ok_or_else(|| Error::internal("the threads have ended"))?;
        // Whoever is first takes it: the thread that begins, or the caller who gives up, and with it all that it holds.
        let work = Arc::new(Mutex::new(Some(work)));
        let queued = Arc::clone(&work);
        let mut task = runtime.spawn_blocking(move || take(&queued).map(|work| work()));
        let ended = match tokio::time::timeout(wait, &mut task).await {
            Ok(ended) => ended,
            Err(_) if take(&work).is_some() => return Ok(None),
            Err(_) => task.await,
        };
        ended.map_err(Error::internal)?.transpose()
    }
}

fn take<F>(work: &Mutex<Option<F>>) -> Option<F> {
    work.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use rustix::process::getpriority_process;

    use super::*;

    #[tokio::test]
    async fn who_waits_too_long_is_told_so_and_what_has_begun_is_finished() {
        let threads = Threads::new(1, None).expect("a thread");
        let (go, wait) = mpsc::channel();
        let begun = threads.run(Duration::from_millis(1), move || {
            wait.recv().map_err(Error::internal)?;
            Ok("done")
        });
        let queued = threads.run(Duration::from_millis(20), || Ok("never"));
        let after = async {
            let queued = queued.await;
            go.send(()).expect("somebody waits");
            queued
        };
        let (begun, queued) = tokio::join!(begun, after);
        assert_eq!(begun.ok(), Some(Some("done")));
        assert_eq!(queued.ok(), Some(None));
    }

    #[tokio::test]
    async fn its_threads_are_as_nice_as_is_said_and_no_other_is() {
        let threads = Threads::new(1, Some(7)).expect("a thread");
        let nice = || getpriority_process(None).map_err(Error::internal);
        let here = nice().expect("a priority");
        let there = threads.run(Duration::from_secs(5), nice).await.expect("a priority");
        assert_eq!((there, nice().ok()), (Some(7), Some(here)));
    }
}
