//! What an item may look like, where it may stand, and who may be asked to report it (RULES §1, §5).

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::{
    draft::{Baseline, Content, IndicatorContent, ItemDraft, Measure, TargetContent, TaskContent},
    model::{Aggregation, Assignment, Comparator, ItemId, ItemKind, MeasureKind, Obligation},
};
use crate::{
    error::{Code, Error, Faults, Result, text},
    kernel::number::Quantity,
    units::{UnitKind, rules::is_only_asked},
};

/// Longest code, in characters.
pub const MAX_CODE: usize = 35;
/// Last place among siblings: the sortable path has four digits for it.
pub const MAX_POSITION: i32 = 9999;
/// Most units that report one leaf, or work along on one item.
pub const MAX_UNITS: usize = 200;
const MAX_TITLE: usize = 300;
const MAX_NOTE: usize = 4000;
const MAX_LABEL: usize = 300;
const MAX_WORD: usize = 50;
const MAX_TARGETS: usize = 20;
/// Deepest nesting of sections.
pub const MAX_DEPTH: usize = 20;

/// Notes everything that is wrong with a draft in itself; `at` is the pointer of the draft.
pub fn check_draft(faults: &mut Faults, at: &str, draft: &ItemDraft) {
    check_code(faults, &format!("{at}/code"), &draft.code);
    faults.check_text(&format!("{at}/title"), &draft.title, 1, MAX_TITLE);
    check_optional(faults, &format!("{at}/title_en"), draft.title_en.as_deref(), MAX_TITLE);
    check_optional(faults, &format!("{at}/note"), draft.note.as_deref(), MAX_NOTE);
    if !(1..=MAX_POSITION).contains(&draft.position) {
        faults.add(format!("{at}/position"), Code::OutOfRange);
    }
    if draft.coordinating_unit_ids.len() > MAX_UNITS {
        faults.add(format!("{at}/coordinating_unit_ids"), Code::OutOfRange);
    }
    match &draft.content {
        Content::Section => {}
        Content::Indicator(indicator) => check_indicator(faults, at, indicator),
        Content::Task(task) => check_task(faults, at, task),
    }
}

fn check_code(faults: &mut Faults, at: &str, code: &str) {
    faults.check_text(at, code, 1, MAX_CODE);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, 'đ' | 'Đ' | '.' | '-');
    if !code.chars().all(allowed) {
        let sentence = text(
            "Mã chỉ gồm chữ cái (kể cả đ), chữ số, dấu chấm và gạch nối",
            "A code holds letters (đ among them), digits, `.` and `-` only",
        );
        faults.add_because(at, Code::OutOfRange, sentence);
    }
}

fn check_optional(faults: &mut Faults, at: &str, text: Option<&str>, max: usize) {
    if let Some(text) = text {
        faults.check_text(at, text, 0, max);
    }
}

fn check_task(faults: &mut Faults, at: &str, task: &TaskContent) {
    check_optional(faults, &format!("{at}/deliverable"), task.deliverable.as_deref(), MAX_LABEL);
    if let (Some(start), Some(due)) = (task.starts_on, task.due_on)
        && due < start
    {
        faults.add(format!("{at}/due_on"), Code::OutOfRange);
    }
}

fn check_indicator(faults: &mut Faults, at: &str, indicator: &IndicatorContent) {
    if let Some(measure) = &indicator.measure {
        check_measure(faults, &format!("{at}/measure"), measure);
    }
    check_targets(faults, at, &indicator.targets, indicator.measure.as_ref());
    let mut seen = HashSet::new();
    for (index, target) in indicator.targets.iter().enumerate() {
        let at = format!("{at}/targets/{index}");
        if !seen.insert((target.tier, target.effective_from)) {
            let sentence = text(
                "Mỗi cấp chỉ tiêu (tier) chỉ có một mức từ mỗi ngày hiệu lực",
                "There is one target per tier and first day",
            );
            faults.add_because(format!("{at}/effective_from"), Code::OutOfRange, sentence);
        }
    }
    if let Some(baseline) = &indicator.baseline {
        check_baseline(faults, &format!("{at}/baseline"), baseline);
    }
}

/// Notes what is wrong with targets, each in itself and against what is measured.
pub fn check_targets(faults: &mut Faults, at: &str, targets: &[TargetContent], measure: Option<&Measure>) {
    if targets.len() > MAX_TARGETS {
        faults.add(format!("{at}/targets"), Code::OutOfRange);
    }
    for (index, target) in targets.iter().enumerate() {
        check_target(faults, &format!("{at}/targets/{index}"), target, measure);
    }
}

fn check_measure(faults: &mut Faults, at: &str, measure: &Measure) {
    for (name, label, max) in [
        ("numerator_label", &measure.numerator_label, MAX_LABEL),
        ("denominator_label", &measure.denominator_label, MAX_LABEL),
        ("unit", &measure.unit, MAX_WORD),
    ] {
        check_optional(faults, &format!("{at}/{name}"), label.as_deref(), max);
    }
    if !fits_measure(measure.kind, measure.aggregation) {
        let sentence = text(
            format!("Cách tổng hợp `{}` không dùng cho loại số đo `{}`", measure.aggregation, measure.kind),
            format!("Aggregation `{}` does not go with measure `{}`", measure.aggregation, measure.kind),
        );
        faults.add_because(format!("{at}/aggregation"), Code::OutOfRange, sentence);
    }
}

fn check_baseline(faults: &mut Faults, at: &str, baseline: &Baseline) {
    if baseline.value.is_negative() {
        faults.add(format!("{at}/value"), Code::OutOfRange);
    }
    if !(1990..=2100).contains(&baseline.year) {
        faults.add(format!("{at}/year"), Code::OutOfRange);
    }
    check_optional(faults, &format!("{at}/source"), baseline.source.as_deref(), MAX_LABEL);
}

/// Whether figures of this kind can be put together this way: percentages and scores are never summed.
#[must_use]
pub const fn fits_measure(kind: MeasureKind, aggregation: Aggregation) -> bool {
    use Aggregation::{AllYes, Latest, RatioOfSums, Reduction, Sum, Survey};
    match kind {
        MeasureKind::Ratio => matches!(aggregation, RatioOfSums | Latest | Survey),
        MeasureKind::Count => matches!(aggregation, Sum | Latest | Reduction),
        MeasureKind::Score | MeasureKind::Band => matches!(aggregation, Latest),
        MeasureKind::Checklist => matches!(aggregation, AllYes | Latest),
    }
}

/// Whether a figure of this kind can be held against a target this way.
#[must_use]
pub const fn fits_comparator(comparator: Comparator, kind: MeasureKind, aggregation: Aggregation) -> bool {
    match comparator {
        Comparator::All => matches!(kind, MeasureKind::Ratio | MeasureKind::Checklist),
        Comparator::ReduceBy => matches!(aggregation, Aggregation::Reduction),
        Comparator::BandAtLeast => matches!(kind, MeasureKind::Band),
        Comparator::Qualitative => matches!(kind, MeasureKind::Checklist),
        Comparator::AtLeast | Comparator::AtMost => {
            matches!(kind, MeasureKind::Ratio | MeasureKind::Count | MeasureKind::Score)
        }
    }
}

fn check_target(faults: &mut Faults, at: &str, target: &TargetContent, measure: Option<&Measure>) {
    check_optional(faults, &format!("{at}/unit"), target.unit.as_deref(), MAX_WORD);
    check_optional(faults, &format!("{at}/band"), target.band.as_deref(), MAX_WORD);
    if let Some(measure) = measure
        && !fits_comparator(target.comparator, measure.kind, measure.aggregation)
    {
        let sentence = text(
            format!("Cách so `{}` không dùng cho số đo `{}`", target.comparator, measure.kind),
            format!("Comparator `{}` does not go with measure `{}`", target.comparator, measure.kind),
        );
        faults.add_because(format!("{at}/comparator"), Code::OutOfRange, sentence);
    }
    let is_share = target.comparator == Comparator::ReduceBy
        || measure.is_some_and(|measure| measure.kind == MeasureKind::Ratio);
    let most = if is_share { Quantity::whole(100) } else { Quantity::whole(100_000_000_000) };
    let pointer = format!("{at}/value");
    match (target.comparator, target.value) {
        (Comparator::AtLeast | Comparator::AtMost | Comparator::ReduceBy, None) => {
            faults.add(pointer, Code::Required);
        }
        (Comparator::BandAtLeast | Comparator::Qualitative, Some(_)) => {
            faults.add(pointer, Code::NotApplicableHere);
        }
        // 100 % of cases: no other figure would mean that.
        (Comparator::All, Some(value)) if value != Quantity::whole(100) => {
            faults.add(pointer, Code::OutOfRange);
        }
        (_, Some(value)) if value.is_negative() || value > most => faults.add(pointer, Code::OutOfRange),
        _ => {}
    }
    match (target.comparator == Comparator::BandAtLeast, target.band.as_deref()) {
        (true, None | Some("")) => faults.add(format!("{at}/band"), Code::Required),
        (false, Some(_)) => faults.add(format!("{at}/band"), Code::NotApplicableHere),
        _ => {}
    }
}

/// What is known of an item's place in the tree.
#[derive(Clone, Debug)]
pub struct Place {
    /// The item.
    pub id: ItemId,
    /// What it is.
    pub kind: ItemKind,
    /// The item above.
    pub parent_id: Option<ItemId>,
    /// Place among its siblings.
    pub position: i32,
    /// Its sortable path.
    pub sort_path: String,
}

/// The sortable path of an item below `parent` at `position`.
#[must_use]
pub fn sort_path(parent: Option<&str>, position: i32) -> String {
    match parent {
        None => format!("{position:04}"),
        Some(parent) => format!("{parent}.{position:04}"),
    }
}

/// The sortable path of an item of this plan that is to stand below `parent_id`.
///
/// # Errors
/// `unknown_reference` where that is no section of the plan; `out_of_range` where it is the item itself, below it, or
/// too deep; both at `/parent_id`.
pub fn place_item(
    places: &HashMap<ItemId, Place>,
    id: Option<ItemId>,
    parent_id: Option<ItemId>,
    position: i32,
) -> Result<String> {
    let mut above = parent_id;
    let mut parent_path = None;
    for depth in 0.. {
        let Some(current) = above else { break };
        let place = places
            .get(&current)
            .filter(|place| place.kind == ItemKind::Section)
            .ok_or_else(|| Error::field("/parent_id", Code::UnknownReference))?;
        if Some(current) == id || depth >= MAX_DEPTH {
            return Err(Error::field("/parent_id", Code::OutOfRange));
        }
        parent_path.get_or_insert_with(|| place.sort_path.clone());
        above = place.parent_id;
    }
    Ok(sort_path(parent_path.as_deref(), position))
}

/// Whether a path is no deeper than a plan may be, for what moves along with its section.
///
/// # Errors
/// `out_of_range` at `/parent_id`.
pub fn check_depth(path: &str) -> Result<()> {
    // An item stands below at most MAX_DEPTH sections.
    let fits = path.split('.').count() <= MAX_DEPTH + 1;
    if fits { Ok(()) } else { Err(Error::field("/parent_id", Code::OutOfRange)) }
}

/// The new paths of everything below an item that moved to `path`.
#[must_use]
pub fn moved_paths(places: &HashMap<ItemId, Place>, id: ItemId, path: &str) -> Vec<(ItemId, String)> {
    let mut moved = Vec::new();
    let mut queue = vec![(id, path.to_owned())];
    while let Some((parent, parent_path)) = queue.pop() {
        for place in places.values().filter(|place| place.parent_id == Some(parent)) {
            let path = sort_path(Some(&parent_path), place.position);
            queue.push((place.id, path.clone()));
            moved.push((place.id, path));
        }
        // A tree has fewer moves than nodes; more would be a circle that somebody else wrote.
        if moved.len() > places.len() {
            break;
        }
    }
    moved
}

/// Whether an item is reported on, so that it may be assigned.
///
/// # Errors
/// `item_not_leaf`.
pub fn require_leaf(kind: ItemKind) -> Result<()> {
    if kind == ItemKind::Section { Err(Error::new(Code::ItemNotLeaf)) } else { Ok(()) }
}

/// Who reports a leaf once others were named from a day on. Who left stays known, for what was owed before is owed
/// still; a unit that stays keeps its first day.
#[must_use]
pub fn merge_assignments(old: &[Assignment], new: &[Assignment], on: NaiveDate) -> Vec<Assignment> {
    let old_of = |unit| old.iter().find(|row| row.unit_id == unit);
    let staying = new.iter().map(|row| Assignment {
        effective_from: old_of(row.unit_id).map_or(Some(on), |before| before.effective_from),
        withdrawn_from: None,
        ..row.clone()
    });
    let leaving = old.iter().filter(|row| !new.iter().any(|other| other.unit_id == row.unit_id));
    let leaving = leaving.filter(|row| row.effective_from.is_none_or(|from| from < on)).map(|row| {
        let ended = row.withdrawn_from.filter(|until| *until < on);
        Assignment { withdrawn_from: ended.or(Some(on)), ..row.clone() }
    });
    let mut rows: Vec<Assignment> = staying.chain(leaving).collect();
    rows.sort_by_key(|row| row.unit_id);
    rows
}

/// Notes an obligation that a unit of this kind cannot have: some are asked, never ordered (RULES §4).
pub fn check_obligation(faults: &mut Faults, at: &str, kind: UnitKind, obligation: Obligation) {
    if obligation == Obligation::Must && is_only_asked(kind) {
        let sentence = text(
            "Mặt trận, đoàn thể và cơ quan ngành dọc chỉ được đề nghị (request), không giao bắt buộc",
            "Front organisations and vertical agencies are asked (request), never ordered",
        );
        faults.add_because(format!("{at}/obligation"), Code::OutOfRange, sentence);
    }
}

#[cfg(test)]
mod tests;
