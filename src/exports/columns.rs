//! The columns of exported tables, in their order, which other programs rely on.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    labels,
    model::{IndicatorRow, TaskRow},
};
use crate::{
    items::TargetTier,
    kernel::number::{Percent, Quantity},
};

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(String),
    /// A number.
    Number(Decimal),
    /// A day.
    Date(NaiveDate),
}

impl Cell {
    fn words(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn maybe(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.into()))
    }

    fn figure(quantity: Option<Quantity>) -> Self {
        quantity.map_or(Self::Empty, |quantity| Self::Number(quantity.to_decimal()))
    }

    fn points(percent: Option<Percent>) -> Self {
        percent.map_or(Self::Empty, |percent| Self::Number(percent.to_decimal()))
    }
}

/// A column: its heading, its width in characters, and what a row has there.
pub struct Column<R> {
    /// Heading.
    pub title: &'static str,
    /// Width in characters.
    pub width: f64,
    /// The cell of a row.
    pub cell: fn(&R) -> Cell,
}

const fn column<R>(title: &'static str, width: f64, cell: fn(&R) -> Cell) -> Column<R> {
    Column { title, width, cell }
}

/// The columns of indicators.
pub const INDICATORS: [Column<IndicatorRow>; 15] = [
    column("Mã", 10.0, |row| Cell::words(&row.code)),
    column("Chỉ tiêu", 46.0, |row| Cell::words(&row.title)),
    column("Lĩnh vực", 26.0, |row| Cell::maybe(row.field.map(labels::field))),
    column("Tử số", 11.0, |row| Cell::figure(row.numerator)),
    column("Mẫu số", 11.0, |row| Cell::figure(row.denominator)),
    column("Kết quả", 12.0, result),
    column("Đơn vị tính", 12.0, |row| Cell::maybe(unit_of(row))),
    column("Mức kế hoạch", 15.0, |row| target(row, TargetTier::Plan)),
    column("Đánh giá kế hoạch", 16.0, |row| verdict(row, TargetTier::Plan)),
    column("Mức điều hành", 15.0, |row| target(row, TargetTier::Operating)),
    column("Đánh giá điều hành", 16.0, |row| verdict(row, TargetTier::Operating)),
    column("Đơn vị đã báo cáo", 10.0, |row| Cell::Number(row.coverage.reported.into())),
    column("Đơn vị phải báo cáo", 10.0, |row| Cell::Number(row.coverage.expected.into())),
    column("Kỳ trước", 11.0, |row| Cell::points(row.previous_rate)),
    column("Tăng/giảm", 11.0, |row| Cell::points(row.trend)),
];

/// The columns of tasks.
pub const TASKS: [Column<TaskRow>; 8] = [
    column("Mã", 10.0, |row| Cell::words(&row.code)),
    column("Nhiệm vụ", 56.0, |row| Cell::words(&row.title)),
    column("Lĩnh vực", 26.0, |row| Cell::maybe(row.field.map(labels::field))),
    column("Đơn vị thực hiện", 30.0, |row| Cell::maybe(row.unit_name.as_deref())),
    column("Hạn hoàn thành", 14.0, |row| row.due_on.map_or(Cell::Empty, Cell::Date)),
    column("Trạng thái", 16.0, |row| Cell::words(labels::progress(row.state))),
    column("Hoàn thành (%)", 11.0, |row| row.percent.map_or(Cell::Empty, |part| Cell::Number(part.into()))),
    column("Sản phẩm", 40.0, |row| Cell::maybe(row.product.as_deref())),
];

/// What an indicator came to: its rate, else its value, its class, or how many of the units said yes.
pub fn result(row: &IndicatorRow) -> Cell {
    match (row.rate, row.value, &row.band) {
        (Some(rate), ..) => Cell::points(Some(rate)),
        (_, Some(value), ..) => Cell::figure(Some(value)),
        (_, _, Some(band)) => Cell::words(labels::band(band)),
        _ => Cell::Empty,
    }
}

/// What the result is counted in.
pub fn unit_of(row: &IndicatorRow) -> Option<&str> {
    if row.rate.is_some() { Some("%") } else { row.measure_unit.as_deref() }
}

fn target(row: &IndicatorRow, tier: TargetTier) -> Cell {
    Cell::maybe(row.verdict(tier).map(|verdict| labels::target(&verdict.target)))
}

fn verdict(row: &IndicatorRow, tier: TargetTier) -> Cell {
    if row.withdrawn_from.is_some() && tier == TargetTier::Plan {
        return Cell::words(labels::WITHDRAWN);
    }
    Cell::maybe(row.verdict(tier).map(|verdict| labels::verdict(verdict.verdict)))
}
