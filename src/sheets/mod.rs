//! Spreadsheets and CSV files: read cell by cell within limits, written so that no cell is taken for a formula.

mod number;
mod read;
mod write;

pub use self::{
    number::read_number,
    read::{Cell, Limits, Row, Sheet, SheetFormat, read_sheet},
    write::{decimal_comma, plain_text, safe_text, vietnamese_date},
};
