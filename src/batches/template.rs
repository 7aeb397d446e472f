//! The form that a unit fills in: a workbook with a locked frame, drop-downs and notes, and what was drafted so far.

mod cells;
mod guide;

use rust_xlsxwriter::{
    Color, Format, FormatAlign, FormatBorder, Note, ProtectionOptions, Workbook, Worksheet, XlsxError,
};

use self::cells::{Shown, fill_of, hint_of, rule_of, shown, takes};
use super::{
    columns::{COLUMNS, Column, Spec},
    model::{Form, FormLine},
    reading::SHEET,
};
use crate::{
    error::{Error, Result},
    kernel::text::ascii_code,
    sheets::{safe_text, vietnamese_date},
    submissions::SubmissionState,
};

/// Row of the machine headings, hidden; the people's stand below it, and below those the leaves.
const CODES_ROW: u32 = 6;
const HEADINGS_ROW: u32 = CODES_ROW + 1;
const FIRST_LINE: u32 = HEADINGS_ROW + 1;
/// Columns that stay in view: code, kind and name.
const FROZEN_COLUMNS: u16 = 3;
/// Width of a note, in pixels.
const NOTE_WIDTH: u32 = 260;

type Written = std::result::Result<(), XlsxError>;

/// How cells look.
struct Styles {
    title: Format,
    label: Format,
    heading: Format,
    locked: Format,
    closed: Format,
    text: Format,
    number: Format,
    date: Format,
}

impl Styles {
    fn new() -> Self {
        let framed =
            || Format::new().set_border(FormatBorder::Thin).set_text_wrap().set_align(FormatAlign::Top);
        let input = || framed().set_unlocked().set_background_color(Color::RGB(0x00FF_FBE6));
        Self {
            title: Format::new().set_bold().set_font_size(14),
            label: Format::new().set_bold(),
            heading: framed().set_bold().set_background_color(Color::RGB(0x00DD_EBF7)),
            locked: framed().set_num_format("@"),
            closed: framed().set_background_color(Color::RGB(0x00E7_E6E6)),
            // As text, so that nothing typed becomes a formula or a date.
            text: input().set_num_format("@"),
            number: input(),
            date: input().set_num_format("dd/mm/yyyy"),
        }
    }
}

/// The workbook of a form.
///
/// # Errors
/// Internal, when it cannot be written.
pub fn write_form(form: &Form) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    write_sheet(book.add_worksheet(), form).map_err(Error::internal)?;
    guide::write_guide(book.add_worksheet()).map_err(Error::internal)?;
    book.save_to_buffer().map_err(Error::internal)
}

/// `long-my_2026-H1_TH-THCS.xlsx`; only letters, digits and `-._`.
#[must_use]
pub fn file_name(form: &Form) -> String {
    let name = [&form.ward.code, &form.period.code, &form.unit.code].map(|code| ascii_code(code)).join("_");
    name.chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).chain(".xlsx".chars()).collect()
}

/// The columns of a form with their places: all but the rate, which the server computes.
fn columns() -> impl Iterator<Item = (u16, &'static Spec)> {
    (0_u16..).zip(COLUMNS.iter().filter(|spec| spec.column != Column::Rate))
}

fn write_sheet(sheet: &mut Worksheet, form: &Form) -> Written {
    let styles = Styles::new();
    sheet.set_name(SHEET)?.set_landscape().set_print_fit_to_pages(1, 0);
    write_head(sheet, form, &styles)?;
    write_headings(sheet, &styles)?;
    let mut row = FIRST_LINE;
    for line in &form.lines {
        for (place, spec) in columns() {
            write_cell(sheet, (row, place), form, line, spec.column, &styles)?;
        }
        row += 1;
    }
    for (place, spec) in columns() {
        if let Some(rule) = rule_of(spec.column)?.filter(|_| row > FIRST_LINE) {
            sheet.add_data_validation(FIRST_LINE, place, row - 1, place, &rule)?;
        }
    }
    sheet.set_freeze_panes(FIRST_LINE, FROZEN_COLUMNS)?;
    sheet.set_repeat_rows(HEADINGS_ROW, HEADINGS_ROW)?;
    sheet.protect_with_options(&ProtectionOptions {
        format_columns: true,
        format_rows: true,
        ..ProtectionOptions::default()
    });
    Ok(())
}

/// What the form is about, for people.
fn write_head(sheet: &mut Worksheet, form: &Form, styles: &Styles) -> Written {
    let period = &form.period;
    let window = format!(
        "{} (số liệu từ {} đến {}; hạn gửi {})",
        period.code,
        vietnamese_date(period.data_from),
        vietnamese_date(period.data_to),
        period.due_at.in_words()
    );
    sheet.write_string_with_format(0, 0, "BIỂU SỐ LIỆU CẢI CÁCH HÀNH CHÍNH", &styles.title)?;
    let lines = [
        ("Phường", form.ward.name.clone()),
        ("Kế hoạch", form.plan.title.clone()),
        ("Kỳ báo cáo", window),
        ("Đơn vị", format!("{} ({})", form.unit.name, form.unit.code)),
    ];
    for (row, (label, text)) in (1_u32..).zip(lines) {
        sheet.write_string_with_format(row, 0, label, &styles.label)?;
        sheet.write_string(row, 2, safe_text(&text).as_ref())?;
    }
    Ok(())
}

fn write_headings(sheet: &mut Worksheet, styles: &Styles) -> Written {
    for (place, spec) in columns() {
        sheet.set_column_width(place, width_of(spec.column))?;
        sheet.write_string_with_format(CODES_ROW, place, spec.code, &styles.heading)?;
        sheet.write_string_with_format(HEADINGS_ROW, place, spec.heading, &styles.heading)?;
        sheet.insert_note(HEADINGS_ROW, place, &note(spec.hint))?;
        if spec.column == Column::Plan {
            sheet.set_column_hidden(place)?;
        }
    }
    sheet.set_row_hidden(CODES_ROW)?;
    Ok(())
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, place): (u32, u16),
    form: &Form,
    line: &FormLine,
    column: Column,
    styles: &Styles,
) -> Written {
    if let Some(text) = fill_of(form, line, column) {
        sheet.write_string_with_format(row, place, safe_text(&text).as_ref(), &styles.locked)?;
        return Ok(());
    }
    let open = line.submission.as_ref().is_none_or(|(submission, _)| {
        matches!(submission.state, SubmissionState::Draft | SubmissionState::Returned)
    });
    let belongs = takes(&line.item, column);
    let value = line.submission.as_ref().map_or(Shown::Nothing, |(_, content)| shown(content, column));
    let style = match (open && belongs, column) {
        (false, _) => &styles.closed,
        (true, Column::NewDate | Column::ConductedFrom | Column::ConductedTo) => &styles.date,
        (true, _) if column.is_number() => &styles.number,
        (true, _) => &styles.text,
    };
    match value {
        Shown::Nothing => sheet.write_blank(row, place, style)?,
        Shown::Number(number) => sheet.write_number_with_format(row, place, number, style)?,
        Shown::Text(text) => sheet.write_string_with_format(row, place, safe_text(&text).as_ref(), style)?,
        Shown::Date(year, month, day) => {
            let date = rust_xlsxwriter::ExcelDateTime::from_ymd(year, month, day)?;
            // A locked date needs the form of one too.
            let style = if open { style.clone() } else { style.clone().set_num_format("dd/mm/yyyy") };
            sheet.write_datetime_with_format(row, place, &date, &style)?
        }
    };
    if let Some(hint) = hint_of(&line.item, column).filter(|_| belongs) {
        sheet.insert_note(row, place, &note(&hint))?;
    }
    Ok(())
}

fn note(text: &str) -> Note {
    Note::new(text).add_author_prefix(false).set_width(NOTE_WIDTH)
}

fn width_of(column: Column) -> f64 {
    match column {
        Column::Title => 44.0,
        Column::Target | Column::MeasureUnit => 20.0,
        Column::Note | Column::WhatHappened | Column::Remedy | Column::ApplicabilityReason => 32.0,
        Column::Deliverable | Column::Instrument | Column::Applicability | Column::ProgressState => 18.0,
        _ => 13.0,
    }
}
