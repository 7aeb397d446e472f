//! Asking a unit to explain a figure, and its answer.

use chrono::Datelike;

use super::{
    model::{ExplanationRequest, ExplanationRequestId, WaitingRequest},
    rules, store,
};
use crate::{
    access::Role,
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Faults, Result},
    kernel::{id::UnitId, text::clean, time::Timestamp},
    submissions::{self, SubmissionId, model::Explanation, reach::Visibility},
};

/// Asks the owner unit to explain a figure that it signed.
///
/// # Errors
/// Not found, `never_submitted`, `invalid`.
pub fn create_request(
    tx: &mut Tx<'_>,
    submission_id: SubmissionId,
    question: &str,
    due_at: Timestamp,
) -> Result<ExplanationRequest> {
    let submission = submissions::actions::get_dossier_for(tx, submission_id)?.submission;
    let revision = rules::signed_revision(submission.submitted_revision)?;
    let question = clean(question);
    rules::check_question(&question, due_at, tx.now)?;
    let request = ExplanationRequest {
        id: ExplanationRequestId::generate(),
        ward_id: submission.ward_id,
        submission_id,
        unit_id: submission.unit_id,
        revision,
        question,
        due_at,
        asked_by: tx.actor.principal()?,
        asked_position: tx.actor.position.clone(),
        asked_unit_id: tx.actor.unit_id.ok_or_else(|| Error::new(Code::Forbidden))?,
        asked_at: tx.now,
        cause: None,
        what_happened: None,
        remedy: None,
        new_date: None,
        answered_by: None,
        answered_position: None,
        answered_at: None,
        version: 1,
    };
    store::insert_request(tx.connection, &request)?;
    tx.record(
        Event::new("explanation.requested", "explanation_request", request.id)
            .with("submission_id", submission_id)
            .with("revision", revision)
            .with("question", &request.question)
            .with("due_at", due_at),
    );
    Ok(request)
}

/// Answers a request for the unit whose figure it is, once.
///
/// # Errors
/// Not found, `version_stale`, `not_your_step`, `already_answered`, `invalid`, `concurrent_change`.
pub fn answer_request(
    tx: &mut Tx<'_>,
    id: ExplanationRequestId,
    answer: Explanation,
) -> Result<ExplanationRequest> {
    let visibility = Visibility::of(tx.actor)?;
    let before = store::find_request(tx.connection, &visibility, id)?.ok_or_else(Error::not_found)?;
    tx.check_version(before.version)?;
    let is_head = tx.actor.has_any(&[Role::DepartmentHead, Role::SchoolHead]);
    let owner = submissions::actions::get_dossier_for(tx, before.submission_id)?.owner_id;
    if !is_head || tx.actor.unit_id != Some(owner) {
        return Err(Error::new(Code::NotYourStep));
    }
    if before.answered_at.is_some() {
        return Err(Error::new(Code::AlreadyAnswered));
    }
    let (what_happened, remedy) = (clean(&answer.what_happened), clean(&answer.remedy));
    let mut faults = Faults::new();
    faults.check_text("/what_happened", &what_happened, 1, rules::MAX_TEXT);
    faults.check_text("/remedy", &remedy, 1, rules::MAX_TEXT);
    if !(2000..=2999).contains(&answer.new_date.year()) {
        faults.add("/new_date", Code::OutOfRange);
    }
    faults.into_result(Code::Invalid)?;
    let after = ExplanationRequest {
        cause: Some(answer.cause),
        what_happened: Some(what_happened),
        remedy: Some(remedy),
        new_date: Some(answer.new_date),
        answered_by: Some(tx.actor.principal()?),
        answered_position: tx.actor.position.clone(),
        answered_at: Some(tx.now),
        version: before.version + 1,
        ..before
    };
    store::answer_request(tx.connection, &after)?;
    tx.record(
        Event::new("explanation.answered", "explanation_request", id)
            .with("submission_id", after.submission_id)
            .with("cause", after.cause)
            .with("what_happened", &after.what_happened)
            .with("remedy", &after.remedy)
            .with("new_date", after.new_date),
    );
    Ok(after)
}

/// What this unit is asked to explain, and has not: the first by due time, each with the length of the list.
///
/// # Errors
/// When the database fails.
pub fn list_waiting(
    connection: &mut AnyConnection,
    unit_id: UnitId,
    limit: i64,
) -> Result<Vec<WaitingRequest>> {
    store::list_waiting(connection, unit_id, limit)
}
