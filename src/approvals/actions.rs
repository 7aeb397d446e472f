//! Deciding: load, ask the rules, move the submission, note the decision.

use super::{
    model::{Decision, DecisionId},
    store,
};
use crate::{
    audit::Event,
    context::Tx,
    error::{Code, Error, Faults, Result},
    kernel::{json::JsonText, text::clean},
    plans::PlanStatus,
    submissions::{
        self, Action, Submission, SubmissionId, SubmissionState,
        model::Dossier,
        rules,
        workflow::{self, Case, Person, Refusal},
    },
    wards,
};

const MAX_REASON: usize = 2000;
const MAX_POINTERS: usize = 50;

/// What a person decides.
#[derive(Clone, Debug)]
pub struct NewDecision {
    /// The move.
    pub action: Action,
    /// Why.
    pub reason: Option<String>,
    /// Reason codes from the ward's list.
    pub reason_codes: Vec<String>,
    /// Fields at fault.
    pub pointers: Vec<String>,
    /// The revision that the person looked at.
    pub expected_revision: Option<i32>,
}

/// Decides on a submission.
///
/// # Errors
/// Not found; `version_stale`, `revision_stale`; `not_your_step`, `acted_before`; `illegal_move` with the legal ones;
/// `reason_required`; for submitting also `plan_not_issued`, `item_withdrawn`, `period_not_open`, `period_closed`,
/// `content_incomplete`; `concurrent_change`.
pub fn decide(tx: &mut Tx<'_>, id: SubmissionId, new: NewDecision) -> Result<Decision> {
    let dossier = submissions::actions::get_dossier_for(tx, id)?;
    tx.check_version(dossier.submission.version)?;
    if new.expected_revision.is_some_and(|expected| expected != dossier.submission.revision) {
        return Err(Error::new(Code::RevisionStale));
    }
    let person = Person::of(tx.actor).ok_or_else(|| Error::new(Code::Forbidden))?;
    let to_state = workflow::may(new.action, &Case::of(&dossier), &person)
        .map_err(|refusal| refuse(refusal, tx, &dossier))?;
    check_words(tx, &new)?;
    if new.action == Action::Submit {
        check_submitting(tx, &dossier)?;
    }
    let after = moved(tx, &dossier, new.action, to_state);
    let decision = Decision {
        id: DecisionId::generate(),
        ward_id: dossier.submission.ward_id,
        submission_id: id,
        revision: if new.action == Action::Submit { after.revision } else { dossier.submission.revision },
        action: new.action,
        from_state: dossier.submission.state,
        to_state,
        decided_by: person.id,
        position: tx.actor.position.clone(),
        unit_id: person.unit,
        reason: new.reason.as_deref().map(clean).filter(|reason| !reason.is_empty()),
        reason_codes: JsonText::of(&new.reason_codes),
        pointers: JsonText::of(&new.pointers),
        decided_at: tx.now,
    };
    let signer = (new.action == Action::Submit).then_some(person.id);
    submissions::actions::move_submission(tx, &dossier, after, signer)?;
    store::insert_decision(tx.connection, &decision)?;
    tx.record(
        Event::new(new.action.event(), "submission", id)
            .with("state", to_state)
            .with("revision", decision.revision)
            .because(decision.reason.clone()),
    );
    Ok(decision)
}

fn refuse(refusal: Refusal, tx: &Tx<'_>, dossier: &Dossier) -> Error {
    let code = match refusal {
        Refusal::NotYours => Code::NotYourStep,
        Refusal::ActedBefore => Code::ActedBefore,
        Refusal::WrongState => Code::IllegalMove,
    };
    Error::new(code).allowing(submissions::actions::allowed(tx, dossier))
}

/// The submission as it is after the move.
fn moved(tx: &Tx<'_>, dossier: &Dossier, action: Action, state: SubmissionState) -> Submission {
    let mut after = Submission { state, ..dossier.submission.clone() };
    match action {
        Action::Submit => {
            // Every submit makes a new immutable revision; one that was opened by a reopening has its number already.
            if after.submitted_revision == after.revision {
                after.revision += 1;
            }
            after.submitted_revision = after.revision;
            after.verify_unit_id = workflow::verifier_of(dossier);
            if after.first_submitted_at.is_none() {
                after.first_submitted_at = Some(tx.now);
                after.on_time = Some(tx.now <= dossier.period.due_at);
            }
        }
        Action::Approve => after.approved_revision = Some(after.revision),
        Action::Reopen => {
            after.approved_revision = after.published_revision;
            after.revision += 1;
        }
        // The published revision stays the approved one until another is.
        Action::Correct => after.revision += 1,
        Action::Withdraw | Action::Verify | Action::Endorse | Action::Return => {}
    }
    after
}

fn check_submitting(tx: &Tx<'_>, dossier: &Dossier) -> Result<()> {
    if dossier.plan_status != PlanStatus::Issued {
        return Err(Error::new(Code::PlanNotIssued));
    }
    rules::require_standing(&dossier.item, &dossier.period)?;
    workflow::check_period(dossier, tx.now)?;
    rules::check_complete(&dossier.item, &dossier.targets, dossier.period.data_to, &dossier.content)
        .into_result(Code::ContentIncomplete)
}

fn check_words(tx: &mut Tx<'_>, new: &NewDecision) -> Result<()> {
    let mut faults = Faults::new();
    let reason = new.reason.as_deref().map(clean).unwrap_or_default();
    faults.check_text("/reason", &reason, 0, MAX_REASON);
    if new.action.needs_reason() && reason.is_empty() {
        faults.add("/reason", Code::ReasonRequired);
    }
    if new.pointers.len() > MAX_POINTERS {
        faults.add("/pointers", Code::OutOfRange);
    }
    for (index, pointer) in new.pointers.iter().enumerate() {
        faults.check_text(&format!("/pointers/{index}"), pointer, 1, 100);
    }
    if !new.reason_codes.is_empty() {
        let ward_id = tx.actor.ward()?;
        let known = wards::actions::list_return_reasons(tx.connection, ward_id)?;
        for (index, code) in new.reason_codes.iter().enumerate() {
            if new.action != Action::Return || !known.iter().any(|reason| reason.code == *code) {
                faults.add(format!("/reason_codes/{index}"), Code::UnknownReference);
            }
        }
    }
    faults.into_result(Code::Invalid)
}
