//! The words of exports: what people read instead of codes.

use chrono::Datelike;

use super::model::Report;
use crate::{
    items::{Comparator, Field},
    kernel::number::{Percent, Quantity},
    periods::PeriodKind,
    submissions::{
        model::{FigureBasis, ProgressState},
        view::TargetView,
    },
    verdicts::Verdict,
};

/// How a figure stands to a target.
#[must_use]
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "Đạt",
        Verdict::Near => "Gần đạt",
        Verdict::NotMet => "Chưa đạt",
        Verdict::NoCases => "Không phát sinh",
        Verdict::NoData => "Chưa có số liệu",
        Verdict::NotDue => "Chưa đến kỳ",
        Verdict::NotApplicable => "Không áp dụng",
        Verdict::NoBaseline => "Chưa có số gốc",
    }
}

/// What stands in place of a verdict on an indicator that an amendment withdrew.
pub const WITHDRAWN: &str = "Đã đưa ra khỏi kế hoạch";

/// A field of reform.
#[must_use]
pub const fn field(field: Field) -> &'static str {
    match field {
        Field::Steering => "Chỉ đạo, điều hành",
        Field::Institutions => "Cải cách thể chế",
        Field::Procedures => "Cải cách thủ tục hành chính",
        Field::Organisation => "Cải cách tổ chức bộ máy",
        Field::CivilService => "Cải cách chế độ công vụ",
        Field::PublicFinance => "Cải cách tài chính công",
        Field::DigitalGovernment => "Xây dựng, phát triển chính quyền điện tử, chính quyền số",
        Field::Communication => "Thông tin, tuyên truyền",
    }
}

/// How far a task is; nothing where nobody reported.
#[must_use]
pub const fn progress(state: Option<ProgressState>) -> &'static str {
    match state {
        Some(ProgressState::NotStarted) => "Chưa thực hiện",
        Some(ProgressState::InProgress) => "Đang thực hiện",
        Some(ProgressState::Done) => "Đã hoàn thành",
        None => verdict(Verdict::NoData),
    }
}

/// Which revisions a report is made of.
#[must_use]
pub const fn basis(basis: FigureBasis) -> &'static str {
    match basis {
        FigureBasis::Submitted => "Số liệu các đơn vị đã nộp, chưa phê duyệt hết",
        FigureBasis::Approved => "Số liệu đã được phê duyệt",
        FigureBasis::Published => "Số liệu đã công bố",
    }
}

/// A class of the service index (QĐ 766/QĐ-TTg).
#[must_use]
pub fn band(code: &str) -> &str {
    match code {
        "XUAT_SAC" => "Xuất sắc",
        "TOT" => "Tốt",
        "KHA" => "Khá",
        "TRUNG_BINH" => "Trung bình",
        "YEU" => "Yếu",
        other => other,
    }
}

/// A target: `≥ 90%`.
#[must_use]
pub fn target(target: &TargetView) -> String {
    let unit = match target.unit.as_deref() {
        Some("percent") => "%".to_owned(),
        Some("point") => " điểm".to_owned(),
        Some(other) => format!(" {other}"),
        None => String::new(),
    };
    let value = target.value.map(number).unwrap_or_default();
    match target.comparator {
        Comparator::AtLeast => format!("≥ {value}{unit}"),
        Comparator::AtMost => format!("≤ {value}{unit}"),
        Comparator::All => "100%".to_owned(),
        Comparator::ReduceBy => format!("giảm ≥ {value}{unit}"),
        Comparator::BandAtLeast => {
            format!("từ {} trở lên", band(target.band.as_deref().unwrap_or_default()))
        }
        Comparator::Qualitative => "Đạt yêu cầu".to_owned(),
    }
}

/// The period in words: `6 tháng đầu năm 2026`.
#[must_use]
pub fn period(report: &Report) -> String {
    let year = report.year;
    match report.period_kind {
        PeriodKind::Month => format!("tháng {:02} năm {year}", report.data_to.month()),
        PeriodKind::Quarter => {
            let quarter = match report.data_to.month() {
                1..=3 => "I",
                4..=6 => "II",
                7..=9 => "III",
                _ => "IV",
            };
            format!("quý {quarter} năm {year}")
        }
        PeriodKind::HalfYear => format!("6 tháng đầu năm {year}"),
        PeriodKind::NineMonths => format!("9 tháng năm {year}"),
        PeriodKind::Year => format!("năm {year}"),
        PeriodKind::Adhoc => format!("kỳ {}", report.period_code),
    }
}

/// A figure for people: `1.664,5`.
#[must_use]
pub fn number(quantity: Quantity) -> String {
    grouped(&quantity.to_string())
}

/// A percentage for people, without its sign: `94,41`.
#[must_use]
pub fn percent(percent: Percent) -> String {
    grouped(&percent.to_decimal().to_string())
}

/// Groups of three by dots, a decimal comma.
fn grouped(plain: &str) -> String {
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |digits| ("-", digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let mut text = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            text.push('.');
        }
        text.push(digit);
    }
    if !decimals.is_empty() {
        text.push(',');
        text.push_str(decimals);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_the_vietnamese_way() {
        for (plain, written) in [
            ("0", "0"),
            ("999", "999"),
            ("1664", "1.664"),
            ("1234567.5", "1.234.567,5"),
            ("-1234.25", "-1.234,25"),
        ] {
            assert_eq!(Quantity::parse(plain).map(number).as_deref(), Some(written));
        }
    }

    #[test]
    fn a_target_is_read_as_it_is_printed() {
        let view = |comparator, value: Option<&str>, band: Option<&str>| TargetView {
            comparator,
            value: value.and_then(Quantity::parse),
            unit: Some("percent".into()),
            band: band.map(str::to_owned),
        };
        for (shown, written) in [
            (view(Comparator::AtLeast, Some("97.5"), None), "≥ 97,5%"),
            (view(Comparator::AtMost, Some("2"), None), "≤ 2%"),
            (view(Comparator::All, None, None), "100%"),
            (view(Comparator::ReduceBy, Some("30"), None), "giảm ≥ 30%"),
            (view(Comparator::BandAtLeast, None, Some("TOT")), "từ Tốt trở lên"),
            (view(Comparator::Qualitative, None, None), "Đạt yêu cầu"),
        ] {
            assert_eq!(target(&shown), written);
        }
    }
}
