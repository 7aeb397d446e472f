//! `cchc work`: delivers webhooks and serves nothing.

use actix_web::rt::signal::unix::{SignalKind, signal};
use cchc::{config::Config, webhooks::worker::deliver_until};
use tokio::sync::watch;

use super::{Failure, serve::prepare};

/// Delivers until SIGTERM or SIGINT; attempts that run then are brought to their end.
pub fn run() -> Result<(), Failure> {
    let config = Config::load()?;
    super::start_logging("info");
    let services = prepare(&config)?;
    actix_web::rt::System::new().block_on(async {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (stop, stopped) = watch::channel(false);
        let worker = actix_web::rt::spawn(deliver_until(services, stopped));
        tracing::info!("ready");
        futures_util::future::select(Box::pin(terminate.recv()), Box::pin(interrupt.recv())).await;
        stop.send_replace(true);
        worker.await.map_err(Failure::from)
    })
}
