//! What is seen of each request: a line of log, a trace, and counts – whatever becomes of it.

use std::{
    cell::{Cell, OnceCell},
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    web::Data,
};
use tracing::{Instrument, Span, field::Empty};

use crate::{
    access::{Actor, ActorKind},
    context::Services,
    telemetry::{Route, TRACE, continue_trace, name_trace},
};

/// One request, from its first look to its answer. Dropped without an answer, it counts as a caller who hung up.
pub(super) struct Observation {
    started: Instant,
    /// In every line of log that is written meanwhile, on whatever thread.
    line: Span,
    /// What a trace tells of it; there only while somebody traces.
    trace: Span,
    services: Option<Arc<Services>>,
    route: OnceCell<Arc<Route>>,
    answered: Cell<bool>,
}

impl Observation {
    /// Begins.
    pub(super) fn begin(request: &ServiceRequest, request_id: &str) -> Self {
        let services = request.app_data::<Data<Services>>().map(|services| Arc::clone(services));
        if let Some(services) = &services {
            services.metrics.enter();
        }
        let method = request.method().as_str();
        // On the level of errors: whoever sees those wants to know whose they are.
        let line = tracing::error_span!(
            "request",
            request_id,
            method,
            route = Empty,
            ward = Empty,
            actor = Empty,
            actor_id = Empty
        );
        let trace = tracing::debug_span!(
            target: TRACE,
            // What is said within it is said within the line, too.
            parent: &line,
            "request",
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = Empty,
            http.response.status_code = Empty,
            request_id
        );
        if !trace.is_disabled() {
            let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
            if let Some(parent) = header("traceparent") {
                continue_trace(&trace, parent, header("tracestate"));
            }
        }
        let (route, answered) = (OnceCell::new(), Cell::new(false));
        Self { started: Instant::now(), line, trace, services, route, answered }
    }

    /// Does the work of the request, seen.
    pub(super) async fn watch<T>(&self, work: impl Future<Output = T>) -> T {
        work.instrument(self.trace.clone()).instrument(self.line.clone()).await
    }

    /// It is for this route.
    pub(super) fn on_route(&self, route: &Arc<Route>) {
        self.line.record("route", route.path());
        if !self.trace.is_disabled() {
            self.trace.record("http.route", route.path());
            name_trace(&self.trace, format!("{} {}", route.method(), route.path()));
        }
        let _ = self.route.set(Arc::clone(route));
    }

    /// It is for a page of the program's own, or for its figures.
    pub(super) fn on_static(&self, path: &str) {
        if let Some(services) = &self.services {
            let metrics = &services.metrics;
            self.on_route(if path == "/metrics" { &metrics.scrapes } else { &metrics.pages });
        }
    }

    /// This is who asks. Names are left to the audit trail.
    pub(super) fn by(&self, actor: &Actor) {
        if self.line.is_disabled() {
            return;
        }
        self.line.record("actor", word_for(actor.kind));
        if let Some(ward) = actor.ward_id {
            self.line.record("ward", ward.as_str());
        }
        if let Some(id) = actor.principal_id {
            self.line.record("actor_id", id.as_str());
        }
    }

    /// This is the answer.
    pub(super) fn answered(&self, response: &ServiceResponse<BoxBody>) {
        let took = self.started.elapsed();
        let (status, micros) = (response.status().as_u16(), took.as_micros());
        self.answered.set(true);
        if self.note(status, took) {
            self.line.in_scope(|| tracing::warn!(status, micros, "answered slowly"));
        } else {
            self.line.in_scope(|| tracing::info!(status, micros, "answered"));
        }
        if !self.trace.is_disabled() {
            self.trace.record("http.response.status_code", status);
            if status >= 500 {
                self.trace.record("otel.status_code", "ERROR");
            }
        }
    }

    /// Counts the answer; says whether it was slow.
    fn note(&self, status: u16, took: Duration) -> bool {
        let Some(services) = &self.services else { return false };
        let route = self.route.get().unwrap_or(&services.metrics.unknown);
        route.answered(status, took);
        !route.may_wait() && services.settings.slow_request.is_some_and(|slow| took >= slow)
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        if let Some(services) = &self.services {
            services.metrics.leave();
            if !self.answered.get() {
                self.route.get().unwrap_or(&services.metrics.unknown).hung_up();
            }
        }
    }
}

const fn word_for(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Account => "account",
        ActorKind::Client => "client",
        ActorKind::System => "system",
        ActorKind::Anonymous => "anonymous",
    }
}
