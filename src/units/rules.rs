//! What a unit may look like.

use chrono::NaiveDate;

use crate::{
    error::{Code, Faults, Result, text},
    kernel::id::UnitId,
};

use super::model::{FormerName, Unit, UnitKind};

/// Longest code, in characters (QĐ 20/2020/QĐ-TTg bounds agency codes at 35).
pub const MAX_CODE: usize = 35;
const MAX_NAME: usize = 200;
const MAX_ALIASES: usize = 50;
const MAX_DECISION: usize = 300;
/// How far the day of a merger or a split may lie from today, in days.
const MAX_DISTANCE: i64 = 366;

/// Checks what was written about a unit.
///
/// # Errors
/// `invalid` with every field at fault.
pub fn check_unit(
    code: &str,
    name: &str,
    aliases: &[String],
    active_from: NaiveDate,
    active_to: Option<NaiveDate>,
) -> Result<()> {
    let mut faults = Faults::new();
    faults.check_text("/code", code, 1, MAX_CODE);
    if !code.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c)) {
        faults.add("/code", Code::OutOfRange);
    }
    faults.check_text("/name", name, 1, MAX_NAME);
    if aliases.len() > MAX_ALIASES {
        faults.add("/aliases", Code::OutOfRange);
    }
    for (index, alias) in aliases.iter().enumerate() {
        faults.check_text(&format!("/aliases/{index}"), alias, 1, MAX_NAME);
    }
    if active_to.is_some_and(|to| to < active_from) {
        faults.add("/active_to", Code::OutOfRange);
    }
    faults.into_result(Code::Invalid)
}

/// Whether following a link from `first` leads back to the unit it would be set on: no unit stands above itself or
/// succeeds itself.
#[must_use]
pub fn leads_back(unit: UnitId, first: UnitId, link: impl Fn(UnitId) -> Option<UnitId>) -> bool {
    let mut seen = vec![unit];
    let mut next = Some(first);
    while let Some(id) = next {
        if seen.contains(&id) {
            return true;
        }
        seen.push(id);
        next = link(id);
    }
    false
}

/// Checks the text that names the decision behind a change.
pub fn check_decision(faults: &mut Faults, decision: Option<&str>) {
    if let Some(decision) = decision {
        faults.check_text("/decision", decision, 1, MAX_DECISION);
    }
}

/// Checks the day on which units are merged or one is split: not further than a year from today, for a later year has
/// plans of its own.
pub fn check_effective_day(faults: &mut Faults, day: NaiveDate, today: NaiveDate) {
    if (day - today).num_days().abs() > MAX_DISTANCE {
        let sentence = text(
            "Ngày hiệu lực không được cách hôm nay quá một năm",
            "The effective day must lie within a year of today",
        );
        faults.add_because("/effective_on", Code::OutOfRange, sentence);
    }
}

/// Checks a renaming of a unit that bears its present name since a day.
pub fn check_renaming(
    faults: &mut Faults,
    unit: &Unit,
    (name, code): (&str, &str),
    since: NaiveDate,
    effective_on: NaiveDate,
    today: NaiveDate,
) {
    if name == unit.name && code == unit.code {
        let sentence =
            text("Tên và mã mới trùng với tên và mã hiện nay", "The new name and code are the present ones");
        faults.add_because("/name", Code::OutOfRange, sentence);
    }
    if !unit.is_active_on(effective_on) {
        faults.add("/effective_on", Code::UnitNotActive);
    } else if effective_on <= since {
        let since = since.format("%d/%m/%Y");
        let sentence = text(
            format!("Tên hiện nay có từ ngày {since}; tên mới phải có hiệu lực sau ngày đó"),
            format!("The present name counts since {since}; the new one must begin later"),
        );
        faults.add_because("/effective_on", Code::OutOfRange, sentence);
    } else if effective_on > today {
        let sentence = text(
            "Tên mới hiện ra ngay; hãy đổi tên vào ngày quyết định có hiệu lực hoặc sau đó",
            "The new name shows at once; rename on the day it comes into force, or later",
        );
        faults.add_because("/effective_on", Code::OutOfRange, sentence);
    }
}

/// The day before; a calendar's first day has none.
#[must_use]
pub fn day_before(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(day)
}

/// First day of a unit's present name.
#[must_use]
pub fn named_since(unit: &Unit, former: &[FormerName]) -> NaiveDate {
    let last = former.iter().filter(|name| name.unit_id == unit.id).map(|name| name.valid_to).max();
    last.and_then(|day| day.succ_opt()).unwrap_or(unit.active_from)
}

/// The former name that was in force on a day; none where the present one was. Days before a unit's first name read
/// as that one.
#[must_use]
pub fn name_on(former: &[FormerName], unit: UnitId, day: NaiveDate) -> Option<&FormerName> {
    former.iter().filter(|name| name.unit_id == unit && name.valid_to >= day).min_by_key(|name| name.valid_to)
}

/// The first unit above this one that is not among those that end.
#[must_use]
pub fn first_above(all: &[Unit], unit: &Unit, ended: &[UnitId]) -> Option<UnitId> {
    let mut above = unit.parent_id;
    // No unit stands above itself, so there are no more steps than units.
    for _ in all {
        let Some(id) = above.filter(|id| ended.contains(id)) else { break };
        above = all.iter().find(|known| known.id == id).and_then(|known| known.parent_id);
    }
    above.filter(|id| *id != unit.id)
}

/// Whether units of this kind are asked rather than ordered, so that they are never overdue (RULES §4).
#[must_use]
pub const fn is_only_asked(kind: UnitKind) -> bool {
    matches!(kind, UnitKind::Front | UnitKind::VerticalAgency)
}

/// The text by which a unit is found: code, name and aliases, each made into a key.
#[must_use]
pub fn text_of(code: &str, name: &str, aliases: &[String], key: fn(&str) -> String) -> String {
    let names = aliases.iter().map(String::as_str);
    [code, name].into_iter().chain(names).map(key).collect::<Vec<_>>().join("\n")
}
