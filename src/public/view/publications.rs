//! The publications of a ward, tombstones among them.

use chrono::NaiveDate;
use serde::Serialize;

use crate::{
    error::{Error, Result},
    kernel::time::Timestamp,
    public::store::PublicationRow,
    publications::model::Correction,
    results::Coverage,
};

/// A publication, or, once it is withdrawn, its tombstone.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicPublicationEntry {
    /// Year of the plan.
    #[schema(example = 2026)]
    pub year: i32,
    /// Code of the period.
    #[schema(example = "2026-Q1")]
    pub period: String,
    /// First day of the data.
    pub data_from: NaiveDate,
    /// Last day of the data.
    pub data_to: NaiveDate,
    /// Its number in the period.
    #[schema(example = 1)]
    pub number: i32,
    /// SHA-256 of what was frozen.
    pub hash: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// Figures in, of figures expected.
    pub coverage: Coverage,
    /// The figures that differ from the publication before.
    pub corrections: Vec<PublicCorrection>,
    /// When it was withdrawn; `null` while it stands.
    pub withdrawn_at: Option<Timestamp>,
    /// Why.
    pub withdrawn_reason: Option<String>,
}

/// A figure that a publication changed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicCorrection {
    /// Code of the indicator.
    #[schema(example = "II.2.k")]
    pub item_code: String,
    /// Which figure.
    #[schema(example = "numerator")]
    pub field: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
    /// Why, in the words of whoever opened the correction; `null` where a figure came in later.
    pub reason: Option<String>,
}

impl PublicPublicationEntry {
    /// The public view of a publication.
    ///
    /// # Errors
    /// Internal, when its corrections cannot be read.
    pub(in crate::public) fn of(row: PublicationRow) -> Result<Self> {
        let corrections: Vec<Correction> = row.corrections.read().map_err(Error::internal)?;
        Ok(Self {
            year: row.year,
            period: row.period,
            data_from: row.data_from,
            data_to: row.data_to,
            number: row.number,
            hash: row.hash,
            published_at: row.published_at,
            coverage: Coverage { reported: row.reported.into(), expected: row.expected.into() },
            corrections: corrections.into_iter().map(PublicCorrection::of).collect(),
            withdrawn_at: row.withdrawn_at,
            withdrawn_reason: row.withdrawn_reason,
        })
    }
}

impl PublicCorrection {
    /// The public view of a correction.
    #[must_use]
    pub(super) fn of(correction: Correction) -> Self {
        Self {
            item_code: correction.item_code,
            field: correction.field,
            old: correction.old,
            new: correction.new,
            reason: correction.reason,
        }
    }
}
