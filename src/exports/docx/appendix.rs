//! The appendices: all indicators, and the tasks as far as the reader may know of them.

use docx_rs::Paragraph;

use super::{
    super::{
        columns, labels,
        model::{IndicatorRow, Report, TaskRow},
    },
    Block,
    form::{Look, paragraph, table},
    verdict_words, words,
};
use crate::{items::TargetTier, sheets::vietnamese_date};

/// Columns of the first appendix; 165 mm together.
const INDICATORS: [(&str, usize); 9] = [
    ("STT", 11),
    ("Mã", 20),
    ("Chỉ tiêu", 38),
    ("Số liệu", 22),
    ("Kết quả", 15),
    ("Kế hoạch", 15),
    ("Đánh giá", 15),
    ("Mức điều hành", 15),
    ("Đánh giá", 14),
];

/// Columns of the second appendix; 165 mm together.
const TASKS: [(&str, usize); 6] =
    [("STT", 11), ("Nhiệm vụ", 56), ("Đơn vị thực hiện", 34), ("Hạn", 21), ("Tiến độ", 21), ("Sản phẩm", 22)];

/// Each appendix on a page of its own.
pub fn write(report: &Report) -> Vec<Block> {
    let lone = report.tasks.is_empty();
    let mut blocks: Vec<Block> =
        title(report, if lone { "PHỤ LỤC" } else { "PHỤ LỤC I" }, "THỐNG KÊ KẾT QUẢ THỰC HIỆN CÁC CHỈ TIÊU");
    let rows = (1..).zip(&report.items).map(|(number, row)| indicator(number, row));
    blocks.push(table(&INDICATORS, rows).into());
    if !lone {
        blocks.extend(title(report, "PHỤ LỤC II", "TÌNH HÌNH THỰC HIỆN CÁC NHIỆM VỤ TRONG KẾ HOẠCH"));
        blocks.push(table(&TASKS, (1..).zip(&report.tasks).map(|(number, row)| task(number, row))).into());
    }
    // A document must not end with a table.
    blocks.push(Paragraph::new().into());
    blocks
}

fn title(report: &Report, name: &str, about: &str) -> Vec<Block> {
    let attached = format!(
        "(Kèm theo Báo cáo số        /BC-UBND ngày … tháng … năm {} của Ủy ban nhân dân {})",
        report.year,
        words::ward(report)
    );
    vec![
        paragraph(name, Look::MIDDLE.bold()).page_break_before(true).into(),
        paragraph(about, Look::MIDDLE.bold()).into(),
        paragraph(attached, Look::MIDDLE.italic()).into(),
        paragraph("", Look::MIDDLE).into(),
    ]
}

fn indicator(number: u32, row: &IndicatorRow) -> Vec<String> {
    let cases = row.numerator.zip(row.denominator);
    let cases = cases.map(|(part, all)| format!("{}/{}", labels::number(part), labels::number(all)));
    let counted = cases.or_else(|| row.value.map(labels::number)).unwrap_or_default();
    let result = match (row.rate, columns::result(row)) {
        (Some(rate), _) => format!("{}%", labels::percent(rate)),
        (None, columns::Cell::Text(text)) => text,
        (None, _) => row.value.map(labels::number).unwrap_or_default(),
    };
    let [(plan, plan_verdict), (operating, operating_verdict)] = [TargetTier::Plan, TargetTier::Operating]
        .map(|tier| {
            let (target, verdict) = verdict_words(row.verdict(tier));
            // In a narrow cell the sign stays with its number.
            (target.replace("≥ ", "≥\u{A0}").replace("≤ ", "≤\u{A0}"), verdict)
        });
    let plan_verdict = row.withdrawn_from.map_or(plan_verdict, |_| labels::WITHDRAWN.to_owned());
    vec![
        number.to_string(),
        row.code.clone(),
        row.title.clone(),
        counted,
        result,
        plan,
        plan_verdict,
        operating,
        operating_verdict,
    ]
}

fn task(number: u32, row: &TaskRow) -> Vec<String> {
    let progress = labels::progress(row.state);
    vec![
        number.to_string(),
        format!("{} ({})", row.title, row.code),
        row.unit_name.clone().unwrap_or_default(),
        row.due_on.map(vietnamese_date).unwrap_or_default(),
        row.percent.map_or_else(|| progress.to_owned(), |percent| format!("{progress} ({percent}%)")),
        row.product.clone().unwrap_or_default(),
    ]
}
