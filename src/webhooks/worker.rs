//! The worker that delivers: inside `cchc serve`, in `cchc demo`, or alone as `cchc work`. Any number may run at once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinSet, time};

use super::{
    model::{Attempt, AttemptId, DeliveryState},
    rules,
    sending::{ATTEMPT_TIMEOUT, Message, Outcome, Sender},
    signing,
    store::{
        deliveries,
        leases::{self, Claim, Settlement},
    },
    view::payload_of,
};
use crate::{
    context::Services,
    db::Scope,
    error::{Error, Result},
    kernel::{id::RawId, time::Clock},
};

/// Queues that are served at the same time by one worker.
pub const CONCURRENT: usize = 16;
/// Deliveries of one queue in a row before others get their turn.
const IN_A_ROW: usize = 100;
/// Time between two looks at what is due.
const IDLE: Duration = Duration::from_secs(1);
/// Time between two sweeps of what is old.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Delivers what is due, for all wards.
#[derive(Clone, Debug)]
pub struct Worker {
    services: Services,
    sender: Sender,
    name: Arc<str>,
}

impl Worker {
    /// A worker with a name of its own, under which it holds leases.
    ///
    /// # Errors
    /// Internal, when there are no certificates to trust.
    pub fn new(services: Services) -> Result<Self> {
        let sender = Sender::new(&services.settings.webhook_networks)?;
        Ok(Self { services, sender, name: RawId::generate().as_str().into() })
    }

    /// Delivers what is due now, queue by queue, and what follows in each; says how many attempts that were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deliver_due(&self) -> Result<usize> {
        let (_go_on, stop) = watch::channel(false);
        let claims = self.claim(CONCURRENT).await?;
        let queues = claims.into_iter().map(|claim| self.serve_queue(claim, stop.clone()));
        let counts = futures_util::future::join_all(queues).await;
        counts.into_iter().sum()
    }

    /// Removes deliveries that have long been over, and events that nobody waits for; says how many deliveries.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep(&self) -> Result<usize> {
        let before = self.services.clock.now().plus_seconds(-rules::KEEP_DAYS * 24 * 3600);
        self.services.db.write(Scope::All, move |c| deliveries::delete_old(c, before)).await
    }

    /// Leases the heads of queues that are due. Looking is a read, so that an idle worker writes nothing.
    async fn claim(&self, limit: usize) -> Result<Vec<Claim>> {
        let limit = i64::try_from(limit).map_err(Error::internal)?;
        let now = self.services.clock.now();
        let due = self.services.db.read(Scope::All, move |c| leases::list_due(c, now, limit)).await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let name = Arc::clone(&self.name);
        let lease = move |c: &mut _| {
            let claims = due.into_iter().filter_map(|id| leases::lease(c, id, &name).transpose());
            claims.collect()
        };
        self.services.db.write(Scope::All, lease).await
    }

    /// Delivers the head of a queue and what follows, until one fails, none is due, or it is time to stop.
    async fn serve_queue(&self, head: Claim, stop: watch::Receiver<bool>) -> Result<usize> {
        let (mut next, mut attempts) = (Some(head), 0);
        while let Some(claim) = next.take() {
            // A worker that was held up so long sends nothing that another may be sending.
            let left = claim.until.unix_seconds() - Clock::real_now().unix_seconds();
            if u64::try_from(left).unwrap_or(0) <= ATTEMPT_TIMEOUT.as_secs() {
                break;
            }
            let outcome = self.sender.send(&self.message(&claim)?).await;
            attempts += 1;
            let go_on = outcome.failure.is_none() && attempts < IN_A_ROW && !*stop.borrow();
            next = self.settle(claim, outcome, go_on).await?;
        }
        Ok(attempts)
    }

    fn message(&self, claim: &Claim) -> Result<Message> {
        let id = claim.parcel.event.id.to_string();
        let body = payload_of(&claim.parcel.event)?.to_string();
        // Receivers refuse what is minutes old, so this is the real time, of this attempt.
        let unix_seconds = Clock::real_now().unix_seconds();
        let now = self.services.clock.now();
        let secrets = signing::list_secrets(&self.services.tokens, &claim.webhook, now)?;
        let signature = signing::sign(&secrets, &id, unix_seconds, &body)?;
        Ok(Message { url: claim.webhook.url.clone(), id, unix_seconds, signature, body })
    }

    /// Notes what came of an attempt, and leases the next of the queue in the same transaction.
    async fn settle(&self, claim: Claim, outcome: Outcome, go_on: bool) -> Result<Option<Claim>> {
        let delivery = claim.parcel.delivery;
        let now = self.services.clock.now();
        let next = match outcome.failure {
            None => None,
            Some(failure) => {
                rules::next_attempt(failure, delivery.attempts + 1, delivery.queued_at, now, dice()?)
            }
        };
        let state = match (outcome.failure, next) {
            (None, _) => DeliveryState::Delivered,
            (Some(_), Some(_)) => DeliveryState::Pending,
            (Some(_), None) => DeliveryState::Dead,
        };
        let (status, error, millis) = (outcome.status, outcome.failure, outcome.millis);
        self.services.metrics.count_attempt(told_as(state), millis);
        tracing::info!(
            delivery = %delivery.id, webhook = %claim.webhook.id, %state, status, ?error, millis, "attempted"
        );
        let id = AttemptId::generate();
        let attempt = Attempt { id, delivery_id: delivery.id, at: now, status, error, millis };
        let settlement = Settlement { attempt, state, next_attempt_at: next };
        let name = Arc::clone(&self.name);
        let write = self.services.db.write(Scope::All, move |c| {
            let ours = leases::settle(c, &settlement, &name)?;
            if ours && leases::is_gone(&settlement.attempt) {
                leases::disable(c, delivery.subscription_id)?;
            }
            if ours && go_on { leases::lease_next(c, &delivery, now, &name) } else { Ok(None) }
        });
        write.await
    }
}

/// What the metrics call it.
const fn told_as(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Delivered => "delivered",
        DeliveryState::Pending => "retried",
        DeliveryState::Dead => "dead",
    }
}

fn dice() -> Result<u8> {
    let mut byte = [0_u8];
    getrandom::fill(&mut byte).map_err(|error| Error::internal(error.to_string()))?;
    let [byte] = byte;
    Ok(byte)
}

/// Delivers until told to stop; attempts that run then are brought to their end.
pub async fn deliver_until(services: Services, mut stop: watch::Receiver<bool>) {
    let worker = match Worker::new(services) {
        Ok(worker) => worker,
        Err(error) => {
            tracing::error!(%error, "webhooks cannot be delivered");
            return;
        }
    };
    let mut queues = JoinSet::new();
    let mut swept: Option<Instant> = None;
    while !*stop.borrow() {
        while queues.try_join_next().is_some() {}
        if swept.is_none_or(|at| at.elapsed() >= SWEEP_EVERY) {
            swept = Some(Instant::now());
            let job = worker.services.metrics.job("webhook_sweep", SWEEP_EVERY);
            if let Err(error) = job.run(worker.sweep()).await {
                tracing::warn!(%error, "old deliveries could not be swept");
            }
        }
        start_queues(&worker, &mut queues, &stop).await;
        if let Ok(Err(_)) = time::timeout(IDLE, stop.changed()).await {
            break;
        }
    }
    while queues.join_next().await.is_some() {}
}

/// Serves as many more queues as there is room for, each in a task of its own: a slow receiver holds up nobody else.
async fn start_queues(worker: &Worker, queues: &mut JoinSet<()>, stop: &watch::Receiver<bool>) {
    let room = CONCURRENT.saturating_sub(queues.len());
    if room == 0 {
        return;
    }
    let job = worker.services.metrics.job("webhook_delivery", IDLE);
    match job.run(worker.claim(room)).await {
        Ok(claims) => {
            for claim in claims {
                let (worker, stop) = (worker.clone(), stop.clone());
                queues.spawn(async move {
                    if let Err(error) = worker.serve_queue(claim, stop).await {
                        tracing::warn!(%error, "a delivery was not noted; it is sent again");
                    }
                });
            }
        }
        Err(error) => tracing::warn!(%error, "what is due could not be read"),
    }
}
