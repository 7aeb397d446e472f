//! The ward's result for each leaf of a period.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    items::{Aggregation, Control, Field, ItemId, MeasureKind, Target},
    kernel::{
        number::{Percent, Quantity},
        time::Timestamp,
    },
    periods::Period,
    plans::PlanId,
    verdicts::{Figures, Verdict},
};

pub use crate::submissions::model::FigureBasis;

/// Units in, of units expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Coverage {
    /// Units whose figure is in.
    #[schema(example = 3)]
    pub reported: i64,
    /// Units that owe one in this period.
    #[schema(example = 4)]
    pub expected: i64,
}

impl Coverage {
    /// Both numbers together with another's.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { reported: self.reported + other.reported, expected: self.expected + other.expected }
    }
}

/// The result of one leaf.
#[derive(Clone, Debug)]
pub struct LeafResult {
    /// The leaf.
    pub item_id: ItemId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its name in English.
    pub title_en: Option<String>,
    /// Its field.
    pub field: Option<Field>,
    /// Its place in the tree.
    pub sort_path: String,
    /// What is measured.
    pub measure_kind: MeasureKind,
    /// Which of its definitions was in force; the first is 1.
    pub definition_version: i32,
    /// What is counted.
    pub measure_unit: Option<String>,
    /// How units' figures make the ward's.
    pub aggregation: Option<Aggregation>,
    /// Who can move it.
    pub control: Option<Control>,
    /// All units' figures together.
    pub figures: Figures,
    /// The rate for people.
    pub rate: Option<Percent>,
    /// One verdict for each target in force.
    pub verdicts: Vec<(Target, Verdict)>,
    /// Units in, of units expected.
    pub coverage: Coverage,
    /// The rate of the period before.
    pub previous_rate: Option<Percent>,
    /// Where more than one target of a tier was in force in the period's window: all of them (RULES §6).
    pub targets_history: Vec<TargetSpan>,
    /// Whether what is measured changed since the period before, so that the two do not compare.
    pub series_break: bool,
    /// Since when it is withdrawn, if it was by the period's end; then it has no verdict and counts nowhere.
    pub withdrawn_from: Option<NaiveDate>,
}

/// A target and the days on which it was in force.
#[derive(Clone, Debug)]
pub struct TargetSpan {
    /// The target.
    pub target: Target,
    /// The day before the next one of its tier took over; none where it is in force still.
    pub effective_to: Option<NaiveDate>,
}

/// The results of a period.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The plan.
    pub plan_id: PlanId,
    /// The period.
    pub period: Period,
    /// The period before it, if there is one.
    pub previous: Option<Period>,
    /// Which revisions it is made of.
    pub basis: FigureBasis,
    /// The moment of reading.
    pub as_of: Timestamp,
    /// One result per leaf, in the order of the plan.
    pub leaves: Vec<LeafResult>,
    /// Headings above the leaves: code, name and the verdict of all applicable leaves below.
    pub sections: Vec<(String, String, Verdict)>,
}

/// The sums of one leaf in one period, as the database adds them up.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// Submissions that apply.
    pub applying: i64,
    /// Submissions that were decided not to apply.
    pub not_applying: i64,
    /// Submissions of units that owe one.
    pub obliged: i64,
    /// Sum of numerators.
    pub numerator: Option<Quantity>,
    /// Sum of denominators.
    pub denominator: Option<Quantity>,
    /// Sum of values; of a checklist, the number of yes.
    pub value: Option<Quantity>,
    /// The band, where one unit gives it.
    pub band: Option<String>,
}
