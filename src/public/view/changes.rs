//! The feed of changes.

use serde::Serialize;

use super::PublicCorrection;
use crate::{
    changes::{Change, ChangeKind, Feed, FeedItem},
    error::{Error, Result},
    kernel::time::Timestamp,
    publications::model::Correction,
};

/// A part of the feed, and where to go on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChangeFeed {
    /// The changes, oldest first.
    pub items: Vec<PublicChange>,
    /// What to send as `after` to go on from here. Unlike in lists it is always there, also when `items` is empty:
    /// the feed has no end.
    #[schema(example = "ZTVhNDUzM2Y0ZGFhZTI2OHwwMTk4ZjBhMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA")]
    pub next_cursor: String,
}

/// A change of what is public.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicChange {
    /// What to send as `after` to go on behind this change.
    pub cursor: String,
    /// What happened.
    pub kind: ChangeKind,
    /// When the publication or withdrawal was made. The order of the feed decides, not this time.
    pub at: Timestamp,
    /// The ward.
    pub ward: ChangedWard,
    /// The plan.
    pub plan: ChangedPlan,
    /// The period.
    pub period: ChangedPeriod,
    /// The publication that was made, or withdrawn.
    pub publication: ChangedPublication,
    /// The figures that were public and are others now; of kind `corrected` only.
    pub corrections: Vec<PublicCorrection>,
    /// Why it was withdrawn; of kind `withdrawn` only.
    pub reason: Option<String>,
    /// Path of the results that stand now; it answers 404 when none does.
    #[schema(example = "/public/v1/wards/long-my/results?year=2026&period=2026-Q1")]
    pub results: String,
}

/// Names the ward of a change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChangedWard {
    /// Its code.
    #[schema(example = "long-my")]
    pub code: String,
}

/// Names the plan of a change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChangedPlan {
    /// Its year.
    #[schema(example = 2026)]
    pub year: i32,
}

/// Names the period of a change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChangedPeriod {
    /// Its code.
    #[schema(example = "2026-Q1")]
    pub code: String,
}

/// Names the publication of a change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChangedPublication {
    /// Its number in the period.
    #[schema(example = 1)]
    pub number: i32,
    /// SHA-256 of what it froze.
    pub hash: String,
}

impl ChangeFeed {
    /// The public view of a part of the feed.
    ///
    /// # Errors
    /// Internal, when the corrections of a publication cannot be read.
    pub fn of(feed: Feed) -> Result<Self> {
        let items = feed.items.into_iter().map(PublicChange::of).collect::<Result<_>>()?;
        Ok(Self { items, next_cursor: feed.next_cursor })
    }
}

impl PublicChange {
    fn of(item: FeedItem) -> Result<Self> {
        let FeedItem { cursor, change } = item;
        let withdrawn = change.kind == ChangeKind::Withdrawn;
        let results = path_of(&change)?;
        let corrections: Vec<Correction> =
            if withdrawn { Vec::new() } else { change.corrections.read().map_err(Error::internal)? };
        Ok(Self {
            cursor,
            kind: change.kind,
            at: change.at,
            ward: ChangedWard { code: change.ward_code },
            plan: ChangedPlan { year: change.year },
            period: ChangedPeriod { code: change.period_code },
            publication: ChangedPublication { number: change.number, hash: change.hash },
            corrections: corrections.into_iter().map(PublicCorrection::of).collect(),
            // The publication may have been withdrawn since; that is another change.
            reason: change.withdrawn_reason.filter(|_| withdrawn),
            results,
        })
    }
}

fn path_of(change: &Change) -> Result<String> {
    let query = [("year", change.year.to_string()), ("period", change.period_code.clone())];
    let query = serde_urlencoded::to_string(query).map_err(Error::internal)?;
    Ok(format!("/public/v1/wards/{}/results?{query}", change.ward_code))
}
