//! What an import says: per row what became of it, per fault where it is and what to do.

use serde::Serialize;

use crate::{error::FieldError, plans::PlanId};

/// How much a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlanCounts {
    /// Its sections.
    pub sections: usize,
    /// Its indicators.
    pub indicators: usize,
    /// Its tasks.
    pub tasks: usize,
    /// Who reports what: one per leaf and unit.
    pub assignments: usize,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// It is an item now; in a dry run, it would be.
    Created,
    /// Nothing is wrong with it, but other rows are at fault, and so nothing is kept.
    Held,
    /// Something is wrong with it.
    Rejected,
}

/// One fault.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CellFault {
    /// The letter of the column in a sheet, the field in JSON; none where it is about the whole row.
    #[schema(example = "D")]
    pub column: Option<String>,
    /// JSON pointer into the body; `/rows/<row>/<column>` for a sheet.
    #[schema(example = "/rows/7/D")]
    pub pointer: String,
    /// Stable code.
    #[schema(example = "unknown_reference")]
    pub code: &'static str,
    /// What to do about it.
    pub detail: String,
}

impl CellFault {
    /// The fault as it is told.
    pub(super) fn of(fault: &FieldError, column: Option<String>) -> Self {
        Self {
            column,
            pointer: fault.pointer.clone(),
            code: fault.code.as_str(),
            detail: fault.detail.vi.clone().into_owned(),
        }
    }
}

/// One row of the file.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RowReport {
    /// Name of the sheet; none for JSON and CSV.
    pub sheet: Option<String>,
    /// Number of the row: as the spreadsheet shows it, or the place in `items`, from 1.
    pub row: u32,
    /// Code of the item, as far as one can be read.
    pub code: String,
    /// What became of it.
    pub outcome: RowOutcome,
    /// What is wrong with it.
    pub errors: Vec<CellFault>,
}

/// What an import did, or in a dry run would do.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ImportReport {
    /// Whether nothing was to be kept.
    pub dry_run: bool,
    /// The plan it went to; none in a dry run for a new plan.
    pub plan_id: Option<PlanId>,
    /// How much the file holds, as far as it can be read.
    pub counts: PlanCounts,
    /// What is wrong with the plan itself.
    pub errors: Vec<CellFault>,
    /// Every row of the file.
    pub rows: Vec<RowReport>,
}
