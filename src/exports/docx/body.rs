//! The outline of a periodic report (REFERENCE §1.3), with the figures where they belong. What only people can say is
//! a dotted line.

use super::{
    super::{
        labels,
        model::{IndicatorRow, Report, count_verdicts},
    },
    Block,
    form::{Look, TEXT_WIDTH, paragraph, table},
    words,
};
use crate::{items::Field, verdicts::Verdict};

/// The six fields of part II, in the order of the outline.
const FIELDS: [Field; 6] = [
    Field::Institutions,
    Field::Procedures,
    Field::Organisation,
    Field::CivilService,
    Field::PublicFinance,
    Field::DigitalGovernment,
];

/// To be written by hand.
const DOTS: &str = "…………………………………………………………………………………………………………";

/// Parts I to V.
pub fn write(report: &Report) -> Vec<Block> {
    let mut blocks = vec![paragraph(words::opening(report), Look::BODY).into()];
    blocks.extend(steering(report));
    blocks.extend(fields(report));
    blocks.extend(assessment(report));
    for heading in ["IV. PHƯƠNG HƯỚNG, NHIỆM VỤ KỲ TỚI", "V. KIẾN NGHỊ, ĐỀ XUẤT"] {
        blocks.push(paragraph(heading, Look::HEADING).into());
        blocks.push(paragraph(DOTS, Look::BODY).into());
    }
    let closing = format!(
        "Trên đây là Báo cáo kết quả công tác cải cách hành chính {} của Ủy ban nhân dân {}./.",
        labels::period(report),
        words::ward(report)
    );
    blocks.push(paragraph(closing, Look::BODY).into());
    blocks
}

fn steering(report: &Report) -> Vec<Block> {
    let ours = [Field::Steering, Field::Communication];
    let mut blocks: Vec<Block> = vec![paragraph("I. CÔNG TÁC CHỈ ĐẠO, ĐIỀU HÀNH", Look::HEADING).into()];
    let of_field = |field: Option<Field>| field.is_some_and(|field| ours.contains(&field));
    if report.tasks.iter().any(|task| of_field(task.field)) {
        let tasks = report.tasks.iter().filter(|task| of_field(task.field));
        blocks.push(paragraph(words::task_totals(tasks), Look::BODY).into());
    }
    let items = report.items.iter().filter(|item| of_field(item.field));
    blocks.extend(items.map(|item| paragraph(words::indicator(item), Look::BODY).into()));
    blocks.push(paragraph(DOTS, Look::BODY).into());
    blocks
}

fn fields(report: &Report) -> Vec<Block> {
    let mut blocks: Vec<Block> = vec![paragraph("II. KẾT QUẢ THỰC HIỆN CÁC LĨNH VỰC", Look::HEADING).into()];
    for (number, field) in (1..).zip(FIELDS) {
        blocks.push(paragraph(format!("{number}. {}", labels::field(field)), Look::HEADING).into());
        let rows: Vec<&IndicatorRow> = report.items_of(field).collect();
        if rows.is_empty() {
            blocks.push(paragraph("Không có chỉ tiêu được theo dõi trong báo cáo này.", Look::BODY).into());
            continue;
        }
        blocks.push(paragraph(words::totals(&rows), Look::BODY).into());
        blocks.extend(rows.into_iter().map(|row| paragraph(words::indicator(row), Look::BODY).into()));
    }
    blocks
}

fn assessment(report: &Report) -> Vec<Block> {
    let all: Vec<&IndicatorRow> = report.items.iter().collect();
    let mut blocks: Vec<Block> = vec![
        paragraph("III. ĐÁNH GIÁ CHUNG", Look::HEADING).into(),
        paragraph("1. Kết quả đạt được", Look::HEADING).into(),
        paragraph(words::totals(&all), Look::BODY).into(),
        paragraph("", Look::LEFT).into(),
        overview(report).into(),
        paragraph("2. Tồn tại, hạn chế", Look::HEADING).into(),
    ];
    let missed: Vec<&IndicatorRow> = report.missed().collect();
    let sentence = if missed.is_empty() {
        "Không có chỉ tiêu nào đã đo mà chưa đạt.".to_owned()
    } else {
        format!("Có {} chỉ tiêu chưa đạt ít nhất một mức đã giao:", missed.len())
    };
    blocks.push(paragraph(sentence, Look::BODY).into());
    blocks.extend(missed.into_iter().map(|row| paragraph(words::indicator(row), Look::BODY).into()));
    blocks.push(paragraph("3. Nguyên nhân", Look::HEADING).into());
    blocks.push(paragraph(DOTS, Look::BODY).into());
    blocks
}

/// How many indicators of each field have which verdict.
fn overview(report: &Report) -> docx_rs::Table {
    const NUMBER: usize = 22;
    let headings = [
        ("Lĩnh vực", TEXT_WIDTH - 5 * NUMBER),
        ("Số chỉ tiêu", NUMBER),
        ("Đạt", NUMBER),
        ("Gần đạt", NUMBER),
        ("Chưa đạt", NUMBER),
        ("Khác", NUMBER),
    ];
    let rows = Field::ALL.iter().copied().filter_map(|field| {
        let counts = count_verdicts(report.items_of(field));
        let of =
            |wanted| counts.iter().find(|(verdict, _)| *verdict == wanted).map_or(0, |(_, count)| *count);
        let all: usize = counts.iter().map(|(_, count)| count).sum();
        let [met, near, not_met] = [Verdict::Met, Verdict::Near, Verdict::NotMet].map(of);
        let numbers = [all, met, near, not_met, all - met - near - not_met];
        let cells = std::iter::once(labels::field(field).to_owned());
        (all > 0).then(|| cells.chain(numbers.iter().map(ToString::to_string)).collect())
    });
    table(&headings, rows)
}
