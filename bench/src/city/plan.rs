//! The ward, its units and accounts, and the plan of a year, after the pattern of the real plan of Long Mỹ.

use serde_json::{Value, json};

use super::ward_code;
use crate::Failure;

const LONG_MY: &str = include_str!("../../../data/long-my/plan-2026.json");

/// A unit that reports.
pub struct Unit {
    /// Its code.
    pub code: String,
    /// Its kind.
    pub kind: &'static str,
}

impl Unit {
    /// How the usernames of its people begin.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{}.{}", ward_code(1), self.code.to_lowercase())
    }
}

/// The units that report: those a ward has, ten schools among them, and then public service units.
#[must_use]
pub fn units(count: usize) -> Vec<Unit> {
    let mut units: Vec<Unit> = [
        ("VHXH", "department"),
        ("VP", "office"),
        ("TRUONG-01", "school"),
        ("KTHTDT", "department"),
        ("HCC", "service_center"),
        ("TYT", "public_service_unit"),
        ("MTTQ", "front"),
    ]
    .map(|(code, kind)| Unit { code: code.to_owned(), kind })
    .into();
    units.extend((2..=10).map(|n| Unit { code: format!("TRUONG-{n:02}"), kind: "school" }));
    units.extend((1..).map(|n| Unit { code: format!("DV-{n:02}"), kind: "public_service_unit" }).take(count));
    units.truncate(count.max(3));
    units
}

/// The ward's file.
#[must_use]
pub fn ward_file(units: &[Unit]) -> Value {
    let mut entries = vec![json!({
        "code": "UBND", "name": "Ủy ban nhân dân phường", "kind": "leadership", "active_from": "2020-01-01",
    })];
    entries.extend(units.iter().map(|unit| {
        json!({
            "code": unit.code, "name": format!("Đơn vị {}", unit.code), "kind": unit.kind, "parent": "UBND",
            "is_standing_office": unit.code == "VHXH", "active_from": "2020-01-01",
        })
    }));
    let code = ward_code(1);
    json!({ "code": code, "name": format!("Phường mẫu {code}"), "public_results": true, "units": entries })
}

/// An account: username, full name, position, unit, roles.
pub type Person = (String, String, &'static str, String, Vec<&'static str>);

/// The ward's people: leaders, and a head and a clerk of every unit; VHXH and VP coordinate too.
#[must_use]
pub fn people(units: &[Unit]) -> Vec<Person> {
    let code = ward_code(1);
    let ubnd = || "UBND".to_owned();
    let mut people: Vec<Person> = vec![
        (format!("{code}.leader"), "Chủ tịch".to_owned(), "Chủ tịch UBND", ubnd(), vec!["leader"]),
        (format!("{code}.admin"), "Quản trị".to_owned(), "Quản trị hệ thống", ubnd(), vec!["admin"]),
        (format!("{code}.auditor"), "Thanh tra".to_owned(), "Thanh tra", ubnd(), vec!["auditor"]),
    ];
    for unit in units {
        let school = unit.kind == "school";
        let mut roles = [
            vec![if school { "school_head" } else { "department_head" }],
            vec![if school { "school_staff" } else { "department_staff" }],
        ];
        if unit.code == "VHXH" || unit.code == "VP" {
            roles[0].push("coordinator");
        }
        let [head, staff] = roles;
        let name = |what: &str| format!("{what} {}", unit.code);
        people.push((
            format!("{}.head", unit.prefix()),
            name("Thủ trưởng"),
            "Thủ trưởng",
            unit.code.clone(),
            head,
        ));
        people.push((
            format!("{}.staff", unit.prefix()),
            name("Chuyên viên"),
            "Chuyên viên",
            unit.code.clone(),
            staff,
        ));
    }
    people
}

/// The plan of a year: the first so many leaves of the real one, reported by all units every quarter.
///
/// # Errors
/// When the pattern has fewer leaves.
pub fn plan_file(year: i32, leaves: usize, units: &[Unit]) -> Result<Value, Failure> {
    let pattern: Value = serde_json::from_str(LONG_MY)?;
    let entries = pattern["items"].as_array().ok_or("the pattern has no items")?;
    let measured = entries.iter().filter(|item| item["kind"] == "indicator");
    let tasks = entries.iter().filter(|item| item["kind"] == "task");
    let chosen: Vec<&Value> = measured.chain(tasks).take(leaves).collect();
    if chosen.len() < leaves {
        return Err(format!("the pattern has only {} leaves", chosen.len()).into());
    }
    let codes: Vec<&Value> = chosen.iter().map(|item| &item["code"]).collect();
    let assignments: Vec<Value> = units
        .iter()
        .map(|unit| {
            let obligation = if unit.kind == "front" { "request" } else { "must" };
            json!({ "unit": unit.code, "frequency": "quarterly", "obligation": obligation })
        })
        .collect();
    let sections = entries.iter().filter(|item| item["kind"] == "section");
    let items: Vec<Value> = sections
        .cloned()
        .chain(chosen.iter().map(|item| adapt((*item).clone(), year, &codes, &assignments)))
        .map(|item| among(item, units))
        .collect();
    Ok(json!({
        "year": year,
        "title": format!("Kế hoạch cải cách hành chính năm {year}"),
        "number": format!("01/KH-UBND-{year}"),
        "issued_on": format!("{year}-01-10"),
        "basis": "decree09",
        "items": items,
    }))
}

fn adapt(mut item: Value, year: i32, codes: &[&Value], assignments: &[Value]) -> Value {
    item["assignments"] = assignments.into();
    if item["kind"] == "task" {
        item["recurrence"] = "quarterly".into();
        item["starts_on"] = Value::Null;
        item["due_on"] = Value::Null;
        return item;
    }
    for target in item["targets"].as_array_mut().into_iter().flatten() {
        target["effective_from"] = format!("{year}-01-01").into();
    }
    for reference in ["subset_of", "no_more_than"] {
        if !codes.contains(&&item["measure"][reference]) {
            item["measure"][reference] = Value::Null;
        }
    }
    if item["measure"]["aggregation"] == "reduction" {
        item["baseline"] = json!({ "value": 100, "year": year - 1, "source": "Báo cáo năm trước" });
    }
    item
}

/// Names only units that the ward has.
fn among(mut item: Value, units: &[Unit]) -> Value {
    for key in ["lead_unit", "tracking_unit"] {
        if item[key].is_string() && !units.iter().any(|unit| item[key] == unit.code) {
            item[key] = "VP".into();
        }
    }
    item["coordinating_units"] = json!([]);
    item
}
