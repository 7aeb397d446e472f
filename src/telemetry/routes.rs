//! What is counted of each route. The routes are those of the program, so a scanner that asks for a million paths adds
//! nothing: all of them fall on one.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{page::Family, spread::Spread};

/// The statuses that are counted one by one; the rest is counted together.
const STATUSES: [u16; 24] = [
    200, 201, 202, 204, 206, 302, 303, 304, 307, 400, 401, 403, 404, 405, 409, 412, 413, 415, 416, 422, 428,
    429, 500, 503,
];

/// One method on one pattern of paths.
#[derive(Debug)]
pub struct Route {
    method: String,
    path: String,
    may_wait: bool,
    /// By place in [`STATUSES`]; the last for those that are not there.
    statuses: [AtomicU64; STATUSES.len() + 1],
    gone: AtomicU64,
    took: Spread,
}

impl Route {
    /// A route of which nothing was asked yet. One that may wait answers late on purpose.
    #[must_use]
    pub fn new(method: &str, path: &str, may_wait: bool) -> Self {
        Self {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            may_wait,
            statuses: array::from_fn(|_| AtomicU64::new(0)),
            gone: AtomicU64::new(0),
            took: Spread::default(),
        }
    }

    /// The pattern of its paths.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Whether it answers late on purpose.
    #[must_use]
    pub fn may_wait(&self) -> bool {
        self.may_wait
    }

    /// Counts an answer.
    pub fn answered(&self, status: u16, took: Duration) {
        let place = STATUSES.binary_search(&status).unwrap_or(STATUSES.len());
        if let Some(count) = self.statuses.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.took.note(took);
    }

    /// Counts a caller who hung up before the answer.
    pub fn hung_up(&self) {
        self.gone.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds its rows, if it was ever asked.
    pub(super) fn add_to(&self, mut requests: Family, mut durations: Family) -> (Family, Family) {
        let own = [("method", self.method.as_str()), ("route", self.path.as_str())];
        let names = STATUSES.iter().map(u16::to_string).chain(["other".to_owned(), "gone".to_owned()]);
        for (status, count) in names.zip(self.statuses.iter().chain([&self.gone])) {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let [method, route] = own;
                requests = requests.with(&[method, route, ("status", &status)], count);
            }
        }
        let took = self.took.snapshot();
        if took.count > 0 {
            durations = durations.with(&own, took);
        }
        (requests, durations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::render;

    #[test]
    fn the_statuses_are_in_order_so_that_they_are_found() {
        assert!(STATUSES.is_sorted());
    }

    #[test]
    fn answers_are_counted_by_status_and_those_who_hang_up_apart() {
        let route = Route::new("get", "/api/v1/units/{id}", false);
        let took = Duration::from_micros(300);
        [200, 200, 404, 418].iter().for_each(|status| route.answered(*status, took));
        route.hung_up();
        let (requests, durations) =
            route.add_to(Family::counter("r", "R"), Family::histogram("d_seconds", "D"));
        let text = render(vec![requests, durations]).expect("text");
        for (status, count) in [("200", 2), ("404", 1), ("other", 1), ("gone", 1)] {
            let line = format!(
                "r_total{{method=\"GET\",route=\"/api/v1/units/{{id}}\",status=\"{status}\"}} {count}"
            );
            assert!(text.contains(&line), "no {line} in\n{text}");
        }
        assert!(text.contains("d_seconds_count{method=\"GET\",route=\"/api/v1/units/{id}\"} 4"), "{text}");
    }
}
