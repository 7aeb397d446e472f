//! Starting the HTTP server, and stopping it without breaking off a request.

use std::net::TcpListener;

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::{Server, ServerHandle},
    http::header,
    middleware::{Compress, Condition, from_fn},
    rt::{
        self,
        signal::unix::{SignalKind, signal},
    },
    web::{self, Data},
};
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    cors::cors,
    encoding::mark_compressed,
    gate,
    metrics::{Scraper, get_with_token},
    openapi,
};
use crate::{
    changes::watch::Watch,
    context::Services,
    error::{Error, Result},
    sign_ons::Provider,
};

/// How the server runs.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Threads that speak HTTP.
    pub workers: usize,
    /// Seconds for running requests to end when the server stops.
    pub shutdown_seconds: u64,
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
    let rules = Data::new(gate::Rules::read(&document)?);
    services.metrics.watch_routes(rules.routes());
    let scraper = Data::new(Scraper::new(services.clone()));
    let document = Data::new(openapi::text_of(&document));
    let watch = Watch::new(services.db.clone());
    if options.handle_signals {
        rt::spawn(stop_waiting(watch.clone()));
    }
    let watch = Data::new(watch);
    let services = Data::new(services);
    let provider = Data::new(Provider::default());
    let mut server = HttpServer::new(move || {
        let origins = services.settings.cors_origins.as_slice();
        let (app, _) = App::new()
            .into_utoipa_app()
            .app_data(Data::clone(&services))
            .app_data(Data::clone(&watch))
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
    .shutdown_timeout(options.shutdown_seconds);
    if !options.handle_signals {
        server = server.disable_signals();
    }
    let server = server.listen(listener).map_err(Error::internal)?.run();
    let handle = server.handle();
    Ok(Running { server, handle })
}

/// Lets those go who wait for changes when the server is told to stop, so that it need not wait for them.
async fn stop_waiting(watch: Watch) {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
            watch.stop();
        }
        Err(error) => tracing::warn!(%error, "a stop will wait for those who wait for changes"),
    }
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

async fn get_document(document: Data<String>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(document.get_ref().clone())
}

async fn to_swagger_ui() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/swagger-ui/")).finish()
}
