//! Holds the data of Long Mỹ's plan against facts that were counted by hand in the plan's own text.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on says so by a panic"
)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use unicode_normalization::is_nfc;

const FILES: [(&str, &str); 3] = [
    ("plan-2026.json", include_str!("../data/long-my/plan-2026.json")),
    ("appendix-2026.json", include_str!("../data/long-my/appendix-2026.json")),
    ("ward.json", include_str!("../data/long-my/ward.json")),
];

/// The 35 rows of the reference's table of indicators; V.5-4 is the operating level of II.2.k, "as II.2.k".
const REFERENCE_ROWS: [&str; 35] = [
    "II.1.a",
    "II.1.b",
    "II.2.a",
    "II.2.b.1",
    "II.2.b.2",
    "II.2.c",
    "II.2.d.1",
    "II.2.d.2",
    "II.2.d.3",
    "II.2.đ.1",
    "II.2.đ.2",
    "II.2.e",
    "II.2.g",
    "II.2.h",
    "II.2.i.1",
    "II.2.i.2",
    "II.2.k",
    "II.2.l.1",
    "II.2.l.2",
    "II.3.a.1",
    "II.3.a.2",
    "II.3.b.1",
    "II.3.b.2a",
    "II.3.b.2b",
    "II.4",
    "II.5.a",
    "II.5.b",
    "II.6.a",
    "II.6.b",
    "II.6.c",
    "II.6.d",
    "II.6.đ",
    "II.6.e",
    "V.5-3",
    "V.5-4",
];

fn file(name: &str) -> Value {
    let (_, text) = FILES.into_iter().find(|(file, _)| *file == name).unwrap();
    serde_json::from_str(text).unwrap()
}

fn facts() -> Value {
    serde_json::from_str(include_str!("facts/long-my-2026.json")).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no text {field} in {value}"))
}

/// The items of the plan, in the order of the file.
fn items() -> Vec<Value> {
    list(&file("plan-2026.json")["items"]).to_vec()
}

fn of_kind(items: &[Value], kind: &str) -> Vec<Value> {
    items.iter().filter(|item| item["kind"] == kind).cloned().collect()
}

fn find<'a>(items: &'a [Value], kind: &str, code: &str) -> &'a Value {
    let mut found = items.iter().filter(|item| item["kind"] == kind && item["code"] == code);
    let item = found.next().unwrap_or_else(|| panic!("no {kind} {code}"));
    assert!(found.next().is_none(), "two {kind} {code}");
    item
}

/// The sections above an item, the nearest first.
fn above(items: &[Value], item: &Value) -> Vec<String> {
    let mut codes = Vec::new();
    let mut parent = item["parent"].as_str().map(str::to_owned);
    while let Some(code) = parent {
        parent = find(items, "section", &code)["parent"].as_str().map(str::to_owned);
        codes.push(code);
        assert!(codes.len() < 10, "a circle above {item}");
    }
    codes
}

/// Every text of a file with its place.
fn texts(value: &Value, at: &str, into: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => into.push((at.to_owned(), text.clone())),
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(index, value)| texts(value, &format!("{at}/{index}"), into));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                into.push((at.to_owned(), name.clone()));
                texts(value, &format!("{at}/{name}"), into);
            }
        }
        _ => {}
    }
}

fn all_texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, _) in FILES {
        texts(&file(name), name, &mut found);
    }
    found
}

/// Whether a text says `ngày 15/7/2021` for `2021-07-15`, with or without leading zeros.
fn says_date(text: &str, date: &str) -> bool {
    let wanted: Vec<u32> = date.rsplit('-').map(|part| part.parse().unwrap()).collect();
    text.split([' ', ':', ',']).any(|word| {
        let parts: Option<Vec<u32>> = word.split('/').map(|part| part.parse().ok()).collect();
        parts.is_some_and(|parts| parts == wanted)
    })
}

/// The printed duty that a task is part of: `V.1.b` for `V.1.b-2`; `V.3-1` is one of its own.
fn printed_duty(code: &str) -> &str {
    match code.rsplit_once('-') {
        Some((duty, number)) if number.parse::<u32>().is_ok() && duty.ends_with(char::is_lowercase) => duty,
        _ => code,
    }
}

#[test]
fn every_target_stands_as_the_plan_prints_it() {
    let (facts, mut targets) = (facts(), Vec::new());
    for item in of_kind(&items(), "indicator") {
        for target in list(&item["targets"]) {
            let mut row = json!({ "code": item["code"], "comparator": target["comparator"], "value": target["value"],
                "tier": target["tier"], "conditional": item["measure"]["conditional"] });
            if !target["band"].is_null() {
                row["band"] = target["band"].clone();
            }
            assert_eq!(target["effective_from"], "2026-01-01", "{}", item["code"]);
            targets.push(row);
        }
    }
    assert_eq!(Value::from(targets), facts["indicators"], "in the order of the plan, too");
}

#[test]
fn leaves_targets_and_tasks_are_as_many_as_counted() {
    let (facts, items) = (facts(), items());
    let leaves = of_kind(&items, "indicator");
    let targets: usize = leaves.iter().map(|leaf| list(&leaf["targets"]).len()).sum();
    assert_eq!(json!(leaves.len()), facts["leaf_count"]);
    assert_eq!(json!(targets), facts["target_count"]);
    assert_eq!(json!(of_kind(&items, "task").len()), facts["task_count"]);
    let mut fields: BTreeMap<&str, u32> = BTreeMap::new();
    leaves.iter().for_each(|leaf| *fields.entry(text(leaf, "field")).or_default() += 1);
    assert_eq!(json!(fields), facts["leaves_per_field"]);
    for (heading, count) in facts["leaves_per_heading"].as_object().unwrap() {
        let below = |leaf: &&Value| leaf["code"] == *heading || above(&items, leaf).contains(heading);
        assert_eq!(json!(leaves.iter().filter(below).count()), *count, "{heading}");
    }
    for (heading, count) in facts["printed_points_per_heading"].as_object().unwrap() {
        let below = items.iter().filter(|item| item["parent"] == *heading).count();
        // II.4 is one point without a letter.
        assert_eq!(json!(below.max(1)), *count, "{heading}");
    }
}

#[test]
fn points_follow_the_vietnamese_letters() {
    let (facts, items) = (facts(), items());
    let order: Vec<&str> =
        list(&facts["letter_order"]).iter().map(|letter| letter.as_str().unwrap()).collect();
    for heading in ["II.1", "II.2", "II.3", "II.5", "II.6", "V.1", "V.2-KH", "V.4"] {
        let mut below: Vec<&Value> = items.iter().filter(|item| item["parent"] == *heading).collect();
        below.sort_by_key(|item| item["position"].as_i64());
        let mut letters: Vec<&str> =
            below.iter().map(|item| printed_duty(text(item, "code")).rsplit('.').next().unwrap()).collect();
        letters.dedup();
        assert_eq!(letters, order[..letters.len()], "{heading}");
    }
    let letters = items.iter().filter(|item| item["parent"] == "V.2" && item["kind"] == "task");
    let mut letters: Vec<&str> =
        letters.map(|item| printed_duty(text(item, "code")).rsplit('.').next().unwrap()).collect();
    letters.dedup();
    assert_eq!(letters, order[..10], "V.2 has no point l");
}

#[test]
fn places_among_siblings_are_counted_without_gaps() {
    let mut places: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let all = [items(), list(&file("appendix-2026.json")["items"]).to_vec()].concat();
    for item in &all {
        places.entry(item["parent"].to_string()).or_default().push(item["position"].as_i64().unwrap());
        let parent = item["parent"].as_str();
        assert!(parent.is_none_or(|code| find(&all, "section", code)["kind"] == "section"), "{item}");
    }
    for (parent, mut positions) in places {
        positions.sort_unstable();
        let expected: Vec<i64> =
            if parent == "null" { vec![2, 5, 99] } else { (1..).take(positions.len()).collect() };
        assert_eq!(positions, expected, "below {parent}");
    }
}

#[test]
fn section_v_has_its_duties_and_units() {
    let (facts, items) = (facts(), items());
    for fact in list(&facts["section_v"]) {
        let code = text(fact, "code");
        let tasks = of_kind(&items, "task");
        let below: Vec<&Value> =
            tasks.iter().filter(|task| above(&items, task).iter().any(|c| c == code)).collect();
        let duties: BTreeSet<&str> = below.iter().map(|task| printed_duty(text(task, "code"))).collect();
        assert_eq!(json!(below.len()), fact["tasks"], "{code}");
        assert_eq!(json!(duties.len()), fact["printed_duties"], "{code}: {duties:?}");
        assert_eq!(find(&items, "section", code)["lead_unit"], fact["unit"], "{code}");
    }
    for fact in list(&facts["section_v_sub_headings"]) {
        let below = items.iter().filter(|item| item["parent"] == fact["code"]).count();
        assert_eq!(json!(below), fact["printed_duties"], "{fact}");
        find(&items, "section", text(fact, "code"));
    }
    for code in list(&facts["closing_tasks"]) {
        assert_eq!(find(&items, "task", code.as_str().unwrap())["parent"], "V");
    }
    let sections = list(&facts["section_v"]).iter().map(|fact| fact["tasks"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(json!(sections + 1), facts["task_count"], "the facts agree with each other");
}

#[test]
fn rows_of_the_reference_are_all_there() {
    let items = items();
    let mut leaves: BTreeSet<String> =
        of_kind(&items, "indicator").iter().map(|leaf| text(leaf, "code").to_owned()).collect();
    let operating = find(&items, "indicator", "II.2.k")["targets"].clone();
    assert_eq!((&operating[1]["tier"], &operating[1]["value"]), (&json!("operating"), &json!(98)));
    assert!(text(find(&items, "task", "V.5-4"), "title").contains("98%"));
    leaves.insert("V.5-4".to_owned());
    assert_eq!(leaves, REFERENCE_ROWS.map(str::to_owned).into());
}

#[test]
fn the_appendix_is_44_sample_rows_and_says_so() {
    let (facts, appendix) = (facts(), file("appendix-2026.json"));
    assert_eq!(facts["appendix_attached"], false);
    let rows = list(&appendix["items"]);
    assert!(rows.iter().all(|row| row["sample"] == true));
    let mut numbers: Vec<u32> = of_kind(rows, "task")
        .iter()
        .map(|task| text(task, "code").strip_prefix("PL.").unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=44).collect::<Vec<_>>());
    let counts: Vec<usize> = [0, 7, 1, 2, 3, 4, 5, 6]
        .map(|group| rows.iter().filter(|row| row["parent"] == format!("PL-{group}")).count())
        .into();
    assert_eq!(counts, [11, 4, 4, 11, 4, 3, 3, 4]);
    assert!(text(&rows[0], "title").contains("mẫu") && text(&rows[0], "note").contains("không kèm"));
    assert!(items().iter().all(|item| item["sample"] == false), "the plan's own items are no samples");
}

#[test]
fn legal_bases_carry_number_and_date() {
    let (facts, plan) = (facts(), file("plan-2026.json"));
    let bases = list(&plan["legal_bases"]);
    assert_eq!(bases.len(), list(&facts["legal_bases"]).len());
    for (basis, fact) in bases.iter().zip(list(&facts["legal_bases"])) {
        let basis = basis.as_str().unwrap();
        assert!(basis.contains(text(fact, "number")) && says_date(basis, text(fact, "dated")), "{basis}");
    }
    let mut notes = Vec::new();
    texts(&plan, "", &mut notes);
    for fact in list(&facts["finance_circulars"]) {
        let number = text(fact, "number");
        assert!(notes.iter().any(|(_, note)| note.contains(number)), "no word of {number}");
    }
}

#[test]
fn number_and_date_that_the_plan_leaves_open_are_marked_as_samples() {
    let (facts, plan) = (facts(), file("plan-2026.json"));
    assert_eq!((&facts["printed_number"], &facts["printed_date"]), (&Value::Null, &Value::Null));
    assert!(text(&plan, "number").starts_with("MẪU"));
    assert!(text(&plan, "note").contains("mẫu") && text(&plan, "note").contains("để trống"));
    assert_eq!((&plan["year"], &plan["basis"]), (&json!(2026), &json!("decree09")));
}

#[test]
fn parts_name_the_whole_and_figures_that_hold_together_are_tied() {
    let (facts, leaves) = (facts(), of_kind(&items(), "indicator"));
    let named = |field: &str| -> BTreeMap<String, Value> {
        leaves
            .iter()
            .filter(|leaf| !leaf["measure"][field].is_null())
            .map(|leaf| (text(leaf, "code").to_owned(), leaf["measure"][field].clone()))
            .collect()
    };
    assert_eq!(json!(named("subset_of")), facts["subset_of"]);
    assert_eq!(json!(named("no_more_than")), json!({ "II.2.d.3": "II.6.e" }));
    for code in named("subset_of").values().chain(named("no_more_than").values()) {
        find(&leaves, "indicator", code.as_str().unwrap());
    }
}

#[test]
fn reductions_name_their_year_and_invent_no_baseline() {
    let (facts, leaves) = (facts(), of_kind(&items(), "indicator"));
    for (code, year) in facts["reduction_year"].as_object().unwrap() {
        let leaf = find(&leaves, "indicator", code);
        let year = year.to_string();
        assert!(text(leaf, "title").contains(&year) && text(leaf, "note").contains(&year), "{leaf}");
    }
    for leaf in &leaves {
        assert_eq!(leaf["baseline"], Value::Null, "the plan states none: {leaf}");
        let reduces = list(&leaf["targets"]).iter().any(|target| target["comparator"] == "reduce_by");
        assert_eq!(reduces, leaf["measure"]["aggregation"] == "reduction", "{leaf}");
    }
}

#[test]
fn every_unit_code_is_known_and_every_leaf_has_a_reporter() {
    let ward = file("ward.json");
    let kinds: BTreeMap<&str, &str> =
        list(&ward["units"]).iter().map(|unit| (text(unit, "code"), text(unit, "kind"))).collect();
    assert_eq!(kinds.len(), list(&ward["units"]).len(), "codes are unique");
    let standing: Vec<&str> = list(&ward["units"])
        .iter()
        .filter(|u| u["is_standing_office"] == true)
        .map(|u| text(u, "code"))
        .collect();
    assert_eq!(json!(standing), json!([facts()["standing_office"]]));
    for item in [items(), list(&file("appendix-2026.json")["items"]).to_vec()].concat() {
        let none = Vec::new();
        let assignments = item["assignments"].as_array().unwrap_or(&none);
        let named =
            list(&item["coordinating_units"]).iter().chain([&item["lead_unit"], &item["tracking_unit"]]);
        for unit in named.chain(assignments.iter().map(|row| &row["unit"])).filter(|unit| !unit.is_null()) {
            assert!(kinds.contains_key(unit.as_str().unwrap()), "{unit} in {item}");
        }
        assert!(item["kind"] == "section" || !assignments.is_empty(), "nobody reports {item}");
        assert!(item["kind"] == "section" || item["tracking_unit"].is_string(), "nobody reviews {item}");
        for row in assignments.iter().filter(|row| kinds[text(row, "unit")] == "front") {
            assert_eq!(row["obligation"], "request", "{}", item["code"]);
        }
    }
}

#[test]
fn all_text_is_composed_short_and_clean() {
    for (at, text) in all_texts() {
        assert!(is_nfc(&text), "{at} is not NFC: {text}");
        assert!(text.chars().count() <= 200, "{at} is a long sentence, perhaps copied: {text}");
        assert_eq!(text, text.trim(), "{at}");
        let odd = |c: char| {
            c.is_control() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}')
        };
        assert!(!text.contains(odd), "{at}: {text:?}");
    }
}

#[test]
fn codes_are_unique_per_kind_and_titles_are_bilingual() {
    let all = [items(), list(&file("appendix-2026.json")["items"]).to_vec()].concat();
    let codes: BTreeSet<(&str, &str)> =
        all.iter().map(|item| (text(item, "kind"), text(item, "code"))).collect();
    assert_eq!(codes.len(), all.len());
    assert_eq!(all.len(), 169);
    for item in &all {
        assert!(!text(item, "title").is_empty() && text(item, "title_en").is_ascii(), "{item}");
    }
}
