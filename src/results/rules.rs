//! How units' figures make the ward's (RULES §5): sums of cases, never averages of percentages.

use chrono::{Days, NaiveDate};

use super::model::{Coverage, FigureBasis, LeafResult, Sums, TargetSpan};
use crate::{
    access::{Actor, Role},
    error::{Code, Error, Result},
    items::{MeasureKind, PlanItem, Target, TargetTier},
    kernel::number::Quantity,
    periods::Period,
    verdicts::{Figures, Verdict, rules as verdicts},
};

/// The ward's figures of a leaf.
#[must_use]
pub fn combine(item: &PlanItem, sums: &Sums) -> Figures {
    let checklist = item.measure_kind == Some(MeasureKind::Checklist);
    let yes = sums.value.unwrap_or_default().scaled() / Quantity::whole(1).scaled();
    Figures {
        numerator: sums.numerator,
        denominator: sums.denominator,
        value: sums.value.filter(|_| !checklist),
        band: sums.band.clone(),
        yes: (checklist && sums.applying > 0)
            .then(|| (i64::try_from(yes).unwrap_or_default(), sums.applying)),
        not_applicable: sums.applying == 0 && sums.not_applying > 0,
        baseline: item.baseline_value,
    }
}

/// The leaf as it was defined at the end of the period before, and its sums then.
#[derive(Clone, Debug)]
pub struct Before<'s> {
    /// The leaf then.
    pub item: PlanItem,
    /// Its sums; none where nothing was reported.
    pub sums: Option<&'s Sums>,
}

/// The result of a leaf, as it was defined at the period's end, from its sums, its targets, and the units that owe a
/// figure.
#[must_use]
pub fn result_of(
    item: PlanItem,
    targets: &[Target],
    period: &Period,
    sums: &Sums,
    before: Option<Before<'_>>,
    expected: i64,
) -> LeafResult {
    let withdrawn_from = item.withdrawn_from.filter(|_| item.is_withdrawn(period.data_to));
    // Withdrawn leaves keep their data and leave the rankings (RULES §6).
    let (targets, obliged) = if withdrawn_from.is_some() { (&[][..], 0) } else { (targets, sums.obliged) };
    let figures = combine(&item, sums);
    let kind = item.measure_kind.unwrap_or(MeasureKind::Count);
    let reported = sums.applying + sums.not_applying;
    let verdicts = verdicts::targets_in_force(targets, period.data_to)
        .into_iter()
        .map(|target| {
            let verdict = verdicts::decide(kind, target, &figures);
            let not_due = reported == 0 && expected == 0;
            (target.clone(), if not_due { Verdict::NotDue } else { verdict })
        })
        .collect();
    LeafResult {
        item_id: item.id,
        rate: verdicts::rate(&figures),
        series_break: before.as_ref().is_some_and(|b| b.item.definition_version != item.definition_version),
        previous_rate: before.and_then(|b| b.sums.and_then(|sums| verdicts::rate(&combine(&b.item, sums)))),
        verdicts,
        targets_history: targets_history(targets, period.data_from, period.data_to),
        withdrawn_from,
        coverage: Coverage { reported: obliged, expected },
        figures,
        code: item.code,
        title: item.title,
        title_en: item.title_en,
        field: item.field,
        sort_path: item.sort_path,
        definition_version: item.definition_version,
        measure_kind: kind,
        measure_unit: item.measure_unit,
        aggregation: item.aggregation,
        control: item.control,
    }
}

/// The targets of each tier of which more than one was in force between two days, the earliest first.
#[must_use]
pub fn targets_history(targets: &[Target], from: NaiveDate, to: NaiveDate) -> Vec<TargetSpan> {
    let mut history = Vec::new();
    for tier in TargetTier::ALL {
        let mut own: Vec<&Target> = targets.iter().filter(|target| target.tier == *tier).collect();
        own.sort_by_key(|target| target.effective_from);
        let ends = own.iter().skip(1).map(|next| next.effective_from.checked_sub_days(Days::new(1)));
        let ends: Vec<Option<NaiveDate>> = ends.chain([None]).collect();
        let spans = own.into_iter().zip(ends);
        let within = spans.filter(|(target, end)| {
            target.effective_from <= to && end.is_none_or(|end| end >= from.max(target.effective_from))
        });
        let spans: Vec<TargetSpan> = within
            .map(|(target, effective_to)| TargetSpan { target: target.clone(), effective_to })
            .collect();
        if spans.len() > 1 {
            history.extend(spans);
        }
    }
    history
}

/// The verdict of the plan's own target of a leaf.
#[must_use]
pub fn plan_verdict(leaf: &LeafResult) -> Option<Verdict> {
    leaf.verdicts.iter().find(|(target, _)| target.tier == TargetTier::Plan).map(|(_, verdict)| *verdict)
}

/// The verdict of a heading over the leaves below it; `None` if there are none.
#[must_use]
pub fn section_verdict(sort_path: &str, leaves: &[LeafResult]) -> Option<Verdict> {
    let prefix = format!("{sort_path}.");
    let below: Vec<Verdict> =
        leaves.iter().filter(|leaf| leaf.sort_path.starts_with(&prefix)).filter_map(plan_verdict).collect();
    (!below.is_empty()).then(|| verdicts::decide_parent(below))
}

/// What this caller may read: all of the ward's figures, the approved ones, or the published ones (RULES §2, §7).
///
/// # Errors
/// `forbidden` for more than that.
pub fn basis_for(actor: &Actor, asked: Option<FigureBasis>) -> Result<FigureBasis> {
    let sees = if actor.sees_whole_ward() {
        FigureBasis::Submitted
    } else if actor.has_role(Role::Supervisor) {
        FigureBasis::Approved
    } else {
        FigureBasis::Published
    };
    match asked {
        None => Ok(sees.max(FigureBasis::Approved)),
        // Declared from the widest to the narrowest.
        Some(asked) if asked >= sees => Ok(asked),
        Some(_) => Err(Error::new(Code::Forbidden)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::items::{Comparator, ItemId, model::TargetId};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn target(value: i64, from: &str) -> Target {
        Target {
            id: TargetId::generate(),
            item_id: ItemId::generate(),
            tier: TargetTier::Plan,
            comparator: Comparator::AtLeast,
            value: Some(Quantity::whole(value)),
            unit: None,
            band: None,
            effective_from: day(from),
        }
    }

    #[test]
    fn a_window_shows_the_targets_that_were_in_force_in_it_if_there_was_more_than_one() {
        let targets = [target(95, "2026-07-01"), target(90, "2026-01-01")];
        let shown = |from: &str, to: &str| -> Vec<(Option<Quantity>, Option<NaiveDate>)> {
            let spans = targets_history(&targets, day(from), day(to));
            spans.into_iter().map(|span| (span.target.value, span.effective_to)).collect()
        };
        let both =
            vec![(Some(Quantity::whole(90)), Some(day("2026-06-30"))), (Some(Quantity::whole(95)), None)];
        assert_eq!(shown("2025-12-15", "2026-12-14"), both);
        assert_eq!(shown("2026-06-15", "2026-09-14"), both);
        assert_eq!(shown("2025-12-15", "2026-06-14"), []);
        assert_eq!(shown("2026-07-01", "2026-12-14"), []);
        assert_eq!(shown("2025-12-15", "2026-06-30"), []);
    }
}
