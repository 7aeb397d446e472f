//! The form of administrative documents (NĐ 30/2020/NĐ-CP), and the blocks a document is built from.
//!
//! Paper, margins, font and page number are the decree's (REFERENCE §2). The sizes are what offices use and no source
//! of ours confirms (marked M there): change them here, nowhere else.

use docx_rs::{
    AlignmentType, Docx, Header, LineSpacing, LineSpacingType, PageMargin, PageNum, Paragraph,
    ParagraphBorder, ParagraphBorderPosition, ParagraphBorders, Run, RunFonts, SpecialIndentType, Table,
    TableCell, TableLayoutType, TableRow, VAlignType, WidthType,
};

/// Font (NĐ 30/2020/NĐ-CP).
const FONT: &str = "Times New Roman";
/// A4 upright, in twentieths of a point.
const PAGE: (u32, u32) = (11_906, 16_838);
/// Margins in millimetres: top and bottom 20–25, left 30–35, right 15–20 (NĐ 30/2020/NĐ-CP).
const MARGINS: Margins = Margins { top: 20, bottom: 20, left: 30, right: 15, header: 10 };
/// Width between the margins in millimetres.
pub const TEXT_WIDTH: usize = 165;

struct Margins {
    top: i32,
    bottom: i32,
    left: i32,
    right: i32,
    header: i32,
}

/// Sizes in half points (M).
pub mod size {
    /// Quốc hiệu, issuer, number: 13.
    pub const HEAD: usize = 26;
    /// Tiêu ngữ, place and date, headings, body, signature: 14.
    pub const BODY: usize = 28;
    /// "Nơi nhận": 12.
    pub const RECIPIENTS_LABEL: usize = 24;
    /// The recipients, and tables: 11.
    pub const SMALL: usize = 22;
}

/// Space above a paragraph of the body, in twentieths of a point: 6 (M).
const SPACE: u32 = 120;
/// Space above the text of a cell.
const CELL_SPACE: u32 = 40;
/// Line spacing in 240ths of a line: 1.15, within single and 1.5 (M).
const LINE: i32 = 276;
/// Indent of a paragraph's first line in millimetres: 10 or 12.7 (M).
const FIRST_LINE: i32 = 10;

/// Millimetres as twentieths of a point.
const fn twips(millimetres: i32) -> i32 {
    millimetres * 567 / 10
}

fn width(millimetres: usize) -> usize {
    millimetres * 567 / 10
}

/// An empty document: paper, margins, font, page number in the middle of the top margin but not on the first page.
pub fn document() -> Docx {
    let fonts = RunFonts::new().ascii(FONT).hi_ansi(FONT).cs(FONT).east_asia(FONT);
    let margins = PageMargin::new()
        .top(twips(MARGINS.top))
        .bottom(twips(MARGINS.bottom))
        .left(twips(MARGINS.left))
        .right(twips(MARGINS.right))
        .header(twips(MARGINS.header))
        .footer(twips(MARGINS.header));
    let number = Paragraph::new().align(AlignmentType::Center).add_page_num(PageNum::new());
    Docx::new()
        .page_size(PAGE.0, PAGE.1)
        .page_margin(margins)
        .default_fonts(fonts)
        .default_size(size::BODY)
        .header(Header::new().add_paragraph(number))
        .first_header(Header::new().add_paragraph(Paragraph::new()))
}

/// How a paragraph looks.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    size: usize,
    bold: bool,
    italic: bool,
    align: AlignmentType,
    before: u32,
    first_line: bool,
}

impl Look {
    /// Body text: upright, justified, first line indented.
    pub const BODY: Self = Self {
        size: size::BODY,
        bold: false,
        italic: false,
        align: AlignmentType::Both,
        before: SPACE,
        first_line: true,
    };
    /// A heading within the body.
    pub const HEADING: Self = Self { bold: true, ..Self::BODY };
    /// A line in the middle, close to the one above.
    pub const MIDDLE: Self =
        Self { align: AlignmentType::Center, before: 0, first_line: false, ..Self::BODY };
    /// A line at the left, close to the one above.
    pub const LEFT: Self = Self { align: AlignmentType::Left, ..Self::MIDDLE };

    /// The same in this size.
    pub const fn sized(self, size: usize) -> Self {
        Self { size, ..self }
    }

    /// The same, bold.
    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    /// The same, italic.
    pub const fn italic(self) -> Self {
        Self { italic: true, ..self }
    }
}

/// A paragraph.
pub fn paragraph(text: impl Into<String>, look: Look) -> Paragraph {
    let mut run = Run::new().add_text(text).size(look.size);
    if look.bold {
        run = run.bold();
    }
    if look.italic {
        run = run.italic();
    }
    let spacing = LineSpacing::new().before(look.before).line(LINE).line_rule(LineSpacingType::Auto);
    let paragraph = Paragraph::new().add_run(run).align(look.align).line_spacing(spacing);
    if look.first_line {
        let first = SpecialIndentType::FirstLine(twips(FIRST_LINE));
        paragraph.indent(None, Some(first), None, None)
    } else {
        paragraph
    }
}

/// A line across what lies between these indents, in millimetres.
pub fn rule(indent: i32) -> Paragraph {
    let line = ParagraphBorder::new(ParagraphBorderPosition::Top).size(6);
    let spacing = LineSpacing::new().before(40).line(120).line_rule(LineSpacingType::Exact);
    let mut paragraph = Paragraph::new()
        .add_run(Run::new().size(4))
        .indent(Some(twips(indent)), None, Some(twips(indent)), None)
        .line_spacing(spacing);
    paragraph.property = paragraph.property.set_borders(ParagraphBorders::with_empty().set(line));
    paragraph
}

/// Blocks side by side without lines around them; widths in millimetres.
pub fn side_by_side(widths: [usize; 2], blocks: [Vec<Paragraph>; 2]) -> Table {
    let cells = widths.into_iter().zip(blocks).map(|(wide, block)| {
        block.into_iter().fold(TableCell::new().width(width(wide), WidthType::Dxa), TableCell::add_paragraph)
    });
    Table::without_borders(vec![TableRow::new(cells.collect())])
        .set_grid(widths.into_iter().map(width).collect())
        .layout(TableLayoutType::Fixed)
}

/// A table with its headings; widths in millimetres. Columns narrower than 30 are centred.
pub fn table(headings: &[(&str, usize)], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let cell = |text: String, wide: usize, look: Look| {
        TableCell::new()
            .width(width(wide), WidthType::Dxa)
            .vertical_align(VAlignType::Center)
            .add_paragraph(paragraph(text, Look { before: CELL_SPACE, ..look.sized(size::SMALL) }))
    };
    let head = headings.iter().map(|(title, wide)| cell((*title).to_owned(), *wide, Look::MIDDLE.bold()));
    let head = TableRow::new(head.collect()).cant_split();
    let body = rows.into_iter().map(|row| {
        let cells = row
            .into_iter()
            .zip(headings)
            .map(|(text, (_, wide))| cell(text, *wide, if *wide < 30 { Look::MIDDLE } else { Look::LEFT }));
        TableRow::new(cells.collect()).cant_split()
    });
    Table::new(std::iter::once(head).chain(body).collect())
        .set_grid(headings.iter().map(|(_, wide)| width(*wide)).collect())
        .layout(TableLayoutType::Fixed)
}
