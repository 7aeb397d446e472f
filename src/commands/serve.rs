//! `cchc serve`: production.

use std::{net::TcpListener, sync::Arc};

use cchc::{
    access::{password::Hasher, token::Tokens},
    config::Config,
    context::{Recent, Services},
    db::Db,
    documents,
    kernel::time::Clock,
    server::{ServerOptions, start, start_metrics},
    storage::Storage,
    telemetry::{Metrics, start_logs},
    webhooks::worker::deliver_until,
};
use secrecy::ExposeSecret;
use tokio::sync::watch;

use super::Failure;

/// Migrates, then serves until told to stop.
pub fn run() -> Result<(), Failure> {
    let config = Config::load()?;
    let metrics = Metrics::default();
    let _observers = start_logs("info", config.traces.as_ref(), &metrics)?;
    let services = prepare(&config, metrics)?;
    let listener = TcpListener::bind(&config.listen).map_err(|error| {
        format!("CCHC_LISTEN={}: {error}. Choose another address or port.", config.listen)
    })?;
    let options = ServerOptions {
        workers: config.workers,
        shutdown_seconds: config.shutdown_seconds,
        drain_seconds: config.drain_seconds,
        handle_signals: true,
    };
    let metrics = listen_for_metrics(&config)?;
    tracing::info!(listen = config.listen, "ready");
    serve(services, listener, &options, config.webhook_delivery, metrics)
}

/// The metrics' own address, where they have one.
pub fn listen_for_metrics(config: &Config) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = &config.metrics_listen else { return Ok(None) };
    let listener = TcpListener::bind(address).map_err(|error| {
        format!("CCHC_METRICS_LISTEN={address}: {error}. Choose another address or port.")
    })?;
    Ok(Some(listener))
}

/// Opens and migrates the database, and puts the services together.
pub fn prepare(config: &Config, metrics: Metrics) -> Result<Services, Failure> {
    let db = Db::open(config.database.clone(), &config.db)?;
    db.migrate()?;
    Ok(Services {
        db,
        clock: Clock::real(),
        hasher: Hasher::new(config.argon2_memory_kib, config.argon2_passes)?,
        tokens: Tokens::from_pem(config.signing_key.expose_secret(), &config.issuer)?,
        documents: Storage::open(&config.documents, config.max_document_bytes)?,
        settings: Arc::new(config.settings.clone()),
        metrics,
        recent: Recent::default(),
    })
}

/// Runs the server on a runtime of its own, with or without the delivery of webhooks and an address for metrics.
pub fn serve(
    services: Services,
    listener: TcpListener,
    options: &ServerOptions,
    deliver: bool,
    metrics: Option<TcpListener>,
) -> Result<(), Failure> {
    actix_web::rt::System::new().block_on(async {
        actix_web::rt::spawn(documents::filing::sweep_now_and_then(services.clone()));
        let (stop, stopped) = watch::channel(false);
        let worker = deliver.then(|| actix_web::rt::spawn(deliver_until(services.clone(), stopped)));
        let metrics = metrics.map(|listener| start_metrics(services.clone(), listener)).transpose()?;
        let metrics = metrics.map(|metrics| (metrics.handle, actix_web::rt::spawn(metrics.server)));
        start(services, listener, options)?.server.await?;
        if let Some((handle, _)) = metrics {
            handle.stop(false).await;
        }
        stop.send_replace(true);
        match worker {
            Some(worker) => worker.await.map_err(Failure::from),
            None => Ok(()),
        }
    })
}
