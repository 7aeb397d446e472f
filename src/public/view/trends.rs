//! Series of published figures over the periods of some years.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::{Leaves, PublicPublication, PublicVerdict};
use crate::{
    items::{Field, MeasureKind},
    kernel::number::{Percent, Quantity},
    public::rules,
    publications::{PublishedContent, PublishedItem},
    results::Coverage,
};

/// The series of a ward.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicTrends {
    /// Code of the ward.
    #[schema(example = "long-my")]
    pub ward: String,
    /// First year.
    #[schema(example = 2026)]
    pub from_year: i32,
    /// Last year.
    #[schema(example = 2026)]
    pub to_year: i32,
    /// One series per code of an indicator, those of the newest period first, in its order.
    pub items: Vec<PublicTrend>,
}

/// The series of one indicator.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicTrend {
    /// Its code.
    #[schema(example = "II.2.k")]
    pub code: String,
    /// Its name in the newest period.
    pub title: String,
    /// Its name in English.
    pub title_en: Option<String>,
    /// Its field.
    pub field: Option<Field>,
    /// What is measured.
    pub measure_kind: MeasureKind,
    /// A point for each period in which it was published, by the end of the data.
    pub points: Vec<PublicPoint>,
}

/// The figures of one period, from its newest publication that stands.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicPoint {
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
    /// The publication.
    pub publication: PublicPublication,
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
    /// Which of the indicator's definitions was in force; the first is 1.
    #[schema(example = 1)]
    pub definition: i32,
    /// Whether it does not compare with the point before: another definition or kind of figure, or, in another year,
    /// another indicator under the same code.
    pub series_break: bool,
}

/// What a point measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Year of the plan.
    pub year: i32,
    /// Name of the indicator.
    pub title: String,
    /// Kind of figure.
    pub measure_kind: MeasureKind,
    /// Number of the definition.
    pub definition: i32,
}

/// A point beside its indicator, as a table has it.
#[derive(Clone, Debug)]
pub struct TrendRow {
    /// Code of the indicator.
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its field.
    pub field: Option<Field>,
    /// What is measured.
    pub measure_kind: MeasureKind,
    /// The figures.
    pub point: PublicPoint,
}

impl PublicTrends {
    /// The series of what some publications froze.
    #[must_use]
    pub fn of(
        ward: &str,
        (from_year, to_year): (i32, i32),
        mut frozen: Vec<(PublicPublication, PublishedContent)>,
        wanted: &Leaves,
    ) -> Self {
        let order =
            |content: &PublishedContent| (content.data_to, content.data_from, content.period_code.clone());
        // The newest first: it decides the order and the names; the points are turned round at the end.
        frozen.sort_by_key(|(_, content)| std::cmp::Reverse(order(content)));
        let mut items: Vec<PublicTrend> = Vec::new();
        let mut meanings: Vec<Vec<Meaning>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for (publication, mut content) in frozen {
            for leaf in std::mem::take(&mut content.items).into_iter().filter(|leaf| wanted.take(leaf)) {
                let place = *places.entry(leaf.code.clone()).or_insert_with(|| {
                    items.push(PublicTrend::named(&leaf));
                    meanings.push(Vec::new());
                    items.len() - 1
                });
                if let (Some(item), Some(meaning)) = (items.get_mut(place), meanings.get_mut(place)) {
                    meaning.push(Meaning::of(&content, &leaf));
                    item.points.push(PublicPoint::of(&publication, &content, leaf));
                }
            }
        }
        for (item, mut meanings) in items.iter_mut().zip(meanings) {
            item.points.reverse();
            meanings.reverse();
            for (point, pair) in item.points.iter_mut().skip(1).zip(meanings.windows(2)) {
                point.series_break = matches!(pair, [before, after] if rules::is_break(before, after));
            }
        }
        Self { ward: ward.to_owned(), from_year, to_year, items }
    }

    /// The points one below the other.
    #[must_use]
    pub fn to_rows(&self) -> Vec<TrendRow> {
        let rows = self.items.iter().flat_map(|item| {
            item.points.iter().map(|point| TrendRow {
                code: item.code.clone(),
                title: item.title.clone(),
                field: item.field,
                measure_kind: item.measure_kind,
                point: point.clone(),
            })
        });
        rows.collect()
    }
}

impl PublicTrend {
    fn named(leaf: &PublishedItem) -> Self {
        Self {
            code: leaf.code.clone(),
            title: leaf.title.clone(),
            title_en: leaf.title_en.clone(),
            field: leaf.field,
            measure_kind: leaf.measure_kind,
            points: Vec::new(),
        }
    }
}

impl Meaning {
    fn of(content: &PublishedContent, leaf: &PublishedItem) -> Self {
        Self {
            year: content.year,
            title: leaf.title.clone(),
            measure_kind: leaf.measure_kind,
            definition: leaf.definition,
        }
    }
}

impl PublicPoint {
    fn of(publication: &PublicPublication, content: &PublishedContent, leaf: PublishedItem) -> Self {
        Self {
            year: content.year,
            period: content.period_code.clone(),
            data_from: content.data_from,
            data_to: content.data_to,
            publication: publication.clone(),
            numerator: leaf.numerator,
            denominator: leaf.denominator,
            value: leaf.value,
            band: leaf.band,
            rate: leaf.rate,
            verdicts: leaf.verdicts.into_iter().map(PublicVerdict::of).collect(),
            coverage: leaf.coverage,
            definition: leaf.definition,
            series_break: false,
        }
    }
}
