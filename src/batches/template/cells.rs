//! The cells of a form: what stands in them, which of them a leaf takes, and what may be typed there.

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{DataValidation, DataValidationRule, ExcelDateTime, XlsxError};

use crate::{
    batches::{
        columns::Column,
        labels::{
            ANSWERS, APPLICABILITIES, CAUSES, INSTRUMENTS, KINDS, Labels, PROGRESS_STATES, STATES, label_of,
            words,
        },
        model::{Form, FormLine},
    },
    items::{Aggregation, Comparator, ItemKind, MeasureKind, PlanItem, Target, TargetTier},
    kernel::number::Quantity,
    sheets::decimal_comma,
    submissions::Content,
    verdicts::rules::{bands, targets_in_force},
};

/// What a cell shows.
pub(super) enum Shown {
    Nothing,
    Number(f64),
    Text(String),
    /// Year, month, day.
    Date(u16, u8, u8),
}

/// The text of a cell that is only there to be read; `None` where the unit writes.
pub(super) fn fill_of(form: &Form, line: &FormLine, column: Column) -> Option<String> {
    Some(match column {
        Column::Item => line.item.code.clone(),
        Column::Kind => label_of(KINDS, line.item.kind).to_owned(),
        Column::Title => line.item.title.clone(),
        Column::Target => aims_of(form, line),
        Column::MeasureUnit => line.item.measure_unit.clone().unwrap_or_default(),
        Column::Plan => form.plan.year.to_string(),
        Column::Period => form.period.code.clone(),
        Column::Unit => form.unit.code.clone(),
        Column::State => {
            line.submission.as_ref().map_or("", |(found, _)| label_of(STATES, found.state)).to_owned()
        }
        _ => return None,
    })
}

/// What is aimed at in the period, one line for each target in force.
fn aims_of(form: &Form, line: &FormLine) -> String {
    if line.item.kind == ItemKind::Task {
        return line.item.deliverable.clone().unwrap_or_default();
    }
    let targets = targets_in_force(&line.targets, form.period.data_to);
    targets.into_iter().map(aim_of).collect::<Vec<_>>().join("\n")
}

fn aim_of(target: &Target) -> String {
    let unit = match target.unit.as_deref() {
        Some("percent") => "%",
        Some("point") => " điểm",
        _ => "",
    };
    let value = target.value.map(decimal_comma).unwrap_or_default();
    let aim = match target.comparator {
        Comparator::AtLeast => format!("từ {value}{unit} trở lên"),
        Comparator::AtMost => format!("không quá {value}{unit}"),
        Comparator::All => "tất cả (100%)".to_owned(),
        Comparator::ReduceBy => format!("giảm từ {value}{unit} so với mốc"),
        Comparator::BandAtLeast => format!("từ loại {} trở lên", target.band.as_deref().unwrap_or_default()),
        Comparator::Qualitative => "đánh giá định tính".to_owned(),
    };
    match target.tier {
        TargetTier::Plan => format!("Kế hoạch: {aim}"),
        TargetTier::Operating => format!("Điều hành: {aim}"),
    }
}

/// Whether a leaf has a field of that column (the same that [`crate::submissions::rules::check_content`] allows).
pub(super) fn takes(item: &PlanItem, column: Column) -> bool {
    let kind = item.measure_kind.filter(|_| item.kind == ItemKind::Indicator);
    match column {
        Column::Numerator | Column::Denominator | Column::Excluded => kind == Some(MeasureKind::Ratio),
        Column::Value => matches!(kind, Some(MeasureKind::Count | MeasureKind::Score)),
        Column::Band => kind == Some(MeasureKind::Band),
        Column::Checked => kind == Some(MeasureKind::Checklist),
        Column::Applicability | Column::ApplicabilityReason => item.conditional,
        Column::ProgressState | Column::ProgressPercent | Column::Deliverable => item.kind == ItemKind::Task,
        Column::Instrument | Column::SampleSize | Column::ConductedFrom | Column::ConductedTo => {
            item.aggregation == Some(Aggregation::Survey)
        }
        _ => true,
    }
}

impl Column {
    /// Whether figures are typed there.
    pub(super) fn is_number(self) -> bool {
        matches!(
            self,
            Self::Numerator
                | Self::Denominator
                | Self::Excluded
                | Self::Value
                | Self::ProgressPercent
                | Self::SampleSize
        )
    }
}

/// What a content says in that column.
pub(super) fn shown(content: &Content, column: Column) -> Shown {
    let text = |text: Option<&str>| text.map_or(Shown::Nothing, |text| Shown::Text(text.to_owned()));
    let progress = content.progress.as_ref();
    let explanation = content.explanation.as_ref();
    let survey = content.survey.as_ref();
    match column {
        Column::Numerator => number(content.numerator),
        Column::Denominator => number(content.denominator),
        Column::Excluded => number(content.excluded),
        Column::Value => number(content.value),
        Column::Band => text(content.band.as_deref()),
        Column::Checked => word(ANSWERS, content.checked),
        Column::Applicability => word(APPLICABILITIES, content.applicability),
        Column::ApplicabilityReason => text(content.applicability_reason.as_deref()),
        Column::ProgressState => word(PROGRESS_STATES, progress.map(|progress| progress.state)),
        Column::ProgressPercent => number(progress.map(|progress| Quantity::whole(progress.percent.into()))),
        Column::Deliverable => text(progress.and_then(|progress| progress.deliverable.as_deref())),
        Column::Note => text(content.note.as_deref()),
        Column::Cause => word(CAUSES, explanation.map(|explanation| explanation.cause)),
        Column::WhatHappened => text(explanation.map(|explanation| explanation.what_happened.as_str())),
        Column::Remedy => text(explanation.map(|explanation| explanation.remedy.as_str())),
        Column::NewDate => date(explanation.map(|explanation| explanation.new_date)),
        Column::Instrument => word(INSTRUMENTS, survey.map(|survey| survey.instrument)),
        Column::SampleSize => number(survey.map(|survey| Quantity::whole(survey.sample_size.into()))),
        Column::ConductedFrom => date(survey.map(|survey| survey.conducted_from)),
        Column::ConductedTo => date(survey.map(|survey| survey.conducted_to)),
        _ => Shown::Nothing,
    }
}

/// A spreadsheet keeps fifteen digits, as many as a figure may have.
fn number(quantity: Option<Quantity>) -> Shown {
    quantity.and_then(|quantity| quantity.to_string().parse().ok()).map_or(Shown::Nothing, Shown::Number)
}

fn word<T: Copy + PartialEq>(labels: Labels<T>, value: Option<T>) -> Shown {
    value.map_or(Shown::Nothing, |value| Shown::Text(label_of(labels, value).to_owned()))
}

fn date(day: Option<NaiveDate>) -> Shown {
    let parts = day.and_then(|day| {
        Some((day.year().try_into().ok()?, day.month().try_into().ok()?, day.day().try_into().ok()?))
    });
    parts.map_or(Shown::Nothing, |(year, month, day)| Shown::Date(year, month, day))
}

/// What belongs into that cell of that leaf.
pub(super) fn hint_of(item: &PlanItem, column: Column) -> Option<String> {
    let unit = item.measure_unit.as_deref().map(|unit| format!("\nĐơn vị tính: {unit}")).unwrap_or_default();
    let label = match column {
        Column::Numerator => item.numerator_label.as_ref().map(|label| format!("Tử số: {label}")),
        Column::Denominator => item.denominator_label.as_ref().map(|label| format!("Mẫu số: {label}")),
        Column::Value | Column::Checked | Column::Band => item.numerator_label.clone(),
        _ => None,
    };
    label.map(|label| format!("{label}{unit}"))
}

/// What may be typed into that column; `None` for free text.
pub(super) fn rule_of(column: Column) -> Result<Option<DataValidation>, XlsxError> {
    use DataValidationRule::{Between, GreaterThanOrEqualTo, LessThanOrEqualTo};
    let list = |words: &[&str]| DataValidation::new().allow_list_strings(words);
    let (rule, message) = match column {
        Column::Applicability => (list(&words(APPLICABILITIES))?, "Hãy chọn trong danh sách."),
        Column::Checked => (list(&words(ANSWERS))?, "Hãy chọn Có hoặc Không."),
        Column::Band => {
            let bands = bands();
            let bands: Vec<&str> = bands.iter().map(String::as_str).collect();
            (list(&bands)?, "Hãy chọn trong danh sách.")
        }
        Column::ProgressState => (list(&words(PROGRESS_STATES))?, "Hãy chọn trong danh sách."),
        Column::Cause => (list(&words(CAUSES))?, "Hãy chọn Khách quan hoặc Chủ quan."),
        Column::Instrument => (list(&words(INSTRUMENTS))?, "Hãy chọn trong danh sách."),
        Column::Numerator | Column::Denominator | Column::Excluded | Column::Value => (
            DataValidation::new().allow_decimal_number(GreaterThanOrEqualTo(0.0)),
            "Hãy nhập số không âm, không có dấu ngăn hàng nghìn.",
        ),
        Column::ProgressPercent => {
            (DataValidation::new().allow_whole_number(Between(0, 100)), "Hãy nhập số nguyên từ 0 đến 100.")
        }
        Column::SampleSize => {
            (DataValidation::new().allow_whole_number(GreaterThanOrEqualTo(1)), "Hãy nhập số người được hỏi.")
        }
        Column::NewDate | Column::ConductedFrom | Column::ConductedTo => {
            let days = Between(ExcelDateTime::from_ymd(2000, 1, 1)?, ExcelDateTime::from_ymd(2200, 12, 31)?);
            (DataValidation::new().allow_date(days), "Hãy nhập ngày dạng 31/12/2026.")
        }
        Column::Note | Column::ApplicabilityReason | Column::WhatHappened | Column::Remedy => {
            (DataValidation::new().allow_text_length(LessThanOrEqualTo(2000)), "Tối đa 2000 ký tự.")
        }
        _ => return Ok(None),
    };
    Ok(Some(rule.set_error_title("Chưa đúng")?.set_error_message(message)?))
}
