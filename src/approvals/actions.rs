//! Deciding: load, ask the rules, move the submission, note the decision.

use serde_json::json;

use super::{
    model::{Decision, DecisionId},
    store,
};
use crate::{
    access::Actor,
    audit::Event,
    context::Tx,
    delegations,
    error::{Code, Error, Faults, Result},
    kernel::{id::PrincipalId, json::JsonText, text::clean},
    outbox::{Announcement, EventKind},
    submissions::{
        self, Action, Submission, SubmissionId, SubmissionState,
        model::Dossier,
        reach::Visibility,
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
    /// Whether what was returned was no report at all.
    pub not_a_report: bool,
    /// The revision that the person looked at.
    pub expected_revision: Option<i32>,
}

/// Decides on a submission.
///
/// # Errors
/// Not found; `version_stale`, `revision_stale`; `not_your_step`, `delegation_expired`, `acted_before`, `own_work`;
/// `illegal_move` with the legal ones; `reason_required` and other faults of the words; for submitting
/// also `plan_not_issued`, `period_not_open`, `period_closed`, `content_incomplete`; `concurrent_change`.
pub fn decide(tx: &mut Tx<'_>, id: SubmissionId, new: &NewDecision) -> Result<Decision> {
    let dossier = match submissions::actions::get_dossier_for(tx, id) {
        Err(error) if error.code == Code::NotFound && saw_it_as_delegate(tx, id)? => {
            return Err(Error::new(Code::DelegationExpired));
        }
        found => found?,
    };
    tx.check_version(dossier.submission.version)?;
    let permit = permit(tx, &dossier, new)?;
    check_words(tx, new)?;
    carry_out(tx, &dossier, new, permit)
}

/// Whether the actor could see a submission of the ward only while holding authority that is over now.
fn saw_it_as_delegate(tx: &mut Tx<'_>, id: SubmissionId) -> Result<bool> {
    if delegations::actions::list_lapsed(tx.connection, tx.actor, tx.now)?.is_empty() {
        return Ok(false);
    }
    let whole_ward = Visibility { all: true, ..Visibility::of(tx.actor)? };
    Ok(submissions::actions::get_dossier(tx.connection, &whole_ward, id).is_ok())
}

/// Leave to make a move.
pub(super) struct Permit {
    to_state: SubmissionState,
    on_behalf_of: Option<PrincipalId>,
}

/// Asks the rules whether the actor may make this move now.
///
/// # Errors
/// `revision_stale`; `not_your_step`, `delegation_expired`, `acted_before`, `own_work`; `illegal_move` with the legal
/// ones.
pub(super) fn permit(tx: &mut Tx<'_>, dossier: &Dossier, new: &NewDecision) -> Result<Permit> {
    if new.expected_revision.is_some_and(|expected| expected != dossier.submission.revision) {
        return Err(Error::new(Code::RevisionStale));
    }
    match workflow::may_any(new.action, &Case::of(dossier), &Person::all_of(tx.actor)) {
        Ok((to_state, person)) => {
            Ok(Permit { to_state, on_behalf_of: person.behalf.map(|behalf| behalf.grantor) })
        }
        Err(refusal) => Err(refuse(refusal, new.action, tx, dossier)),
    }
}

/// Makes a move that was permitted, with words that were checked.
///
/// # Errors
/// For submitting `plan_not_issued`, `period_not_open`, `period_closed`, `content_incomplete`; `concurrent_change`.
pub(super) fn carry_out(
    tx: &mut Tx<'_>,
    dossier: &Dossier,
    new: &NewDecision,
    permit: Permit,
) -> Result<Decision> {
    let id = dossier.submission.id;
    if new.action == Action::Submit {
        check_submitting(tx, dossier)?;
    }
    let after = moved(tx, dossier, new, permit.to_state);
    let decided_by = tx.actor.principal()?;
    let decision = Decision {
        id: DecisionId::generate(),
        ward_id: dossier.submission.ward_id,
        submission_id: id,
        revision: if new.action == Action::Submit { after.revision } else { dossier.submission.revision },
        action: new.action,
        from_state: dossier.submission.state,
        to_state: permit.to_state,
        decided_by,
        position: tx.actor.position.clone(),
        unit_id: tx.actor.unit_id.ok_or_else(|| Error::new(Code::Forbidden))?,
        reason: new.reason.as_deref().map(clean).filter(|reason| !reason.is_empty()),
        reason_codes: JsonText::of(&new.reason_codes),
        pointers: JsonText::of(&new.pointers),
        decided_at: tx.now,
        on_behalf_of: permit.on_behalf_of,
        not_a_report: new.not_a_report,
    };
    let signer = (new.action == Action::Submit).then_some(decided_by);
    submissions::actions::move_submission(tx, dossier, after, signer)?;
    store::insert_decision(tx.connection, &decision)?;
    tx.record(
        Event::new(new.action.event(), "submission", id)
            .with("state", permit.to_state)
            .with("revision", decision.revision)
            .on_behalf_of(decision.on_behalf_of)
            .because(decision.reason.clone()),
    );
    if let Some(kind) = EventKind::parse(new.action.event()) {
        tx.announce(announcement(kind, dossier, &decision));
    }
    Ok(decision)
}

/// What the unit's own systems are told of a decision: where the figure stands, not who decided, why, or what it says.
fn announcement(kind: EventKind, dossier: &Dossier, decision: &Decision) -> Announcement {
    let submission = decision.submission_id;
    let data = json!({
        "submission_id": submission,
        "plan_id": dossier.period.plan_id,
        "period": dossier.period.code,
        "item": dossier.item.code,
        "unit": dossier.unit_code,
        "state": decision.to_state,
        "revision": decision.revision,
        "links": { "submission": format!("/api/v1/submissions/{submission}") },
    });
    Announcement { kind, unit_id: Some(dossier.owner_id), data }
}

fn refuse(refusal: Refusal, action: Action, tx: &mut Tx<'_>, dossier: &Dossier) -> Error {
    let code = match refusal {
        Refusal::NotYours if was_delegated(tx, dossier, action) => Code::DelegationExpired,
        Refusal::NotYours => Code::NotYourStep,
        Refusal::ActedBefore => Code::ActedBefore,
        Refusal::OwnWork => Code::OwnWork,
        Refusal::WrongState => Code::IllegalMove,
    };
    Error::new(code).allowing(submissions::actions::allowed(tx, dossier))
}

/// Whether authority that is over, or has not begun, would have covered this move.
fn was_delegated(tx: &mut Tx<'_>, dossier: &Dossier, action: Action) -> bool {
    let lapsed = delegations::actions::list_lapsed(tx.connection, tx.actor, tx.now).unwrap_or_default();
    let actor = Actor { roles: Vec::new(), authorities: lapsed, ..tx.actor.clone() };
    let persons = Person::all_of(&actor);
    workflow::may_any(action, &Case::of(dossier), &persons).err() != Some(Refusal::NotYours)
}

/// The submission as it is after the move.
fn moved(tx: &Tx<'_>, dossier: &Dossier, new: &NewDecision, state: SubmissionState) -> Submission {
    let mut after = Submission { state, ..dossier.submission.clone() };
    match new.action {
        Action::Submit => {
            // Every submit makes a new immutable revision; one that was opened by a reopening has its number already.
            if after.submitted_revision == after.revision {
                after.revision += 1;
            }
            after.submitted_revision = after.revision;
            after.verify_unit_id = workflow::verifier_of(dossier);
            if after.first_submitted_at.is_none() {
                after.first_submitted_at = Some(tx.now);
                after.on_time = Some(tx.now <= dossier.limits.due_at);
            }
        }
        Action::Approve => after.approved_revision = Some(after.revision),
        Action::Reopen => {
            after.approved_revision = after.published_revision;
            after.revision += 1;
        }
        // The published revision stays the approved one until another is.
        Action::Correct => after.revision += 1,
        // What was no report was not on time either; the next submitting is the first.
        Action::Return if new.not_a_report => {
            after.first_submitted_at = None;
            after.on_time = None;
        }
        Action::Withdraw | Action::Verify | Action::Endorse | Action::Return => {}
    }
    after
}

fn check_submitting(tx: &Tx<'_>, dossier: &Dossier) -> Result<()> {
    workflow::check_plan(dossier)?;
    workflow::check_unit(dossier)?;
    rules::require_standing(&dossier.item, &dossier.period)?;
    workflow::check_period(dossier, tx.now)?;
    rules::check_complete(&dossier.item, &dossier.targets, dossier.period.data_to, &dossier.content)
        .into_result(Code::ContentIncomplete)
}

pub(super) fn check_words(tx: &mut Tx<'_>, new: &NewDecision) -> Result<()> {
    let mut faults = Faults::new();
    let reason = new.reason.as_deref().map(clean).unwrap_or_default();
    faults.check_text("/reason", &reason, 0, MAX_REASON);
    if new.action.needs_reason() && reason.is_empty() {
        faults.add("/reason", Code::ReasonRequired);
    }
    if new.not_a_report && new.action != Action::Return {
        faults.add("/not_a_report", Code::NotApplicableHere);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_move_is_told() {
        for action in Action::ALL {
            assert!(EventKind::parse(action.event()).is_some(), "{action}");
        }
    }
}
