//! The rows of a file on their way to items: where each stands, what it became, and every fault it has.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    file::ItemEntry,
    report::{CellFault, RowOutcome, RowReport},
};
use crate::{
    error::{FieldError, Text, text},
    items::ItemKind,
    kernel::text::clean,
};

/// One row of a file.
#[derive(Debug)]
pub(super) struct FileRow {
    /// Its number, from 1, as a person counts in that file.
    pub number: u32,
    /// Its pointer: `/items/3`, `/rows/7`.
    pub at: String,
    /// Its code, as far as one can be read.
    pub code: String,
    /// The item it is, where it can be read as one.
    pub entry: Option<ItemEntry>,
    /// What is wrong with it, each with a pointer that begins with its own.
    pub faults: Vec<FieldError>,
}

/// Which cell of a sheet holds which field: field of an item, then letter of the column.
pub(super) type Letters = BTreeMap<&'static str, String>;

/// All rows of a file.
#[derive(Debug, Default)]
pub(super) struct FileRows {
    /// Name of the sheet; none for JSON and CSV.
    pub sheet: Option<String>,
    /// The columns of a sheet; empty for JSON, where a field is its own column.
    pub letters: Letters,
    /// The rows in the order of the file.
    pub rows: Vec<FileRow>,
}

impl FileRows {
    /// The items of a JSON file, under this list's pointer.
    pub fn of_list(list: &str, values: &[Value]) -> Self {
        let row = |(index, value): (usize, &Value)| {
            let at = format!("{list}/{index}");
            let code = value.get("code").and_then(Value::as_str).map(clean).unwrap_or_default();
            let (entry, faults) = match ItemEntry::read(value.clone()) {
                Ok(entry) => (Some(entry), Vec::new()),
                Err(fault) => (None, vec![FieldError { pointer: format!("{at}{}", fault.pointer), ..fault }]),
            };
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            FileRow { number, at, code, entry, faults }
        };
        Self { rows: values.iter().enumerate().map(row).collect(), ..Self::default() }
    }

    /// Notes faults that were found for this row; in a sheet they move from the field to its cell.
    pub fn add_faults(&mut self, index: usize, faults: Vec<FieldError>) {
        let letters = &self.letters;
        let Some(row) = self.rows.get_mut(index) else { return };
        let at = &row.at;
        row.faults.extend(faults.into_iter().map(|fault| {
            let field = fault.pointer.strip_prefix(at.as_str()).unwrap_or_default().trim_start_matches('/');
            let field = field.split('/').next().unwrap_or_default();
            match letters.get(field).or_else(|| letters.get("code")) {
                Some(letter) => FieldError { pointer: format!("{at}/{letter}"), ..fault },
                None => fault,
            }
        }));
    }

    pub fn are_good(&self) -> bool {
        self.rows.iter().all(|row| row.faults.is_empty() && row.entry.is_some())
    }

    pub fn count(&self, kind: ItemKind) -> usize {
        self.entries().filter(|entry| entry.kind() == kind).count()
    }

    pub fn entries(&self) -> impl Iterator<Item = &ItemEntry> {
        self.rows.iter().filter_map(|row| row.entry.as_ref())
    }

    /// What becomes of each row.
    pub fn report(&self) -> Vec<RowReport> {
        let all_good = self.are_good();
        let report = |row: &FileRow| RowReport {
            sheet: self.sheet.clone(),
            row: row.number,
            code: row.code.clone(),
            outcome: match (row.faults.is_empty(), all_good) {
                (false, _) => RowOutcome::Rejected,
                (true, false) => RowOutcome::Held,
                (true, true) => RowOutcome::Created,
            },
            errors: row.faults.iter().map(|fault| CellFault::of(fault, column_of(&row.at, fault))).collect(),
        };
        self.rows.iter().map(report).collect()
    }

    /// Every fault, each sentence beginning with sheet, row, column and code, for a clerk looks for those.
    pub fn located_faults(&self) -> Vec<FieldError> {
        let mut all = Vec::new();
        for row in &self.rows {
            all.extend(row.faults.iter().map(|fault| FieldError {
                detail: self.locate(row, fault),
                pointer: fault.pointer.clone(),
                code: fault.code,
            }));
        }
        all
    }

    fn locate(&self, row: &FileRow, fault: &FieldError) -> Text {
        let (mut vi, mut en) = (String::new(), String::new());
        if let Some(sheet) = &self.sheet {
            vi.push_str(&format!("Bảng “{sheet}”, "));
            en.push_str(&format!("Sheet “{sheet}”, "));
        }
        vi.push_str(&format!("dòng {}", row.number));
        en.push_str(&format!("row {}", row.number));
        if let Some(column) = column_of(&row.at, fault) {
            vi.push_str(&format!(", cột {column}"));
            en.push_str(&format!(", column {column}"));
        }
        if !row.code.is_empty() {
            vi.push_str(&format!(", mục {}", row.code));
            en.push_str(&format!(", item {}", row.code));
        }
        text(begin(&format!("{vi}: {}", fault.detail.vi)), begin(&format!("{en}: {}", fault.detail.en)))
    }
}

/// What stands behind the row's own pointer: the letter of a column, or the field of an item.
fn column_of(at: &str, fault: &FieldError) -> Option<String> {
    let behind = fault.pointer.strip_prefix(at)?.trim_start_matches('/');
    (!behind.is_empty()).then(|| behind.to_owned())
}

fn begin(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
