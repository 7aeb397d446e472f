//! What the public sees. Nothing comes in here but by being written down.

use chrono::NaiveDate;
use serde::Serialize;

use crate::{
    items::{Comparator, Field, PlanItem, Target, TargetTier},
    kernel::{
        number::{Percent, Quantity},
        time::Timestamp,
    },
    plans::Plan,
    publications::{Publication, PublishedContent, PublishedItem},
    results::Coverage,
    verdicts::Verdict,
    wards::Ward,
};

/// A ward.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicWard {
    /// Its code.
    #[schema(example = "long-my")]
    pub code: String,
    /// Its name.
    #[schema(example = "Phường Long Mỹ")]
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Administrative area code.
    #[schema(example = "31471")]
    pub area_code: Option<String>,
}

impl PublicWard {
    /// The public view of a ward.
    #[must_use]
    pub fn of(ward: Ward) -> Self {
        Self { code: ward.code, name: ward.name, name_en: ward.name_en, area_code: ward.area_code }
    }
}

/// An issued plan with its indicators.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicPlan {
    /// Code of the ward.
    #[schema(example = "long-my")]
    pub ward: String,
    /// Its year.
    #[schema(example = 2026)]
    pub year: i32,
    /// Its title.
    pub title: String,
    /// Number of the document.
    pub number: Option<String>,
    /// Date of the document.
    pub issued_on: Option<NaiveDate>,
    /// Its indicators.
    pub indicators: Vec<PublicIndicator>,
}

/// An indicator and its targets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicIndicator {
    /// Its code.
    #[schema(example = "II.2.k")]
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its name in English.
    pub title_en: Option<String>,
    /// Its field.
    pub field: Option<Field>,
    /// What is counted.
    pub unit: Option<String>,
    /// Its targets.
    pub targets: Vec<PublicTarget>,
}

/// A target.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicTarget {
    /// How binding it is.
    pub tier: TargetTier,
    /// How a figure is held against it.
    pub comparator: Comparator,
    /// Its value.
    #[schema(example = 90)]
    pub value: Option<Quantity>,
    /// Unit of the value.
    #[schema(example = "percent")]
    pub unit: Option<String>,
    /// Its band.
    pub band: Option<String>,
}

impl PublicPlan {
    /// The public view of a plan and its indicators.
    #[must_use]
    pub fn of(ward: &Ward, plan: Plan, indicators: Vec<(PlanItem, Vec<Target>)>) -> Self {
        Self {
            ward: ward.code.clone(),
            year: plan.year,
            title: plan.title,
            number: plan.number,
            issued_on: plan.issued_on,
            indicators: indicators
                .into_iter()
                .map(|(item, targets)| PublicIndicator {
                    code: item.code,
                    title: item.title,
                    title_en: item.title_en,
                    field: item.field,
                    unit: item.measure_unit,
                    targets: targets
                        .into_iter()
                        .map(|target| PublicTarget {
                            tier: target.tier,
                            comparator: target.comparator,
                            value: target.value,
                            unit: target.unit,
                            band: target.band,
                        })
                        .collect(),
                })
                .collect(),
        }
    }
}

/// The published results of a period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
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
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicWardName {
    /// Its code.
    #[schema(example = "long-my")]
    pub code: String,
    /// Its name when published.
    pub name: String,
}

/// Names the plan of results.
#[derive(Debug, Serialize, utoipa::ToSchema)]
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
#[derive(Debug, Serialize, utoipa::ToSchema)]
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
#[derive(Debug, Serialize, utoipa::ToSchema)]
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
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicResult {
    /// Its code.
    #[schema(example = "II.2.k")]
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its field.
    pub field: Option<Field>,
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
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicVerdict {
    /// How binding the target is.
    pub tier: TargetTier,
    /// How the figure stands to it.
    pub verdict: Verdict,
    /// The target.
    pub target: PublicTarget,
}

impl PublicResults {
    /// The public view of a publication.
    #[must_use]
    pub fn of(publication: &Publication, content: PublishedContent) -> Self {
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
            publication: PublicPublication {
                number: publication.number,
                hash: publication.hash.clone(),
                published_at: publication.published_at,
            },
            coverage: content.coverage,
            items: content.items.into_iter().map(PublicResult::of).collect(),
        }
    }
}

impl PublicResult {
    fn of(item: PublishedItem) -> Self {
        Self {
            code: item.code,
            title: item.title,
            field: item.field,
            numerator: item.numerator,
            denominator: item.denominator,
            value: item.value,
            band: item.band,
            rate: item.rate,
            verdicts: item
                .verdicts
                .into_iter()
                .map(|v| PublicVerdict {
                    tier: v.tier,
                    verdict: v.verdict,
                    target: PublicTarget {
                        tier: v.tier,
                        comparator: v.comparator,
                        value: v.value,
                        unit: v.unit,
                        band: v.band,
                    },
                })
                .collect(),
            coverage: item.coverage,
        }
    }
}
