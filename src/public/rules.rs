//! Pure decisions about what the public reads: how an indicator is computed, where a series breaks, which years fit.

use super::view::Meaning;
use crate::{
    error::{Code, Error, FieldError, Result},
    items::{Aggregation, MeasureKind},
};

/// The most years of a trend.
pub const MAX_YEARS: i32 = 5;

/// How an indicator's figure comes about, for programs. Names are those of the figures in results.
#[must_use]
pub const fn formula(kind: MeasureKind, aggregation: Option<Aggregation>) -> &'static str {
    match (kind, aggregation) {
        (_, Some(Aggregation::Reduction)) => "(baseline - value) / baseline * 100",
        (MeasureKind::Ratio, _) => "numerator / denominator * 100",
        (MeasureKind::Count | MeasureKind::Score, Some(Aggregation::Sum)) => "sum(value)",
        (MeasureKind::Count | MeasureKind::Score, _) => "value",
        (MeasureKind::Band, _) => "band",
        (MeasureKind::Checklist, _) => "all(checked)",
    }
}

/// The same in the plan's own words, as far as it has them.
#[must_use]
pub fn formula_in_words(numerator: Option<&str>, denominator: Option<&str>) -> Option<String> {
    match (numerator, denominator) {
        (Some(numerator), Some(denominator)) => Some(format!("{numerator} / {denominator}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// Whether two points of a series do not compare: another kind of figure; within a year another definition; and
/// between years another name, for plans number their items anew (RULES §6).
#[must_use]
pub fn is_break(before: &Meaning, after: &Meaning) -> bool {
    let redefined = if before.year == after.year {
        before.definition != after.definition
    } else {
        before.title != after.title
    };
    redefined || before.measure_kind != after.measure_kind
}

/// First and last year of a trend: at most [`MAX_YEARS`], in their order.
///
/// # Errors
/// `invalid` at `?to_year`.
pub fn check_years(from_year: i32, to_year: Option<i32>) -> Result<(i32, i32)> {
    let last = to_year.unwrap_or(from_year);
    if last < from_year || last.saturating_sub(from_year) >= MAX_YEARS {
        return Err(Error::fields(Code::Invalid, vec![FieldError::new("?to_year", Code::OutOfRange)]));
    }
    Ok((from_year, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(year: i32, title: &str, definition: i32) -> Meaning {
        Meaning { year, title: title.to_owned(), measure_kind: MeasureKind::Ratio, definition }
    }

    #[test]
    fn a_series_breaks_where_something_else_is_measured() {
        let first = meaning(2026, "Đúng hạn", 1);
        assert!(!is_break(&first, &first));
        assert!(is_break(&first, &meaning(2026, "Đúng hạn", 2)));
        assert!(!is_break(&meaning(2026, "Đúng hạn", 2), &meaning(2027, "Đúng hạn", 1)));
        assert!(is_break(&first, &meaning(2027, "Số hóa", 1)));
        assert!(is_break(&first, &Meaning { measure_kind: MeasureKind::Count, ..first.clone() }));
    }

    #[test]
    fn a_trend_has_one_to_five_years() {
        assert_eq!(check_years(2026, None).ok(), Some((2026, 2026)));
        assert_eq!(check_years(2022, Some(2026)).ok(), Some((2022, 2026)));
        for (from, to) in [(2026, 2025), (2021, 2026), (i32::MIN, i32::MAX)] {
            assert_eq!(check_years(from, Some(to)).err().map(|error| error.code), Some(Code::Invalid));
        }
    }

    #[test]
    fn every_kind_of_measure_has_a_formula() {
        let ratio = formula(MeasureKind::Ratio, Some(Aggregation::RatioOfSums));
        assert_eq!(ratio, "numerator / denominator * 100");
        let reduced = formula(MeasureKind::Count, Some(Aggregation::Reduction));
        assert_eq!(reduced, "(baseline - value) / baseline * 100");
        assert_eq!(formula(MeasureKind::Count, Some(Aggregation::Sum)), "sum(value)");
        assert_eq!(formula(MeasureKind::Score, Some(Aggregation::Latest)), "value");
        assert_eq!(
            formula_in_words(Some("đúng hạn"), Some("đã giải quyết")).as_deref(),
            Some("đúng hạn / đã giải quyết")
        );
        assert_eq!(formula_in_words(None, None), None);
    }
}
