//! The published results of a period.

use chrono::NaiveDate;
use serde::Serialize;

use super::PublicTarget;
use crate::{
    items::{Field, MeasureKind, TargetTier},
    kernel::{
        number::{Percent, Quantity},
        text::{ascii_code, clean},
        time::Timestamp,
    },
    publications::{PublishedContent, PublishedItem, model::PublishedVerdict},
    results::Coverage,
    verdicts::Verdict,
};

/// The published results of a period.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicResults {
    /// The ward.
    pub ward: PublicWardName,
    /// The plan.
    pub plan: PublicPlanName,
    /// The period.
    pub period: PublicPeriod,
    /// The publication these figures stand in.
    pub publication: PublicPublication,
    /// Figures in, of figures expected.
    pub coverage: Coverage,
    /// One row per indicator.
    pub items: Vec<PublicResult>,
}

/// Names the ward of results.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicWardName {
    /// Its code.
    #[schema(example = "long-my")]
    pub code: String,
    /// Its name when published.
    pub name: String,
}

/// Names the plan of results.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicPlanName {
    /// Its year.
    #[schema(example = 2026)]
    pub year: i32,
    /// Its title when published.
    pub title: String,
    /// Number of the document.
    pub number: Option<String>,
}

/// The period of results.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicPeriod {
    /// Its code.
    #[schema(example = "2026-Q1")]
    pub code: String,
    /// First day of the data.
    pub data_from: NaiveDate,
    /// Last day of the data.
    pub data_to: NaiveDate,
}

/// Identifies a publication.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicPublication {
    /// Its number in the period.
    #[schema(example = 1)]
    pub number: i32,
    /// SHA-256 of what was frozen.
    pub hash: String,
    /// When.
    pub published_at: Timestamp,
}

/// The result of one indicator.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicResult {
    /// Its code.
    #[schema(example = "II.2.k")]
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its name in English.
    pub title_en: Option<String>,
    /// Its field.
    pub field: Option<Field>,
    /// What is measured.
    pub measure_kind: MeasureKind,
    /// Which of its definitions was in force; the first is 1. Figures of different definitions do not compare.
    #[schema(example = 1)]
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
    /// One verdict for each target that was in force.
    pub verdicts: Vec<PublicVerdict>,
    /// Units in, of units expected.
    pub coverage: Coverage,
}

/// A verdict and its target.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicVerdict {
    /// How binding the target is.
    pub tier: TargetTier,
    /// How the figure stands to it.
    pub verdict: Verdict,
    /// The target.
    pub target: PublicTarget,
}

/// Which of the results are wanted.
#[derive(Clone, Debug, Default)]
pub struct Leaves {
    /// Of this field.
    pub field: Option<Field>,
    /// Of this code, as printed or in ASCII.
    pub item: Option<String>,
}

impl Leaves {
    /// Whether a leaf is wanted.
    #[must_use]
    pub fn take(&self, leaf: &PublishedItem) -> bool {
        self.field.is_none_or(|field| leaf.field == Some(field))
            && self.item.as_deref().is_none_or(|item| has_code(leaf, item))
    }
}

/// Whether a leaf carries this code, as printed or in ASCII (RULES §1).
#[must_use]
pub fn has_code(leaf: &PublishedItem, code: &str) -> bool {
    let code = clean(code);
    leaf.code == code || ascii_code(&leaf.code) == code
}

impl PublicResults {
    /// The public view of a publication.
    #[must_use]
    pub fn of(publication: PublicPublication, content: PublishedContent, wanted: &Leaves) -> Self {
        Self {
            ward: PublicWardName { code: content.ward_code, name: content.ward_name },
            plan: PublicPlanName {
                year: content.year,
                title: content.plan_title,
                number: content.plan_number,
            },
            period: PublicPeriod {
                code: content.period_code,
                data_from: content.data_from,
                data_to: content.data_to,
            },
            publication,
            coverage: content.coverage,
            items: content.items.into_iter().filter(|leaf| wanted.take(leaf)).map(PublicResult::of).collect(),
        }
    }
}

impl PublicVerdict {
    /// The public view of a frozen verdict.
    #[must_use]
    pub fn of(frozen: PublishedVerdict) -> Self {
        Self {
            tier: frozen.tier,
            verdict: frozen.verdict,
            target: PublicTarget {
                tier: frozen.tier,
                comparator: frozen.comparator,
                value: frozen.value,
                unit: frozen.unit,
                band: frozen.band,
            },
        }
    }
}

impl PublicResult {
    fn of(item: PublishedItem) -> Self {
        Self {
            code: item.code,
            title: item.title,
            title_en: item.title_en,
            field: item.field,
            measure_kind: item.measure_kind,
            definition: item.definition,
            numerator: item.numerator,
            denominator: item.denominator,
            value: item.value,
            band: item.band,
            rate: item.rate,
            verdicts: item.verdicts.into_iter().map(PublicVerdict::of).collect(),
            coverage: item.coverage,
        }
    }
}
