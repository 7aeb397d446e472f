//! Tables as clerks make them, and what is said of broken ones.

use super::*;
use crate::{error::Code, imports::tests::long_my_units, kernel::id::WardId};

/// A sheet of rows, each with its number and its cells separated by `|`.
fn sheet(rows: &[(u32, &str)]) -> Sheet {
    let cell = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) };
    let row =
        |(number, cells): &(u32, &str)| Row { number: *number, cells: cells.split('|').map(cell).collect() };
    Sheet { name: "Phụ lục".to_owned(), rows: rows.iter().map(row).collect() }
}

fn read(rows: &[(u32, &str)]) -> Result<FileRows> {
    let units = long_my_units(WardId::generate());
    read_table(&sheet(rows), &UnitNames::new(&units)?, 2026, 1)
}

/// Code and kind of each row, or the pointers and codes of its faults.
fn brief(rows: &[(u32, &str)]) -> Vec<String> {
    let say = |row: &FileRow| match (&row.entry, row.faults.as_slice()) {
        (Some(entry), []) => format!("{} {}", row.code, entry.kind()),
        (_, faults) => {
            faults.iter().map(|f| format!("{} {}", f.pointer, f.code.as_str())).collect::<Vec<_>>().join(", ")
        }
    };
    read(rows).expect("a table").rows.iter().skip(1).map(say).collect()
}

const HEADING: (u32, &str) =
    (2, "STT|NỘI DUNG NHIỆM VỤ|Sản phẩm, kết quả|Đơn vị chủ trì|Đơn vị phối hợp|Thời gian thực hiện");

#[test]
fn headings_may_take_two_rows_and_stand_below_titles() {
    let rows = [
        (1, "PHỤ LỤC|Nhiệm vụ"),
        (4, "TT|Nhiệm vụ|Sản phẩm|Cơ quan thực hiện||Thời hạn"),
        (5, "1|Báo cáo|Báo cáo|VHXH||Hằng quý"),
    ];
    assert_eq!(brief(&rows), ["PL.1 task"]);
    let rows = [
        (3, "TT|Nhiệm vụ|Sản phẩm|Cơ quan, đơn vị||Thời hạn"),
        (4, "|||Chủ trì|Phối hợp|"),
        (6, "1|Báo cáo|Báo cáo|VHXH|VP|Hằng quý"),
    ];
    let found = read(&rows).expect("a table");
    assert_eq!(found.letters.get("coordinating").map(String::as_str), Some("E"));
    assert_eq!(found.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [4, 6]);
}

#[test]
fn headings_further_down_are_not_looked_for() {
    let late = (21, HEADING.1);
    assert_eq!(read(&[late]).err().map(|error| error.code), Some(Code::HeadingMissing));
    assert_eq!(brief(&[(20, HEADING.1), (21, "1|Báo cáo||VP||")]), ["PL.1 task"]);
}

#[test]
fn rows_above_others_are_sections_and_keep_their_lead() {
    let rows = [
        HEADING,
        (3, "I|Thể chế||Văn phòng HĐND & UBND||"),
        (4, "1|Rà soát văn bản|Báo cáo|VP||Tháng 12"),
        (5, "II|Thủ tục hành chính|Kế hoạch|||Quý I"),
        (6, "1|Công khai|Danh mục|HCC||"),
    ];
    let expected = [
        "PL.I section",
        "PL.I.1 task",
        "/rows/5/C item_has_children, /rows/5/F item_has_children",
        "PL.II.1 task",
    ];
    assert_eq!(brief(&rows), expected);
    let found = read(&rows).expect("a table");
    let lead = found.rows.get(1).and_then(|row| row.entry.as_ref()?.common().lead_unit.clone());
    assert_eq!(lead.as_deref(), Some("VP"));
}

#[test]
fn every_fault_of_a_row_is_named_at_its_cell() {
    let rows = [
        HEADING,
        (3, "1|Báo cáo|Báo cáo|||"),
        (4, "2|Báo cáo|Báo cáo|VP; HCC|Sở Nội vụ|sớm"),
        (5, "Tổng cộng|2 nhiệm vụ||||"),
        (6, "3|Kế hoạch của từng đơn vị||Các phòng, ban, ngành||Quý I"),
    ];
    let expected = [
        "/rows/3/D required",
        "/rows/4/D out_of_range, /rows/4/E unknown_reference, /rows/4/F invalid_value",
        "/rows/5/A required",
        "PL.3 task",
    ];
    assert_eq!(brief(&rows), expected);
}

#[test]
fn columns_have_the_letters_of_a_spreadsheet() {
    assert_eq!([0, 25, 26, 51, 52].map(letter_of), ["A", "Z", "AA", "AZ", "BA"]);
}
