//! What a unit may look like.

use chrono::NaiveDate;

use crate::{
    error::{Code, Faults, Result},
    kernel::id::UnitId,
};

use super::model::UnitKind;

/// Longest code, in characters (QĐ 20/2020/QĐ-TTg bounds agency codes at 35).
pub const MAX_CODE: usize = 35;
const MAX_NAME: usize = 200;
const MAX_ALIASES: usize = 50;

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
