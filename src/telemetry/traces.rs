//! Traces over OTLP: batches of spans, sent by a thread of their own. A collector that is down costs spans, nothing else.
//!
//! Only spans with the target [`TRACE`] are sent, never events: they hold routes, statuses and request ids, no SQL, no values
//! and nobody's name.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_otlp::{ExporterBuildError, Protocol, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use super::metrics::Metrics;

/// Target of the spans that make up traces.
pub const TRACE: &str = "cchc::trace";

/// The longest that one batch may take, with all attempts.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);
/// Spans that wait to be sent; those beyond are forgotten.
const QUEUE: usize = 8192;
/// Time between two batches.
const BATCH_EVERY: Duration = Duration::from_secs(2);

/// Where traces go, and how many.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// Address of the collector, without `/v1/traces`.
    pub endpoint: String,
    /// Share of the traces that begin here and are kept, 0 to 1; the caller's decision comes first.
    pub sample_ratio: f64,
}

/// What makes and sends spans.
pub(super) fn provider(traces: &Traces, metrics: &Metrics) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", traces.endpoint.trim_end_matches('/')))
        .with_timeout(EXPORT_TIMEOUT)
        .build()?;
    let exporter = Watched { exporter, metrics: metrics.clone(), failing: AtomicBool::new(false) };
    let config =
        BatchConfigBuilder::default().with_max_queue_size(QUEUE).with_scheduled_delay(BATCH_EVERY).build();
    let mut resource =
        Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("cchc");
    }
    Ok(SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(config).build())
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(traces.sample_ratio))))
        .with_resource(resource.build())
        .build())
}

/// Turns the program's spans into those of the provider.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("cchc"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target() == TRACE))
}

/// Makes a span that was not entered yet part of its caller's trace (W3C Trace Context).
pub fn continue_trace(span: &Span, traceparent: &str, tracestate: Option<&str>) {
    let headers = Headers { traceparent, tracestate };
    let caller = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
    // It fails only where nobody traces.
    let _ = span.set_parent(caller);
}

/// Calls a span by another name, once that is known.
pub fn name_trace(span: &Span, name: String) {
    span.context().span().update_name(name);
}

struct Headers<'a> {
    traceparent: &'a str,
    tracestate: Option<&'a str>,
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => Some(self.traceparent),
            "tracestate" => self.tracestate,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// An exporter that says when it cannot send: once in the log, each time in the metrics.
#[derive(Debug)]
struct Watched<E> {
    exporter: E,
    metrics: Metrics,
    failing: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Watched<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let outcome = self.exporter.export(batch).await;
        self.metrics.exports.count([if outcome.is_ok() { "sent" } else { "failed" }]);
        let failed_before = self.failing.swap(outcome.is_err(), Ordering::Relaxed);
        match &outcome {
            Err(error) if !failed_before => tracing::warn!(%error, "traces cannot be sent; requests go on"),
            Ok(()) if failed_before => tracing::info!("traces are sent again"),
            _ => {}
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
