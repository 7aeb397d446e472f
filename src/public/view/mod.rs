//! What the public sees. Nothing comes in here but by being written down.

mod changes;
mod comparison;
mod dictionary;
mod publications;
mod results;
mod trends;

use chrono::NaiveDate;
use serde::Serialize;

use crate::{
    items::{Comparator, Field, PlanItem, Target, TargetTier},
    kernel::number::Quantity,
    plans::Plan,
    wards::Ward,
};

pub use self::{
    changes::{ChangeFeed, PublicChange},
    comparison::PublicComparison,
    dictionary::{DictionaryEntry, DictionaryFormula, DictionarySource, DictionaryTarget},
    publications::{PublicCorrection, PublicPublicationEntry},
    results::{
        Leaves, PublicPeriod, PublicPlanName, PublicPublication, PublicResult, PublicResults, PublicVerdict,
        PublicWardName, has_code,
    },
    trends::{Meaning, PublicPoint, PublicTrend, PublicTrends, TrendRow},
};

/// A ward.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
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
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
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
    pub fn of(ward: &str, plan: Plan, indicators: Vec<(PlanItem, Vec<Target>)>) -> Self {
        Self {
            ward: ward.to_owned(),
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
