//! A publication as the database keeps it, and what it froze.

use chrono::NaiveDate;
use diesel::{Queryable, Selectable};
use serde::{Deserialize, Serialize};

use crate::{
    id_type,
    items::{Comparator, Field, MeasureKind, TargetTier},
    kernel::{
        id::{PrincipalId, WardId},
        json::JsonText,
        number::{Percent, Quantity},
        time::Timestamp,
    },
    periods::PeriodId,
    plans::PlanId,
    results::Coverage,
    schema::publications,
    verdicts::Verdict,
};

id_type! {
    /// Identifies a publication.
    PublicationId
}

/// A publication.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = publications, check_for_backend(crate::db::MultiBackend))]
pub struct Publication {
    /// Its id.
    pub id: PublicationId,
    /// Its ward.
    pub ward_id: WardId,
    /// Its plan.
    pub plan_id: PlanId,
    /// Its period.
    pub period_id: PeriodId,
    /// Its number in the period; the first is 1.
    pub number: i32,
    /// SHA-256 of the frozen content.
    pub hash: String,
    /// The frozen content (JSON of [`PublishedContent`]).
    pub content: JsonText,
    /// What changed against the one before (JSON list of [`Correction`]).
    pub corrections: JsonText,
    /// Figures in.
    pub reported: i32,
    /// Figures expected.
    pub expected: i32,
    /// When it was published.
    pub published_at: Timestamp,
    /// By whom.
    pub published_by: PrincipalId,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// By whom.
    pub withdrawn_by: Option<PrincipalId>,
    /// Why.
    pub withdrawn_reason: Option<String>,
    /// Counts changes.
    pub version: i64,
}

/// What was frozen: figures and names of leaves, no person, no explanation, no comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedContent {
    /// Code of the ward.
    pub ward_code: String,
    /// Name of the ward.
    pub ward_name: String,
    /// Year of the plan.
    pub year: i32,
    /// Title of the plan.
    pub plan_title: String,
    /// Number of the plan's document.
    pub plan_number: Option<String>,
    /// Code of the period.
    pub period_code: String,
    /// First day of the data.
    pub data_from: NaiveDate,
    /// Last day of the data.
    pub data_to: NaiveDate,
    /// Figures in, of figures expected.
    pub coverage: Coverage,
    /// The results.
    pub items: Vec<PublishedItem>,
}

/// The frozen result of one leaf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedItem {
    /// Code of the leaf.
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its name in English.
    pub title_en: Option<String>,
    /// Its field.
    pub field: Option<Field>,
    /// What is measured.
    pub measure_kind: MeasureKind,
    /// Which of the leaf's definitions was in force; the first is 1. Older contents do not say it.
    #[serde(default = "first")]
    pub definition: i32,
    /// Sum of numerators.
    pub numerator: Option<Quantity>,
    /// Sum of denominators.
    pub denominator: Option<Quantity>,
    /// Sum of values, or the present level.
    pub value: Option<Quantity>,
    /// Class such as `TOT`.
    pub band: Option<String>,
    /// The rate in percent, rounded to two places.
    pub rate: Option<Percent>,
    /// One verdict for each target in force.
    pub verdicts: Vec<PublishedVerdict>,
    /// Units in, of units expected.
    pub coverage: Coverage,
}

const fn first() -> i32 {
    1
}

/// A frozen verdict and its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedVerdict {
    /// How binding the target is.
    pub tier: TargetTier,
    /// How the figure stands to it.
    pub verdict: Verdict,
    /// How it is held against it.
    pub comparator: Comparator,
    /// The target's value.
    pub value: Option<Quantity>,
    /// The target's unit.
    pub unit: Option<String>,
    /// The target's band.
    pub band: Option<String>,
}

/// A figure that a later publication changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Correction {
    /// Code of the leaf.
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
