//! Sentences of a report.

use chrono::{Datelike, NaiveDate};

use super::super::{
    labels,
    model::{IndicatorRow, Report, TaskRow, count_verdicts},
};
use crate::{items::TargetTier, submissions::model::ProgressState};

/// What kinds of ward there are (Luật Tổ chức chính quyền địa phương 72/2025/QH15).
const KINDS: [&str; 3] = ["Phường ", "Xã ", "Đặc khu "];

/// The ward's bare name, as documents name their place: `Long Mỹ`.
pub fn place(report: &Report) -> &str {
    let name = report.ward_name.as_str();
    KINDS.iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name)
}

/// The ward within a sentence: `phường Long Mỹ`.
pub fn ward(report: &Report) -> String {
    let mut letters = report.ward_name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// What the report is about.
pub fn subject(report: &Report) -> String {
    format!("Kết quả công tác cải cách hành chính {}", labels::period(report))
}

/// A date in full: days below ten and the months 1 and 2 with a zero (NĐ 30/2020/NĐ-CP).
pub fn full_date(day: NaiveDate) -> String {
    let month = if day.month() <= 2 { format!("{:02}", day.month()) } else { day.month().to_string() };
    format!("ngày {:02} tháng {month} năm {}", day.day(), day.year())
}

/// What the report rests on.
pub fn opening(report: &Report) -> String {
    let number = report.plan_number.as_ref().map(|number| format!(" số {number}")).unwrap_or_default();
    let date = report.plan_issued_on.map(|day| format!(" {}", full_date(day))).unwrap_or_default();
    format!(
        "Thực hiện {}{}, Ủy ban nhân dân {} báo cáo kết quả công tác cải cách hành chính {} như sau (số liệu từ {} đến \
         {}; {}, tính đến {}):",
        report.plan_title,
        if number.is_empty() && date.is_empty() {
            String::new()
        } else {
            format!(" (Kế hoạch{number}{date})")
        },
        ward(report),
        labels::period(report),
        full_date(report.data_from),
        full_date(report.data_to),
        lower_first(labels::basis(report.basis)),
        report.as_of.in_words(),
    )
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// An indicator: what it came to, and how that stands to its targets.
pub fn indicator(row: &IndicatorRow) -> String {
    let targets = [(TargetTier::Plan, "kế hoạch"), (TargetTier::Operating, "mức điều hành")];
    let said = targets.into_iter().filter_map(|(tier, name)| {
        let (target, verdict) = super::verdict_words(Some(row.verdict(tier)?));
        Some(format!("{name} {target}: {verdict}"))
    });
    let withdrawn =
        row.withdrawn_from.map(|day| format!("{} từ {}", lower_first(labels::WITHDRAWN), full_date(day)));
    let parts: Vec<String> = figure(row).into_iter().chain(said).chain(withdrawn).collect();
    format!("- {} ({}): {}.", row.title, row.code, parts.join("; "))
}

/// The figures behind a result: `1.571/1.664 hồ sơ, đạt 94,41%`.
pub fn figure(row: &IndicatorRow) -> Option<String> {
    let unit = row.measure_unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let cases = row.numerator.zip(row.denominator);
    let cases = cases.map(|(part, all)| format!("{}/{}{unit}", labels::number(part), labels::number(all)));
    let value = row.value.map(|value| format!("{}{unit}", labels::number(value)));
    let counted = cases.or(value).or_else(|| row.band.as_deref().map(|band| labels::band(band).to_owned()));
    let rate = row.rate.map(|rate| {
        // A reduction has a value and a rate; a share has cases.
        let word = if row.value.is_some() { "giảm" } else { "đạt" };
        format!("{word} {}%", labels::percent(rate))
    });
    let parts: Vec<String> = counted.into_iter().chain(rate).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// How many of these indicators have each verdict, and how many figures are in.
pub fn totals(rows: &[&IndicatorRow]) -> String {
    let counts: Vec<String> = count_verdicts(rows.iter().copied())
        .into_iter()
        .map(|(verdict, count)| format!("{} {count}", lower_first(labels::verdict(verdict))))
        .collect();
    let (reported, expected) = rows.iter().fold((0, 0), |(reported, expected), row| {
        (reported + row.coverage.reported, expected + row.coverage.expected)
    });
    // What was withdrawn is told of, but not followed (RULES §6).
    let followed = rows.iter().filter(|row| row.withdrawn_from.is_none()).count();
    format!("Theo dõi {followed} chỉ tiêu: {}; số báo cáo đã có {reported}/{expected}.", counts.join(", "))
}

/// How many of these tasks are how far.
pub fn task_totals<'r>(tasks: impl Iterator<Item = &'r TaskRow>) -> String {
    let states: Vec<Option<ProgressState>> = tasks.map(|task| task.state).collect();
    let count = |wanted| states.iter().filter(|state| **state == wanted).count();
    let known = ProgressState::ALL.iter().rev().map(|state| Some(*state)).chain([None]);
    let counts = known
        .map(|state| (state, count(state)))
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| format!("{} {count}", lower_first(labels::progress(state))));
    format!("Theo dõi {} nhiệm vụ: {}.", states.len(), counts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_carry_a_zero_only_where_the_decree_wants_one() {
        let day = |text: &str| full_date(text.parse().expect("a date"));
        assert_eq!(day("2026-02-05"), "ngày 05 tháng 02 năm 2026");
        assert_eq!(day("2026-03-05"), "ngày 05 tháng 3 năm 2026");
        assert_eq!(day("2025-12-15"), "ngày 15 tháng 12 năm 2025");
    }
}
