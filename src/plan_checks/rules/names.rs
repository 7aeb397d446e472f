//! How bodies are named: one unit in several ways, or a body of another ward.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reading, codes, finding};
use crate::{
    items::PlanItem,
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

/// Names and aliases of all units, by their first word, the longest first.
fn known_names<'a>(units: &'a [Unit]) -> BTreeMap<String, Vec<(Phrase, &'a Unit)>> {
    let mut names: BTreeMap<String, Vec<(Phrase, &'a Unit)>> = BTreeMap::new();
    for unit in units {
        let aliases: Vec<String> = unit.aliases.read().unwrap_or_default();
        for name in aliases.iter().chain([&unit.name]) {
            let phrase = words().phrase(name);
            if let Some(first) = phrase.first() {
                names.entry(first.clone()).or_default().push((phrase.clone(), unit));
            }
        }
    }
    for list in names.values_mut() {
        list.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
    }
    names
}

/// How one unit is written in the plan: each spelling with the items that use it.
#[derive(Default)]
struct Spellings<'a>(BTreeMap<Phrase, Vec<&'a PlanItem>>);

/// One finding for each unit that the plan's texts name in more than one way; abbreviations that everybody knows, and
/// "phường" at the end, make no other name.
pub(super) fn check_unit_names(reading: &Reading<'_>) -> Vec<Finding> {
    let names = known_names(reading.units);
    let mut found: Vec<Spellings<'_>> = reading.units.iter().map(|_| Spellings::default()).collect();
    for item in reading.own_items() {
        for text in texts_of(item) {
            for (name, unit) in names_in(&words().phrase(text), &names) {
                let place = reading.units.iter().position(|known| known.id == unit.id);
                let Some(spellings) = place.and_then(|place| found.get_mut(place)) else { continue };
                let items = spellings.0.entry(words().bare_name(name)).or_default();
                if items.last().is_none_or(|last| last.id != item.id) {
                    items.push(item);
                }
            }
        }
    }
    let several = reading.units.iter().zip(found).filter(|(_, spellings)| spellings.0.len() > 1);
    several.map(|(unit, spellings)| describe(reading, unit, &spellings)).collect()
}

/// The units that a text names: at each word the longest name that begins there.
fn names_in<'n>(
    text: &[String],
    names: &'n BTreeMap<String, Vec<(Phrase, &'n Unit)>>,
) -> Vec<(&'n Phrase, &'n Unit)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        let longest = names.get(first).into_iter().flatten().find(|(phrase, _)| rest.starts_with(phrase));
        rest = match longest {
            Some((phrase, unit)) => {
                found.push((phrase, *unit));
                rest.get(phrase.len()..).unwrap_or_default()
            }
            None => behind,
        };
    }
    found
}

fn describe(reading: &Reading<'_>, unit: &Unit, spellings: &Spellings<'_>) -> Finding {
    let named: BTreeSet<_> = spellings.0.values().flatten().map(|item| item.id).collect();
    let items: Vec<&PlanItem> = reading.own_items().filter(|item| named.contains(&item.id)).collect();
    let detail = format!(
        "Đơn vị “{}” được gọi bằng {} cách trong kế hoạch; hãy dùng thống nhất một tên.",
        unit.name,
        spellings.0.len()
    );
    finding(FindingCode::UnitNames, codes(items), detail)
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
                if items.last().is_none_or(|last| last.id != item.id) {
                    items.push(item);
                }
            }
        }
    }
    let describe = |(name, items): (String, Vec<&PlanItem>)| {
        let detail = format!(
            "Có nhắc đến cơ quan của phường, xã khác ({name}) trong kế hoạch của {}; hãy hỏi lại: dùng chung, \
             phối hợp hay chép nhầm.",
            reading.ward_name
        );
        finding(FindingCode::ForeignBody, codes(items), detail)
    };
    wards.into_values().map(describe).collect()
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
