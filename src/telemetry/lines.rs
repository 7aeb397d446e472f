//! Lines of log as JSON: one flat object each, in which what an event says stands beside what its request is about.

use std::fmt;

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use super::traces::TRACE;

/// Writes events and spans as JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonLines;

impl<'writer> FormatFields<'writer> for JsonLines {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut pairs = Pairs { writer: &mut writer, outcome: Ok(()) };
        fields.record(&mut pairs);
        pairs.outcome
    }
}

impl<S> FormatEvent<S, JsonLines> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonLines>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, "\",\"level\":\"{}\",\"target\":{}", metadata.level(), quoted(metadata.target()))?;
        self.format_fields(writer.by_ref(), event)?;
        for span in context.event_scope().into_iter().flatten() {
            // What a trace says of a request, the span of its lines says too.
            if span.metadata().target() == TRACE {
                continue;
            }
            if let Some(fields) = span.extensions().get::<FormattedFields<Self>>() {
                writer.write_str(&fields.fields)?;
            }
        }
        writer.write_str("}\n")
    }
}

/// Text in quotation marks, with whatever JSON wants escaped.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Writes `,"name":value` for each field.
struct Pairs<'a, 'writer> {
    writer: &'a mut Writer<'writer>,
    outcome: fmt::Result,
}

impl Pairs<'_, '_> {
    fn pair(&mut self, field: &Field, value: impl fmt::Display) {
        // Where in a library's source a line was written is nobody's concern.
        if matches!(field.name(), "log.file" | "log.line" | "log.module_path") {
            return;
        }
        if self.outcome.is_ok() {
            self.outcome = write!(self.writer, ",{}:{value}", quoted(field.name()));
        }
    }
}

impl Visit for Pairs<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.pair(field, serde_json::Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.pair(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.pair(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.pair(field, value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.pair(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.pair(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.pair(field, quoted(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.pair(field, quoted(&format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::{Value, json};
    use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Paper {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn an_event_stands_in_one_flat_object_with_what_its_request_is_about() {
        let paper = Paper::default();
        let layer = tracing_subscriber::fmt::layer()
            .fmt_fields(JsonLines)
            .event_format(JsonLines)
            .with_writer(paper.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let request = tracing::error_span!(
                "request",
                request_id = "a-1",
                route = tracing::field::Empty,
                ward = tracing::field::Empty
            );
            tracing::record_all!(request, route = "/a", ward = "w");
            let _entered = request.entered();
            let _traced =
                tracing::error_span!(target: "cchc::trace", "request", request_id = "twice").entered();
            tracing::info!(status = 200_u16, micros = 12_u128, odd = ?Some("a\n\"b\""), "answered \u{7}");
        });
        let text = String::from_utf8(paper.0.lock().expect("no panic").clone()).expect("text");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert_eq!(text.matches("request_id").count(), 1, "{text}");
        let mut line: Value = serde_json::from_str(&text).expect("JSON");
        assert!(line["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{text}");
        line.as_object_mut().expect("an object").remove("timestamp");
        assert_eq!(
            line,
            json!({
                "level": "INFO", "target": "cchc::telemetry::lines::tests", "message": "answered \u{7}",
                "status": 200, "micros": 12, "odd": "Some(\"a\\n\\\"b\\\"\")",
                "request_id": "a-1", "route": "/a", "ward": "w",
            })
        );
    }
}
