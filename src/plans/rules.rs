//! What a plan may look like, and when it may be issued.

use crate::error::{Code, Error, Faults, Result};

use super::model::{Plan, PlanStatus};

/// Earliest year a plan may have; the programme of reform began in 2021.
pub const MIN_YEAR: i32 = 2021;
/// Latest year a plan may have.
pub const MAX_YEAR: i32 = 2100;
const MAX_TITLE: usize = 300;
const MAX_NUMBER: usize = 50;
const MAX_BASES: usize = 50;
const MAX_BASIS: usize = 500;
const MAX_NOTE: usize = 4000;

/// Notes what is wrong with the texts of a plan.
pub fn check_plan(faults: &mut Faults, plan: &Plan, legal_bases: &[String]) {
    if !(MIN_YEAR..=MAX_YEAR).contains(&plan.year) {
        faults.add("/year", Code::OutOfRange);
    }
    faults.check_text("/title", &plan.title, 1, MAX_TITLE);
    if let Some(number) = &plan.number {
        faults.check_text("/number", number, 1, MAX_NUMBER);
    }
    if let Some(note) = &plan.note {
        faults.check_text("/note", note, 0, MAX_NOTE);
    }
    if legal_bases.len() > MAX_BASES {
        faults.add("/legal_bases", Code::OutOfRange);
    }
    for (index, basis) in legal_bases.iter().enumerate() {
        faults.check_text(&format!("/legal_bases/{index}"), basis, 1, MAX_BASIS);
    }
}

/// Whether a plan still takes content (RULES §6).
///
/// # Errors
/// `plan_not_draft`.
pub fn require_draft(status: PlanStatus) -> Result<()> {
    if status == PlanStatus::Draft { Ok(()) } else { Err(Error::new(Code::PlanNotDraft)) }
}

/// Whether a plan is not yet over, so that its calendar and its assignments may change.
///
/// # Errors
/// `plan_not_issued`.
pub fn require_not_closed(status: PlanStatus) -> Result<()> {
    if status == PlanStatus::Closed { Err(Error::new(Code::PlanNotIssued)) } else { Ok(()) }
}

/// Whether a plan is in force.
///
/// # Errors
/// `plan_not_issued`.
pub fn require_issued(status: PlanStatus) -> Result<()> {
    if status == PlanStatus::Issued { Ok(()) } else { Err(Error::new(Code::PlanNotIssued)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{id::WardId, json::JsonText},
        plans::PlanId,
    };

    fn plan(number: Option<&str>) -> Plan {
        Plan {
            id: PlanId::generate(),
            ward_id: WardId::generate(),
            year: 2026,
            title: "Kế hoạch".to_owned(),
            number: number.map(str::to_owned),
            issued_on: "2026-01-15".parse().ok(),
            legal_bases: JsonText::of(&["Nghị quyết 76/NQ-CP"]),
            note: None,
            basis: None,
            status: PlanStatus::Draft,
            version: 1,
        }
    }

    fn pointers(result: Result<()>) -> Vec<String> {
        result.err().map(|error| error.fields.into_iter().map(|f| f.pointer).collect()).unwrap_or_default()
    }

    #[test]
    fn content_changes_in_draft_only_and_nothing_after_the_close() {
        use PlanStatus::{Closed, Draft, Issued};
        for (status, draft, issued, open) in
            [(Draft, true, false, true), (Issued, false, true, true), (Closed, false, false, false)]
        {
            assert_eq!(require_draft(status).is_ok(), draft, "{status}");
            assert_eq!(require_issued(status).is_ok(), issued, "{status}");
            assert_eq!(require_not_closed(status).is_ok(), open, "{status}");
        }
    }

    #[test]
    fn texts_and_year_are_bounded() {
        let mut faults = Faults::new();
        check_plan(
            &mut faults,
            &Plan { year: 1999, title: String::new(), ..plan(Some("")) },
            &[String::new()],
        );
        let found = pointers(faults.into_result(Code::Invalid));
        assert_eq!(found, ["/year", "/title", "/number", "/legal_bases/0"]);
    }
}
