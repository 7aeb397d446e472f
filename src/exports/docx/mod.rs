//! A report as an unsigned document in the form of NĐ 30/2020/NĐ-CP: number, date and what only people can say are
//! left blank; the ward's document system numbers and signs it.

mod appendix;
mod body;
mod form;
mod words;

use std::io::Cursor;

use docx_rs::{Docx, Paragraph, Table};

use self::form::{Look, paragraph, rule, side_by_side, size};
use super::{labels, model::Report};
use crate::error::{Error, Result};

/// A part of the document.
enum Block {
    Paragraph(Box<Paragraph>),
    Table(Box<Table>),
}

impl From<Paragraph> for Block {
    fn from(paragraph: Paragraph) -> Self {
        Self::Paragraph(Box::new(paragraph))
    }
}

impl From<Table> for Block {
    fn from(table: Table) -> Self {
        Self::Table(Box::new(table))
    }
}

/// Writes a report.
///
/// # Errors
/// Internal, when it cannot be written.
pub fn write(report: &Report) -> Result<Vec<u8>> {
    let blocks = head(report)
        .into_iter()
        .chain(body::write(report))
        .chain(signature(report))
        .chain(appendix::write(report));
    let document = blocks.fold(form::document(), |document: Docx, block| match block {
        Block::Paragraph(paragraph) => document.add_paragraph(*paragraph),
        Block::Table(table) => document.add_table(*table),
    });
    let mut bytes = Cursor::new(Vec::new());
    document.pack(&mut bytes).map_err(Error::internal)?;
    Ok(bytes.into_inner())
}

/// Issuer and number at the left; quốc hiệu, tiêu ngữ, place and date at the right; then what it is about.
fn head(report: &Report) -> Vec<Block> {
    let line = Look::MIDDLE.sized(size::HEAD);
    let place = format!("{}, ngày … tháng … năm {}", words::place(report), report.year);
    let left = vec![
        paragraph("ỦY BAN NHÂN DÂN", line.bold()),
        paragraph(report.ward_name.to_uppercase(), line.bold()),
        rule(18),
        paragraph("Số:        /BC-UBND", line),
    ];
    let right = vec![
        paragraph("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", line.bold()),
        paragraph("Độc lập - Tự do - Hạnh phúc", Look::MIDDLE.bold()),
        rule(17),
        paragraph(place, Look::MIDDLE.italic()),
    ];
    vec![
        side_by_side([62, 103], [left, right]).into(),
        paragraph("", Look::MIDDLE).into(),
        paragraph("BÁO CÁO", Look::MIDDLE.bold()).into(),
        paragraph(words::subject(report), Look::MIDDLE.bold()).into(),
        rule(65).into(),
    ]
}

/// Recipients at the left, the place for the chairman's signature at the right.
fn signature(report: &Report) -> Vec<Block> {
    let recipient = Look::LEFT.sized(size::SMALL);
    let office = report.standing_office.as_deref().unwrap_or_default();
    let kept = if office.is_empty() { "- Lưu: VT.".to_owned() } else { format!("- Lưu: VT, {office}.") };
    let left = vec![
        paragraph("Nơi nhận:", Look::LEFT.sized(size::RECIPIENTS_LABEL).bold().italic()),
        paragraph("- Sở Nội vụ;", recipient),
        paragraph("- Thường trực Đảng ủy, HĐND;", recipient),
        paragraph("- Chủ tịch, các Phó Chủ tịch UBND;", recipient),
        paragraph(kept, recipient),
    ];
    let mut right = vec![
        paragraph("TM. ỦY BAN NHÂN DÂN", Look::MIDDLE.bold()),
        paragraph("CHỦ TỊCH", Look::MIDDLE.bold()),
    ];
    right.extend((0..4).map(|_| paragraph("", Look::MIDDLE)));
    vec![paragraph("", Look::MIDDLE).into(), side_by_side([80, 85], [left, right]).into()]
}

/// A verdict as it stands in a sentence or a cell.
fn verdict_words(verdict: Option<&crate::submissions::view::VerdictView>) -> (String, String) {
    verdict.map_or_else(Default::default, |verdict| {
        (labels::target(&verdict.target), labels::verdict(verdict.verdict).to_owned())
    })
}
