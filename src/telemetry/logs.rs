//! Where lines of log and traces go, put together once, when a command starts.

use std::{io, time::Duration};

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, fmt,
    layer::SubscriberExt,
    registry::{self, LookupSpan},
    util::SubscriberInitExt,
};

use super::{
    lines::JsonLines,
    metrics::Metrics,
    traces::{self, Traces},
};
use crate::error::{Error, Result};

/// The longest that the end of the program waits for the collector of traces.
const FAREWELL: Duration = Duration::from_secs(3);

/// Those who see what the program does; when they are dropped, what they still hold is sent.
#[must_use = "traces are sent for as long as it is held"]
#[derive(Debug)]
pub struct Observers(Option<SdkTracerProvider>);

impl Drop for Observers {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.as_ref().map(|provider| provider.shutdown_with_timeout(FAREWELL)) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Logs to standard error: `RUST_LOG` chooses what, `CCHC_LOG_FORMAT=json` how. Sends traces, where they are wanted.
///
/// # Errors
/// Internal, when the exporter of traces cannot be made.
pub fn start_logs(default: &str, traces: Option<&Traces>, metrics: &Metrics) -> Result<Observers> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let json = std::env::var("CCHC_LOG_FORMAT").is_ok_and(|format| format == "json");
    let provider =
        traces.map(|traces| traces::provider(traces, metrics)).transpose().map_err(Error::internal)?;
    match &provider {
        // One filter in front of everything: what is not logged costs nothing.
        None => registry().with(filter).with(lines(json)).init(),
        Some(provider) => {
            registry().with(lines(json).with_filter(filter)).with(traces::layer(provider)).init();
        }
    }
    if json {
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a thread panicked")));
    }
    Ok(Observers(provider))
}

fn registry() -> registry::Registry {
    registry::Registry::default()
}

fn lines<S>(json: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer = fmt::layer().with_writer(io::stderr);
    if json { layer.fmt_fields(JsonLines).event_format(JsonLines).boxed() } else { layer.boxed() }
}
