//! A batch as it was sent, and what becomes of its rows.

use serde::Serialize;

use super::{change::Change, columns::Column};
use crate::{
    error::FieldError,
    items::{ItemKind, PlanItem, Target},
    periods::Period,
    plans::Plan,
    submissions::{Content, Submission, SubmissionId},
    units::Unit,
    wards::Ward,
};

/// Most rows of one batch.
pub const MAX_ROWS: usize = 10_000;

/// One row as it was sent: which figure it means, and what it says of it.
#[derive(Debug, Default)]
pub struct GivenRow {
    /// Its number: as the spreadsheet shows it, or its place in `rows` from 0.
    pub number: u32,
    /// Id or year of the plan.
    pub plan: Option<String>,
    /// Id or code of the leaf.
    pub item: String,
    /// Tells an indicator from a task of the same code.
    pub kind: Option<ItemKind>,
    /// Id or code of the period.
    pub period: String,
    /// Id or code of the unit; the caller's own if absent.
    pub unit: Option<String>,
    /// What it says.
    pub change: Change,
    /// What could not be read; pointers begin at the row.
    pub faults: Vec<FieldError>,
}

/// A column of a spreadsheet.
#[derive(Clone, Debug)]
pub struct GivenColumn {
    /// Which one it is.
    pub column: Column,
    /// Its letters: `E`.
    pub letter: String,
    /// Its heading, as the file has it.
    pub heading: String,
}

/// All rows of one call.
#[derive(Debug, Default)]
pub struct Batch {
    /// The rows in the order in which they came.
    pub rows: Vec<GivenRow>,
    /// The columns, where it is a spreadsheet.
    pub columns: Vec<GivenColumn>,
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A draft begins.
    Created,
    /// The content of a draft or returned submission is replaced.
    Updated,
    /// Everything it says is so already, or it says nothing.
    Unchanged,
    /// It is not kept; `errors` say why.
    Rejected,
}

/// What became of one row.
#[derive(Debug)]
pub struct RowReport {
    /// Number of the row.
    pub number: u32,
    /// Code of the leaf, or what was sent as such.
    pub item: String,
    /// Code of the period, or what was sent as such.
    pub period: String,
    /// Code of the unit, or what was sent as such.
    pub unit: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The submission, where there is one that the caller may know of.
    pub submission: Option<(SubmissionId, i64)>,
    /// Why it is rejected; pointers begin at the row.
    pub faults: Vec<FieldError>,
}

/// What the template of a unit for a period is made of.
#[derive(Debug)]
pub struct Form {
    /// The ward.
    pub ward: Ward,
    /// The plan.
    pub plan: Plan,
    /// The period.
    pub period: Period,
    /// The unit.
    pub unit: Unit,
    /// The leaves that it owes, in the plan's order.
    pub lines: Vec<FormLine>,
}

/// A leaf in a template.
#[derive(Debug)]
pub struct FormLine {
    /// The leaf.
    pub item: PlanItem,
    /// Its targets, of all times.
    pub targets: Vec<Target>,
    /// What the unit said so far.
    pub submission: Option<(Submission, Content)>,
}
