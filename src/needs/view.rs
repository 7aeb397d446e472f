//! What targets need, as people ask for it and see it.

use serde::{Deserialize, Serialize};

use super::model::{Leaf, Need, Needs, Outlook, Reason, TargetNeed};
use crate::{
    items::{Field, ItemId, TargetTier},
    kernel::{
        id::UnitId,
        number::{Percent, Quantity},
        time::Timestamp,
    },
    periods::PeriodId,
    plans::PlanId,
    submissions::{model::FigureBasis, view::TargetView},
    verdicts::{Verdict, rules as verdicts},
};

/// Whose needs are asked for.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetNeeds {
    /// Period with the year's figures so far, such as the half-year: id or code.
    #[param(example = "2026-H1")]
    pub period: String,
    /// Unit whose own figures are meant: id or code; the ward's if absent.
    pub unit: Option<String>,
    /// One indicator: id or code.
    #[param(example = "II.2.k")]
    pub item: Option<String>,
    /// One field of reform.
    pub field: Option<Field>,
    /// Cases expected in the whole year, those so far among them; only with `item`.
    #[param(minimum = 1, example = 6000)]
    pub expected_denominator: Option<u32>,
    /// Which revisions. The ward's figures follow the summary's rule; of a unit the caller reads what it signed, or,
    /// as a supervisor, what is approved.
    pub basis: Option<FigureBasis>,
}

/// What the targets of a plan need in the rest of the year.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NeedsView {
    /// The plan.
    pub plan_id: PlanId,
    /// The period with the figures so far.
    pub period_id: PeriodId,
    /// Its code.
    #[schema(example = "2026-H1")]
    pub period_code: String,
    /// The unit; `null` for the ward.
    pub unit_id: Option<UnitId>,
    /// Which revisions the figures are made of.
    pub basis: FigureBasis,
    /// The moment of reading.
    pub as_of: Timestamp,
    /// Cases expected in the whole year, as asked.
    pub expected_denominator: Option<u32>,
    /// One row per leaf, in the order of the plan.
    pub items: Vec<LeafNeedsView>,
}

/// What the targets of a leaf need.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LeafNeedsView {
    /// The leaf.
    pub item_id: ItemId,
    /// Its code.
    #[schema(example = "II.2.k")]
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its field.
    pub field: Option<Field>,
    /// Cases that count, so far.
    pub numerator: Option<Quantity>,
    /// All cases, so far.
    pub denominator: Option<Quantity>,
    /// The rate in percent, rounded to two places.
    pub rate: Option<Percent>,
    /// One answer for each target in force at the year's end.
    pub targets: Vec<TargetNeedView>,
}

/// What a target needs, in whole cases. A good case counts in the numerator, or stays out of it where less is better.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TargetNeedView {
    /// How binding the target is.
    pub tier: TargetTier,
    /// The target.
    pub target: TargetView,
    /// How the figures so far stand to it.
    pub verdict: Verdict,
    /// How it stands for the whole year.
    pub outlook: Outlook,
    /// Why nothing can be said, where it is so.
    pub reason: Option<Reason>,
    /// Cases so far that were not good.
    #[schema(example = 28)]
    pub misses_so_far: Option<i64>,
    /// Further good cases in a row after which the target is met; 0 if it is, `null` if no number suffices.
    #[schema(example = 0)]
    pub faultless_cases_needed: Option<i64>,
    /// Further cases that may fail right now before the target is lost; `null` where it is not met or cannot be lost.
    #[schema(example = 3)]
    pub affordable_misses_now: Option<i64>,
    /// Cases still to come, of those expected.
    #[schema(example = 4800)]
    pub remaining_cases: Option<i64>,
    /// Good cases among them that the target needs at least.
    #[schema(example = 4704)]
    pub needed_in_rest: Option<i64>,
    /// Cases among them that may fail; `null` where the target is out of reach.
    #[schema(example = 96)]
    pub affordable_misses: Option<i64>,
}

impl NeedsView {
    /// The view of what was read.
    #[must_use]
    pub fn of(needs: Needs) -> Self {
        Self {
            plan_id: needs.plan.id,
            period_id: needs.period.id,
            period_code: needs.period.code,
            unit_id: needs.unit_id,
            basis: needs.basis,
            as_of: needs.as_of,
            expected_denominator: needs.expected_denominator,
            items: needs
                .leaves
                .into_iter()
                .map(|(leaf, targets)| LeafNeedsView::of(leaf, &targets))
                .collect(),
        }
    }
}

impl LeafNeedsView {
    fn of(leaf: Leaf, targets: &[TargetNeed]) -> Self {
        Self {
            item_id: leaf.item_id,
            code: leaf.code,
            title: leaf.title,
            field: leaf.field,
            numerator: leaf.figures.numerator,
            denominator: leaf.figures.denominator,
            rate: verdicts::rate(&leaf.figures),
            targets: targets.iter().map(TargetNeedView::of).collect(),
        }
    }
}

impl TargetNeedView {
    fn of(need: &TargetNeed) -> Self {
        let known: Option<Need> = need.need.ok();
        let rest = known.and_then(|known| known.rest);
        Self {
            tier: need.target.tier,
            target: TargetView::of(&need.target),
            verdict: need.verdict,
            outlook: known.map_or(Outlook::NotApplicable, |known| known.outlook),
            reason: need.need.err(),
            misses_so_far: known.map(|known| known.misses_so_far),
            faultless_cases_needed: known.and_then(|known| known.faultless_cases_needed),
            affordable_misses_now: known.and_then(|known| known.affordable_misses_now),
            remaining_cases: rest.map(|rest| rest.remaining_cases),
            needed_in_rest: rest.map(|rest| rest.needed_in_rest),
            affordable_misses: rest.and_then(|rest| rest.affordable_misses),
        }
    }
}
