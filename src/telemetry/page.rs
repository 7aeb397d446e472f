//! The text that Prometheus reads: families of rows, each with labels and a value.

use std::fmt;

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder, NoLabelSet, prometheus_text},
    metrics::MetricType,
    registry::Registry,
};

use super::spread::Snapshot;
use crate::error::{Error, Result};

/// One value.
#[derive(Clone, Debug)]
pub enum Value {
    /// A number of things.
    Whole(u64),
    /// Seconds, or what else is no whole number.
    Real(f64),
    /// A histogram.
    Spread(Snapshot),
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Whole(count)
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        Self::Whole(count.into())
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Self::Whole(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Whole(yes.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<Snapshot> for Value {
    fn from(value: Snapshot) -> Self {
        Self::Spread(value)
    }
}

/// A family of metrics: name, meaning, and a row for each set of labels.
#[derive(Clone, Debug)]
pub struct Family {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    rows: Vec<(Vec<(&'static str, String)>, Value)>,
}

impl Family {
    /// Something that only grows; `_total` is added to its name.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: MetricType::Counter, rows: Vec::new() }
    }

    /// Something that rises and falls.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: MetricType::Gauge, rows: Vec::new() }
    }

    /// How long things take.
    #[must_use]
    pub const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: MetricType::Histogram, rows: Vec::new() }
    }

    /// One row more.
    #[must_use]
    pub fn with(mut self, labels: &[(&'static str, &str)], value: impl Into<Value>) -> Self {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.rows.push((labels, value.into()));
        self
    }

    /// One row more, where there is something to say.
    #[must_use]
    pub fn with_some(self, labels: &[(&'static str, &str)], value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(labels, value),
            None => self,
        }
    }
}

impl EncodeMetric for Family {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        for (labels, value) in &self.rows {
            if labels.is_empty() {
                write_value(self.kind, value, &mut encoder)?;
            } else {
                write_value(self.kind, value, &mut encoder.encode_family(labels)?)?;
            }
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        self.kind
    }
}

fn write_value(kind: MetricType, value: &Value, encoder: &mut MetricEncoder<'_>) -> fmt::Result {
    match (kind, value) {
        (MetricType::Counter, Value::Whole(count)) => {
            encoder.encode_counter::<NoLabelSet, _, f64>(count, None)
        }
        (MetricType::Counter, Value::Real(value)) => {
            encoder.encode_counter::<NoLabelSet, _, f64>(value, None)
        }
        (MetricType::Gauge, Value::Whole(count)) => encoder.encode_gauge(count),
        (MetricType::Gauge, Value::Real(value)) => encoder.encode_gauge(value),
        (MetricType::Histogram, Value::Spread(seen)) => {
            encoder.encode_histogram::<NoLabelSet>(seen.seconds, seen.count, &seen.buckets, None)
        }
        // A value that is none of its family's kind is a fault of the program, and no scrape may hide it.
        _ => Err(fmt::Error),
    }
}

/// All families as text (Prometheus 0.0.4). A family without rows still tells its name and meaning.
///
/// # Errors
/// Internal, when a family holds a value of another kind.
pub fn render(families: Vec<Family>) -> Result<String> {
    let mut registry = Registry::default();
    for family in families {
        registry.register(family.name, family.help, family);
    }
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry).map_err(Error::internal)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Spread;

    #[test]
    fn families_are_written_as_prometheus_reads_them() {
        let spread = Spread::default();
        spread.note(std::time::Duration::from_millis(1));
        let text = render(vec![
            Family::counter("answers", "Answers").with(&[("route", "/a\"b")], 3_u64),
            Family::gauge("up", "Whether it is up").with(&[], true),
            Family::gauge("nothing", "Nothing yet"),
            Family::histogram("took_seconds", "Time").with(&[("pool", "readers")], spread.snapshot()),
        ])
        .expect("text");
        for line in [
            "# TYPE answers_total counter",
            "answers_total{route=\"/a\\\"b\"} 3",
            "up 1",
            "# HELP nothing Nothing yet.",
            "took_seconds_bucket{pool=\"readers\",le=\"0.0005\"} 0",
            "took_seconds_bucket{pool=\"readers\",le=\"0.001\"} 1",
            "took_seconds_bucket{pool=\"readers\",le=\"+Inf\"} 1",
            "took_seconds_count{pool=\"readers\"} 1",
        ] {
            assert!(text.lines().any(|one| one == line), "no {line} in\n{text}");
        }
        assert!(render(vec![Family::gauge("up", "Up").with(&[], Spread::default().snapshot())]).is_err());
    }
}
