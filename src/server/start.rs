//! Starting the HTTP server, and stopping it without breaking off a request.

use std::{net::TcpListener, pin::pin, time::Duration};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::{Server, ServerHandle},
    http::header,
    middleware::{Compress, Condition, from_fn},
    rt::{
        self,
        signal::unix::{Signal, SignalKind, signal},
        time::sleep,
    },
    web::{self, Bytes, Data},
};
use futures_util::future::{Either, select};
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    cors::cors,
    encoding::mark_compressed,
    gate,
    health::Readiness,
    metrics::{Scraper, get_with_token},
    openapi,
    rules::Rules,
};
use crate::{
    changes::watch::Watch,
    context::Services,
    error::{Error, Result},
    sign_ons::Provider,
};

/// Longest time for the head of a request, from its first byte or from the connection; bodies have
/// `http::extract::time_for`.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may idle between two requests; a stop waits for it, too. A proxy keeps its own for less.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// How the server runs.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Threads that speak HTTP.
    pub workers: usize,
    /// Seconds for running requests to end when the server stops.
    pub shutdown_seconds: u64,
    /// Seconds for which it still serves after SIGTERM, but says that it is not ready, so that proxies turn away.
    pub drain_seconds: u64,
    /// Whether SIGTERM and SIGINT stop it; tests stop theirs by hand.
    pub handle_signals: bool,
}

/// A server that is running: the future to wait for, and the handle that stops it.
pub struct Running {
    /// Ends when the server has stopped.
    pub server: Server,
    /// Stops it.
    pub handle: ServerHandle,
}

/// Serves on this listener until stopped.
///
/// # Errors
/// Internal, when an operation has no permission or the listener cannot be used.
pub fn start(services: Services, listener: TcpListener, options: &ServerOptions) -> Result<Running> {
    let document = openapi::document();
    let rules = Data::new(Rules::read(&document)?);
    services.metrics.watch_routes(rules.routes());
    let scraper = Data::new(Scraper::new(services.clone()));
    // Shared by all answers, so that who reads slowly holds no copy.
    let document = Data::new(Bytes::from(openapi::text_of(&document)));
    let watch = Watch::new(services.db.clone());
    let readiness = Readiness::new(services.db.clone());
    // Heard from before the first request on: who is ready can also be stopped.
    let signals = options.handle_signals.then(Signals::hear).transpose()?;
    let stop = signals.map(|signals| (signals, watch.clone(), readiness.clone()));
    let (watch, readiness) = (Data::new(watch), Data::new(readiness));
    let (services, provider) = (Data::new(services), Data::new(Provider::default()));
    let server = HttpServer::new(move || {
        let origins = services.settings.cors_origins.as_slice();
        let (app, _) = App::new()
            .into_utoipa_app()
            .app_data(Data::clone(&services))
            .app_data(Data::clone(&watch))
            .app_data(Data::clone(&readiness))
            .app_data(Data::clone(&provider))
            .app_data(Data::clone(&rules))
            .app_data(Data::clone(&document))
            .app_data(Data::clone(&scraper))
            .configure(super::routes)
            .split_for_parts();
        app.route("/api-docs/openapi.json", web::get().to(get_document))
            .route("/metrics", web::get().to(get_with_token))
            .route("/", web::get().to(to_swagger_ui))
            .route("/swagger-ui", web::get().to(to_swagger_ui))
            .service(swagger_ui())
            .wrap(from_fn(gate::gate))
            .wrap(Compress::default())
            .wrap(from_fn(mark_compressed))
            // Outside the gate, which knows no preflight.
            .wrap(Condition::new(!origins.is_empty(), cors(origins)))
    })
    .workers(options.workers)
    .client_request_timeout(HEAD_TIMEOUT)
    .keep_alive(IDLE_TIMEOUT)
    .shutdown_timeout(options.shutdown_seconds)
    .disable_signals();
    let server = server.listen(listener).map_err(Error::internal)?.run();
    let handle = server.handle();
    if let Some((signals, watch, readiness)) = stop {
        rt::spawn(stop_when_told(signals, handle.clone(), watch, readiness, options.drain_seconds));
    }
    Ok(Running { server, handle })
}

/// The two ways to be told to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn hear() -> Result<Self> {
        let hear = |kind| signal(kind).map_err(Error::internal);
        Ok(Self { terminate: hear(SignalKind::terminate())?, interrupt: hear(SignalKind::interrupt())? })
    }

    /// Waits for the next; tells whether it was SIGTERM.
    async fn next(&mut self) -> bool {
        let (terminate, interrupt) = (pin!(self.terminate.recv()), pin!(self.interrupt.recv()));
        matches!(select(terminate, interrupt).await, Either::Left(_))
    }
}

/// Stops the server when it is told to: SIGTERM lets proxies turn away and requests end, SIGINT waits for nobody.
async fn stop_when_told(
    mut signals: Signals,
    handle: ServerHandle,
    watch: Watch,
    readiness: Readiness,
    drain_seconds: u64,
) {
    let drain = Duration::from_secs(drain_seconds);
    let gently = signals.next().await;
    readiness.stop();
    if gently && !drain.is_zero() {
        tracing::info!(seconds = drain.as_secs(), "not ready any more; stopping after that");
        // Told twice, it does not wait.
        select(pin!(sleep(drain)), pin!(signals.next())).await;
    }
    // Who waits for changes would be waited for.
    watch.stop();
    handle.stop(gently).await;
}

fn swagger_ui() -> SwaggerUi {
    SwaggerUi::new("/swagger-ui/{_:.*}").config(
        Config::from("/api-docs/openapi.json")
            // Without the bar that offers to load other documents.
            .use_base_layout()
            .default_models_expand_depth(0)
            .display_operation_id(true)
            .doc_expansion("list")
            .filter(true)
            // It would keep passwords, not only tokens, in the browser's storage.
            .persist_authorization(false)
            .try_it_out_enabled(true)
            .validator_url("none"),
    )
}

async fn get_document(document: Data<Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(document.get_ref().clone())
}

async fn to_swagger_ui() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/swagger-ui/")).finish()
}
