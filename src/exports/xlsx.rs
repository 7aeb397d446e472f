//! A report as a spreadsheet: one sheet of indicators, one of tasks.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::{
    columns::{Cell, Column, INDICATORS, TASKS},
    labels,
    model::Report,
};
use crate::{
    error::{Error, Result},
    sheets::safe_text,
};

/// Vietnamese, whatever the reader's own language: `[$-42A]` names it in a number format.
const WHOLE: &str = "[$-42A]#,##0";
const DECIMAL: &str = "[$-42A]#,##0.00##";
const DAY: &str = "[$-42A]dd/mm/yyyy";

/// The row with the headings of the table, below the head.
const HEADINGS: u32 = 8;

/// Writes a report.
///
/// # Errors
/// Internal, when it cannot be written.
pub fn write(report: &Report) -> Result<Vec<u8>> {
    build(report).map_err(Error::internal)
}

fn build(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The ward's clock, not this machine's.
    let made = ExcelDateTime::from_timestamp(report.as_of.unix_seconds())?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let formats = Formats::new();
    let sheet = book.add_worksheet().set_name("Chỉ tiêu")?;
    write_head(sheet, report, "KẾT QUẢ THỰC HIỆN CÁC CHỈ TIÊU CẢI CÁCH HÀNH CHÍNH", &formats)?;
    write_table(sheet, &INDICATORS, &report.items, &formats)?;
    if !report.tasks.is_empty() {
        let sheet = book.add_worksheet().set_name("Nhiệm vụ")?;
        write_head(sheet, report, "TÌNH HÌNH THỰC HIỆN CÁC NHIỆM VỤ CẢI CÁCH HÀNH CHÍNH", &formats)?;
        write_table(sheet, &TASKS, &report.tasks, &formats)?;
    }
    book.save_to_buffer()
}

struct Formats {
    title: Format,
    label: Format,
    heading: Format,
    text: Format,
    whole: Format,
    decimal: Format,
    day: Format,
    plain_day: Format,
}

impl Formats {
    fn new() -> Self {
        let base = Format::new().set_font_name("Times New Roman").set_font_size(11);
        let cell = base.clone().set_border(FormatBorder::Thin).set_align(FormatAlign::Top);
        Self {
            title: base.clone().set_bold().set_font_size(14),
            label: base.clone().set_bold(),
            heading: cell
                .clone()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(0x00DD_EBF7),
            text: cell.clone().set_text_wrap(),
            whole: cell.clone().set_num_format(WHOLE),
            decimal: cell.clone().set_num_format(DECIMAL),
            day: cell.set_num_format(DAY),
            plain_day: base.set_num_format(DAY).set_align(FormatAlign::Left),
        }
    }
}

fn write_head(
    sheet: &mut Worksheet,
    report: &Report,
    title: &str,
    formats: &Formats,
) -> Result<(), XlsxError> {
    sheet.write_string_with_format(0, 0, title, &formats.title)?;
    let plan = match &report.plan_number {
        Some(number) => format!("{} (số {number})", report.plan_title),
        None => report.plan_title.clone(),
    };
    let words = [
        (1, "Phường, xã", report.ward_name.clone()),
        (2, "Kế hoạch", plan),
        (3, "Kỳ báo cáo", format!("{} ({})", labels::period(report), report.period_code)),
        (6, "Cơ sở số liệu", labels::basis(report.basis).to_owned()),
        (7, "Thời điểm", report.as_of.in_words()),
    ];
    for (row, label, text) in words {
        sheet.write_string_with_format(row, 0, label, &formats.label)?;
        sheet.write_string(row, 1, safe_text(&text).as_ref())?;
    }
    for (row, label, day) in [(4, "Từ ngày", report.data_from), (5, "Đến ngày", report.data_to)] {
        sheet.write_string_with_format(row, 0, label, &formats.label)?;
        sheet.write_datetime_with_format(row, 1, date(day)?, &formats.plain_day)?;
    }
    Ok(())
}

fn write_table<R>(
    sheet: &mut Worksheet,
    columns: &[Column<R>],
    rows: &[R],
    formats: &Formats,
) -> Result<(), XlsxError> {
    for (at, column) in (0_u16..).zip(columns) {
        sheet.set_column_width(at, column.width)?;
        sheet.write_string_with_format(HEADINGS, at, column.title, &formats.heading)?;
    }
    for (line, row) in (HEADINGS + 1..).zip(rows) {
        for (at, column) in (0_u16..).zip(columns) {
            write_cell(sheet, (line, at), (column.cell)(row), formats)?;
        }
    }
    sheet.set_freeze_panes(HEADINGS + 1, 2)?;
    sheet.set_repeat_rows(HEADINGS, HEADINGS)?;
    sheet.set_landscape();
    sheet.set_paper_size(9);
    sheet.set_print_fit_to_pages(1, 0);
    Ok(())
}

fn write_cell(
    sheet: &mut Worksheet,
    (line, at): (u32, u16),
    cell: Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => sheet.write_blank(line, at, &formats.text)?,
        Cell::Text(text) => {
            sheet.write_string_with_format(line, at, safe_text(&text).as_ref(), &formats.text)?
        }
        Cell::Number(number) => {
            let format = if number.fract().is_zero() { &formats.whole } else { &formats.decimal };
            sheet.write_number_with_format(line, at, spreadsheet_number(number), format)?
        }
        Cell::Date(day) => sheet.write_datetime_with_format(line, at, date(day)?, &formats.day)?,
    };
    Ok(())
}

/// Spreadsheets know floats only; our figures have at most fifteen digits, which survive (kernel::number).
fn spreadsheet_number(number: Decimal) -> f64 {
    number.to_string().parse().unwrap_or(f64::NAN)
}

fn date(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    ExcelDateTime::parse_from_str(&day.to_string())
}
