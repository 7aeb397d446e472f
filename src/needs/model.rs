//! What a target needs, and the leaf it is asked for.

use crate::{
    items::{Aggregation, Field, ItemId, MeasureKind, Target},
    kernel::{id::UnitId, time::Timestamp},
    periods::Period,
    plans::Plan,
    submissions::model::FigureBasis,
    text_enum,
    verdicts::{Figures, Verdict},
};

text_enum! {
    /// How a target stands for the whole year.
    pub enum Outlook {
        /// Whatever the rest of the year brings, it stays met.
        Reached = "reached",
        /// It may still be met, or lost.
        Reachable = "reachable",
        /// Even a faultless rest does not suffice.
        Unreachable = "unreachable",
        /// Nothing can be said; see the reason.
        NotApplicable = "not_applicable",
    }
}

text_enum! {
    /// Why nothing can be said of a target.
    pub enum Reason {
        /// The leaf or the target is no share of cases.
        NotAShare = "not_a_share",
        /// The figure is a level or a survey: earlier and later cases do not add up.
        NotAdditive = "not_additive",
        /// The period does not begin with the year, so its figures are not the year's so far.
        PeriodNotCumulative = "period_not_cumulative",
        /// No figure yet.
        NoData = "no_data",
        /// A zero denominator.
        NoCases = "no_cases",
        /// It was decided that the leaf does not apply.
        LeafNotApplicable = "leaf_not_applicable",
        /// The figures are no whole cases.
        Fractions = "fractions",
    }
}

/// What a target needs, in whole cases. A good case counts in the numerator, or stays out of it where less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// How the target stands for the year.
    pub outlook: Outlook,
    /// Cases so far that were not good.
    pub misses_so_far: i64,
    /// Further good cases in a row after which the share is met; none where no number suffices.
    pub faultless_cases_needed: Option<i64>,
    /// Further cases that may fail before the share is lost; none where it is not met, or cannot be lost.
    pub affordable_misses_now: Option<i64>,
    /// What follows from the number of cases expected in the year, where it is given.
    pub rest: Option<Rest>,
}

/// What the rest of the year must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Cases still to come.
    pub remaining_cases: i64,
    /// Good cases among them that the target needs at least.
    pub needed_in_rest: i64,
    /// Cases among them that may fail; none where the target is out of reach.
    pub affordable_misses: Option<i64>,
}

/// A leaf with the figures of the year so far.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The leaf.
    pub item_id: ItemId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its field.
    pub field: Option<Field>,
    /// What is measured.
    pub measure_kind: MeasureKind,
    /// How units' figures make the ward's.
    pub aggregation: Option<Aggregation>,
    /// The figures.
    pub figures: Figures,
}

/// A target of a leaf, and what it needs.
#[derive(Clone, Debug)]
pub struct TargetNeed {
    /// The target.
    pub target: Target,
    /// How the figures of the year so far stand to it.
    pub verdict: Verdict,
    /// What it needs, or why nothing can be said.
    pub need: Result<Need, Reason>,
}

/// What the targets of a plan need.
#[derive(Clone, Debug)]
pub struct Needs {
    /// The plan.
    pub plan: Plan,
    /// The period with the figures so far.
    pub period: Period,
    /// Which revisions the figures are made of.
    pub basis: FigureBasis,
    /// The moment of reading.
    pub as_of: Timestamp,
    /// The unit, where it is not the ward.
    pub unit_id: Option<UnitId>,
    /// Cases expected in the whole year, where that was given.
    pub expected_denominator: Option<u32>,
    /// The leaves in the order of the plan, each with its targets.
    pub leaves: Vec<(Leaf, Vec<TargetNeed>)>,
}
