//! `GET /metrics`: what the process counted, and what the database says, as text for Prometheus.
//!
//! It stands on an address of its own, or behind a token on the main one; it is for those who run the system, so it is not
//! part of the OpenAPI document. A scrape is answered when the database is not.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    http::header,
    web::{self, Data},
};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::{sync::Semaphore, time::timeout};

use super::start::Running;
use crate::{
    audit, changes,
    context::Services,
    db::{AnyConnection, Scope},
    error::{Code, Error, Result},
    http::Problem,
    outbox::{self, Backlog},
    telemetry::{Family, render},
};

/// For how long figures from the database are good: several that watch cost no more than one.
const FRESH: Duration = Duration::from_secs(5);
/// The longest that a scrape waits for the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads the figures that come from the database, one reading at a time.
#[derive(Clone, Debug)]
pub(super) struct Scraper {
    services: Services,
    last: Arc<Mutex<Option<(Instant, Readings)>>>,
    turn: Arc<Semaphore>,
}

/// What the database says.
#[derive(Clone, Copy, Debug)]
struct Readings {
    backlog: Backlog,
    audit_events: i64,
    newest_change: i64,
}

impl Readings {
    fn read(connection: &mut AnyConnection) -> Result<Self> {
        Ok(Self {
            backlog: outbox::read_backlog(connection)?,
            audit_events: audit::count_events(connection)?,
            newest_change: changes::find_head(connection)?,
        })
    }
}

impl Scraper {
    /// For these services.
    pub(super) fn new(services: Services) -> Self {
        Self { services, last: Arc::default(), turn: Arc::new(Semaphore::new(1)) }
    }

    /// The whole page.
    async fn page(&self) -> Result<String> {
        let readings = self.readings().await;
        let scraper = self.clone();
        let write = move || render(scraper.families(readings));
        tokio::task::spawn_blocking(write).await.map_err(Error::internal)?
    }

    fn fresh(&self) -> Option<Readings> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|(at, _)| at.elapsed() < FRESH).map(|(_, readings)| readings)
    }

    /// What the database says; nothing, when it does not answer in time.
    async fn readings(&self) -> Option<Readings> {
        timeout(PATIENCE, self.read()).await.ok().flatten()
    }

    async fn read(&self) -> Option<Readings> {
        let turn = Arc::clone(&self.turn).acquire_owned().await.ok()?;
        if let Some(readings) = self.fresh() {
            return Some(readings);
        }
        let scraper = self.clone();
        // In a task of its own, which keeps its turn when nobody waits any more: readings that hang do not pile up.
        // Of all wards, for these are sums and belong to nobody.
        let reading = tokio::spawn(async move {
            let _turn = turn;
            let readings = scraper.services.db.read(Scope::All, Readings::read).await;
            readings.ok().inspect(|readings| {
                let mut last = scraper.last.lock().unwrap_or_else(PoisonError::into_inner);
                *last = Some((Instant::now(), *readings));
            })
        });
        reading.await.ok().flatten()
    }

    fn families(&self, readings: Option<Readings>) -> Vec<Family> {
        let mut families = self.services.metrics.families();
        families.extend(self.of_database());
        families.extend(self.of_passwords());
        families.extend(self.of_readings(readings));
        families
    }

    fn of_database(&self) -> Vec<Family> {
        let state = self.services.db.state();
        let mut connections = Family::gauge("cchc_db_connections", "Connections to the database by state");
        let mut max = Family::gauge("cchc_db_connections_max", "Connections that may be open");
        let mut waiting = Family::gauge("cchc_db_waiting", "Calls that wait for a connection");
        let mut waits = Family::histogram("cchc_db_wait_seconds", "How long calls waited for a connection");
        let mut timeouts = Family::counter("cchc_db_wait_timeouts", "Waits that ended without a connection");
        for pool in state.pools {
            let label = ("pool", pool.name);
            connections = connections.with(&[label, ("state", "idle")], pool.idle);
            connections = connections.with(&[label, ("state", "busy")], pool.open.saturating_sub(pool.idle));
            max = max.with(&[label], pool.max);
            waiting = waiting.with(&[label], pool.waiting);
            waits = waits.with(&[label], pool.waits);
            timeouts = timeouts.with(&[label], pool.timeouts);
        }
        vec![
            connections,
            max,
            waiting,
            waits,
            timeouts,
            Family::gauge("cchc_db_calls", "Calls that are with the database or wait for it")
                .with(&[], state.calls),
            Family::gauge("cchc_db_calls_max", "Calls that may be, before others are refused")
                .with(&[], state.max_calls),
            Family::counter("cchc_db_calls_refused", "Calls that were told to come back")
                .with(&[], state.refused),
        ]
    }

    fn of_passwords(&self) -> Vec<Family> {
        let state = self.services.hasher.state();
        vec![
            Family::gauge("cchc_password_hashes", "Password hashes by state")
                .with(&[("state", "running")], state.running)
                .with(&[("state", "waiting")], state.waiting),
            Family::gauge("cchc_password_hashes_max", "Password hashes that are computed at once, at most")
                .with(&[], state.max_running),
        ]
    }

    fn of_readings(&self, readings: Option<Readings>) -> Vec<Family> {
        let count = |value: i64| u64::try_from(value).unwrap_or(0);
        let backlog = readings.map(|readings| readings.backlog);
        let now = self.services.clock.now().unix_seconds();
        let age =
            backlog.map(|backlog| backlog.oldest.map_or(0, |oldest| count(now - oldest.unix_seconds())));
        vec![
            Family::gauge("cchc_db_up", "Whether the database answered").with(&[], readings.is_some()),
            Family::gauge("cchc_outbox_waiting", "Deliveries to webhooks that are still to be made")
                .with_some(&[], backlog.map(|backlog| count(backlog.waiting))),
            Family::gauge("cchc_outbox_oldest_seconds", "Age of the oldest of them").with_some(&[], age),
            Family::gauge("cchc_outbox_dead", "Deliveries that were given up")
                .with_some(&[], backlog.map(|backlog| count(backlog.dead))),
            Family::counter("cchc_audit_events", "Audit events in the database, of all instances")
                .with_some(&[], readings.map(|readings| count(readings.audit_events))),
            Family::gauge("cchc_changes_head", "Number of the newest published change")
                .with_some(&[], readings.map(|readings| count(readings.newest_change))),
        ]
    }
}

async fn answer(scraper: &Scraper) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(scraper.page().await?))
}

/// The figures, for whoever holds the token.
pub(super) async fn get_with_token(
    request: HttpRequest,
    scraper: Data<Scraper>,
) -> Result<HttpResponse, Problem> {
    let Some(token) = &scraper.services.settings.metrics_token else {
        return Err(Error::not_found().into());
    };
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.split_once(' '));
    let fits = shown.is_some_and(|(scheme, shown)| {
        // Digests have one length, so that the time tells nothing of the token's.
        let (shown, token) = (Sha256::digest(shown.trim()), Sha256::digest(token.expose_secret()));
        scheme.eq_ignore_ascii_case("bearer") && bool::from(shown.ct_eq(&token))
    });
    if !fits {
        return Err(Error::new(Code::Unauthenticated).into());
    }
    answer(&scraper).await
}

async fn get_openly(scraper: Data<Scraper>) -> Result<HttpResponse, Problem> {
    answer(&scraper).await
}

/// Serves the figures, and nothing else, on an address of their own.
///
/// # Errors
/// Internal, when the listener cannot be used.
pub fn start_metrics(services: Services, listener: TcpListener) -> Result<Running> {
    let scraper = Data::new(Scraper::new(services));
    let server = HttpServer::new(move || {
        App::new().app_data(Data::clone(&scraper)).route("/metrics", web::get().to(get_openly))
    });
    let server =
        server.workers(1).shutdown_timeout(1).disable_signals().listen(listener).map_err(Error::internal)?;
    let server = server.run();
    let handle = server.handle();
    Ok(Running { server, handle })
}
