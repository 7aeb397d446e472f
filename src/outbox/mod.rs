//! What other systems are to be told: written with the change itself, one delivery for each webhook that asked for it.
//!
//! Nothing is sent from here; `webhooks` does that. An announcement that no webhook asked for is not kept.
//!
//! **Order.** Events of a ward are numbered under the lock on the head of its audit chain, which every write takes and
//! holds until it commits (SQLite has one writer anyway). So the numbers are in the order of commits on both databases,
//! and a lower number never shows up after a higher one.

mod rules;
mod state;
mod store;

use serde_json::Value;

pub use self::{
    rules::{Listener, may_hear},
    state::{Backlog, read_backlog},
    store::{DeliveryId, append, insert_ping},
};
use crate::{id_type, kernel::id::UnitId, text_enum};

id_type! {
    /// Identifies an event; receivers get it as `webhook-id`.
    EventId
}

text_enum! {
    /// What other systems can be told of.
    pub enum EventKind {
        /// Figures of a period became public, and none that was public changed.
        PublicationPublished = "publication.published",
        /// Figures became public, and at least one that was public before is another now.
        PublicationCorrected = "publication.corrected",
        /// A publication was taken back.
        PublicationWithdrawn = "publication.withdrawn",
        /// A plan is in force.
        PlanIssued = "plan.issued",
        /// An amendment of a plan was approved.
        PlanAmended = "plan.amended",
        /// A plan has ended.
        PlanClosed = "plan.closed",
        /// A figure was signed and sent.
        SubmissionSubmitted = "submission.submitted",
        /// A figure was taken back by its unit.
        SubmissionWithdrawn = "submission.withdrawn",
        /// The tracking unit has checked a figure.
        SubmissionVerified = "submission.verified",
        /// The standing office has checked a figure.
        SubmissionEndorsed = "submission.endorsed",
        /// A figure was approved.
        SubmissionApproved = "submission.approved",
        /// A figure was sent back to its unit.
        SubmissionReturned = "submission.returned",
        /// An approved figure was opened again.
        SubmissionReopened = "submission.reopened",
        /// A published figure was opened again.
        SubmissionCorrectionOpened = "submission.correction_opened",
        /// A trial that somebody asked for.
        Ping = "ping",
    }
}

/// Something to tell: references and public facts only, never a person, a reason, or a figure that is not published.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// What happened.
    pub kind: EventKind,
    /// The unit whose business it is, where it is that unit's alone.
    pub unit_id: Option<UnitId>,
    /// What it happened to: an object; the ward is added to it.
    pub data: Value,
}
