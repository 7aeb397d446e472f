//! The columns of a batch: how programs and people call them, and which field each one is.

use crate::kernel::text::search_key;

/// A column of a spreadsheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is told in the table below")]
pub enum Column {
    Item,
    Kind,
    Title,
    Target,
    MeasureUnit,
    Plan,
    Period,
    Unit,
    Applicability,
    ApplicabilityReason,
    Numerator,
    Denominator,
    Excluded,
    Rate,
    Value,
    Band,
    Checked,
    ProgressState,
    ProgressPercent,
    Deliverable,
    Note,
    Cause,
    WhatHappened,
    Remedy,
    NewDate,
    Instrument,
    SampleSize,
    ConductedFrom,
    ConductedTo,
    State,
}

/// What is known of a column.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Which one.
    pub column: Column,
    /// Its machine heading.
    pub code: &'static str,
    /// Its Vietnamese heading.
    pub heading: &'static str,
    /// The field of a row that it is; empty for what is only there to be read.
    pub pointer: &'static str,
    /// What belongs there, for the note on its heading.
    pub hint: &'static str,
}

const fn spec(
    column: Column,
    code: &'static str,
    heading: &'static str,
    pointer: &'static str,
    hint: &'static str,
) -> Spec {
    Spec { column, code, heading, pointer, hint }
}

/// All columns, in the order of the template.
#[rustfmt::skip]
pub const COLUMNS: &[Spec] = &[
    spec(Column::Item,          "item",                      "Mã",                  "/item",                       "Mã chỉ tiêu, nhiệm vụ trong kế hoạch; không sửa."),
    spec(Column::Kind,          "kind",                      "Loại",                "/kind",                       "Chỉ tiêu hoặc nhiệm vụ; không sửa."),
    spec(Column::Title,         "title",                     "Chỉ tiêu, nhiệm vụ",  "",                            "Tên rút gọn; không sửa."),
    spec(Column::Target,        "target",                    "Mức phấn đấu",        "",                            "Mức chỉ tiêu đang có hiệu lực trong kỳ; không sửa."),
    spec(Column::MeasureUnit,   "measure_unit",              "Đơn vị tính",         "",                            "Đơn vị tính của số liệu; không sửa."),
    spec(Column::Plan,          "plan",                      "Kế hoạch năm",        "/plan",                       "Năm của kế hoạch; không sửa."),
    spec(Column::Period,        "period",                    "Kỳ báo cáo",          "/period",                     "Mã kỳ báo cáo; không sửa."),
    spec(Column::Unit,          "unit",                      "Mã đơn vị",           "/unit",                       "Mã đơn vị báo cáo; không sửa."),
    spec(Column::Applicability, "applicability",             "Có áp dụng",          "/applicability",              "Chỉ với chỉ tiêu “nếu có”: chọn Áp dụng hoặc Không áp dụng."),
    spec(Column::ApplicabilityReason, "applicability_reason", "Lý do không áp dụng", "/applicability_reason",      "Bắt buộc khi chọn Không áp dụng."),
    spec(Column::Numerator,     "numerator",                 "Tử số",               "/numerator",                  "Số trường hợp đạt; không lớn hơn mẫu số. Xem ghi chú ở từng ô."),
    spec(Column::Denominator,   "denominator",               "Mẫu số",              "/denominator",                "Tổng số trường hợp; không phát sinh thì ghi 0."),
    spec(Column::Excluded,      "excluded",                  "Số loại trừ",         "/excluded",                   "Số trường hợp không tính theo định nghĩa của chỉ tiêu, nếu có."),
    spec(Column::Rate,          "rate",                      "Tỷ lệ (%)",           "/rate",                       "Hệ thống tự tính từ tử số và mẫu số; nếu ghi thì phải khớp."),
    spec(Column::Value,         "value",                     "Giá trị",             "/value",                      "Số lượng hoặc điểm. Xem ghi chú ở từng ô."),
    spec(Column::Band,          "band",                      "Xếp loại",            "/band",                       "Chọn trong danh sách."),
    spec(Column::Checked,       "checked",                   "Đạt (có/không)",      "/checked",                    "Chọn Có hoặc Không."),
    spec(Column::ProgressState, "progress_state",            "Tiến độ",             "/progress/state",             "Với nhiệm vụ: chọn trong danh sách."),
    spec(Column::ProgressPercent, "progress_percent",        "Hoàn thành (%)",      "/progress/percent",           "Với nhiệm vụ: số nguyên từ 0 đến 100."),
    spec(Column::Deliverable,   "progress_deliverable",      "Sản phẩm",            "/progress/deliverable",       "Với nhiệm vụ: số, ngày của văn bản hoặc sản phẩm."),
    spec(Column::Note,          "note",                      "Ghi chú",             "/note",                       "Tối đa 2000 ký tự."),
    spec(Column::Cause,         "explanation_cause",         "Nguyên nhân chưa đạt", "/explanation/cause",         "Khi chưa đạt: chọn Khách quan hoặc Chủ quan."),
    spec(Column::WhatHappened,  "explanation_what_happened", "Diễn biến",           "/explanation/what_happened",  "Khi chưa đạt: việc gì đã xảy ra."),
    spec(Column::Remedy,        "explanation_remedy",        "Cách khắc phục",      "/explanation/remedy",         "Khi chưa đạt: cách khắc phục."),
    spec(Column::NewDate,       "explanation_new_date",      "Ngày hoàn thành mới", "/explanation/new_date",       "Khi chưa đạt: ngày/tháng/năm sẽ hoàn thành."),
    spec(Column::Instrument,    "survey_instrument",         "Công cụ khảo sát",    "/survey/instrument",          "Với chỉ tiêu hài lòng: chọn trong danh sách."),
    spec(Column::SampleSize,    "survey_sample_size",        "Cỡ mẫu",              "/survey/sample_size",         "Với chỉ tiêu hài lòng: số người được hỏi."),
    spec(Column::ConductedFrom, "survey_conducted_from",     "Khảo sát từ ngày",    "/survey/conducted_from",      "Với chỉ tiêu hài lòng: ngày/tháng/năm."),
    spec(Column::ConductedTo,   "survey_conducted_to",       "Khảo sát đến ngày",   "/survey/conducted_to",        "Với chỉ tiêu hài lòng: ngày/tháng/năm."),
    spec(Column::State,         "state",                     "Trạng thái",          "",                            "Trạng thái báo cáo khi tải biểu; không sửa."),
];

impl Column {
    /// The column of a heading, be it the machine's or the people's; case, marks and a star behind do not matter.
    #[must_use]
    pub fn of_heading(heading: &str) -> Option<Self> {
        let heading = search_key(heading.trim_end_matches(['*', ' ']));
        COLUMNS
            .iter()
            .find(|spec| heading == spec.code || heading == search_key(spec.heading))
            .map(|s| s.column)
    }

    /// The field of a row that it is; empty for what is only there to be read.
    #[must_use]
    pub fn pointer(self) -> &'static str {
        COLUMNS.iter().find(|spec| spec.column == self).map_or("", |spec| spec.pointer)
    }
}

/// The letters of a column, from 0: `A`, `Z`, `AA`.
#[must_use]
pub fn letters(index: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let last = alphabet.get(index % alphabet.len()).map(|letter| char::from(*letter)).into_iter();
    match index / alphabet.len() {
        0 => last.collect(),
        before => letters(before - 1).chars().chain(last).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_by_code_and_by_word_and_no_two_are_alike() {
        for spec in COLUMNS {
            assert_eq!(Column::of_heading(spec.code), Some(spec.column));
            assert_eq!(Column::of_heading(&format!("{} *", spec.heading)), Some(spec.column));
        }
        assert_eq!(Column::of_heading("TU SO"), Some(Column::Numerator));
        assert_eq!(Column::of_heading("Tử sốo"), None);
    }

    #[test]
    fn columns_have_letters() {
        assert_eq!([0, 25, 26, 51, 52].map(letters), ["A", "Z", "AA", "AZ", "BA"]);
    }
}
