//! Who may ask, answer and assess, and when an answer is late.

use super::model::{AssessmentKind, ExplanationRequest, RequestState};
use crate::{
    access::Role,
    error::{Code, Error, Faults, Result, text},
    kernel::{id::UnitId, time::Timestamp},
};

/// Longest question, answer or assessment, in characters.
pub const MAX_TEXT: usize = 2000;

/// Where a request stands.
#[must_use]
pub const fn state_of(request: &ExplanationRequest) -> RequestState {
    if request.answered_at.is_some() { RequestState::Answered } else { RequestState::Open }
}

/// Whether the answer came after its due time; unknown while there is none.
#[must_use]
pub fn answered_late(request: &ExplanationRequest) -> Option<bool> {
    request.answered_at.map(|at| at > request.due_at)
}

/// Whether it waits for its answer longer than it should.
#[must_use]
pub fn is_overdue(request: &ExplanationRequest, now: Timestamp) -> bool {
    request.answered_at.is_none() && now > request.due_at
}

/// A question and its due time, which lies ahead.
///
/// # Errors
/// `invalid` with every field at fault.
pub fn check_question(question: &str, due_at: Timestamp, now: Timestamp) -> Result<()> {
    let mut faults = Faults::new();
    faults.check_text("/question", question, 1, MAX_TEXT);
    if due_at <= now {
        let sentence = text(
            format!("Hạn trả lời phải sau thời điểm hiện tại ({})", now.in_words()),
            format!("The due time must lie after the present time ({now})"),
        );
        faults.add_because("/due_at", Code::OutOfRange, sentence);
    }
    faults.into_result(Code::Invalid)
}

/// Only figures that a unit signed at least once are explained and assessed; the revision is the newest signed one.
///
/// # Errors
/// `never_submitted`.
pub fn signed_revision(submitted_revision: i32) -> Result<i32> {
    if submitted_revision > 0 { Ok(submitted_revision) } else { Err(Error::new(Code::NeverSubmitted)) }
}

/// Findings belong to a coordinator of another unit than the owner, conclusions to a leader.
///
/// # Errors
/// `not_your_step`.
pub fn check_assessor(kind: AssessmentKind, roles: &[Role], unit: UnitId, owner: UnitId) -> Result<()> {
    let may = match kind {
        AssessmentKind::Finding => roles.contains(&Role::Coordinator) && unit != owner,
        AssessmentKind::Conclusion => roles.contains(&Role::Leader),
    };
    if may { Ok(()) } else { Err(Error::new(Code::NotYourStep)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        explanations::model::ExplanationRequestId,
        kernel::id::{PrincipalId, WardId},
        submissions::SubmissionId,
    };

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn request(answered_at: Option<Timestamp>) -> ExplanationRequest {
        ExplanationRequest {
            id: ExplanationRequestId::generate(),
            ward_id: WardId::generate(),
            submission_id: SubmissionId::generate(),
            unit_id: UnitId::generate(),
            revision: 1,
            question: "Vì sao?".to_owned(),
            due_at: at("2026-06-19T17:00:00+07:00"),
            asked_by: PrincipalId::generate(),
            asked_position: None,
            asked_unit_id: UnitId::generate(),
            asked_at: at("2026-06-15T08:00:00+07:00"),
            cause: None,
            what_happened: None,
            remedy: None,
            new_date: None,
            answered_by: None,
            answered_position: None,
            answered_at,
            version: 1,
        }
    }

    #[test]
    fn the_due_time_is_inclusive_to_the_second() {
        let due = request(None).due_at;
        let late = due.plus_seconds(1);
        assert_eq!(answered_late(&request(Some(due))), Some(false));
        assert_eq!(answered_late(&request(Some(late))), Some(true));
        assert_eq!(answered_late(&request(None)), None);
        assert!(!is_overdue(&request(None), due) && is_overdue(&request(None), late));
        assert!(!is_overdue(&request(Some(late)), late), "what is answered is no longer overdue");
        assert!(check_question("Vì sao?", due, due).is_err());
        assert!(check_question("Vì sao?", due, due.plus_seconds(-1)).is_ok());
    }

    #[test]
    fn findings_are_a_coordinators_of_another_unit_and_conclusions_a_leaders() {
        let (owner, office) = (UnitId::generate(), UnitId::generate());
        for (kind, role, unit, may) in [
            (AssessmentKind::Finding, Role::Coordinator, office, true),
            (AssessmentKind::Finding, Role::Coordinator, owner, false),
            (AssessmentKind::Finding, Role::Leader, office, false),
            (AssessmentKind::Conclusion, Role::Leader, office, true),
            (AssessmentKind::Conclusion, Role::Coordinator, office, false),
        ] {
            assert_eq!(check_assessor(kind, &[role], unit, owner).is_ok(), may, "{kind} by {role}");
        }
    }

    #[test]
    fn only_what_was_signed_is_explained() {
        assert_eq!(signed_revision(0).err().map(|error| error.code), Some(Code::NeverSubmitted));
        assert_eq!(signed_revision(2).ok(), Some(2));
    }
}
