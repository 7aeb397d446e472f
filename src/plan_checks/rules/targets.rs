//! Targets that differ for what reads as one thing.

use std::collections::{BTreeMap, HashMap};

use super::{Reading, finding};
use crate::{
    items::{Comparator, ItemKind, PlanItem, TargetTier},
    kernel::number::Quantity,
    plan_checks::{
        model::{Finding, FindingCode},
        words::words,
    },
};

/// One level that an item aims at, by target or by its title.
struct Claim<'a> {
    item: &'a PlanItem,
    /// Place of the item among those that claim something.
    place: usize,
    /// What it is about: numbers of words, sorted.
    subject: Vec<usize>,
    sense: Sense,
    value: Quantity,
    unit: String,
    is_operating: bool,
}

/// Which way a figure is to move; only levels of one sense can differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    AtLeast,
    AtMost,
    ReduceBy,
}

const PERCENT: &str = "percent";

/// One finding for each group of items whose targets differ though their titles say the same.
pub(super) fn check_targets(reading: &Reading<'_>) -> Vec<Finding> {
    let claims = claims_of(reading);
    // Each item begins as a group of its own; whoever conflicts joins the lower one.
    let mut group: Vec<usize> = (0..claims.len()).collect();
    let mut conflicting = vec![false; claims.len()];
    for (index, one) in claims.iter().enumerate() {
        for other in claims.get(index + 1..).unwrap_or_default() {
            if !conflict(one, other) {
                continue;
            }
            let (from, to) = (group_of(&group, other.place), group_of(&group, one.place));
            let (from, to) = (from.max(to), from.min(to));
            group.iter_mut().filter(|member| **member == from).for_each(|member| *member = to);
            for place in [one.place, other.place] {
                conflicting.get_mut(place).into_iter().for_each(|marked| *marked = true);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<&Claim<'_>>> = BTreeMap::new();
    for claim in &claims {
        if conflicting.get(claim.place) == Some(&true) {
            groups.entry(group_of(&group, claim.place)).or_default().push(claim);
        }
    }
    groups.values().map(|claims| describe(claims)).collect()
}

fn group_of(group: &[usize], place: usize) -> usize {
    group.get(place).copied().unwrap_or(place)
}

/// Whether two levels cannot both be meant: other values for titles that share at least half of what they say. A part
/// ("trong đó") has its own level by intention.
fn conflict(one: &Claim<'_>, other: &Claim<'_>) -> bool {
    let part = |a: &Claim<'_>, b: &Claim<'_>| a.item.subset_of_id == Some(b.item.id);
    one.value != other.value
        && one.sense == other.sense
        && one.unit == other.unit
        && !part(one, other)
        && !part(other, one)
        && (one.place == other.place || is_alike(&one.subject, &other.subject))
}

fn is_alike(one: &[usize], other: &[usize]) -> bool {
    let shared = one.iter().filter(|word| other.binary_search(word).is_ok()).count();
    let all = one.len() + other.len() - shared;
    shared > 0 && shared * 2 >= all
}

fn claims_of<'a>(reading: &Reading<'a>) -> Vec<Claim<'a>> {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut claims: Vec<Claim<'a>> = Vec::new();
    let mut place = 0;
    for item in reading.own_items() {
        let levels = match item.kind {
            ItemKind::Indicator => levels_of(reading, item),
            ItemKind::Task => shares_in(&item.title),
            ItemKind::Section => continue,
        };
        if levels.is_empty() {
            continue;
        }
        let words = words().subject(&item.title).into_iter().map(|word| {
            let next = numbers.len();
            *numbers.entry(word).or_insert(next)
        });
        let mut subject: Vec<usize> = words.collect();
        subject.sort_unstable();
        claims.extend(levels.into_iter().map(|(sense, value, unit, is_operating)| Claim {
            item,
            place,
            subject: subject.clone(),
            sense,
            value,
            unit,
            is_operating,
        }));
        place += 1;
    }
    claims
}

type Level = (Sense, Quantity, String, bool);

/// The newest target of each tier.
fn levels_of(reading: &Reading<'_>, item: &PlanItem) -> Vec<Level> {
    let mut newest = BTreeMap::new();
    for target in reading.targets_of(item.id) {
        newest.insert(target.tier, target);
    }
    let level = |target: &&crate::items::Target| {
        let (sense, value) = match (target.comparator, target.value) {
            (Comparator::All, _) => (Sense::AtLeast, Quantity::whole(100)),
            (Comparator::AtLeast, Some(value)) => (Sense::AtLeast, value),
            (Comparator::AtMost, Some(value)) => (Sense::AtMost, value),
            (Comparator::ReduceBy, Some(value)) => (Sense::ReduceBy, value),
            _ => return None,
        };
        let unit = target.unit.clone().unwrap_or_else(|| PERCENT.to_owned());
        Some((sense, value, unit, target.tier == TargetTier::Operating))
    };
    newest.values().filter_map(level).collect()
}

/// Shares that a title names: "từ 98%".
fn shares_in(title: &str) -> Vec<Level> {
    let share = |part: &str| {
        let bare = part.trim_end();
        let is_figure = |c: char| c.is_ascii_digit() || matches!(c, ',' | '.');
        let begin = bare.rfind(|c| !is_figure(c)).map_or(0, |at| {
            at + bare.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
        });
        let value = Quantity::parse(&bare.get(begin..)?.replace(',', "."))?;
        Some((Sense::AtLeast, value, PERCENT.to_owned(), false))
    };
    let mut parts: Vec<&str> = title.split('%').collect();
    // Behind the last sign stands no share.
    parts.pop();
    parts.into_iter().filter_map(share).collect()
}

fn describe(claims: &[&Claim<'_>]) -> Finding {
    let mut codes: Vec<String> = Vec::new();
    let mut levels: Vec<String> = Vec::new();
    for claim in claims {
        let value = claim.value.to_string().replace('.', ",");
        let unit = if claim.unit == PERCENT { "%".to_owned() } else { format!(" {}", claim.unit) };
        let tier = if claim.is_operating { " (mức điều hành)" } else { "" };
        levels.push(format!("{} ghi {value}{unit}{tier}", claim.item.code));
        if !codes.contains(&claim.item.code) {
            codes.push(claim.item.code.clone());
        }
    }
    let detail = format!(
        "Các mức không khớp cho cùng một việc: {}; hãy thống nhất một mức, hoặc nói rõ mỗi mức đo phần nào.",
        levels.join(", ")
    );
    finding(FindingCode::ConflictingTargets, codes, detail)
}
