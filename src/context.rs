//! One `Ctx` per request: who asks, and the way to the database. One `Tx` per write: no event, no commit.

mod recent;
mod replays;

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::recent::{Content, PublicAnswer, Recent};
use self::replays::{find_answer, insert_key, store_answer};
use crate::{
    access::{self, Actor, ActorKind, password::Hasher, token::Tokens},
    audit::{self, Event},
    db::{self, AnyConnection, Db, Mark, Scope},
    error::{Code, Error, Result},
    kernel::{
        id::WardId,
        time::{Clock, Timestamp},
    },
    outbox::{self, Announcement},
    settings::Settings,
    storage::Storage,
    telemetry::Metrics,
};

/// What every request shares.
#[derive(Clone, Debug)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// The ward's clock.
    pub clock: Clock,
    /// Password hashes.
    pub hasher: Hasher,
    /// Access tokens.
    pub tokens: Tokens,
    /// The files of the ward's library of evidence.
    pub documents: Storage,
    /// What the operator chose.
    pub settings: Arc<Settings>,
    /// What this process counts.
    pub metrics: Metrics,
    /// What it told everybody a moment ago.
    pub recent: Recent,
}

/// The version a caller expects a resource to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// `If-Match` was not sent.
    #[default]
    None,
    /// `If-Match: *`: whatever it is.
    Any,
    /// This version.
    Version(i64),
    /// A tag that is none of ours, so it matches nothing.
    Foreign,
}

/// A request that may be repeated without being done twice.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// The caller's key.
    pub key: String,
    /// Hash of method, path, query and body.
    pub fingerprint: String,
}

/// One request: who asks, for what, and the way to the database.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// What all requests share.
    pub services: Arc<Services>,
    /// Who asks.
    pub actor: Arc<Actor>,
    /// Identifies the request in answers, logs and audit.
    pub request_id: String,
    /// Where the call comes from (`access::networks::caller_of`).
    pub peer: Option<IpAddr>,
    /// What `If-Match` said.
    pub precondition: Precondition,
    /// What `Idempotency-Key` said.
    pub idempotency: Option<Idempotency>,
}

/// An answer before it is HTTP: status, body, version. Kept as it is for a repeated `Idempotency-Key`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// JSON text; none for 204.
    pub body: Option<String>,
    /// Strong `ETag`, without its quotes.
    pub etag: Option<String>,
    /// Path of what was created.
    pub location: Option<String>,
    /// `Cache-Control`; `no-store` where none is set.
    pub cache_control: Option<String>,
    /// What a repeated `Idempotency-Key` gets instead of the body, where that holds a secret.
    #[serde(skip)]
    pub replay: Option<String>,
}

impl Answer {
    fn of(status: u16, view: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_string(view).map_err(Error::internal)?;
        Ok(Self { status, body: Some(body), etag: None, location: None, cache_control: None, replay: None })
    }

    /// 200 with a view that has no version.
    ///
    /// # Errors
    /// Internal, when the view has no JSON form.
    pub fn ok(view: &impl Serialize) -> Result<Self> {
        Self::of(200, view)
    }

    /// 200 with a resource and its version as `ETag`.
    ///
    /// # Errors
    /// Internal, when the view has no JSON form.
    pub fn versioned(version: i64, view: &impl Serialize) -> Result<Self> {
        Ok(Self { etag: Some(version.to_string()), ..Self::of(200, view)? })
    }

    /// 201 with a new resource, its version and its path.
    ///
    /// # Errors
    /// Internal, when the view has no JSON form.
    pub fn created(location: String, version: Option<i64>, view: &impl Serialize) -> Result<Self> {
        Ok(Self {
            etag: version.map(|version| version.to_string()),
            location: Some(location),
            ..Self::of(201, view)?
        })
    }

    /// The same answer, but a repeated `Idempotency-Key` gets this view: a secret is shown once, and not stored.
    ///
    /// # Errors
    /// Internal, when the view has no JSON form.
    pub fn replayed_as(mut self, view: &impl Serialize) -> Result<Self> {
        self.replay = Some(serde_json::to_string(view).map_err(Error::internal)?);
        Ok(self)
    }

    /// 204.
    #[must_use]
    pub fn no_content() -> Self {
        Self { status: 204, body: None, etag: None, location: None, cache_control: None, replay: None }
    }
}

/// One write transaction.
pub struct Tx<'c> {
    /// The connection, inside the transaction.
    pub connection: &'c mut AnyConnection,
    /// The ward's time at which all of this happens.
    pub now: Timestamp,
    /// Who acts.
    pub actor: &'c Actor,
    precondition: Precondition,
    ward_id: Option<WardId>,
    events: Vec<Event>,
    announcements: Vec<Announcement>,
}

impl Tx<'_> {
    /// Notes what happened; it is chained when the transaction ends.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Notes what other systems are to be told; it is written when the transaction ends, after the events.
    pub fn announce(&mut self, announcement: Announcement) {
        self.announcements.push(announcement);
    }

    /// Sets the ward whose chain the events belong to, where it is not the actor's own.
    pub fn record_for(&mut self, ward_id: Option<WardId>) {
        self.ward_id = ward_id;
    }

    /// Whether the caller's `If-Match` fits the version just read.
    ///
    /// # Errors
    /// `if_match_required` when it was not sent, `version_stale` when it does not fit.
    pub fn require_version(&self, version: i64) -> Result<()> {
        match self.precondition {
            Precondition::None => Err(Error::new(Code::VersionMissing)),
            _ => self.check_version(version),
        }
    }

    /// Like [`Tx::require_version`], for calls that may come without `If-Match`.
    ///
    /// # Errors
    /// `version_stale` when it was sent and does not fit.
    pub fn check_version(&self, version: i64) -> Result<()> {
        match self.precondition {
            Precondition::None | Precondition::Any => Ok(()),
            Precondition::Version(expected) if expected == version => Ok(()),
            Precondition::Version(_) | Precondition::Foreign => Err(Error::new(Code::VersionStale)),
        }
    }
}

impl Ctx {
    /// The caller's ward.
    ///
    /// # Errors
    /// Not found, when the caller belongs to none.
    pub fn ward(&self) -> Result<WardId> {
        self.actor.ward()
    }

    /// Whose rows the caller may touch at all.
    fn scope(&self) -> Scope {
        self.actor.ward_id.into()
    }

    /// Runs queries that change nothing, on the rows of the caller's ward.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T> + Clone + Send + 'static,
    {
        let db = &self.services.db;
        match self.mark() {
            Some(mark) => db.read_near(self.scope(), mark, work).await,
            None => db.read(self.scope(), work).await,
        }
    }

    /// [`Ctx::read`] by the primary, and not again if the connection broke: for work too large to be kept for that.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn read_once<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
    {
        self.services.db.read_once(self.scope(), work).await
    }

    /// What a replica must have before it may answer the caller; none, where only the primary may: the city's operator
    /// reads across the wards that it changes, and no one number counts these changes.
    fn mark(&self) -> Option<Mark> {
        match (self.actor.ward_id, self.actor.kind) {
            (Some(ward_id), _) => Some(Mark::Ward(ward_id)),
            (None, ActorKind::Anonymous) => Some(Mark::Changes),
            (None, ActorKind::Client) if !self.actor.has_scope(access::Scope::WardsManage) => {
                Some(Mark::Changes)
            }
            _ => None,
        }
    }

    /// [`Ctx::read`] on the rows of all wards, whoever asks: for what is public.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn read_across_wards<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T> + Clone + Send + 'static,
    {
        self.services.db.read_near(Scope::All, Mark::Changes, work).await
    }

    /// Runs one write: transaction, audit, and the stored answer of its `Idempotency-Key`.
    ///
    /// # Errors
    /// Those of `work`; internal, if it recorded no event: a change without a trace does not commit.
    pub async fn write<F>(&self, work: F) -> Result<Answer>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<Answer> + Send + 'static,
    {
        let ctx = self.clone();
        let outcome =
            self.services.db.write(self.scope(), move |connection| ctx.run_once(connection, work)).await;
        match (&self.idempotency, self.actor.principal_id) {
            // Somebody with the same key was faster, and has committed by now.
            (Some(idempotency), Some(principal)) if is_key_taken(&outcome) => {
                let idempotency = idempotency.clone();
                self.read(move |connection| {
                    find_answer(connection, principal, &idempotency)?
                        .ok_or_else(|| Error::new(Code::IdempotencyInProgress))
                })
                .await
            }
            _ => outcome,
        }
    }

    /// [`Ctx::write`] for calls that make their answer afterwards, and so know no `Idempotency-Key`.
    ///
    /// # Errors
    /// Those of `work`; internal, if it recorded no event.
    pub async fn write_value<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let ctx = self.clone();
        self.services.db.write(self.scope(), move |connection| ctx.run_in(connection, work)).await
    }

    /// [`Ctx::write`] without an answer, for commands and the demo's data.
    ///
    /// # Errors
    /// Those of `work`; internal, if it recorded no event.
    pub fn write_blocking<T>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.services.db.write_blocking(self.scope(), |connection| self.run_in(connection, work))
    }

    fn run_once<F>(&self, connection: &mut AnyConnection, work: F) -> Result<Answer>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<Answer>,
    {
        let (Some(idempotency), Some(principal)) = (&self.idempotency, self.actor.principal_id) else {
            return self.run_in(connection, work);
        };
        if let Some(answer) = find_answer(connection, principal, idempotency)? {
            return Ok(answer);
        }
        insert_key(connection, principal, idempotency)?;
        let answer = self.run_in(connection, work)?;
        store_answer(connection, principal, idempotency, &answer)?;
        Ok(answer)
    }

    /// One write on a connection that is inside a transaction already.
    ///
    /// # Errors
    /// Those of `work`; internal, if it recorded no event.
    pub fn run_in<T>(
        &self,
        connection: &mut AnyConnection,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut tx = Tx {
            connection,
            now: self.services.clock.now(),
            actor: &self.actor,
            precondition: self.precondition,
            ward_id: self.actor.ward_id,
            events: Vec::new(),
            announcements: Vec::new(),
        };
        let value = work(&mut tx)?;
        let Tx { now, ward_id, events, announcements, .. } = tx;
        if events.is_empty() {
            return Err(Error::internal("a write recorded no audit event"));
        }
        // The city's webhooks hear of a ward too, and they are no ward's.
        if !announcements.is_empty() {
            db::widen(connection)?;
        }
        audit::append_events(connection, ward_id, &self.actor, &self.request_id, now, events)?;
        // The chain's head is ours until the commit, so the numbers given here are in the order of commits.
        outbox::append(connection, ward_id, now, announcements)?;
        Ok(value)
    }

    /// A context for the console and for start-up.
    #[must_use]
    pub fn system(services: Arc<Services>) -> Self {
        Self {
            services,
            actor: Arc::new(Actor::system()),
            request_id: "console".to_owned(),
            peer: None,
            precondition: Precondition::Any,
            idempotency: None,
        }
    }
}

fn is_key_taken(outcome: &Result<Answer>) -> bool {
    matches!(outcome, Err(error) if error.code == Code::IdempotencyInProgress)
}
