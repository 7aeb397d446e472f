//! One indicator in one period, ward beside ward.

use serde::Serialize;

use super::{PublicPublication, PublicVerdict, has_code};
use crate::{
    items::{Field, MeasureKind},
    kernel::number::{Percent, Quantity},
    publications::PublishedContent,
    results::Coverage,
};

/// What a ward published of an indicator. A ward that published nothing for the period stands here too, without
/// figures.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicComparison {
    /// Code of the ward.
    #[schema(example = "long-my")]
    pub ward: String,
    /// Its name.
    pub ward_name: String,
    /// Year of the plan.
    #[schema(example = 2026)]
    pub year: i32,
    /// Code of the period.
    #[schema(example = "2026-Q1")]
    pub period: String,
    /// Whether a publication of the period stands.
    pub published: bool,
    /// That publication.
    pub publication: Option<PublicPublication>,
    /// Code of the indicator; `null` where the publication has none of that code.
    pub code: Option<String>,
    /// Its name in that ward: compare only what means the same.
    pub title: Option<String>,
    /// Its field.
    pub field: Option<Field>,
    /// What is measured.
    pub measure_kind: Option<MeasureKind>,
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
    pub coverage: Option<Coverage>,
}

impl PublicComparison {
    /// A ward without a publication.
    #[must_use]
    pub fn unpublished(ward: String, ward_name: String, year: i32, period: &str) -> Self {
        Self {
            ward,
            ward_name,
            year,
            period: period.to_owned(),
            published: false,
            publication: None,
            code: None,
            title: None,
            field: None,
            measure_kind: None,
            numerator: None,
            denominator: None,
            value: None,
            band: None,
            rate: None,
            verdicts: Vec::new(),
            coverage: None,
        }
    }

    /// The same ward with what its publication says of the item of this code.
    #[must_use]
    pub fn with(self, publication: PublicPublication, content: PublishedContent, item: &str) -> Self {
        let published = Self { published: true, publication: Some(publication), ..self };
        let Some(leaf) = content.items.into_iter().find(|leaf| has_code(leaf, item)) else {
            return published;
        };
        Self {
            code: Some(leaf.code),
            title: Some(leaf.title),
            field: leaf.field,
            measure_kind: Some(leaf.measure_kind),
            numerator: leaf.numerator,
            denominator: leaf.denominator,
            value: leaf.value,
            band: leaf.band,
            rate: leaf.rate,
            verdicts: leaf.verdicts.into_iter().map(PublicVerdict::of).collect(),
            coverage: Some(leaf.coverage),
            ..published
        }
    }
}
