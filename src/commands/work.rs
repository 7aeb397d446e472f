//! `cchc work`: delivers webhooks and serves nothing.

use actix_web::rt::signal::unix::{SignalKind, signal};
use cchc::{
    config::Config,
    server::start_metrics,
    telemetry::{Metrics, start_logs},
    webhooks::worker::deliver_until,
};
use tokio::sync::watch;

use super::{
    Failure,
    serve::{listen_for_metrics, prepare},
};

/// Delivers until SIGTERM or SIGINT; attempts that run then are brought to their end.
pub fn run() -> Result<(), Failure> {
    let config = Config::load()?;
    let metrics = Metrics::default();
    let _observers = start_logs("info", config.traces.as_ref(), &metrics)?;
    let services = prepare(&config, metrics)?;
    let metrics = listen_for_metrics(&config)?;
    actix_web::rt::System::new().block_on(async {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (stop, stopped) = watch::channel(false);
        let metrics = metrics.map(|listener| start_metrics(services.clone(), listener)).transpose()?;
        let metrics = metrics.map(|metrics| (metrics.handle, actix_web::rt::spawn(metrics.server)));
        let worker = actix_web::rt::spawn(deliver_until(services, stopped));
        tracing::info!("ready");
        futures_util::future::select(Box::pin(terminate.recv()), Box::pin(interrupt.recv())).await;
        stop.send_replace(true);
        if let Some((handle, _)) = metrics {
            handle.stop(false).await;
        }
        worker.await.map_err(Failure::from)
    })
}
