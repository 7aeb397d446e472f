//! How bodies are named: one unit in several ways, or a body of another ward.

use std::collections::BTreeMap;

use super::{Reading, codes, finding};
use crate::{
    items::PlanItem,
    kernel::id::UnitId,
    plan_checks::{
        model::{Finding, FindingCode},
        words::{Phrase, words},
    },
    units::Unit,
};

/// What a person reads of an item.
fn texts_of(item: &PlanItem) -> impl Iterator<Item = &str> {
    [Some(&item.title), item.deliverable.as_ref(), item.note.as_ref()]
        .into_iter()
        .flatten()
        .map(String::as_str)
}

/// One way to write a unit's name.
struct Name<'a> {
    phrase: Phrase,
    written: String,
    unit: &'a Unit,
}

/// Names and aliases of all units, by their first word, the longest first.
type Names<'a> = BTreeMap<String, Vec<Name<'a>>>;

fn known_names(units: &[Unit]) -> Names<'_> {
    let mut names = Names::new();
    for unit in units {
        let aliases: Vec<String> = unit.aliases.read().unwrap_or_default();
        for written in aliases.into_iter().chain([unit.name.clone()]) {
            let phrase = words().phrase(&written);
            if let Some(first) = phrase.first().cloned() {
                names.entry(first).or_default().push(Name { phrase, written, unit });
            }
        }
    }
    for list in names.values_mut() {
        list.sort_by_key(|name| std::cmp::Reverse(name.phrase.len()));
    }
    names
}

/// How one unit is written in the plan: each spelling, and the items that use any of them.
#[derive(Default)]
struct Usage<'a> {
    spellings: BTreeMap<Phrase, &'a str>,
    items: Vec<&'a PlanItem>,
}

/// One finding for each unit that the plan's texts name in more than one way; abbreviations that everybody knows, and
/// "phường" at the end, make no other name.
pub(super) fn check_unit_names(reading: &Reading<'_>) -> Vec<Finding> {
    let names = known_names(reading.units);
    let mut usages: BTreeMap<UnitId, (&Unit, Usage<'_>)> = BTreeMap::new();
    for item in reading.own_items() {
        for text in texts_of(item) {
            for name in names_in(&words().phrase(text), &names) {
                let (_, usage) = usages.entry(name.unit.id).or_insert((name.unit, Usage::default()));
                usage.spellings.entry(words().bare_name(&name.phrase)).or_insert(&name.written);
                add_once(&mut usage.items, item);
            }
        }
    }
    let several = usages.into_values().filter(|(_, usage)| usage.spellings.len() > 1);
    let findings = several.map(|(unit, usage)| {
        let written: Vec<String> = usage.spellings.values().map(|name| format!("“{name}”")).collect();
        let detail = format!(
            "Đơn vị {} được gọi bằng nhiều tên trong kế hoạch: {}; hãy dùng thống nhất một tên.",
            unit.name,
            written.join(", ")
        );
        (usage.items, FindingCode::UnitNames, detail)
    });
    in_order(findings.collect())
}

/// The units that a text names: at each word the longest name that begins there.
fn names_in<'n>(text: &[String], names: &'n Names<'n>) -> Vec<&'n Name<'n>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        let longest = names.get(first).into_iter().flatten().find(|name| rest.starts_with(&name.phrase));
        rest = match longest {
            Some(name) => {
                found.push(name);
                rest.get(name.phrase.len()..).unwrap_or_default()
            }
            None => behind,
        };
    }
    found
}

fn add_once<'a>(items: &mut Vec<&'a PlanItem>, item: &'a PlanItem) {
    if items.last().is_none_or(|last| last.id != item.id) {
        items.push(item);
    }
}

/// Findings in the order in which the plan comes to them.
fn in_order(mut found: Vec<(Vec<&PlanItem>, FindingCode, String)>) -> Vec<Finding> {
    found.sort_by(|(one, ..), (other, ..)| {
        one.first().map(|item| &item.sort_path).cmp(&other.first().map(|item| &item.sort_path))
    });
    found.into_iter().map(|(items, code, detail)| finding(code, codes(items), detail)).collect()
}

/// One finding for each other ward that the plan's texts name.
pub(super) fn check_foreign_bodies(reading: &Reading<'_>) -> Vec<Finding> {
    let own = bare_ward(reading.ward_name);
    let mut wards: BTreeMap<Phrase, (String, Vec<&PlanItem>)> = BTreeMap::new();
    for item in reading.own_items() {
        for text in texts_of(item) {
            for name in wards_in(text) {
                let phrase = words().phrase(&name);
                if phrase.starts_with(&own) {
                    continue;
                }
                let (_, items) = wards.entry(phrase).or_insert((name, Vec::new()));
                add_once(items, item);
            }
        }
    }
    let found = wards.into_values().map(|(name, items)| {
        let detail = format!(
            "Có nhắc đến cơ quan của phường, xã khác ({name}) trong kế hoạch của {}; hãy hỏi lại: dùng chung, \
             phối hợp hay chép nhầm.",
            reading.ward_name
        );
        (items, FindingCode::ForeignBody, detail)
    });
    in_order(found.collect())
}

/// A ward's own name without its kind: `Phường Long Mỹ` is `long my`.
fn bare_ward(name: &str) -> Phrase {
    let mut phrase = words().phrase(name);
    let kind = match phrase.first().map(String::as_str) {
        Some("phuong" | "xa") => 1,
        Some("dac") if phrase.get(1).is_some_and(|word| word == "khu") => 2,
        _ => 0,
    };
    phrase.drain(..kind);
    phrase
}

/// The names that follow "phường" or "xã" in a text; a name's words begin with capitals, and a sign ends it.
fn wards_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let kind = word.trim_start_matches(|c: char| !c.is_alphabetic());
        if !matches!(kind, "phường" | "Phường" | "xã" | "Xã") {
            continue;
        }
        let mut name: Vec<String> = Vec::new();
        while let Some(next) = words.peek().filter(|next| is_capitalised(next)) {
            let bare = next.trim_end_matches(|c: char| !c.is_alphanumeric());
            let ends = bare.len() < next.len();
            name.push(bare.to_owned());
            words.next();
            if ends {
                break;
            }
        }
        // "Xã Hội" is no ward.
        if !name.is_empty() && !name.first().is_some_and(|first| first.eq_ignore_ascii_case("hội")) {
            found.push(name.join(" "));
        }
    }
    found
}

/// `Long`, not `VP`, for an abbreviation names no ward.
fn is_capitalised(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.next().is_none_or(char::is_lowercase)
}
