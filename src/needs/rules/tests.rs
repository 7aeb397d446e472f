//! Needs against cases counted by hand, and against the verdict itself: the answer is the boundary.

use proptest::prelude::*;

use super::*;
use crate::{
    items::{ItemId, TargetTier, model::TargetId},
    kernel::id::UnitId,
    verdicts::{Figures, Verdict, rules as verdicts},
};

fn target(comparator: Comparator, value: &str) -> Target {
    Target {
        id: TargetId::generate(),
        item_id: ItemId::generate(),
        tier: TargetTier::Plan,
        comparator,
        value: Quantity::parse(value),
        unit: None,
        band: None,
        effective_from: "2026-01-01".parse().expect("a date"),
    }
}

fn figures(numerator: i64, denominator: i64) -> Figures {
    Figures {
        numerator: Some(Quantity::whole(numerator)),
        denominator: Some(Quantity::whole(denominator)),
        ..Figures::default()
    }
}

fn leaf(figures: Figures) -> Leaf {
    Leaf {
        item_id: ItemId::generate(),
        code: "II.2.k".to_owned(),
        title: "Đúng hạn".to_owned(),
        field: None,
        measure_kind: MeasureKind::Ratio,
        aggregation: Some(Aggregation::RatioOfSums),
        figures,
    }
}

fn needs_of(target: &Target, numerator: i64, denominator: i64, expected: Option<u32>) -> Need {
    let cases = cases_of(&leaf(figures(numerator, denominator)), target, true).expect("a share of cases");
    need(cases, expected).expect("an answer")
}

#[test]
fn without_a_forecast_it_says_what_can_be_said() {
    use Outlook::{Reachable, Reached, Unreachable};
    // Comparator, value, numerator, denominator; outlook, misses, faultless needed, affordable now.
    type Case = (Comparator, &'static str, i64, i64, Outlook, i64, Option<i64>, Option<i64>);
    let cases: [Case; 11] = [
        // 94 of 100 at 90 %: 94/104 = 90.38 %, 94/105 = 89.52 %.
        (Comparator::AtLeast, "90", 94, 100, Reachable, 6, Some(0), Some(4)),
        // 94 of 100 at 98 %: 294/300 = 98 %, 293/299 = 97.99 %.
        (Comparator::AtLeast, "98", 94, 100, Reachable, 6, Some(200), None),
        (Comparator::AtLeast, "90", 90, 100, Reachable, 10, Some(0), Some(0)),
        // 89 of 100: 99/110 = 90 %.
        (Comparator::AtLeast, "90", 89, 100, Reachable, 11, Some(10), None),
        (Comparator::AtLeast, "90", 0, 1, Reachable, 1, Some(9), None),
        (Comparator::AtLeast, "0", 3, 10, Reached, 7, Some(0), None),
        (Comparator::AtLeast, "99.9999", 999_998, 1_000_000, Reachable, 2, Some(1_000_000), None),
        (Comparator::All, "100", 7, 7, Reachable, 0, Some(0), Some(0)),
        (Comparator::All, "100", 6, 7, Unreachable, 1, None, None),
        // At most 2 %: one bad of 100 leaves room for one more (2/101), not for two (3/102).
        (Comparator::AtMost, "2", 1, 100, Reachable, 1, Some(0), Some(1)),
        // Three bad of 100: 3/150 = 2 %.
        (Comparator::AtMost, "2", 3, 100, Reachable, 3, Some(50), None),
    ];
    for (comparator, value, numerator, denominator, outlook, misses, faultless, affordable) in cases {
        let found = needs_of(&target(comparator, value), numerator, denominator, None);
        let wanted = Need {
            outlook,
            misses_so_far: misses,
            faultless_cases_needed: faultless,
            affordable_misses_now: affordable,
            rest: None,
        };
        assert_eq!(found, wanted, "{comparator} {value}: {numerator}/{denominator}");
    }
}

#[test]
fn with_a_forecast_it_says_what_the_rest_must_bring() {
    use Outlook::{Reachable, Reached, Unreachable};
    // Value, numerator, denominator, expected; outlook, remaining, needed, affordable.
    type Case = (&'static str, i64, i64, u32, Outlook, i64, i64, Option<i64>);
    let cases: [Case; 8] = [
        // 90 % of 200 are 180: 86 of the 100 to come.
        ("90", 94, 100, 200, Reachable, 100, 86, Some(14)),
        // 98 % of 200 are 196: more than the 194 that a faultless rest gives.
        ("98", 94, 100, 200, Unreachable, 100, 102, None),
        ("98", 94, 100, 300, Reachable, 200, 200, Some(0)),
        // 90 % of 111 are 99.9, so 100.
        ("90", 94, 100, 111, Reachable, 11, 6, Some(5)),
        ("90", 94, 100, 104, Reached, 4, 0, Some(4)),
        ("90", 94, 100, 100, Reached, 0, 0, Some(0)),
        ("90", 89, 100, 100, Unreachable, 0, 1, None),
        ("0", 0, 5, 10, Reached, 5, 0, Some(5)),
    ];
    for (value, numerator, denominator, expected, outlook, remaining, needed, affordable) in cases {
        let found = needs_of(&target(Comparator::AtLeast, value), numerator, denominator, Some(expected));
        let rest = Rest { remaining_cases: remaining, needed_in_rest: needed, affordable_misses: affordable };
        assert_eq!(
            (found.outlook, found.rest),
            (outlook, Some(rest)),
            "{value}: {numerator}/{denominator} of {expected}"
        );
    }
}

#[test]
fn fewer_cases_than_there_are_cannot_be_expected() {
    let cases = cases_of(&leaf(figures(94, 100)), &target(Comparator::AtLeast, "90"), true).expect("a share");
    let refused = need(cases, Some(99)).expect_err("fewer than there are");
    assert_eq!(refused.fields.first().map(|fault| fault.code), Some(Code::OutOfRange));
}

#[test]
fn what_is_no_growing_number_of_whole_cases_is_told_apart() {
    let ninety = target(Comparator::AtLeast, "90");
    let reason = |leaf: Leaf, target: &Target, cumulative| cases_of(&leaf, target, cumulative).err();
    let good = || leaf(figures(9, 10));
    let score = Leaf { measure_kind: MeasureKind::Score, ..good() };
    assert_eq!(reason(score, &ninety, true), Some(Reason::NotAShare));
    assert_eq!(reason(good(), &target(Comparator::Qualitative, "1"), true), Some(Reason::NotAShare));
    for aggregation in [Aggregation::Survey, Aggregation::Latest, Aggregation::Reduction] {
        let leaf = Leaf { aggregation: Some(aggregation), ..good() };
        assert_eq!(reason(leaf, &ninety, true), Some(Reason::NotAdditive));
    }
    assert_eq!(reason(good(), &ninety, false), Some(Reason::PeriodNotCumulative));
    assert_eq!(reason(leaf(Figures::default()), &ninety, true), Some(Reason::NoData));
    assert_eq!(reason(leaf(figures(0, 0)), &ninety, true), Some(Reason::NoCases));
    let set_aside = Figures { not_applicable: true, ..figures(9, 10) };
    assert_eq!(reason(leaf(set_aside), &ninety, true), Some(Reason::LeafNotApplicable));
    let halves = Figures { numerator: Quantity::parse("9.5"), ..figures(0, 10) };
    assert_eq!(reason(leaf(halves), &ninety, true), Some(Reason::Fractions));
    assert_eq!(reason(good(), &ninety, true), None);
}

#[test]
fn of_a_unit_supervisors_read_what_is_approved() {
    let unit = |all, own: Option<UnitId>, approved| Visibility {
        ward_id: crate::kernel::id::WardId::generate(),
        all,
        own_unit: own,
        tracked_unit: None,
        approved,
    };
    let basis = |visibility: &Visibility, asked| basis_of_unit(visibility, asked).map_err(|error| error.code);
    let supervisor = unit(false, None, true);
    assert_eq!(basis(&supervisor, None), Ok(FigureBasis::Approved));
    assert_eq!(basis(&supervisor, Some(FigureBasis::Published)), Ok(FigureBasis::Published));
    assert_eq!(basis(&supervisor, Some(FigureBasis::Submitted)), Err(Code::Forbidden));
    let own = unit(false, Some(UnitId::generate()), false);
    assert_eq!(basis(&own, None), Ok(FigureBasis::Submitted));
    assert_eq!(basis(&unit(true, None, false), Some(FigureBasis::Approved)), Ok(FigureBasis::Approved));
}

/// Whether these figures meet the target, as every other part of the system decides it.
fn is_met(target: &Target, good: i64, all: i64) -> bool {
    let counted = if target.comparator == Comparator::AtMost { all - good } else { good };
    verdicts::decide(MeasureKind::Ratio, target, &figures(counted, all)) == Verdict::Met
}

fn any_target() -> impl Strategy<Value = Target> {
    let share = (0_i64..=1_000_000).prop_map(|scaled| Quantity::from_scaled(scaled).to_string());
    (prop_oneof![Just(Comparator::AtLeast), Just(Comparator::AtMost), Just(Comparator::All)], share)
        .prop_map(|(comparator, share)| target(comparator, &share))
}

proptest! {
    #[test]
    fn the_answers_are_the_boundary(target in any_target(), all in 1_i64..5_000, counted in 0_i64..5_000) {
        let counted = counted.min(all);
        let found = needs_of(&target, counted, all, None);
        let good = all - found.misses_so_far;
        if let Some(more) = found.faultless_cases_needed {
            prop_assert!(is_met(&target, good + more, all + more));
            prop_assert!(more == 0 || !is_met(&target, good + more - 1, all + more - 1));
        } else {
            prop_assert!(!is_met(&target, good + 1_000_000, all + 1_000_000));
        }
        match found.affordable_misses_now {
            Some(misses) => {
                prop_assert!(is_met(&target, good, all + misses));
                prop_assert!(!is_met(&target, good, all + misses + 1));
            }
            None => prop_assert!(!is_met(&target, good, all) || found.outlook == Outlook::Reached),
        }
    }

    #[test]
    fn the_rest_is_the_boundary(target in any_target(), all in 1_i64..5_000, counted in 0_i64..5_000, more in 0_u32..5_000) {
        let counted = counted.min(all);
        let expected = u32::try_from(all).expect("small") + more;
        let found = needs_of(&target, counted, all, Some(expected));
        let rest = found.rest.expect("a forecast");
        let (good, year) = (all - found.misses_so_far, i64::from(expected));
        prop_assert_eq!(rest.remaining_cases, i64::from(more));
        match rest.affordable_misses {
            Some(misses) => {
                prop_assert_eq!(rest.needed_in_rest + misses, rest.remaining_cases);
                prop_assert!(is_met(&target, good + rest.needed_in_rest, year));
                // One good case fewer fails, unless nothing was needed any more.
                prop_assert!(rest.needed_in_rest == 0 || !is_met(&target, good + rest.needed_in_rest - 1, year));
                prop_assert_eq!(found.outlook == Outlook::Reached, is_met(&target, good, year));
            }
            None => {
                prop_assert_eq!(found.outlook, Outlook::Unreachable);
                prop_assert!(!is_met(&target, good + rest.remaining_cases, year));
            }
        }
    }
}
