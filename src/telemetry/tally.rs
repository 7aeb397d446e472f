//! Counters by labels that are words of the program, never of a caller: so their number is bounded.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use super::page::Family;

/// Counts by `N` labels. For what happens some hundred times a second at most: it takes a lock.
#[derive(Debug)]
pub struct Tally<const N: usize> {
    labels: [&'static str; N],
    counts: Mutex<BTreeMap<[&'static str; N], u64>>,
}

impl<const N: usize> Tally<N> {
    /// With these labels.
    #[must_use]
    pub const fn new(labels: [&'static str; N]) -> Self {
        Self { labels, counts: Mutex::new(BTreeMap::new()) }
    }

    /// Adds one.
    pub fn count(&self, values: [&'static str; N]) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(values).or_default() += 1;
    }

    /// Adds its rows to a family of counters.
    #[must_use]
    pub fn add_to(&self, family: Family) -> Family {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().fold(family, |family, (values, count)| {
            let labels: Vec<(&'static str, &str)> =
                self.labels.into_iter().zip(values.iter().copied()).collect();
            family.with(&labels, *count)
        })
    }
}
