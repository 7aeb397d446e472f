//! The appendix table of a plan: a sheet with columns for number, task, product, units and deadline, read as items.

use std::collections::{BTreeMap, HashSet};

use super::{
    deadlines::{Deadline, read_deadline},
    file::{AssignmentEntry, ItemEntry, SectionEntry, TaskEntry},
    numbering::{Outline, Place, split_heading},
    rows::{FileRow, FileRows, Letters},
    unit_names::UnitNames,
    words::{words, words_of},
};
use crate::{
    error::{Code, Error, FieldError, Result, text},
    items::{Frequency, Obligation, Recurrence},
    sheets::{Cell, Row, Sheet},
    units::{Unit, rules::is_only_asked},
};

/// Code of the section that an appendix stands below ("phụ lục").
pub(super) const ROOT: &str = "PL";

/// The heading stands in one of so many rows; titles may stand above it.
const HEADING_ROWS: u32 = 20;

/// What a table must have; the other columns may be missing.
const NEEDED: [&str; 3] = ["code", "title", "lead"];

/// Which column holds what: name in `data/appendix-table.json`, then column from 0.
type Columns = BTreeMap<&'static str, usize>;

/// Reads the rows of a table as items below the section [`ROOT`].
///
/// # Errors
/// `heading_missing`.
pub(super) fn read_table(sheet: &Sheet, names: &UnitNames<'_>, year: i32, position: i32) -> Result<FileRows> {
    let (columns, heading) = find_heading(sheet)?;
    let mut rows = FileRows {
        sheet: Some(sheet.name.clone()).filter(|name| !name.is_empty()),
        letters: letters_of_fields(&columns),
        rows: vec![root_row(heading, position)],
    };
    let reader = Reader { columns: &columns, letters: &rows.letters, names, year };
    let lines = reader.lines(sheet, heading);
    let parents: HashSet<&str> =
        lines.iter().filter_map(|l| Some(l.place.as_ref()?.parent.as_str())).collect();
    let read = lines.iter().map(|line| reader.read(line, &parents)).collect::<Vec<_>>();
    rows.rows.extend(read);
    Ok(rows)
}

/// The first row whose cells name what a table needs, its next row helping where headings take two rows.
fn find_heading(sheet: &Sheet) -> Result<(Columns, u32)> {
    let upper = sheet.rows.iter().take_while(|row| row.number <= HEADING_ROWS);
    for (index, row) in upper.enumerate() {
        let mut columns = headings_of(row);
        if columns.is_empty() {
            continue;
        }
        let mut last = row.number;
        if let Some(next) = sheet.rows.get(index + 1).filter(|_| !has_all(&columns)) {
            let below = headings_of(next);
            last = if below.is_empty() { last } else { next.number };
            // What the upper row names stays.
            columns = below.into_iter().chain(columns).collect();
        }
        if has_all(&columns) {
            return Ok((columns, last));
        }
    }
    Err(Error::new(Code::HeadingMissing))
}

fn has_all(columns: &Columns) -> bool {
    NEEDED.iter().all(|name| columns.contains_key(name))
}

fn headings_of(row: &Row) -> Columns {
    let mut columns = Columns::new();
    for (column, cell) in row.cells.iter().enumerate() {
        let key = words_of(cell.as_text());
        let known = words().headings.iter().find(|(_, variants)| variants.iter().any(|v| words_of(v) == key));
        if let Some((name, _)) = known {
            columns.entry(name.as_str()).or_insert(column);
        }
    }
    columns
}

/// Where a fault of an item's field is shown.
fn letters_of_fields(columns: &Columns) -> Letters {
    let fields = [
        ("code", "code"),
        ("parent", "code"),
        ("position", "code"),
        ("title", "title"),
        ("deliverable", "deliverable"),
        ("lead_unit", "lead"),
        ("lead", "lead"),
        ("assignments", "lead"),
        ("coordinating_units", "coordinating"),
        ("coordinating", "coordinating"),
        ("due_on", "due"),
        ("due", "due"),
        ("note", "note"),
    ];
    let letter = |(field, name): (&'static str, &str)| Some((field, letter_of(*columns.get(name)?)));
    fields.into_iter().filter_map(letter).collect()
}

/// `A`, …, `Z`, `AA`, …
fn letter_of(column: usize) -> String {
    let letter = |place: usize| u8::try_from(place % 26).map_or('?', |place| char::from(b'A' + place));
    if column < 26 {
        return letter(column).to_string();
    }
    [letter(column / 26 - 1), letter(column)].iter().collect()
}

fn root_row(number: u32, position: i32) -> FileRow {
    let entry = SectionEntry {
        code: ROOT.to_owned(),
        title: "Phụ lục nhiệm vụ".to_owned(),
        title_en: Some("Appendix of tasks".to_owned()),
        position,
        ..SectionEntry::default()
    };
    FileRow {
        number,
        at: format!("/rows/{number}"),
        code: ROOT.to_owned(),
        entry: Some(ItemEntry::Section(Box::new(entry))),
        faults: Vec::new(),
    }
}

/// A row of the table with its place in the tree, if its number gives it one.
struct Line<'a> {
    row: &'a Row,
    title: String,
    place: Option<Place>,
}

struct Reader<'a> {
    columns: &'a Columns,
    letters: &'a Letters,
    names: &'a UnitNames<'a>,
    year: i32,
}

impl Reader<'_> {
    fn cell<'r>(&self, row: &'r Row, name: &str) -> &'r Cell {
        self.columns.get(name).map_or(&Cell::Empty, |column| row.cell(*column))
    }

    /// A cell as one line.
    fn line(&self, row: &Row, name: &str) -> String {
        self.cell(row, name).as_text().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn lines<'s>(&self, sheet: &'s Sheet, heading: u32) -> Vec<Line<'s>> {
        let mut outline = Outline::new(ROOT);
        let below = sheet.rows.iter().filter(|row| row.number > heading);
        let filled = below.filter(|row| self.columns.keys().any(|name| *self.cell(row, name) != Cell::Empty));
        let content = filled.enumerate().filter(|(index, row)| *index > 0 || !self.counts_columns(row));
        let line = |(_, row): (usize, &'s Row)| {
            let (number, title) = (self.line(row, "code"), self.line(row, "title"));
            // A heading that fills one merged cell carries its number before its words.
            let merged = match (number.is_empty(), title.is_empty()) {
                (false, true) => split_heading(&number),
                (true, false) => split_heading(&title),
                _ => None,
            };
            let (number, title) = match merged {
                Some((number, title)) => (number.to_owned(), title.to_owned()),
                None => (number, title),
            };
            Line { row, title, place: outline.place(&number) }
        };
        content.map(line).collect()
    }

    /// Whether this row only counts the columns: (1), (2), (3) …
    fn counts_columns(&self, row: &Row) -> bool {
        let is_count = |name| {
            let key = words_of(self.cell(row, name).as_text());
            !key.is_empty() && key.chars().all(|c| c.is_ascii_digit())
        };
        is_count("title") && is_count("lead")
    }

    fn read(&self, line: &Line<'_>, parents: &HashSet<&str>) -> FileRow {
        let mut faults = Vec::new();
        let entry =
            match &line.place {
                Some(place) if parents.contains(place.code.as_str()) => {
                    self.section(line, place, &mut faults)
                }
                Some(place) => self.task(line, place, &mut faults),
                None => {
                    faults.push(self.fault(line, "code", Code::Required, text(
                    "Cần số thứ tự như I, 1, 1.1 hoặc a; nếu dòng này không phải nhiệm vụ, hãy xóa dòng",
                    "A number such as I, 1, 1.1 or a is needed; delete the row if it is no task",
                )));
                    None
                }
            };
        FileRow {
            number: line.row.number,
            at: format!("/rows/{}", line.row.number),
            code: line.place.as_ref().map(|place| place.code.clone()).unwrap_or_default(),
            entry,
            faults,
        }
    }

    fn fault(&self, line: &Line<'_>, name: &str, code: Code, detail: crate::error::Text) -> FieldError {
        let letter = self.letters.get(name).map(|letter| format!("/{letter}")).unwrap_or_default();
        FieldError::because(format!("/rows/{}{letter}", line.row.number), code, detail)
    }

    fn section(&self, line: &Line<'_>, place: &Place, faults: &mut Vec<FieldError>) -> Option<ItemEntry> {
        for name in ["deliverable", "due"] {
            if *self.cell(line.row, name) != Cell::Empty {
                faults.push(self.fault(
                    line,
                    name,
                    Code::ItemHasChildren,
                    text(
                        "Dòng này còn dòng con nên là mục: sản phẩm và thời hạn hãy ghi ở các dòng con",
                        "Rows stand below this one, so it is a section: write product and deadline there",
                    ),
                ));
            }
        }
        let lead = self.lead(line, faults, false);
        let (along, note) = self.along(line, faults);
        Some(ItemEntry::Section(Box::new(SectionEntry {
            code: place.code.clone(),
            title: line.title.clone(),
            parent: Some(place.parent.clone()),
            position: place.position,
            lead_unit: lead.unit.map(|unit| unit.code.clone()),
            coordinating_units: along,
            note: note_of([lead.words, note, self.written_note(line)]),
            ..SectionEntry::default()
        })))
    }

    fn task(&self, line: &Line<'_>, place: &Place, faults: &mut Vec<FieldError>) -> Option<ItemEntry> {
        let lead = self.lead(line, faults, true);
        let (along, note) = self.along(line, faults);
        let deadline = self.deadline(line, faults);
        let written = self.line(line.row, "due");
        let when = deadline.filter(|d| d.says_more).map(|_| format!("Thời hạn: {written}."));
        let deliverable = self.line(line.row, "deliverable");
        let recurrence = deadline.map(|deadline| deadline.recurrence);
        Some(ItemEntry::Task(Box::new(TaskEntry {
            code: place.code.clone(),
            title: line.title.clone(),
            parent: Some(place.parent.clone()),
            position: place.position,
            lead_unit: lead.unit.map(|unit| unit.code.clone()),
            coordinating_units: along,
            note: note_of([lead.words, note, when, self.written_note(line)]),
            deliverable: Some(deliverable).filter(|text| !text.is_empty()),
            due_on: deadline.and_then(|deadline| deadline.due_on),
            recurrence,
            assignments: lead.unit.map(|unit| assignment_of(unit, recurrence)).into_iter().collect(),
            ..TaskEntry::default()
        })))
    }

    fn written_note(&self, line: &Line<'_>) -> Option<String> {
        Some(self.line(line.row, "note")).filter(|text| !text.is_empty())
    }

    fn deadline(&self, line: &Line<'_>, faults: &mut Vec<FieldError>) -> Option<Deadline> {
        let written = self.line(line.row, "due");
        if written.is_empty() {
            return None;
        }
        let found = read_deadline(&written, self.year);
        if found.is_none() {
            faults.push(self.fault(line, "due", Code::InvalidValue, text(
                format!(
                    "Không hiểu thời hạn “{written}”; hãy ghi dạng 30/06/{year}, Quý II/{year}, Tháng 6/{year}, \
                     Năm {year}, Thường xuyên hoặc Hằng quý",
                    year = self.year
                ),
                format!("“{written}” is no deadline; write 30/06/{year}, Quý II/{year} or the like", year = self.year),
            )));
        }
        found
    }

    fn lead(&self, line: &Line<'_>, faults: &mut Vec<FieldError>, needed: bool) -> Lead<'_> {
        let named = self.names.read(self.cell(line.row, "lead").as_text());
        for name in &named.unknown {
            faults.push(self.fault(line, "lead", Code::UnknownReference, self.stranger(name)));
        }
        if named.units.len() > 1 {
            faults.push(self.fault(
                line,
                "lead",
                Code::OutOfRange,
                text(
                    "Mỗi nhiệm vụ chỉ có một cơ quan chủ trì; hãy chuyển các cơ quan khác sang cột phối hợp",
                    "A task has one lead unit; move the others to the coordinating units",
                ),
            ));
        }
        if needed && named.units.is_empty() && named.collective.is_empty() && named.unknown.is_empty() {
            faults.push(self.fault(
                line,
                "lead",
                Code::Required,
                text(
                    "Nhiệm vụ cần cơ quan chủ trì; nếu đây là tiêu đề, hãy ghi các nhiệm vụ bên dưới",
                    "A task needs its lead unit; if this is a heading, write its tasks below",
                ),
            ));
        }
        let words =
            (!named.collective.is_empty()).then(|| format!("Chủ trì: {}.", named.collective.join("; ")));
        Lead { unit: named.units.first().copied(), words }
    }

    /// Codes of the units that work along, and the words for those that are no single unit.
    fn along(&self, line: &Line<'_>, faults: &mut Vec<FieldError>) -> (Vec<String>, Option<String>) {
        let named = self.names.read(self.cell(line.row, "coordinating").as_text());
        for name in &named.unknown {
            faults.push(self.fault(line, "coordinating", Code::UnknownReference, self.stranger(name)));
        }
        let codes = named.units.iter().map(|unit| unit.code.clone()).collect();
        (codes, (!named.collective.is_empty()).then(|| format!("Phối hợp: {}.", named.collective.join("; "))))
    }

    fn stranger(&self, name: &str) -> crate::error::Text {
        let nearest = self.names.nearest(name);
        let (vi, en) = if nearest.is_empty() {
            (
                "hãy thêm đơn vị hoặc tên gọi khác trước".to_owned(),
                "add the unit or an alias first".to_owned(),
            )
        } else {
            let list = nearest.join("; ");
            (format!("tên gần nhất: {list}"), format!("the nearest names: {list}"))
        };
        text(format!("Phường không có đơn vị “{name}”; {vi}"), format!("The ward has no unit “{name}”; {en}"))
    }
}

struct Lead<'a> {
    unit: Option<&'a Unit>,
    words: Option<String>,
}

fn note_of<const N: usize>(parts: [Option<String>; N]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The lead unit reports its task as often as it comes back, but no more often than every month.
fn assignment_of(unit: &Unit, recurrence: Option<Recurrence>) -> AssignmentEntry {
    let frequency = match recurrence {
        Some(Recurrence::Weekly | Recurrence::Monthly) => Frequency::Monthly,
        Some(Recurrence::Quarterly | Recurrence::Continuous) => Frequency::Quarterly,
        Some(Recurrence::HalfYearly) => Frequency::HalfYearly,
        Some(Recurrence::Once | Recurrence::Yearly | Recurrence::Event) | None => Frequency::Yearly,
    };
    let obligation = if is_only_asked(unit.kind) { Obligation::Request } else { Obligation::Must };
    AssignmentEntry { unit: unit.code.clone(), frequency, obligation }
}

#[cfg(test)]
mod tests;
