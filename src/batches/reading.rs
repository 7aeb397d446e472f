//! A spreadsheet or CSV file as the rows of a batch: headings found, cells read, what cannot be read named by cell.

use chrono::NaiveDate;

use super::{
    change::{ExplanationPart, SurveyPart},
    columns::{Column, letters},
    labels::{ANSWERS, APPLICABILITIES, CAUSES, INSTRUMENTS, KINDS, Labels, PROGRESS_STATES, find, words},
    model::{Batch, GivenColumn, GivenRow, MAX_ROWS},
};
use crate::{
    error::{Code, Error, FieldError, Result, Text, text},
    kernel::{number::Quantity, text::search_key},
    sheets::{Cell, Limits, Row, SheetFormat, plain_text, read_number, read_sheet},
};

/// Name of the template's first sheet; another workbook's first sheet is read whatever it is called.
pub const SHEET: &str = "Số liệu";
/// Filled rows from the top among which the headings must be.
const HEADING_ROWS: usize = 20;

/// Why a cell is not read.
type Fault = (Code, Text);

/// Reads the rows of a file.
///
/// # Errors
/// `unreadable_sheet`, also where no heading row is found; `legacy_encoding`, `too_many_rows`; `invalid` for columns
/// that nobody knows or that stand twice.
pub fn read_rows(bytes: &[u8], format: SheetFormat) -> Result<Batch> {
    let limits = Limits { rows: MAX_ROWS + HEADING_ROWS, ..Limits::default() };
    let sheet = read_sheet(bytes, format, Some(SHEET), limits)
        .map_err(|error| if error.code == Code::TooManyRows { too_many_rows() } else { error })?;
    let (headings, data) = split_headings(sheet.rows)?;
    if data.len() > MAX_ROWS {
        return Err(too_many_rows());
    }
    let columns = read_headings(&headings)?;
    let rows = data.iter().map(|row| read_row(row, &columns)).collect();
    Ok(Batch { rows, columns: columns.into_iter().map(|(_, column)| column).collect() })
}

/// More rows than one call takes.
#[must_use]
pub fn too_many_rows() -> Error {
    let sentence = text(
        format!("Mỗi lần gửi tối đa {MAX_ROWS} dòng; hãy chia tệp ra"),
        format!("Send at most {MAX_ROWS} rows at a time; split the file"),
    );
    Error::because(Code::TooManyRows, sentence)
}

/// The heading rows, one below the other, and what stands below them. What stands above is for people.
fn split_headings(rows: Vec<Row>) -> Result<(Vec<Row>, Vec<Row>)> {
    let is_heading = |row: &Row| {
        let columns: Vec<Column> =
            row.cells.iter().filter_map(|cell| Column::of_heading(cell.as_text())).collect();
        columns.contains(&Column::Item) && columns.contains(&Column::Period)
    };
    let first = rows.iter().take(HEADING_ROWS).position(is_heading).ok_or_else(|| {
        let sentence = text(
            "Không thấy dòng tiêu đề có cột “Mã” (item) và “Kỳ báo cáo” (period) trong 20 dòng đầu",
            "No row of headings with the columns item and period was found within the first 20 rows",
        );
        Error::because(Code::UnreadableSheet, sentence)
    })?;
    let mut headings: Vec<Row> = rows.into_iter().skip(first).collect();
    let count = headings.iter().take_while(|row| is_heading(row)).count();
    let data = headings.split_off(count);
    Ok((headings, data))
}

/// The columns by their place, called as the last heading row calls them: the one that people read.
fn read_headings(headings: &[Row]) -> Result<Vec<(usize, GivenColumn)>> {
    let (Some(first), Some(last)) = (headings.first(), headings.last()) else { return Ok(Vec::new()) };
    let mut columns: Vec<(usize, GivenColumn)> = Vec::new();
    let mut faults = Vec::new();
    for (place, cell) in first.cells.iter().enumerate().filter(|(_, cell)| **cell != Cell::Empty) {
        let letter = letters(place);
        let shown = last.cell(place).as_text();
        let heading = if shown.is_empty() { cell.as_text() } else { shown };
        let fault = |code: Code, vi: &str, en: &str| {
            let sentence =
                text(format!("Cột {letter} “{heading}”: {vi}"), format!("Column {letter} “{heading}”: {en}"));
            FieldError::because(format!("/columns/{letter}"), code, sentence)
        };
        match Column::of_heading(cell.as_text()) {
            None => {
                let sentence = Code::UnknownColumn.sentence();
                faults.push(fault(Code::UnknownColumn, &sentence.vi, &sentence.en));
            }
            Some(column) if columns.iter().any(|(_, known)| known.column == column) => {
                faults.push(fault(Code::Invalid, "cột này có hai lần; hãy bỏ bớt một", "it stands twice"));
            }
            Some(column) => {
                let heading = heading.to_owned();
                columns.push((place, GivenColumn { column, letter, heading }));
            }
        }
    }
    if faults.is_empty() { Ok(columns) } else { Err(Error::fields(Code::Invalid, faults)) }
}

fn read_row(row: &Row, columns: &[(usize, GivenColumn)]) -> GivenRow {
    let mut given = GivenRow { number: row.number, ..GivenRow::default() };
    for (place, column) in columns {
        let cell = row.cell(*place);
        if *cell == Cell::Empty {
            continue;
        }
        let read = match read_place(&mut given, column.column, cell) {
            Ok(true) => Ok(()),
            Ok(false) => read_figure(&mut given, column.column, cell)
                .and_then(|known| if known { Ok(()) } else { read_words(&mut given, column.column, cell) }),
            Err(fault) => Err(fault),
        };
        if let Err((code, sentence)) = read {
            given.faults.push(FieldError::because(column.column.pointer(), code, sentence));
        }
    }
    for (given_text, column) in [(&given.item, Column::Item), (&given.period, Column::Period)] {
        if given_text.is_empty() {
            given.faults.push(FieldError::new(column.pointer(), Code::Required));
        }
    }
    given
}

fn words_of(cell: &Cell) -> String {
    plain_text(cell.as_text()).to_owned()
}

/// Which figure is meant; `false` for a column that says something else.
fn read_place(row: &mut GivenRow, column: Column, cell: &Cell) -> Result<bool, Fault> {
    match column {
        Column::Item => row.item = words_of(cell),
        Column::Kind => row.kind = Some(read_word(KINDS, cell)?),
        Column::Plan => row.plan = Some(words_of(cell)),
        Column::Period => row.period = words_of(cell),
        Column::Unit => row.unit = Some(words_of(cell)),
        // There for people only.
        Column::Title | Column::Target | Column::MeasureUnit | Column::State => {}
        _ => return Ok(false),
    }
    Ok(true)
}

/// The figures; `false` for a column that says something else.
fn read_figure(row: &mut GivenRow, column: Column, cell: &Cell) -> Result<bool, Fault> {
    let change = &mut row.change;
    match column {
        Column::Numerator => change.numerator = read_number(cell)?.map(Some),
        Column::Denominator => change.denominator = read_number(cell)?.map(Some),
        Column::Excluded => change.excluded = read_number(cell)?.map(Some),
        Column::Value => change.value = read_number(cell)?.map(Some),
        Column::Rate => change.rate = read_rate(cell)?,
        Column::Band => change.band = Some(Some(search_key(cell.as_text()).replace(' ', "_").to_uppercase())),
        Column::Checked => change.checked = Some(Some(read_word(ANSWERS, cell)?)),
        _ => return Ok(false),
    }
    Ok(true)
}

fn read_words(row: &mut GivenRow, column: Column, cell: &Cell) -> Result<(), Fault> {
    let change = &mut row.change;
    match column {
        Column::Applicability => change.applicability = Some(Some(read_word(APPLICABILITIES, cell)?)),
        Column::ApplicabilityReason => change.applicability_reason = Some(Some(words_of(cell))),
        Column::Note => change.note = Some(Some(words_of(cell))),
        Column::ProgressState => part(&mut change.progress).state = Some(read_word(PROGRESS_STATES, cell)?),
        Column::ProgressPercent => part(&mut change.progress).percent = Some(read_whole(cell)?),
        Column::Deliverable => part(&mut change.progress).deliverable = Some(Some(words_of(cell))),
        Column::Cause => {
            part::<ExplanationPart>(&mut change.explanation).cause = Some(read_word(CAUSES, cell)?)
        }
        Column::WhatHappened => part(&mut change.explanation).what_happened = Some(words_of(cell)),
        Column::Remedy => part(&mut change.explanation).remedy = Some(words_of(cell)),
        Column::NewDate => part(&mut change.explanation).new_date = Some(read_date(cell)?),
        Column::Instrument => {
            part::<SurveyPart>(&mut change.survey).instrument = Some(read_word(INSTRUMENTS, cell)?);
        }
        Column::SampleSize => part(&mut change.survey).sample_size = Some(read_whole(cell)?),
        Column::ConductedFrom => part(&mut change.survey).conducted_from = Some(read_date(cell)?),
        Column::ConductedTo => part(&mut change.survey).conducted_to = Some(read_date(cell)?),
        _ => {}
    }
    Ok(())
}

/// The part that one of its columns begins.
fn part<T: Default>(change: &mut Option<Option<T>>) -> &mut T {
    change.get_or_insert_default().get_or_insert_default()
}

fn read_word<T: Copy>(labels: Labels<T>, cell: &Cell) -> Result<T, Fault> {
    find(labels, cell.as_text()).ok_or_else(|| {
        let (given, known) = (cell.as_text(), words(labels).join(", "));
        let sentence = text(
            format!("“{given}” không có trong danh sách: {known}"),
            format!("“{given}” is none of: {known}"),
        );
        (Code::InvalidValue, sentence)
    })
}

/// A rate that a formula computed has more places than a figure may have; two are compared.
fn read_rate(cell: &Cell) -> Result<Option<Quantity>, Fault> {
    match cell {
        Cell::Number(given) => {
            let rounded =
                rust_decimal::Decimal::from_str_exact(given).map(|exact| exact.round_dp(4).to_string());
            read_number(&Cell::Number(rounded.unwrap_or_else(|_| given.clone())))
        }
        other => read_number(other),
    }
}

fn read_whole<T: TryFrom<i128>>(cell: &Cell) -> Result<T, Fault> {
    let scale = Quantity::whole(1).scaled();
    let scaled = read_number(cell)?.map_or(0, Quantity::scaled);
    let whole = (scaled % scale == 0).then(|| T::try_from(scaled / scale).ok()).flatten();
    whole.ok_or_else(|| {
        let given = cell.as_text();
        let sentence = text(
            format!("“{given}” phải là số nguyên không âm và không quá lớn"),
            format!("“{given}” must be a whole number, not negative and not too large"),
        );
        (Code::InvalidValue, sentence)
    })
}

fn read_date(cell: &Cell) -> Result<NaiveDate, Fault> {
    let given = cell.as_text();
    let forms = ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"];
    let read = forms.iter().find_map(|form| NaiveDate::parse_from_str(given, form).ok());
    let year = |date: &NaiveDate| (2000..=2200).contains(&chrono::Datelike::year(date));
    read.filter(year).ok_or_else(|| {
        let sentence = text(
            format!("“{given}” không phải là ngày; hãy gõ dạng 31/12/2026"),
            format!("“{given}” is no date; type 31/12/2026 or 2026-12-31"),
        );
        (Code::InvalidValue, sentence)
    })
}

#[cfg(test)]
mod tests;
