//! The indicators as CSV for Vietnamese spreadsheets: UTF-8 with its mark, `;` between cells, decimal comma.

use super::{
    columns::{Cell, INDICATORS},
    model::Report,
};
use crate::{
    error::{Error, Result},
    sheets::{safe_text, vietnamese_date},
};

/// Without it spreadsheets take UTF-8 for a legacy encoding.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// Writes the indicators of a report.
///
/// # Errors
/// Internal, when it cannot be written.
pub fn write(report: &Report) -> Result<Vec<u8>> {
    let mut writer = ::csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(::csv::Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer.write_record(INDICATORS.iter().map(|column| column.title)).map_err(Error::internal)?;
    for row in &report.items {
        let cells = INDICATORS.iter().map(|column| written((column.cell)(row)));
        writer.write_record(cells).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(|error| Error::internal(error.to_string()))
}

/// A number that begins with a minus is a number; only words can be taken for formulas.
fn written(cell: Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => safe_text(&text).into_owned(),
        Cell::Number(number) => number.to_string().replace('.', ","),
        Cell::Date(date) => vietnamese_date(date),
    }
}
