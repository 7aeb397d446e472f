//! The columns of every table that the public may read as CSV, in the order on which other programs rely. A column may
//! be added at the end of a table; none is moved, renamed or taken away within `/public/v1`.

use std::borrow::Cow;

use super::{
    csv::{Cell, Column, Listed, Table, column, maybe, maybe_words, plain, words},
    view::{
        DictionaryEntry, PublicComparison, PublicPublicationEntry, PublicResult, PublicResults, PublicTrends,
        PublicVerdict, PublicWard, TrendRow,
    },
};
use crate::items::TargetTier::{self, Operating, Plan};

impl Listed for PublicWard {
    const COLUMNS: &'static [Column<(), Self>] = &[
        column("code", |(), row| words(&row.code)),
        column("name", |(), row| words(&row.name)),
        column("name_en", |(), row| maybe_words(row.name_en.as_deref())),
        column("area_code", |(), row| maybe_words(row.area_code.as_deref())),
    ];
    const NAME: &'static str = "wards";
}

impl Table for PublicResults {
    type Head = Self;
    type Row = PublicResult;
    const COLUMNS: &'static [Column<Self, PublicResult>] = &[
        column("ward", |head, _| words(&head.ward.code)),
        column("year", |head, _| plain(head.plan.year)),
        column("period", |head, _| words(&head.period.code)),
        column("data_from", |head, _| plain(head.period.data_from)),
        column("data_to", |head, _| plain(head.period.data_to)),
        column("publication_number", |head, _| plain(head.publication.number)),
        column("publication_hash", |head, _| plain(&head.publication.hash)),
        column("published_at", |head, _| plain(head.publication.published_at)),
        column("code", |_, row| words(&row.code)),
        column("title", |_, row| words(&row.title)),
        column("title_en", |_, row| maybe_words(row.title_en.as_deref())),
        column("field", |_, row| maybe(row.field)),
        column("measure_kind", |_, row| plain(row.measure_kind)),
        column("definition", |_, row| plain(row.definition)),
        column("numerator", |_, row| maybe(row.numerator)),
        column("denominator", |_, row| maybe(row.denominator)),
        column("value", |_, row| maybe(row.value)),
        column("band", |_, row| maybe_words(row.band.as_deref())),
        column("rate", |_, row| maybe(row.rate.map(|rate| rate.to_decimal()))),
        column("comparator_plan", |_, row| comparator(&row.verdicts, Plan)),
        column("target_plan", |_, row| target(&row.verdicts, Plan)),
        column("verdict_plan", |_, row| verdict(&row.verdicts, Plan)),
        column("comparator_operating", |_, row| comparator(&row.verdicts, Operating)),
        column("target_operating", |_, row| target(&row.verdicts, Operating)),
        column("verdict_operating", |_, row| verdict(&row.verdicts, Operating)),
        column("reported", |_, row| plain(row.coverage.reported)),
        column("expected", |_, row| plain(row.coverage.expected)),
    ];

    fn head(&self) -> &Self {
        self
    }

    fn rows(&self) -> Cow<'_, [PublicResult]> {
        Cow::Borrowed(&self.items)
    }

    fn name(&self) -> String {
        format!("{}_{}_results", self.ward.code, self.period.code)
    }
}

impl Table for PublicTrends {
    type Head = Self;
    type Row = TrendRow;
    const COLUMNS: &'static [Column<Self, TrendRow>] = &[
        column("ward", |head, _| words(&head.ward)),
        column("code", |_, row| words(&row.code)),
        column("title", |_, row| words(&row.title)),
        column("field", |_, row| maybe(row.field)),
        column("measure_kind", |_, row| plain(row.measure_kind)),
        column("year", |_, row| plain(row.point.year)),
        column("period", |_, row| words(&row.point.period)),
        column("data_from", |_, row| plain(row.point.data_from)),
        column("data_to", |_, row| plain(row.point.data_to)),
        column("publication_number", |_, row| plain(row.point.publication.number)),
        column("publication_hash", |_, row| plain(&row.point.publication.hash)),
        column("published_at", |_, row| plain(row.point.publication.published_at)),
        column("definition", |_, row| plain(row.point.definition)),
        column("series_break", |_, row| plain(row.point.series_break)),
        column("numerator", |_, row| maybe(row.point.numerator)),
        column("denominator", |_, row| maybe(row.point.denominator)),
        column("value", |_, row| maybe(row.point.value)),
        column("band", |_, row| maybe_words(row.point.band.as_deref())),
        column("rate", |_, row| maybe(row.point.rate.map(|rate| rate.to_decimal()))),
        column("comparator_plan", |_, row| comparator(&row.point.verdicts, Plan)),
        column("target_plan", |_, row| target(&row.point.verdicts, Plan)),
        column("verdict_plan", |_, row| verdict(&row.point.verdicts, Plan)),
        column("comparator_operating", |_, row| comparator(&row.point.verdicts, Operating)),
        column("target_operating", |_, row| target(&row.point.verdicts, Operating)),
        column("verdict_operating", |_, row| verdict(&row.point.verdicts, Operating)),
        column("reported", |_, row| plain(row.point.coverage.reported)),
        column("expected", |_, row| plain(row.point.coverage.expected)),
    ];

    fn head(&self) -> &Self {
        self
    }

    fn rows(&self) -> Cow<'_, [TrendRow]> {
        Cow::Owned(self.to_rows())
    }

    fn name(&self) -> String {
        format!("{}_{}-{}_trends", self.ward, self.from_year, self.to_year)
    }
}

impl Listed for PublicComparison {
    const COLUMNS: &'static [Column<(), Self>] = &[
        column("ward", |(), row| words(&row.ward)),
        column("ward_name", |(), row| words(&row.ward_name)),
        column("year", |(), row| plain(row.year)),
        column("period", |(), row| words(&row.period)),
        column("published", |(), row| plain(row.published)),
        column("publication_number", |(), row| maybe(row.publication.as_ref().map(|p| p.number))),
        column("publication_hash", |(), row| maybe(row.publication.as_ref().map(|p| &p.hash))),
        column("published_at", |(), row| maybe(row.publication.as_ref().map(|p| p.published_at))),
        column("code", |(), row| maybe_words(row.code.as_deref())),
        column("title", |(), row| maybe_words(row.title.as_deref())),
        column("field", |(), row| maybe(row.field)),
        column("measure_kind", |(), row| maybe(row.measure_kind)),
        column("numerator", |(), row| maybe(row.numerator)),
        column("denominator", |(), row| maybe(row.denominator)),
        column("value", |(), row| maybe(row.value)),
        column("band", |(), row| maybe_words(row.band.as_deref())),
        column("rate", |(), row| maybe(row.rate.map(|rate| rate.to_decimal()))),
        column("comparator_plan", |(), row| comparator(&row.verdicts, Plan)),
        column("target_plan", |(), row| target(&row.verdicts, Plan)),
        column("verdict_plan", |(), row| verdict(&row.verdicts, Plan)),
        column("comparator_operating", |(), row| comparator(&row.verdicts, Operating)),
        column("target_operating", |(), row| target(&row.verdicts, Operating)),
        column("verdict_operating", |(), row| verdict(&row.verdicts, Operating)),
        column("reported", |(), row| maybe(row.coverage.map(|coverage| coverage.reported))),
        column("expected", |(), row| maybe(row.coverage.map(|coverage| coverage.expected))),
    ];
    const NAME: &'static str = "comparison";
}

impl Listed for PublicPublicationEntry {
    const COLUMNS: &'static [Column<(), Self>] = &[
        column("year", |(), row| plain(row.year)),
        column("period", |(), row| words(&row.period)),
        column("data_from", |(), row| plain(row.data_from)),
        column("data_to", |(), row| plain(row.data_to)),
        column("number", |(), row| plain(row.number)),
        column("hash", |(), row| plain(&row.hash)),
        column("published_at", |(), row| plain(row.published_at)),
        column("reported", |(), row| plain(row.coverage.reported)),
        column("expected", |(), row| plain(row.coverage.expected)),
        column("corrections", |(), row| plain(row.corrections.len())),
        column("withdrawn_at", |(), row| maybe(row.withdrawn_at)),
        column("withdrawn_reason", |(), row| maybe_words(row.withdrawn_reason.as_deref())),
    ];
    const NAME: &'static str = "publications";
}

impl Listed for DictionaryEntry {
    const COLUMNS: &'static [Column<(), Self>] = &[
        column("ward", |(), row| words(&row.ward)),
        column("year", |(), row| plain(row.year)),
        column("code", |(), row| words(&row.code)),
        column("code_ascii", |(), row| words(&row.code_ascii)),
        column("title", |(), row| words(&row.title)),
        column("title_en", |(), row| maybe_words(row.title_en.as_deref())),
        column("field", |(), row| maybe(row.field)),
        column("measure_kind", |(), row| maybe(row.measure_kind)),
        column("unit", |(), row| maybe_words(row.unit.as_deref())),
        column("aggregation", |(), row| maybe(row.aggregation)),
        column("formula", |(), row| maybe(row.formula.expression.as_deref())),
        column("numerator", |(), row| maybe_words(row.formula.numerator.as_deref())),
        column("denominator", |(), row| maybe_words(row.formula.denominator.as_deref())),
        column("baseline_value", |(), row| maybe(row.baseline_value)),
        column("baseline_year", |(), row| maybe(row.baseline_year)),
        column("definition", |(), row| plain(row.definition)),
        column("effective_from", |(), row| maybe(row.effective_from)),
        column("withdrawn_from", |(), row| maybe(row.withdrawn_from)),
        column("comparator_plan", |(), row| maybe(row.target(Plan).map(|target| target.comparator))),
        column("target_plan", |(), row| aim(row, Plan)),
        column("target_unit_plan", |(), row| unit_of(row, Plan)),
        column("effective_from_plan", |(), row| maybe(row.target(Plan).map(|target| target.effective_from))),
        column("comparator_operating", |(), row| {
            maybe(row.target(Operating).map(|target| target.comparator))
        }),
        column("target_operating", |(), row| aim(row, Operating)),
        column("target_unit_operating", |(), row| unit_of(row, Operating)),
        column("effective_from_operating", |(), row| {
            maybe(row.target(Operating).map(|target| target.effective_from))
        }),
        column("plan_number", |(), row| maybe_words(row.source.plan_number.as_deref())),
        column("plan_title", |(), row| words(&row.source.plan_title)),
        column("issued_on", |(), row| maybe(row.source.issued_on)),
    ];
    const NAME: &'static str = "dictionary";
}

fn of_tier(verdicts: &[PublicVerdict], tier: TargetTier) -> Option<&PublicVerdict> {
    verdicts.iter().find(|verdict| verdict.tier == tier)
}

fn comparator(verdicts: &[PublicVerdict], tier: TargetTier) -> Cell {
    maybe(of_tier(verdicts, tier).map(|verdict| verdict.target.comparator))
}

/// The value, or the class where the target is one.
fn target(verdicts: &[PublicVerdict], tier: TargetTier) -> Cell {
    match of_tier(verdicts, tier).map(|verdict| &verdict.target) {
        Some(target) if target.value.is_some() => maybe(target.value),
        other => maybe_words(other.and_then(|target| target.band.as_deref())),
    }
}

fn verdict(verdicts: &[PublicVerdict], tier: TargetTier) -> Cell {
    maybe(of_tier(verdicts, tier).map(|verdict| verdict.verdict))
}

fn aim(row: &DictionaryEntry, tier: TargetTier) -> Cell {
    match row.target(tier) {
        Some(target) if target.value.is_some() => maybe(target.value),
        other => maybe_words(other.and_then(|target| target.band.as_deref())),
    }
}

fn unit_of(row: &DictionaryEntry, tier: TargetTier) -> Cell {
    maybe_words(row.target(tier).and_then(|target| target.unit.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::page::Page;

    fn names<T: Table>() -> String {
        T::COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn the_order_of_columns_is_what_programs_rely_on() {
        let figures = "numerator,denominator,value,band,rate,comparator_plan,target_plan,verdict_plan,\
            comparator_operating,target_operating,verdict_operating,reported,expected";
        assert_eq!(names::<Page<PublicWard>>(), "code,name,name_en,area_code");
        assert_eq!(
            names::<PublicResults>(),
            format!(
                "ward,year,period,data_from,data_to,publication_number,publication_hash,published_at,code,title,\
                 title_en,field,measure_kind,definition,{figures}"
            )
        );
        assert_eq!(
            names::<PublicTrends>(),
            format!(
                "ward,code,title,field,measure_kind,year,period,data_from,data_to,publication_number,\
                 publication_hash,published_at,definition,series_break,{figures}"
            )
        );
        assert_eq!(
            names::<Page<PublicComparison>>(),
            format!(
                "ward,ward_name,year,period,published,publication_number,publication_hash,published_at,code,title,\
                 field,measure_kind,{figures}"
            )
        );
        assert_eq!(
            names::<Page<PublicPublicationEntry>>(),
            "year,period,data_from,data_to,number,hash,published_at,reported,expected,corrections,withdrawn_at,\
             withdrawn_reason"
        );
        assert_eq!(
            names::<Page<DictionaryEntry>>(),
            "ward,year,code,code_ascii,title,title_en,field,measure_kind,unit,aggregation,formula,numerator,\
             denominator,baseline_value,baseline_year,definition,effective_from,withdrawn_from,comparator_plan,\
             target_plan,target_unit_plan,effective_from_plan,comparator_operating,target_operating,\
             target_unit_operating,effective_from_operating,plan_number,plan_title,issued_on"
        );
    }
}
