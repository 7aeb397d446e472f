//! A change as the database keeps it, and the feed as it is read.

use diesel::{Insertable, Queryable};

use crate::{
    id_type,
    kernel::{id::WardId, json::JsonText, time::Timestamp},
    schema::changes,
    text_enum,
};

id_type! {
    /// Identifies a change.
    ChangeId
}

text_enum! {
    /// What happened to the published figures of a period.
    pub enum ChangeKind {
        /// Figures became public that were not, and none that was public changed.
        Published = "published",
        /// Figures became public, and at least one that was public before is another now.
        Corrected = "corrected",
        /// A publication was taken back; the one before it stands again, if there is one.
        Withdrawn = "withdrawn",
    }
}

/// Whose changes a caller may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those of all wards: the city.
    All,
    /// Those of one ward: its people and its clients.
    Ward(WardId),
    /// Those of the wards that publish to everyone.
    Open,
}

/// A change that is written.
#[derive(Debug, Insertable)]
#[diesel(table_name = changes, check_for_backend(crate::db::MultiBackend))]
pub(super) struct NewChange<'a> {
    pub seq: i64,
    pub id: ChangeId,
    pub kind: ChangeKind,
    pub ward_id: WardId,
    pub publication_id: &'a str,
    pub at: Timestamp,
}

/// A change as it is read, with what names the figures it is about.
#[derive(Clone, Debug, Queryable)]
pub struct Change {
    /// Its id.
    pub id: ChangeId,
    /// What happened.
    pub kind: ChangeKind,
    /// When: the time of the publication or withdrawal.
    pub at: Timestamp,
    /// Code of the ward.
    pub ward_code: String,
    /// Year of the plan.
    pub year: i32,
    /// Code of the period.
    pub period_code: String,
    /// Number of the publication in its period.
    pub number: i32,
    /// SHA-256 of what it froze.
    pub hash: String,
    /// What it changed against the one before (JSON list of the publication's corrections).
    pub corrections: JsonText,
    /// Why it was withdrawn, if it is by now.
    pub withdrawn_reason: Option<String>,
}

/// A change and the place after it.
#[derive(Clone, Debug)]
pub struct FeedItem {
    /// What to send as `after` to go on behind this change.
    pub cursor: String,
    /// The change.
    pub change: Change,
}

/// A part of the feed.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The changes, oldest first.
    pub items: Vec<FeedItem>,
    /// What to send as `after` to go on from here, whether there was anything or not.
    pub next_cursor: String,
    /// Number of the newest change of any ward before this was read; for [`super::watch`], never for a caller.
    pub head: i64,
}
