//! What is read out of files, and what is not.

use super::*;
use crate::submissions::model::{Cause, ProgressState};

fn read(content: &str) -> Result<Batch> {
    read_rows(content.as_bytes(), SheetFormat::Csv)
}

fn faults(content: &str) -> Vec<(String, &'static str)> {
    let batch = read(content).expect("a batch");
    let faults = batch.rows.into_iter().flat_map(|row| row.faults);
    faults.map(|fault| (fault.pointer, fault.code.as_str())).collect()
}

#[test]
fn headings_are_found_below_what_is_written_for_people() {
    let content = "BIỂU SỐ LIỆU;;;\nĐơn vị;Trường A;;\n\nitem;period;numerator;note\nMã;Kỳ báo cáo;Tử số;Ghi chú\n\
                   II.2.k;2026-H1;98,5;'=1+1\nII.2.h;2026-H1;;\n";
    let batch = read(content).expect("a batch");
    let numbers: Vec<u32> = batch.rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [6, 7]);
    let first = batch.rows.first().expect("a row");
    assert_eq!((first.item.as_str(), first.period.as_str()), ("II.2.k", "2026-H1"));
    assert_eq!(first.change.numerator, Some(Quantity::parse("98.5")));
    assert_eq!(first.change.note, Some(Some("=1+1".to_owned())));
    assert!(batch.rows.iter().skip(1).all(|row| row.change.is_empty() && row.faults.is_empty()));
    let third = batch.columns.get(2).expect("a column");
    assert_eq!((third.letter.as_str(), third.heading.as_str()), ("C", "Tử số"));
}

#[test]
fn vietnamese_headings_alone_will_do_and_dates_are_read_as_people_write_them() {
    let content = "Mã,Kỳ báo cáo,Tiến độ,Hoàn thành (%),Nguyên nhân chưa đạt,Ngày hoàn thành mới\n\
                   V.1.c,2026-H1,Đang thực hiện,60,khách quan,1/9/2026\n";
    let batch = read(content).expect("a batch");
    let change = &batch.rows.first().expect("a row").change;
    let progress = change.progress.clone().flatten().expect("progress");
    assert_eq!((progress.state, progress.percent), (Some(ProgressState::InProgress), Some(60)));
    let explanation = change.explanation.clone().flatten().expect("an explanation");
    assert_eq!(explanation.cause, Some(Cause::Objective));
    assert_eq!(explanation.new_date, NaiveDate::from_ymd_opt(2026, 9, 1));
}

#[test]
fn what_cannot_be_read_is_named_by_its_field() {
    let content = "item,period,numerator,checked,progress_percent,explanation_new_date\n\
                   II.2.k,2026-H1,1.234,có lẽ,\"60,5\",31/02/2026\n,,5,,,\n";
    let found = faults(content);
    let found: Vec<(&str, &str)> = found.iter().map(|(pointer, code)| (pointer.as_str(), *code)).collect();
    assert_eq!(
        found,
        [
            ("/numerator", "ambiguous_number"),
            ("/checked", "invalid_value"),
            ("/progress/percent", "invalid_value"),
            ("/explanation/new_date", "invalid_value"),
            ("/item", "required"),
            ("/period", "required"),
        ]
    );
}

#[test]
fn files_without_headings_or_with_columns_nobody_knows_are_refused() {
    assert_eq!(read("a,b\n1,2\n").err().map(|error| error.code), Some(Code::UnreadableSheet));
    let error = read("item,period,numeratr,note,note\nII.2.k,2026-H1,5,,\n").expect_err("refused");
    let found: Vec<(&str, &str)> =
        error.fields.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect();
    assert_eq!(found, [("/columns/C", "unknown_column"), ("/columns/E", "invalid")]);
}

#[test]
fn a_computed_rate_may_have_many_places() {
    assert_eq!(
        read_rate(&Cell::Number("33.33333333333333".to_owned())).ok(),
        Some(Quantity::parse("33.3333"))
    );
}

#[test]
fn one_row_too_many_is_refused() {
    let row = "II.2.k,2026-H1,1\n";
    let content = |rows: usize| format!("item,period,numerator\n{}", row.repeat(rows));
    assert_eq!(read(&content(MAX_ROWS)).map(|batch| batch.rows.len()).ok(), Some(MAX_ROWS));
    for rows in [MAX_ROWS + 1, MAX_ROWS + HEADING_ROWS] {
        assert_eq!(read(&content(rows)).err().map(|error| error.code), Some(Code::TooManyRows));
    }
}
