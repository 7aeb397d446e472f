//! What a caller reads about a batch: each row's outcome, and what is wrong where.

use serde::Serialize;

use super::model::{GivenColumn, Outcome, RowReport};
use crate::{
    error::{Code, Error, FieldError, Result, text},
    submissions::SubmissionId,
};

/// Most faults that a refusal of a whole batch names.
const MAX_FAULTS: usize = 1000;

/// What became of a batch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BatchView {
    /// Whether nothing was kept, for this only says what would be.
    pub dry_run: bool,
    /// Whether one row that is not right keeps all others out.
    pub atomic: bool,
    /// Rows per outcome.
    pub counts: Counts,
    /// Every row, in the order in which they came.
    pub rows: Vec<BatchRowView>,
}

/// Rows per outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// New drafts.
    #[schema(example = 3)]
    pub created: usize,
    /// Drafts and returned submissions whose content was replaced.
    #[schema(example = 1)]
    pub updated: usize,
    /// Rows that said nothing new.
    #[schema(example = 8)]
    pub unchanged: usize,
    /// Rows that are not right; nothing of them was kept.
    #[schema(example = 0)]
    pub rejected: usize,
}

/// What became of a row.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BatchRowView {
    /// Its number: as the spreadsheet shows it, or its place in `rows`, from 0.
    #[schema(example = 12)]
    pub row: u32,
    /// Code of the leaf, or what was sent as such.
    #[schema(example = "II.2.k")]
    pub item: String,
    /// Code of the period, or what was sent as such.
    #[schema(example = "2026-H1")]
    pub period: String,
    /// Code of the unit, or what was sent as such.
    #[schema(example = "KTHTDT")]
    pub unit: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The submission; `null` where there is none, as for a draft that a dry run would begin.
    pub submission_id: Option<SubmissionId>,
    /// Its version after this call.
    pub version: Option<i64>,
    /// Why it is rejected.
    pub errors: Vec<RowErrorView>,
}

/// What is wrong with a row.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RowErrorView {
    /// Letters of the column; `null` where it is no single column, or no spreadsheet.
    #[schema(example = "K")]
    pub column: Option<String>,
    /// Heading of the column, as the file has it.
    #[schema(example = "Tử số")]
    pub heading: Option<String>,
    /// JSON pointer into the body; for a spreadsheet, by the row's number and the field's name.
    #[schema(example = "/rows/12/numerator")]
    pub pointer: String,
    /// Stable code.
    #[schema(example = "ambiguous_number")]
    pub code: &'static str,
    /// What to do, in Vietnamese.
    #[schema(example = "“1.234” có thể là 1234 hoặc 1,2340; hãy gõ 1234 hoặc 1,2340")]
    pub detail: String,
}

impl Counts {
    /// Counts outcomes.
    #[must_use]
    pub fn of(reports: &[RowReport]) -> Self {
        let mut counts = Self::default();
        for report in reports {
            *match report.outcome {
                Outcome::Created => &mut counts.created,
                Outcome::Updated => &mut counts.updated,
                Outcome::Unchanged => &mut counts.unchanged,
                Outcome::Rejected => &mut counts.rejected,
            } += 1;
        }
        counts
    }
}

impl BatchView {
    /// The view of these reports.
    #[must_use]
    pub fn of(reports: Vec<RowReport>, columns: &[GivenColumn], dry_run: bool, atomic: bool) -> Self {
        let counts = Counts::of(&reports);
        let rows = reports.into_iter().map(|report| BatchRowView::of(report, columns)).collect();
        Self { dry_run, atomic, counts, rows }
    }
}

impl BatchRowView {
    fn of(report: RowReport, columns: &[GivenColumn]) -> Self {
        let number = report.number;
        let errors = report.faults.into_iter().map(|fault| {
            let column = column_of(columns, &fault.pointer);
            RowErrorView {
                column: column.map(|column| column.letter.clone()),
                heading: column.map(|column| column.heading.clone()),
                pointer: format!("/rows/{number}{}", fault.pointer),
                code: fault.code.as_str(),
                detail: fault.detail.vi.into_owned(),
            }
        });
        Self {
            row: number,
            item: report.item,
            period: report.period,
            unit: report.unit,
            outcome: report.outcome,
            submission_id: report.submission.map(|(id, _)| id),
            version: report.submission.map(|(_, version)| version),
            errors: errors.collect(),
        }
    }
}

/// The column of a fault: the field's own, or the first of its parts.
fn column_of<'c>(columns: &'c [GivenColumn], pointer: &str) -> Option<&'c GivenColumn> {
    let exact = columns.iter().find(|given| given.column.pointer() == pointer);
    let below = |given: &&GivenColumn| {
        given.column.pointer().strip_prefix(pointer).is_some_and(|rest| rest.starts_with('/'))
    };
    exact.or_else(|| columns.iter().find(below).filter(|_| !pointer.is_empty()))
}

/// Refuses the whole of a batch for its rejected rows, if it is to be kept as a whole or not at all.
///
/// # Errors
/// `batch_rejected` with the first 1,000 faults.
pub fn require_whole(reports: &[RowReport], columns: &[GivenColumn], atomic: bool) -> Result<()> {
    let rejected = Counts::of(reports).rejected;
    if !atomic || rejected == 0 {
        return Ok(());
    }
    let faults =
        reports.iter().flat_map(|report| report.faults.iter().map(move |fault| (report.number, fault)));
    let fields = faults.take(MAX_FAULTS).map(|(row, fault)| whole_fault(row, fault, columns)).collect();
    let sentence = text(
        format!(
            "{rejected} trong {} dòng chưa đúng nên không lưu dòng nào; xem lỗi từng dòng",
            reports.len()
        ),
        format!("{rejected} of {} rows are not right, so none was kept; see each of them", reports.len()),
    );
    Err(Error { fields, ..Error::because(Code::BatchRejected, sentence) })
}

/// A fault that says by itself where it is, for a refusal has no columns.
fn whole_fault(row: u32, fault: &FieldError, columns: &[GivenColumn]) -> FieldError {
    let pointer = format!("/rows/{row}{}", fault.pointer);
    if columns.is_empty() {
        return FieldError::because(pointer, fault.code, fault.detail.clone());
    }
    let (vi, en) = match column_of(columns, &fault.pointer) {
        Some(column) => {
            let name = format!("{} “{}”", column.letter, column.heading);
            (format!("Dòng {row}, cột {name}"), format!("Row {row}, column {name}"))
        }
        None => (format!("Dòng {row}"), format!("Row {row}")),
    };
    let sentence = text(format!("{vi}: {}", fault.detail.vi), format!("{en}: {}", fault.detail.en));
    FieldError::because(pointer, fault.code, sentence)
}
