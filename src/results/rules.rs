//! How units' figures make the ward's (RULES §5): sums of cases, never averages of percentages.

use super::model::{Coverage, FigureBasis, LeafResult, Sums};
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

/// The result of a leaf from its sums, its targets, and the units that owe a figure.
#[must_use]
pub fn result_of(
    item: PlanItem,
    targets: &[Target],
    period: &Period,
    sums: &Sums,
    before: Option<&Sums>,
    expected: i64,
) -> LeafResult {
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
        previous_rate: before.and_then(|sums| verdicts::rate(&combine(&item, sums))),
        verdicts,
        coverage: Coverage { reported: sums.obliged, expected },
        figures,
        code: item.code,
        title: item.title,
        title_en: item.title_en,
        field: item.field,
        sort_path: item.sort_path,
        measure_kind: kind,
        measure_unit: item.measure_unit,
        aggregation: item.aggregation,
        control: item.control,
    }
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
    let sees = if actor.has_any(&[Role::Leader, Role::Coordinator, Role::Auditor]) {
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
