//! Tables for other programs: UTF-8 without a mark, commas, ISO dates, numbers with a point, a fixed order of columns
//! (RFC 4180). The exports for clerks' spreadsheets are elsewhere and look otherwise.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    kernel::page::Page,
    sheets::safe_text,
};

/// In which form an answer is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `application/json`.
    #[default]
    Json,
    /// `text/csv`, a row per line under a line of names.
    Csv,
}

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words that people wrote.
    Words(String),
    /// A number, a date, a code of ours; empty where there is none.
    Plain(String),
}

/// Words.
#[must_use]
pub fn words(text: &str) -> Cell {
    Cell::Words(text.to_owned())
}

/// Words, or nothing.
#[must_use]
pub fn maybe_words(text: Option<&str>) -> Cell {
    words(text.unwrap_or_default())
}

/// A number, a date or a code.
#[must_use]
pub fn plain(value: impl ToString) -> Cell {
    Cell::Plain(value.to_string())
}

/// A number, a date or a code, or nothing.
#[must_use]
pub fn maybe(value: Option<impl ToString>) -> Cell {
    Cell::Plain(value.map(|value| value.to_string()).unwrap_or_default())
}

/// A column: its name, and its cell, from what the whole answer says and from the row.
pub struct Column<H, R> {
    /// Its name in the first line.
    pub name: &'static str,
    /// The cell of a row.
    pub cell: fn(&H, &R) -> Cell,
}

/// A column, short to write.
pub const fn column<H, R>(name: &'static str, cell: fn(&H, &R) -> Cell) -> Column<H, R> {
    Column { name, cell }
}

/// An answer that is also a table.
pub trait Table: Serialize {
    /// What the whole answer says.
    type Head: 'static;
    /// A row.
    type Row: Clone + 'static;
    /// The columns in their order, which other programs rely on.
    const COLUMNS: &'static [Column<Self::Head, Self::Row>];

    /// What the whole answer says.
    fn head(&self) -> &Self::Head;
    /// The rows.
    fn rows(&self) -> Cow<'_, [Self::Row]>;
    /// What to call the file, without its ending.
    fn name(&self) -> String;
    /// The cursor of the next page, if one follows.
    fn next_cursor(&self) -> Option<&str> {
        None
    }
}

/// A row of a list.
pub trait Listed: Serialize + Clone + 'static {
    /// The columns in their order.
    const COLUMNS: &'static [Column<(), Self>];
    /// What to call a file of them.
    const NAME: &'static str;
}

impl<T: Listed> Table for Page<T> {
    type Head = ();
    type Row = T;
    const COLUMNS: &'static [Column<(), T>] = T::COLUMNS;

    fn head(&self) -> &() {
        &()
    }

    fn rows(&self) -> Cow<'_, [T]> {
        Cow::Borrowed(&self.items)
    }

    fn name(&self) -> String {
        T::NAME.to_owned()
    }

    fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }
}

/// Writes an answer as a table.
///
/// # Errors
/// Internal, when it cannot be written.
pub fn write<T: Table>(table: &T) -> Result<String> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(T::COLUMNS.iter().map(|column| column.name)).map_err(Error::internal)?;
    for row in table.rows().as_ref() {
        let cells = T::COLUMNS.iter().map(|column| written((column.cell)(table.head(), row)));
        writer.write_record(cells).map_err(Error::internal)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    String::from_utf8(bytes).map_err(Error::internal)
}

/// A number that begins with a minus is a number; only words can be taken for formulas.
fn written(cell: Cell) -> String {
    match cell {
        Cell::Words(text) => safe_text(&text).into_owned(),
        Cell::Plain(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Serialize)]
    struct Row(&'static str, i64);

    impl Listed for Row {
        const COLUMNS: &'static [Column<(), Self>] =
            &[column("name", |(), row| words(row.0)), column("count", |(), row| plain(row.1))];
        const NAME: &'static str = "rows";
    }

    #[test]
    fn words_are_neutralised_and_quoted_and_numbers_stay_numbers() {
        let page = Page { items: vec![Row("=1+1", -5), Row("Đúng, \"đủ\"", 2)], next_cursor: None };
        let text = write(&page).expect("a table");
        assert_eq!(text, "name,count\r\n'=1+1,-5\r\n\"Đúng, \"\"đủ\"\"\",2\r\n");
    }
}
