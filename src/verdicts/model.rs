//! Verdicts, and the figures that they are decided on.

use crate::{kernel::number::Quantity, text_enum};

text_enum! {
    /// How a figure stands to a target (RULES §5).
    pub enum Verdict {
        /// The target is reached.
        Met = "met",
        /// At most five points short.
        Near = "near",
        /// Missed by more.
        NotMet = "not_met",
        /// Nothing to measure: a zero denominator. Neither 0 % nor 100 %.
        NoCases = "no_cases",
        /// No figure yet; missing is not zero.
        NoData = "no_data",
        /// Nobody owes a figure in this period.
        NotDue = "not_due",
        /// "Nếu có", and there is none; leaves every denominator and is never a pass.
        NotApplicable = "not_applicable",
        /// A reduction without anything to compare with.
        NoBaseline = "no_baseline",
    }
}

impl Verdict {
    /// Whether the target was measured and missed, so that an explanation is due.
    #[must_use]
    pub const fn is_missed(self) -> bool {
        matches!(self, Self::Near | Self::NotMet)
    }
}

/// What was reported for a leaf, by one unit or by all together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Cases that count.
    pub numerator: Option<Quantity>,
    /// All cases.
    pub denominator: Option<Quantity>,
    /// Count, score or present level.
    pub value: Option<Quantity>,
    /// Class such as `TOT`.
    pub band: Option<String>,
    /// Units that said yes, of those that answered a checklist.
    pub yes: Option<(i64, i64)>,
    /// Whether it was decided that the leaf does not apply.
    pub not_applicable: bool,
    /// What a reduction is held against.
    pub baseline: Option<Quantity>,
}
