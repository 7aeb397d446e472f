//! The real data files, and what is said of broken ones.

use super::*;
use crate::kernel::{id::UnitId, json::JsonText};

const PLAN: &str = include_str!("../../data/long-my/plan-2026.json");
const APPENDIX: &str = include_str!("../../data/long-my/appendix-2026.json");
const WARD: &str = include_str!("../../data/long-my/ward.json");

fn units(ward_id: WardId) -> Vec<Unit> {
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

fn appendix() -> Vec<ItemEntry> {
    let file: AppendixFile = serde_json::from_str(APPENDIX).unwrap_or_else(|error| panic_with(&error));
    file.items
}

fn faults(file: &PlanFile) -> Vec<(String, Code)> {
    let ward_id = WardId::generate();
    let fields = prepare(ward_id, file, &[], units(ward_id)).err().map(|error| error.fields);
    fields.unwrap_or_default().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn the_plan_of_long_my_is_read_without_a_fault() {
    let ward_id = WardId::generate();
    let prepared = prepare(ward_id, &plan(), &appendix(), units(ward_id));
    let said = prepared.as_ref().err().map(ToString::to_string);
    assert_eq!(said, None);
    let Ok(prepared) = prepared else { return };
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
    let Ok(prepared) = prepare(ward_id, &file, &appendix(), units(ward_id)) else { return };
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
fn unknown_fields_are_refused() {
    let text = PLAN.replacen("\"title_en\"", "\"title_fr\"", 1);
    assert!(serde_json::from_str::<PlanFile>(&text).is_err());
}
