//! The data dictionary: what each indicator means, how it is computed and where it comes from.

use chrono::NaiveDate;
use serde::Serialize;

use crate::{
    items::{Aggregation, Comparator, Field, MeasureKind, PlanItem, Target, TargetTier},
    kernel::number::Quantity,
    plans::Plan,
    public::rules,
};

/// An indicator of an issued plan.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DictionaryEntry {
    /// Code of the ward.
    #[schema(example = "long-my")]
    pub ward: String,
    /// Year of the plan.
    #[schema(example = 2026)]
    pub year: i32,
    /// Its code as printed.
    #[schema(example = "II.2.đ.1")]
    pub code: String,
    /// The code in ASCII; taken wherever the printed one is.
    #[schema(example = "II.2.dd.1")]
    pub code_ascii: String,
    /// Its name.
    pub title: String,
    /// Its name in English.
    pub title_en: Option<String>,
    /// Its field of reform.
    pub field: Option<Field>,
    /// What its figure is.
    pub measure_kind: Option<MeasureKind>,
    /// What is counted.
    #[schema(example = "hồ sơ")]
    pub unit: Option<String>,
    /// How the units' figures make the ward's.
    pub aggregation: Option<Aggregation>,
    /// How the figure is computed.
    pub formula: DictionaryFormula,
    /// What a reduction is held against.
    pub baseline_value: Option<Quantity>,
    /// Year of the baseline.
    pub baseline_year: Option<i32>,
    /// Which of its definitions this is; the first is 1.
    #[schema(example = 1)]
    pub definition: i32,
    /// First day on which it counts, where an amendment added it.
    pub effective_from: Option<NaiveDate>,
    /// First day on which it no longer counts, where an amendment withdrew it.
    pub withdrawn_from: Option<NaiveDate>,
    /// Its targets in the order in which they come into force.
    pub targets: Vec<DictionaryTarget>,
    /// Where it stands in print.
    pub source: DictionarySource,
}

/// How a figure is computed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DictionaryFormula {
    /// For programs, in the names that figures have in results; `null` where nothing is measured.
    #[schema(example = "numerator / denominator * 100")]
    pub expression: Option<String>,
    /// What the numerator counts, in the plan's words.
    pub numerator: Option<String>,
    /// What the denominator counts.
    pub denominator: Option<String>,
    /// The formula in those words.
    pub words: Option<String>,
}

/// A target and since when it is in force.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DictionaryTarget {
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
    /// First day on which it counts.
    pub effective_from: NaiveDate,
}

/// Where an indicator stands in print.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DictionarySource {
    /// Number of the plan's document.
    pub plan_number: Option<String>,
    /// Title of the plan.
    pub plan_title: String,
    /// Date of the document.
    pub issued_on: Option<NaiveDate>,
    /// Code of the item as printed there.
    #[schema(example = "II.2.k")]
    pub item_code: String,
}

impl DictionaryEntry {
    /// The public view of an indicator.
    #[must_use]
    pub fn of(ward: String, plan: Plan, item: PlanItem, targets: Vec<Target>) -> Self {
        let expression = item.measure_kind.map(|kind| rules::formula(kind, item.aggregation).to_owned());
        let words =
            rules::formula_in_words(item.numerator_label.as_deref(), item.denominator_label.as_deref());
        Self {
            ward,
            year: plan.year,
            source: DictionarySource {
                plan_number: plan.number,
                plan_title: plan.title,
                issued_on: plan.issued_on,
                item_code: item.code.clone(),
            },
            code: item.code,
            code_ascii: item.code_ascii,
            title: item.title,
            title_en: item.title_en,
            field: item.field,
            measure_kind: item.measure_kind,
            unit: item.measure_unit,
            aggregation: item.aggregation,
            formula: DictionaryFormula {
                expression,
                numerator: item.numerator_label,
                denominator: item.denominator_label,
                words,
            },
            baseline_value: item.baseline_value,
            baseline_year: item.baseline_year,
            definition: item.definition_version,
            effective_from: item.effective_from,
            withdrawn_from: item.withdrawn_from,
            targets: targets.into_iter().map(DictionaryTarget::of).collect(),
        }
    }

    /// The last target of a tier.
    #[must_use]
    pub fn target(&self, tier: TargetTier) -> Option<&DictionaryTarget> {
        self.targets.iter().rfind(|target| target.tier == tier)
    }
}

impl DictionaryTarget {
    fn of(target: Target) -> Self {
        Self {
            tier: target.tier,
            comparator: target.comparator,
            value: target.value,
            unit: target.unit,
            band: target.band,
            effective_from: target.effective_from,
        }
    }
}
