//! The decision itself: integers only, cross-multiplied, so that 89.996 % is not 90 %.

use super::model::{Figures, Verdict};
use crate::{
    items::{Comparator, MeasureKind, Target},
    kernel::number::{Percent, Quantity},
};

/// How far short still counts as near, in points (RULES §5).
const NEAR_POINTS: Quantity = Quantity::whole(5);

/// Bands from best to worst, as the service index names them (QĐ 766/QĐ-TTg); the thresholds are not ours to decide.
const BANDS: &str = include_str!("../../data/bands.json");

/// The verdict of one target.
#[must_use]
pub fn decide(kind: MeasureKind, target: &Target, figures: &Figures) -> Verdict {
    if figures.not_applicable {
        return Verdict::NotApplicable;
    }
    match target.comparator {
        Comparator::Qualitative => decide_checklist(figures),
        Comparator::All if kind == MeasureKind::Checklist => decide_checklist(figures),
        Comparator::All => decide_share(figures, Quantity::whole(100), Direction::AtLeast),
        Comparator::BandAtLeast => decide_band(target, figures),
        Comparator::ReduceBy => decide_reduction(target, figures),
        Comparator::AtLeast => decide_level(kind, target, figures, Direction::AtLeast),
        Comparator::AtMost => decide_level(kind, target, figures, Direction::AtMost),
    }
}

/// The target of each tier that was in force at the end of a period: the latest that had taken effect (RULES §6).
#[must_use]
pub fn targets_in_force(targets: &[Target], on: chrono::NaiveDate) -> Vec<&Target> {
    let mut in_force: Vec<&Target> = Vec::new();
    for target in targets.iter().filter(|target| target.effective_from <= on) {
        match in_force.iter_mut().find(|other| other.tier == target.tier) {
            Some(other) if other.effective_from < target.effective_from => *other = target,
            Some(_) => {}
            None => in_force.push(target),
        }
    }
    in_force.sort_by_key(|target| target.tier);
    in_force
}

/// The rate that people see, rounded; never an input of a verdict.
#[must_use]
pub fn rate(figures: &Figures) -> Option<Percent> {
    match (figures.numerator, figures.denominator, figures.baseline, figures.value) {
        (Some(numerator), Some(denominator), _, _) => Percent::of(numerator, denominator),
        (None, None, Some(baseline), Some(value)) => Percent::of(baseline.minus(value), baseline),
        _ => None,
    }
}

/// The verdict of a heading: met only if all its applicable leaves are (RULES §5).
#[must_use]
pub fn decide_parent(leaves: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut found = Verdict::NotDue;
    for verdict in leaves {
        let rank = |verdict: Verdict| match verdict {
            Verdict::NotMet => 6,
            Verdict::Near => 5,
            Verdict::NoData => 4,
            Verdict::NoBaseline => 3,
            Verdict::Met => 2,
            Verdict::NoCases | Verdict::NotApplicable => 1,
            Verdict::NotDue => 0,
        };
        if rank(verdict) > rank(found) {
            found = verdict;
        }
    }
    found
}

#[derive(Clone, Copy)]
enum Direction {
    AtLeast,
    AtMost,
}

fn decide_level(kind: MeasureKind, target: &Target, figures: &Figures, direction: Direction) -> Verdict {
    let Some(limit) = target.value else { return Verdict::NoData };
    if kind == MeasureKind::Ratio {
        return decide_share(figures, limit, direction);
    }
    let Some(value) = figures.value else { return Verdict::NoData };
    // A count has no points to be near by.
    let near = if kind == MeasureKind::Score { NEAR_POINTS.scaled() } else { 0 };
    compare(value.scaled(), limit.scaled(), near, direction)
}

/// `numerator / denominator` against a percentage, without dividing.
fn decide_share(figures: &Figures, percent: Quantity, direction: Direction) -> Verdict {
    let (Some(numerator), Some(denominator)) = (figures.numerator, figures.denominator) else {
        return Verdict::NoData;
    };
    let denominator = denominator.scaled();
    if denominator == 0 {
        return Verdict::NoCases;
    }
    // Both sides times 100 · denominator; a quantity is scaled by Quantity::whole(1).
    let share = numerator.scaled() * 100 * Quantity::whole(1).scaled();
    compare(share, percent.scaled() * denominator, NEAR_POINTS.scaled() * denominator, direction)
}

fn decide_reduction(target: &Target, figures: &Figures) -> Verdict {
    let Some(baseline) = figures.baseline else { return Verdict::NoBaseline };
    let Some(value) = figures.value else { return Verdict::NoData };
    let reduction =
        Figures { numerator: Some(baseline.minus(value)), denominator: Some(baseline), ..Figures::default() };
    decide_share(&reduction, target.value.unwrap_or_default(), Direction::AtLeast)
}

fn decide_band(target: &Target, figures: &Figures) -> Verdict {
    match (figures.band.as_deref().and_then(band_rank), target.band.as_deref().and_then(band_rank)) {
        (Some(reached), Some(wanted)) if reached <= wanted => Verdict::Met,
        (Some(_), Some(_)) => Verdict::NotMet,
        _ => Verdict::NoData,
    }
}

fn decide_checklist(figures: &Figures) -> Verdict {
    match figures.yes {
        None => Verdict::NoData,
        Some((_, 0)) => Verdict::NoCases,
        Some((yes, all)) if yes == all => Verdict::Met,
        Some(_) => Verdict::NotMet,
    }
}

fn compare(reached: i128, wanted: i128, near: i128, direction: Direction) -> Verdict {
    let short = match direction {
        Direction::AtLeast => wanted - reached,
        Direction::AtMost => reached - wanted,
    };
    if short <= 0 {
        Verdict::Met
    } else if short <= near {
        Verdict::Near
    } else {
        Verdict::NotMet
    }
}

/// Place of a band from the best (0); `None` for an unknown one.
#[must_use]
pub fn band_rank(band: &str) -> Option<usize> {
    bands().iter().position(|known| known == band)
}

/// The bands there are, from the best.
#[must_use]
pub fn bands() -> Vec<String> {
    serde_json::from_str(BANDS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::items::{ItemId, TargetTier, model::TargetId};

    fn target(comparator: Comparator, value: Option<&str>) -> Target {
        Target {
            id: TargetId::generate(),
            item_id: ItemId::generate(),
            tier: TargetTier::Plan,
            comparator,
            value: value.and_then(Quantity::parse),
            unit: None,
            band: Some("TOT".into()),
            effective_from: "2026-01-01".parse().expect("a date"),
        }
    }

    fn share(numerator: i64, denominator: i64) -> Figures {
        Figures {
            numerator: Some(Quantity::whole(numerator)),
            denominator: Some(Quantity::whole(denominator)),
            ..Figures::default()
        }
    }

    #[test]
    fn a_share_is_compared_before_rounding() {
        let ninety = target(Comparator::AtLeast, Some("90"));
        for (figures, verdict) in [
            (share(89_996, 100_000), Verdict::Near),
            (share(90_000, 100_000), Verdict::Met),
            (share(85, 100), Verdict::Near),
            (share(84_999, 100_000), Verdict::NotMet),
            (share(0, 0), Verdict::NoCases),
            (Figures::default(), Verdict::NoData),
        ] {
            assert_eq!(decide(MeasureKind::Ratio, &ninety, &figures), verdict, "{figures:?}");
        }
    }

    #[test]
    fn one_figure_two_tiers_two_verdicts() {
        let figures = share(94, 100);
        assert_eq!(
            decide(MeasureKind::Ratio, &target(Comparator::AtLeast, Some("90")), &figures),
            Verdict::Met
        );
        assert_eq!(
            decide(MeasureKind::Ratio, &target(Comparator::AtLeast, Some("98")), &figures),
            Verdict::Near
        );
    }

    #[test]
    fn all_means_every_single_case() {
        let all = target(Comparator::All, Some("100"));
        assert_eq!(decide(MeasureKind::Ratio, &all, &share(99_999, 100_000)), Verdict::Near);
        assert_eq!(decide(MeasureKind::Ratio, &all, &share(7, 7)), Verdict::Met);
        assert_eq!(decide(MeasureKind::Ratio, &all, &share(0, 0)), Verdict::NoCases);
    }

    #[test]
    fn a_reduction_needs_a_baseline() {
        let ten = target(Comparator::ReduceBy, Some("10"));
        let mut figures = Figures { value: Some(Quantity::whole(18)), ..Figures::default() };
        assert_eq!(decide(MeasureKind::Count, &ten, &figures), Verdict::NoBaseline);
        figures.baseline = Some(Quantity::whole(20));
        assert_eq!(decide(MeasureKind::Count, &ten, &figures), Verdict::Met);
        figures.value = Some(Quantity::whole(19));
        assert_eq!(decide(MeasureKind::Count, &ten, &figures), Verdict::Near);
        figures.value = Some(Quantity::whole(25));
        assert_eq!(decide(MeasureKind::Count, &ten, &figures), Verdict::NotMet);
    }

    #[test]
    fn bands_checklists_and_inapplicability() {
        let band = target(Comparator::BandAtLeast, None);
        let rated = |band: &str| Figures { band: Some(band.into()), ..Figures::default() };
        assert_eq!(decide(MeasureKind::Band, &band, &rated("XUAT_SAC")), Verdict::Met);
        assert_eq!(decide(MeasureKind::Band, &band, &rated("TOT")), Verdict::Met);
        assert_eq!(decide(MeasureKind::Band, &band, &rated("KHA")), Verdict::NotMet);
        let quality = target(Comparator::Qualitative, None);
        let yes = |yes, all| Figures { yes: Some((yes, all)), ..Figures::default() };
        assert_eq!(decide(MeasureKind::Checklist, &quality, &yes(3, 3)), Verdict::Met);
        assert_eq!(decide(MeasureKind::Checklist, &quality, &yes(2, 3)), Verdict::NotMet);
        let none = Figures { not_applicable: true, ..share(5, 5) };
        assert_eq!(decide(MeasureKind::Ratio, &target(Comparator::All, None), &none), Verdict::NotApplicable);
    }

    #[test]
    fn a_heading_is_met_only_if_all_its_leaves_are() {
        assert_eq!(decide_parent([Verdict::Met, Verdict::NotApplicable]), Verdict::Met);
        assert_eq!(decide_parent([Verdict::Met, Verdict::Near]), Verdict::Near);
        assert_eq!(decide_parent([Verdict::Met, Verdict::NoData]), Verdict::NoData);
        assert_eq!(decide_parent([Verdict::NotApplicable]), Verdict::NotApplicable);
    }

    #[test]
    fn the_target_in_force_is_the_latest_that_took_effect() {
        let mut later = target(Comparator::AtLeast, Some("95"));
        later.effective_from = "2026-07-01".parse().expect("a date");
        let all = [target(Comparator::AtLeast, Some("90")), later];
        let value_on =
            |day: &str| targets_in_force(&all, day.parse().expect("a date")).first().and_then(|t| t.value);
        assert_eq!(value_on("2026-06-14"), Some(Quantity::whole(90)));
        assert_eq!(value_on("2026-09-14"), Some(Quantity::whole(95)));
        assert_eq!(value_on("2025-12-31"), None);
    }

    proptest! {
        #[test]
        fn more_cases_never_make_it_worse(d in 1_i64..1_000_000, n in 0_i64..1_000_000, t in 0_i64..=100) {
            let n = n.min(d);
            let target = target(Comparator::AtLeast, Some(&t.to_string()));
            let rank = |v: Verdict| match v { Verdict::Met => 2, Verdict::Near => 1, _ => 0 };
            let before = rank(decide(MeasureKind::Ratio, &target, &share(n, d)));
            let after = rank(decide(MeasureKind::Ratio, &target, &share((n + 1).min(d), d)));
            prop_assert!(after >= before);
        }

        #[test]
        fn the_verdict_agrees_with_exact_fractions(d in 1_i64..1_000_000, n in 0_i64..1_000_000, t in 0_i64..=100) {
            let n = n.min(d);
            let met = decide(MeasureKind::Ratio, &target(Comparator::AtLeast, Some(&t.to_string())), &share(n, d))
                == Verdict::Met;
            prop_assert_eq!(met, n * 100 >= t * d);
        }
    }
}
