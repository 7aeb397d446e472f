//! Reading one sheet of an XLSX workbook or a CSV file, cell by cell, without ever holding more than the limits allow.

use std::io::{Cursor, Read, sink};

use calamine::{DataRef, Reader, Xlsx};
use zip::ZipArchive;

use crate::{
    error::{Code, Error, Result, text},
    kernel::text::clean,
};

/// What a cell holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text as somebody typed it, composed and trimmed.
    Text(String),
    /// A number as the spreadsheet holds it, with a decimal point.
    Number(String),
}

impl Cell {
    /// The cell as text; empty for an empty one.
    #[must_use]
    pub fn as_text(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Text(text) | Self::Number(text) => text,
        }
    }
}

/// One row with at least one filled cell.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number as the spreadsheet shows it, from 1.
    pub number: u32,
    /// Its cells from column A.
    pub cells: Vec<Cell>,
}

impl Row {
    /// A cell by its column, from 0.
    #[must_use]
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }
}

/// A sheet that was read.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its name; a CSV file has none.
    pub name: String,
    /// Its filled rows from the top.
    pub rows: Vec<Row>,
}

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetFormat {
    /// Comma, semicolon or tab between the cells; UTF-8.
    Csv,
    /// Office Open XML.
    Xlsx,
}

impl SheetFormat {
    /// The format of a media type; `None` for one that is no sheet.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        match media_type {
            "text/csv" => Some(Self::Csv),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Some(Self::Xlsx),
            _ => None,
        }
    }
}

/// How much is read at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows with something in them.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Bytes of a workbook once unpacked, and of the text in all its cells: many cells may share one long text.
    pub unpacked_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: 20_000, columns: 64, unpacked_bytes: 128 << 20 }
    }
}

/// Reads the sheet of this name, or else the first of the workbook.
///
/// # Errors
/// `unreadable_sheet` for what is no such file, `legacy_encoding` for CSV that is not UTF-8, `too_many_rows`.
pub fn read_sheet(bytes: &[u8], format: SheetFormat, name: Option<&str>, limits: Limits) -> Result<Sheet> {
    match format {
        SheetFormat::Csv => read_csv(bytes, limits),
        SheetFormat::Xlsx => read_xlsx(bytes, name, limits),
    }
}

fn unreadable() -> Error {
    Error::new(Code::UnreadableSheet)
}

fn read_xlsx(bytes: &[u8], name: Option<&str>, limits: Limits) -> Result<Sheet> {
    check_unpacked(bytes, limits.unpacked_bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let names = book.sheet_names();
    let wanted = names.iter().find(|known| name == Some(known.as_str())).or_else(|| names.first());
    let name = wanted.cloned().ok_or_else(unreadable)?;
    let mut reader = book.worksheet_cells_reader(&name).map_err(|_| unreadable())?;
    let mut rows: Vec<Row> = Vec::new();
    let mut text_left = limits.unpacked_bytes;
    while let Some(found) = reader.next_cell().map_err(|_| unreadable())? {
        let cell = cell_of(found.get_value())?;
        if cell == Cell::Empty {
            continue;
        }
        let length = u64::try_from(cell.as_text().len()).map_err(|_| unreadable())?;
        text_left = text_left.checked_sub(length).ok_or_else(unreadable)?;
        let (row, column) = found.get_position();
        let column = usize::try_from(column).map_err(|_| unreadable())?;
        if column >= limits.columns {
            continue;
        }
        let number = row.saturating_add(1);
        if rows.last().is_none_or(|last| last.number != number) {
            if rows.len() == limits.rows {
                return Err(too_many(limits.rows));
            }
            rows.push(Row { number, cells: Vec::new() });
        }
        let Some(row) = rows.last_mut() else { continue };
        if row.cells.len() <= column {
            row.cells.resize(column + 1, Cell::Empty);
        }
        if let Some(place) = row.cells.get_mut(column) {
            *place = cell;
        }
    }
    Ok(Sheet { name, rows })
}

/// Unpacks every part into nothing, so that a small file cannot become an endless one later.
fn check_unpacked(bytes: &[u8], most: u64) -> Result<()> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| unreadable())?;
    let mut left = most;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| unreadable())?;
        let read = std::io::copy(&mut part.take(left.saturating_add(1)), &mut sink());
        left = left.checked_sub(read.map_err(|_| unreadable())?).ok_or_else(unreadable)?;
    }
    Ok(())
}

fn cell_of(value: &DataRef<'_>) -> Result<Cell> {
    let of_text = |text: &str| {
        let text = clean(text);
        if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
    };
    Ok(match value {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(whole) => Cell::Number(whole.to_string()),
        DataRef::Float(number) => Cell::Number(number.to_string()),
        DataRef::String(text) => of_text(text),
        DataRef::SharedString(text) => of_text(text),
        DataRef::Bool(yes) => Cell::Text(if *yes { "có" } else { "không" }.to_owned()),
        DataRef::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            Cell::Text(format!("{year:04}-{month:02}-{day:02}"))
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => of_text(text),
        DataRef::Error(error) => Cell::Text(error.to_string()),
    })
}

fn read_csv(bytes: &[u8], limits: Limits) -> Result<Sheet> {
    let content = std::str::from_utf8(bytes).map_err(|_| Error::new(Code::LegacyEncoding))?;
    let content = content.trim_start_matches('\u{FEFF}');
    let first = content.lines().next().unwrap_or_default();
    let count = |mark: char| first.matches(mark).count();
    let delimiter =
        [';', '\t'].into_iter().filter(|mark| count(*mark) > count(',')).max_by_key(|m| count(*m));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(match delimiter {
            Some(';') => b';',
            Some('\t') => b'\t',
            _ => b',',
        })
        .from_reader(content.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|_| unreadable())?;
        let cells: Vec<Cell> = record
            .iter()
            .take(limits.columns)
            .map(clean)
            .map(|text| if text.is_empty() { Cell::Empty } else { Cell::Text(text) })
            .collect();
        if cells.iter().all(|cell| *cell == Cell::Empty) {
            continue;
        }
        if rows.len() == limits.rows {
            return Err(too_many(limits.rows));
        }
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(Row { number: u32::try_from(line).unwrap_or(u32::MAX), cells });
    }
    Ok(Sheet { name: String::new(), rows })
}

fn too_many(most: usize) -> Error {
    let sentence = text(
        format!("Tệp có quá nhiều dòng; mỗi lần gửi tối đa {most} dòng"),
        format!("The file has too many rows; send at most {most} at a time"),
    );
    Error::because(Code::TooManyRows, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(sheet: &Sheet) -> Vec<Vec<&str>> {
        sheet.rows.iter().map(|row| row.cells.iter().map(Cell::as_text).collect()).collect()
    }

    #[test]
    fn csv_is_read_with_either_separator_a_mark_and_decomposed_letters() {
        let commas = "\u{FEFF}item,numerator\nII.2.k,\"98,5\"\n\n";
        let sheet = read_csv(commas.as_bytes(), Limits::default());
        assert_eq!(cells(&sheet.expect("a sheet")), [["item", "numerator"], ["II.2.k", "98,5"]]);
        let semicolons = "item;note\nII.2.k;e\u{302}\u{301}\n";
        let sheet = read_csv(semicolons.as_bytes(), Limits::default());
        assert_eq!(cells(&sheet.expect("a sheet")), [["item", "note"], ["II.2.k", "ế"]]);
    }

    #[test]
    fn legacy_encodings_and_endless_files_are_refused() {
        let legacy = read_csv(&[b'a', 0xE2, b'\n'], Limits::default());
        assert_eq!(legacy.err().map(|error| error.code), Some(Code::LegacyEncoding));
        let most = Limits { rows: 1, ..Limits::default() };
        assert_eq!(read_csv(b"a\nb\n", most).err().map(|error| error.code), Some(Code::TooManyRows));
    }

    #[test]
    fn a_workbook_is_read_with_its_row_numbers_and_refused_when_it_unpacks_to_too_much() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(2, 1, 98.5).expect("a cell");
        sheet.write(4, 0, "=1+1").expect("a cell");
        let bytes = book.save_to_buffer().expect("a workbook");
        let read = read_xlsx(&bytes, None, Limits::default()).expect("a sheet");
        assert_eq!(cells(&read), [vec!["", "98.5"], vec!["=1+1"]]);
        assert_eq!(read.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [3, 5]);
        let small = Limits { unpacked_bytes: 100, ..Limits::default() };
        assert_eq!(read_xlsx(&bytes, None, small).err().map(|e| e.code), Some(Code::UnreadableSheet));
    }

    #[test]
    fn a_text_that_many_cells_share_is_not_copied_without_end() {
        let text = "a".repeat(30_000);
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for row in 0..200 {
            sheet.write(row, 0, &text).expect("a cell");
        }
        let bytes = book.save_to_buffer().expect("a workbook");
        let limits = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
        assert_eq!(read_xlsx(&bytes, None, limits).err().map(|e| e.code), Some(Code::UnreadableSheet));
        assert!(read_xlsx(&bytes, None, Limits::default()).is_ok());
    }
}
