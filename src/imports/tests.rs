//! The real data files, and what is said of broken ones.

use super::*;
use crate::kernel::{id::UnitId, json::JsonText};

const PLAN: &str = include_str!("../../data/long-my/plan-2026.json");
const APPENDIX: &str = include_str!("../../data/long-my/appendix-2026.json");
const WARD: &str = include_str!("../../data/long-my/ward.json");

/// The units of the real ward.
pub(super) fn long_my_units(ward_id: WardId) -> Vec<Unit> {
    let ward: WardFile = serde_json::from_str(WARD).unwrap_or_else(|error| panic_with(&error));
    let unit = |entry: UnitEntry| Unit {
        id: UnitId::generate(),
        ward_id,
        code: entry.code,
        name: entry.name,
        aliases: JsonText::of(&entry.aliases),
        kind: entry.kind,
        is_standing_office: entry.is_standing_office,
        parent_id: None,
        active_from: entry.active_from,
        active_to: None,
        successor_id: None,
        version: 1,
        acting_unit_id: None,
    };
    ward.units.into_iter().map(unit).collect()
}

#[allow(clippy::panic, reason = "a data file that cannot be read ends the test")]
fn panic_with<T>(error: &serde_json::Error) -> T {
    panic!("the data file does not fit: {error}")
}

fn plan() -> PlanFile {
    serde_json::from_str(PLAN).unwrap_or_else(|error| panic_with(&error))
}

fn appendix() -> Vec<Value> {
    let file: AppendixFile = serde_json::from_str(APPENDIX).unwrap_or_else(|error| panic_with(&error));
    file.items
}

fn faults(file: &PlanFile) -> Vec<(String, Code)> {
    let ward_id = WardId::generate();
    let refusal = prepare(ward_id, file, &[], &long_my_units(ward_id)).require_good().err();
    let fields = refusal.map(|error| error.fields).unwrap_or_default();
    fields.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn the_plan_of_long_my_is_read_without_a_fault() {
    let ward_id = WardId::generate();
    let prepared = prepare(ward_id, &plan(), &appendix(), &long_my_units(ward_id));
    assert_eq!(prepared.require_good().err().map(|error| error.to_string()), None);
    let report = prepared.counts();
    assert_eq!((report.sections, report.indicators, report.tasks), (36, 34, 99));
    let by_code = |code: &str| {
        let of_kind = |full: &&FullItem| full.item.kind == ItemKind::Indicator && full.item.code == code;
        prepared.items.iter().find(of_kind).map(|full| full.item.clone())
    };
    let (some, all) = (by_code("II.2.đ.2"), by_code("II.2.đ.1"));
    assert_eq!(some.and_then(|item| item.subset_of_id), all.map(|item| item.id));
    // Refers forward: II.6.e stands further down.
    let (full, online) = (by_code("II.2.d.3"), by_code("II.6.e"));
    assert_eq!(full.and_then(|item| item.no_more_than_id), online.map(|item| item.id));
}

#[test]
fn sections_come_before_what_stands_in_them() {
    let ward_id = WardId::generate();
    let mut file = plan();
    file.items.reverse();
    let prepared = prepare(ward_id, &file, &appendix(), &long_my_units(ward_id));
    let mut seen = std::collections::HashSet::new();
    for full in &prepared.items {
        assert!(full.item.parent_id.is_none_or(|parent| seen.contains(&parent)), "{}", full.item.code);
        seen.insert(full.item.id);
    }
}

#[test]
fn every_problem_is_named_with_its_row() {
    let file = r#"{
        "year": 1999, "title": "Kế hoạch", "number": null, "issued_on": null, "note": null, "basis": null,
        "items": [
            {"kind": "section", "code": "A", "title": "A", "parent": "A", "position": 1},
            {"kind": "section", "code": "A", "title": "A", "parent": null, "position": 1},
            {"kind": "task", "code": "A 1", "title": "", "parent": "B", "position": 0, "lead_unit": "XX",
             "assignments": [
                {"unit": "VP", "frequency": "yearly", "obligation": "must"},
                {"unit": "VP", "frequency": "yearly", "obligation": "must"},
                {"unit": "MTTQ", "frequency": "yearly", "obligation": "must"}
             ]},
            {"kind": "indicator", "code": "I", "title": "I", "parent": null, "position": 2,
             "measure": {"kind": "ratio", "aggregation": "sum", "control": "ward", "subset_of": "I"}}
        ]
    }"#;
    let file: PlanFile = serde_json::from_str(file).unwrap_or_else(|error| panic_with(&error));
    let found = faults(&file);
    for (pointer, code) in [
        ("/year", Code::OutOfRange),
        ("/items/0/parent", Code::OutOfRange),
        ("/items/1/code", Code::CodeTaken),
        ("/items/2/code", Code::OutOfRange),
        ("/items/2/title", Code::Required),
        ("/items/2/parent", Code::UnknownReference),
        ("/items/2/position", Code::OutOfRange),
        ("/items/2/lead_unit", Code::UnknownReference),
        ("/items/2/assignments/1/unit", Code::OutOfRange),
        ("/items/2/assignments/2/obligation", Code::OutOfRange),
        ("/items/3/measure/aggregation", Code::OutOfRange),
        ("/items/3/measure/subset_of", Code::UnknownReference),
    ] {
        assert!(found.contains(&(pointer.to_owned(), code)), "{pointer} in {found:?}");
    }
}

#[test]
fn a_row_that_does_not_fit_names_its_field_and_hides_no_other_fault() {
    let file = r#"{
        "year": 2027, "title": "Kế hoạch",
        "items": [
            {"kind": "section", "code": "A", "title": "A", "position": "một"},
            {"kind": "indicator", "code": "A.1", "title": "A", "parent": "A", "position": 1,
             "measure": {"kind": "ratio", "aggregation": "ratio_of_sums", "control": "ward", "khong_co": 1}},
            {"kind": "indicator", "code": "A.2", "title": "A", "parent": "A", "position": 2,
             "measure": {"kind": "tỷ lệ", "aggregation": "ratio_of_sums", "control": "ward"}},
            {"kind": "task", "code": "A.3", "title": "", "parent": "A", "position": 3, "measure": null},
            {"kind": "task", "code": "A.4", "title": "", "parent": "A", "position": 4},
            {"kind": "viec", "code": "A.5"}, {"code": "A.6"}, 7
        ]
    }"#;
    let file: PlanFile = serde_json::from_str(file).unwrap_or_else(|error| panic_with(&error));
    assert_eq!(
        faults(&file),
        [
            ("/items/0/position", Code::InvalidValue),
            ("/items/1/measure/khong_co", Code::UnknownField),
            ("/items/2/measure/kind", Code::InvalidValue),
            ("/items/3/measure", Code::UnknownField),
            ("/items/4/title", Code::Required),
            ("/items/5/kind", Code::InvalidValue),
            ("/items/6/kind", Code::MissingField),
            ("/items/7", Code::InvalidValue),
        ]
        .map(|(pointer, code)| (pointer.to_owned(), code))
    );
}

#[test]
fn unknown_fields_are_refused() {
    let text = PLAN.replacen("\"legal_bases\"", "\"bases\"", 1);
    assert!(serde_json::from_str::<PlanFile>(&text).is_err());
    let ward_id = WardId::generate();
    let text = PLAN.replacen("\"title_en\"", "\"title_fr\"", 1);
    let file: PlanFile = serde_json::from_str(&text).unwrap_or_else(|error| panic_with(&error));
    let refusal = prepare(ward_id, &file, &[], &long_my_units(ward_id)).require_good().err();
    let said =
        refusal.and_then(|error| error.fields.first().map(|fault| fault.detail.vi.clone().into_owned()));
    assert!(said.is_some_and(|said| said.starts_with("Dòng 1, cột title_fr, mục II: ")));
}
