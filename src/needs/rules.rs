//! How many cases of the rest of the year must be good: integers only, rounded so that the answer is the boundary.

use super::model::{Leaf, Need, Outlook, Reason, Rest};
use crate::{
    error::{Code, Error, FieldError, Result, text},
    items::{Aggregation, Comparator, MeasureKind, Target},
    kernel::number::Quantity,
    submissions::{model::FigureBasis, reach::Visibility},
};

/// All of the cases, in the ten-thousandths of a percent that targets are kept in.
const ALL: i128 = 100 * 10_000;

/// The figures so far as whole cases, turned so that more good ones are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cases {
    /// Cases as they should be.
    good: i128,
    /// All cases.
    all: i128,
    /// The share that must be good, in ten-thousandths of a percent.
    share: i128,
}

/// What the figures of a leaf are to a target, or why nothing can be said.
///
/// # Errors
/// The reason.
pub fn cases_of(leaf: &Leaf, target: &Target, cumulative: bool) -> Result<Cases, Reason> {
    if leaf.measure_kind != MeasureKind::Ratio {
        return Err(Reason::NotAShare);
    }
    if leaf.aggregation != Some(Aggregation::RatioOfSums) {
        return Err(Reason::NotAdditive);
    }
    if !cumulative {
        return Err(Reason::PeriodNotCumulative);
    }
    if leaf.figures.not_applicable {
        return Err(Reason::LeafNotApplicable);
    }
    let (Some(numerator), Some(denominator)) = (leaf.figures.numerator, leaf.figures.denominator) else {
        return Err(Reason::NoData);
    };
    let counted = whole_cases(numerator).ok_or(Reason::Fractions)?;
    let all = whole_cases(denominator).ok_or(Reason::Fractions)?;
    if all == 0 {
        return Err(Reason::NoCases);
    }
    let value = target.value.map(Quantity::scaled);
    match (target.comparator, value) {
        (Comparator::All, _) => Ok(Cases { good: counted, all, share: ALL }),
        (Comparator::AtLeast, Some(share)) => Ok(Cases { good: counted, all, share }),
        // At most 2 % of bad ones is at least 98 % of the others.
        (Comparator::AtMost, Some(share)) => Ok(Cases { good: all - counted, all, share: ALL - share }),
        _ => Err(Reason::NotAShare),
    }
}

fn whole_cases(quantity: Quantity) -> Option<i128> {
    let one = Quantity::whole(1).scaled();
    (quantity.scaled() % one == 0).then(|| quantity.scaled() / one)
}

/// What a target needs, with or without the number of cases expected in the whole year.
///
/// # Errors
/// `out_of_range` where fewer cases are expected than there are already.
pub fn need(cases: Cases, expected: Option<u32>) -> Result<Need> {
    let Cases { good, all, share } = cases;
    let rest = expected.map(|expected| rest(cases, expected)).transpose()?;
    // good · ALL against share · all: above zero the target is missed by so much.
    let short = share * all - good * ALL;
    let faultless = if short <= 0 {
        Some(0)
    } else {
        // (good + k) · ALL ≥ share · (all + k); where every case counts, no number of good ones heals a bad one.
        (share < ALL).then(|| divide_up(short, ALL - share))
    };
    // good · ALL ≥ share · (all + m).
    let affordable = (short <= 0 && share > 0).then(|| -short / share);
    let outlook = match (rest, faultless) {
        (Some((_, outlook)), _) => outlook,
        (None, _) if share <= 0 => Outlook::Reached,
        (None, None) => Outlook::Unreachable,
        (None, Some(_)) => Outlook::Reachable,
    };
    Ok(Need {
        outlook,
        misses_so_far: count(all - good),
        faultless_cases_needed: faultless.map(count),
        affordable_misses_now: affordable.map(count),
        rest: rest.map(|(rest, _)| rest),
    })
}

fn rest(cases: Cases, expected: u32) -> Result<(Rest, Outlook)> {
    let expected = i128::from(expected);
    let remaining = expected - cases.all;
    if remaining < 0 {
        let sentence = text(
            format!("Cả năm không thể ít hơn {} trường hợp đã có", cases.all),
            format!("The year cannot have fewer than the {} cases there are already", cases.all),
        );
        let fault = FieldError::because("?expected_denominator", Code::OutOfRange, sentence);
        return Err(Error::fields(Code::Invalid, vec![fault]));
    }
    let needed = (divide_up(cases.share * expected, ALL) - cases.good).max(0);
    let outlook = match needed {
        0 => Outlook::Reached,
        needed if needed > remaining => Outlook::Unreachable,
        _ => Outlook::Reachable,
    };
    let affordable = (needed <= remaining).then(|| count(remaining - needed));
    let rest = Rest {
        remaining_cases: count(remaining),
        needed_in_rest: count(needed),
        affordable_misses: affordable,
    };
    Ok((rest, outlook))
}

/// Rounded up; the divisor is above zero.
const fn divide_up(value: i128, by: i128) -> i128 {
    -(-value).div_euclid(by)
}

/// A number of cases as it travels; what is past the range is past all counting.
fn count(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Which of a unit's figures the caller may read: all that it signed, or, for supervisors, the approved ones.
///
/// # Errors
/// `forbidden` for more than that.
pub fn basis_of_unit(visibility: &Visibility, asked: Option<FigureBasis>) -> Result<FigureBasis> {
    let only_approved = visibility.approved && !visibility.all && visibility.own_unit.is_none();
    let sees = if only_approved { FigureBasis::Approved } else { FigureBasis::Submitted };
    match asked {
        Some(asked) if asked < sees => Err(Error::new(Code::Forbidden)),
        asked => Ok(asked.unwrap_or(sees)),
    }
}

#[cfg(test)]
mod tests;
