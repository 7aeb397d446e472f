//! What a unit's plan may look like, and whose hands it is in (plan V.1.a).

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};

use super::model::{UnitPlan, UnitPlanItem, UnitPlanStatus};
use crate::{
    access::{Actor, Role},
    error::{Code, Error, Faults, Result, text},
    items::ItemId,
    units::Unit,
};

const MAX_TITLE: usize = 300;
const MAX_NUMBER: usize = 50;
const MAX_TEXT: usize = 500;
const MAX_POSITION: usize = 200;
/// The most items of a unit's plan.
pub const MAX_ITEMS: i64 = 500;
/// The most leaves that one item contributes to.
pub const MAX_LINKS: usize = 100;

/// Whether this caller writes on the plan of this unit: its own people, or a coordinator for any (RULES §3, nhập thay).
///
/// # Errors
/// `forbidden`.
pub fn require_drafter(actor: &Actor, unit: &Unit) -> Result<()> {
    let own = actor.unit_id == Some(unit.acting_id())
        && actor.has_any(&[Role::DepartmentHead, Role::DepartmentStaff, Role::SchoolHead, Role::SchoolStaff]);
    if own || actor.has_role(Role::Coordinator) { Ok(()) } else { Err(Error::new(Code::Forbidden)) }
}

/// Whether this caller issues the plan of this unit: its head alone.
///
/// # Errors
/// `forbidden`.
pub fn require_head(actor: &Actor, unit: &Unit) -> Result<()> {
    let head = actor.has_any(&[Role::DepartmentHead, Role::SchoolHead]);
    if head && actor.unit_id == Some(unit.acting_id()) { Ok(()) } else { Err(Error::new(Code::Forbidden)) }
}

/// Whether this caller is told which leaves of the ward's plan nobody serves: those who see every unit's plan.
///
/// # Errors
/// `forbidden`.
pub fn require_overview(actor: &Actor) -> Result<()> {
    let sees = actor.sees_whole_ward();
    if sees { Ok(()) } else { Err(Error::new(Code::Forbidden)) }
}

/// Whether a unit's plan still takes content.
///
/// # Errors
/// `unit_plan_issued`.
pub fn require_draft(plan: &UnitPlan) -> Result<()> {
    match plan.status {
        UnitPlanStatus::Draft => Ok(()),
        UnitPlanStatus::Issued => Err(Error::new(Code::UnitPlanIssued)),
    }
}

/// Checks the texts and the date of a unit's plan.
///
/// # Errors
/// `invalid` with every field at fault.
pub fn check_plan(plan: &UnitPlan) -> Result<()> {
    let mut faults = Faults::new();
    faults.check_text("/title", &plan.title, 1, MAX_TITLE);
    if let Some(number) = &plan.number {
        faults.check_text("/number", number, 1, MAX_NUMBER);
    }
    check_day(&mut faults, "/issued_on", plan.issued_on);
    faults.into_result(Code::Invalid)
}

/// Checks an item and the leaves it contributes to, of which `known` are leaves of the ward's plan.
///
/// # Errors
/// `invalid` with every field at fault.
pub fn check_item(item: &UnitPlanItem, contributes_to: &[ItemId], known: &HashSet<ItemId>) -> Result<()> {
    let mut faults = Faults::new();
    faults.check_text("/title", &item.title, 1, MAX_TEXT);
    for (pointer, text, longest) in [
        ("/deliverable", &item.deliverable, MAX_TEXT),
        ("/person_position", &item.person_position, MAX_POSITION),
    ] {
        if let Some(text) = text {
            faults.check_text(pointer, text, 1, longest);
        }
    }
    check_day(&mut faults, "/starts_on", item.starts_on);
    check_day(&mut faults, "/due_on", item.due_on);
    if item.starts_on.zip(item.due_on).is_some_and(|(starts, due)| due < starts) {
        let sentence =
            text("Ngày hoàn thành phải từ ngày bắt đầu trở đi", "It must not be due before it starts");
        faults.add_because("/due_on", Code::OutOfRange, sentence);
    }
    if contributes_to.is_empty() {
        faults.add("/contributes_to", Code::Required);
    } else if contributes_to.len() > MAX_LINKS {
        faults.add("/contributes_to", Code::OutOfRange);
    }
    for (index, id) in contributes_to.iter().enumerate() {
        if !known.contains(id) {
            faults.add(format!("/contributes_to/{index}"), Code::UnknownReference);
        }
    }
    faults.into_result(Code::Invalid)
}

fn check_day(faults: &mut Faults, pointer: &str, day: Option<NaiveDate>) {
    if day.is_some_and(|day| !(2000..=2200).contains(&day.year())) {
        faults.add(pointer, Code::OutOfRange);
    }
}
