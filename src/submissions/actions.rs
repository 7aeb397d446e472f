//! Writes on submissions: drafting, changing, deleting, and moving them on for approvals.

use super::{
    model::{Content, DocumentId, Dossier, Submission, SubmissionId, SubmissionState},
    reach::may_draft_for,
    rules, store, workflow,
};
use crate::{
    audit::Event,
    context::Tx,
    error::{Code, Error, Result, text},
    items::{self, ItemId, ItemKind, PlanItem},
    kernel::{
        id::{PrincipalId, UnitId},
        json::JsonText,
        number::Quantity,
        text::clean,
    },
    periods::{self, Period, PeriodId},
    plans::{self, PlanStatus},
    units,
};

pub use super::questions::{
    Selection, get_dossier, get_dossier_for, list_approved_progress, list_awaiting_review, list_figures,
    select_submissions,
};
pub use store::visible_ids;

/// The most documents that one submission cites.
const MAX_EVIDENCE: usize = 50;

/// What a new draft is made of.
#[derive(Clone, Debug)]
pub struct NewSubmission {
    /// The leaf.
    pub item_id: ItemId,
    /// The period.
    pub period_id: PeriodId,
    /// The unit; the caller's own if absent.
    pub unit_id: Option<UnitId>,
    /// What it says.
    pub content: Content,
    /// The rate the caller computed, to be checked.
    pub rate: Option<Quantity>,
}

/// Begins a draft.
///
/// # Errors
/// `unknown_reference`, `item_not_leaf`, `unit_not_active`, `not_assigned`, `forbidden` for another unit's figures, `invalid` content,
/// `submission_exists` with the path of the one that exists.
pub fn create_submission(tx: &mut Tx<'_>, new: NewSubmission) -> Result<SubmissionId> {
    let unit_id = require_drafting_unit(tx, new.unit_id)?;
    let (item, period) = require_place(tx, &new, unit_id)?;
    let content = clean_content(new.content);
    rules::check_content(&item, &content, new.rate).into_result(Code::Invalid)?;
    let submission = draft(tx, &item, period.id, unit_id, &content);
    store::insert_submission(tx.connection, &submission)?;
    store::insert_drafter(tx.connection, submission.id, tx.actor.principal()?)?;
    tx.record(drafted(&submission, &content, &item.code, &period.code));
    Ok(submission.id)
}

/// A draft as it begins.
pub(super) fn draft(
    tx: &Tx<'_>,
    item: &PlanItem,
    period_id: PeriodId,
    unit_id: UnitId,
    content: &Content,
) -> Submission {
    Submission {
        id: SubmissionId::generate(),
        ward_id: item.ward_id,
        plan_id: item.plan_id,
        item_id: item.id,
        period_id,
        unit_id,
        state: SubmissionState::Draft,
        revision: 1,
        submitted_revision: 0,
        approved_revision: None,
        published_revision: None,
        content: JsonText::of(content),
        verify_unit_id: None,
        first_submitted_at: None,
        on_time: None,
        created_at: tx.now,
        updated_at: tx.now,
        version: 1,
    }
}

/// The event of a new draft.
pub(super) fn drafted(submission: &Submission, content: &Content, item: &str, period: &str) -> Event {
    Event::new("submission.drafted", "submission", submission.id)
        .between(None, Some(content))
        .with("item", item)
        .with("period", period)
        .with("unit_id", submission.unit_id)
}

/// The leaf and the period of a new draft, if the unit owes a figure there and has none yet.
fn require_place(tx: &mut Tx<'_>, new: &NewSubmission, unit_id: UnitId) -> Result<(PlanItem, Period)> {
    let ward_id = tx.actor.ward()?;
    let item = items::actions::get_item(tx.connection, ward_id, new.item_id)
        .map_err(|error| at_field(error, "/item_id"))?;
    let period = periods::actions::get_period(tx.connection, ward_id, new.period_id)
        .map_err(|error| at_field(error, "/period_id"))?;
    if item.kind == ItemKind::Section {
        return Err(Error::field("/item_id", Code::ItemNotLeaf));
    }
    if period.plan_id != item.plan_id {
        return Err(Error::field("/period_id", Code::UnknownReference));
    }
    if plans::actions::get_plan(tx.connection, ward_id, item.plan_id)?.status == PlanStatus::Closed {
        return Err(Error::new(Code::PlanNotIssued));
    }
    // A unit reports only for the days on which it exists and has the item (RULES §4).
    let unit = units::actions::get_unit(tx.connection, ward_id, unit_id)?;
    if !unit.is_active_on(period.data_to) {
        return Err(Error::field("/period_id", Code::UnitNotActive));
    }
    rules::require_standing(&item, &period).map_err(|error| Error::field("/item_id", error.code))?;
    let assignment = items::actions::find_assignment(tx.connection, item.id, unit_id)?;
    if !assignment.is_some_and(|row| row.is_in_force(period.data_to)) {
        return Err(Error::field("/item_id", Code::NotAssigned));
    }
    if let Some(id) = store::find_id(tx.connection, item.id, period.id, unit_id)? {
        return Err(Error::new(Code::SubmissionExists).linking(path_of(id)));
    }
    let definitions = items::actions::load_definitions(tx.connection, [&item])?;
    Ok((definitions.at(&item, period.data_to), period))
}

/// Writes new content over the old while the submission can be changed.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `not_editable`, `forbidden`, `invalid`.
pub fn change_content(
    tx: &mut Tx<'_>,
    id: SubmissionId,
    change: impl FnOnce(&mut Content),
    rate: Option<Quantity>,
) -> Result<()> {
    let dossier = get_dossier_for(tx, id)?;
    tx.require_version(dossier.submission.version)?;
    check_editable(tx, &dossier)?;
    let before = &dossier.submission;
    let mut content = dossier.content.clone();
    change(&mut content);
    let content = clean_content(content);
    rules::check_content(&dossier.item, &content, rate).into_result(Code::Invalid)?;
    let after = Submission {
        content: JsonText::of(&content),
        updated_at: tx.now,
        version: before.version + 1,
        ..before.clone()
    };
    update_draft(tx, &dossier, &after)?;
    let event = Event::new("submission.changed", "submission", id);
    tx.record(event.between(Some(&dossier.content), Some(&content)));
    Ok(())
}

/// Whether the caller may change a submission now.
fn check_editable(tx: &mut Tx<'_>, dossier: &Dossier) -> Result<()> {
    require_drafting_unit(tx, Some(dossier.submission.unit_id))?;
    if !matches!(dossier.submission.state, SubmissionState::Draft | SubmissionState::Returned) {
        return Err(Error::new(Code::NotDraft).allowing(allowed(tx, dossier)));
    }
    Ok(())
}

/// Writes a changed draft, and that the caller wrote on it.
fn update_draft(tx: &mut Tx<'_>, dossier: &Dossier, after: &Submission) -> Result<()> {
    store::update_submission(tx.connection, &dossier.submission, after)?;
    let writer = tx.actor.principal()?;
    if !dossier.drafters.contains(&writer) {
        store::insert_drafter(tx.connection, after.id, writer)?;
    }
    Ok(())
}

/// Lets a submission cite a document, while it can be changed. What it cites already stays cited.
///
/// # Errors
/// Not found, `version_stale`, `not_editable`, `forbidden`, `out_of_range` for too many.
pub fn attach_evidence(tx: &mut Tx<'_>, id: SubmissionId, document: DocumentId) -> Result<()> {
    let dossier = get_dossier_for(tx, id)?;
    // A citation has no version of its own; that of the submission counts if it is sent.
    tx.check_version(dossier.submission.version)?;
    check_editable(tx, &dossier)?;
    if !dossier.evidence.iter().any(|cited| cited.document_id == document) {
        if dossier.evidence.len() >= MAX_EVIDENCE {
            return Err(Error::because(
                Code::OutOfRange,
                text(
                    format!("Mỗi báo cáo kèm tối đa {MAX_EVIDENCE} tài liệu; hãy gộp bớt"),
                    format!("A submission cites at most {MAX_EVIDENCE} documents; merge some"),
                ),
            ));
        }
        store::insert_evidence(tx.connection, id, document)?;
    }
    note_evidence(tx, &dossier, Event::new("submission.evidence_attached", "submission", id), document)
}

/// Takes a document off a submission, while it can be changed. Revisions that cite it go on citing it.
///
/// # Errors
/// Not found, also where it is not cited; `version_stale`, `not_editable`, `forbidden`.
pub fn detach_evidence(tx: &mut Tx<'_>, id: SubmissionId, document: DocumentId) -> Result<()> {
    let dossier = get_dossier_for(tx, id)?;
    // A citation has no version of its own; that of the submission counts if it is sent.
    tx.check_version(dossier.submission.version)?;
    check_editable(tx, &dossier)?;
    if !dossier.evidence.iter().any(|cited| cited.document_id == document) {
        return Err(Error::not_found());
    }
    store::delete_evidence(tx.connection, id, document)?;
    note_evidence(tx, &dossier, Event::new("submission.evidence_detached", "submission", id), document)
}

fn note_evidence(tx: &mut Tx<'_>, dossier: &Dossier, event: Event, document: DocumentId) -> Result<()> {
    let before = &dossier.submission;
    let after = Submission { updated_at: tx.now, version: before.version + 1, ..before.clone() };
    update_draft(tx, dossier, &after)?;
    tx.record(event.with("document_id", document));
    Ok(())
}

/// Deletes a draft that was never submitted.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `ever_submitted`, `forbidden`.
pub fn delete_submission(tx: &mut Tx<'_>, id: SubmissionId) -> Result<()> {
    let dossier = get_dossier_for(tx, id)?;
    tx.require_version(dossier.submission.version)?;
    require_drafting_unit(tx, Some(dossier.submission.unit_id))?;
    if dossier.submission.submitted_revision > 0 {
        return Err(Error::new(Code::EverSubmitted));
    }
    store::delete_submission(tx.connection, &dossier.submission)?;
    tx.record(Event::new("submission.deleted", "submission", id).between(Some(&dossier.content), None));
    Ok(())
}

/// Moves a submission to another state; freezes the revision where it is submitted.
///
/// # Errors
/// `concurrent_change`, when somebody was faster.
pub fn move_submission(
    tx: &mut Tx<'_>,
    dossier: &Dossier,
    mut after: Submission,
    frozen: Option<PrincipalId>,
) -> Result<()> {
    after.updated_at = tx.now;
    after.version = dossier.submission.version + 1;
    if let Some(signer) = frozen {
        store::insert_revision(tx.connection, dossier, after.revision, signer, tx.now)?;
    }
    store::update_submission(tx.connection, &dossier.submission, &after)
}

/// The names of the moves that the actor may make now.
pub fn allowed(tx: &Tx<'_>, dossier: &Dossier) -> Vec<&'static str> {
    super::view::allowed_actions(dossier, tx.actor, tx.now)
        .into_iter()
        .map(workflow::Action::as_str)
        .collect()
}

/// Path of a submission.
#[must_use]
pub fn path_of(id: SubmissionId) -> String {
    format!("/api/v1/submissions/{id}")
}

/// The unit that the caller may draft for: its own, one that was merged into it, or, for a coordinator, any of the
/// ward (RULES §3, nhập thay).
fn require_drafting_unit(tx: &mut Tx<'_>, unit_id: Option<UnitId>) -> Result<UnitId> {
    let own = tx.actor.unit_id.ok_or_else(|| Error::new(Code::Forbidden))?;
    let unit_id = unit_id.unwrap_or(own);
    let unit = units::actions::require_unit(tx.connection, tx.actor.ward()?, unit_id, "/unit_id")?;
    if may_draft_for(tx.actor, unit.acting_id()) { Ok(unit_id) } else { Err(Error::new(Code::Forbidden)) }
}

fn at_field(error: Error, pointer: &str) -> Error {
    if error.code == Code::NotFound { Error::field(pointer, Code::UnknownReference) } else { error }
}

/// The content as it is kept: texts composed and trimmed, empty ones left out.
#[must_use]
pub fn clean_content(mut content: Content) -> Content {
    let tidy = |text: Option<String>| text.map(|text| clean(&text)).filter(|text| !text.is_empty());
    content.note = tidy(content.note);
    content.band = tidy(content.band);
    content.applicability_reason = tidy(content.applicability_reason);
    if let Some(progress) = &mut content.progress {
        progress.deliverable = tidy(progress.deliverable.take());
    }
    if let Some(explanation) = &mut content.explanation {
        explanation.what_happened = clean(&explanation.what_happened);
        explanation.remedy = clean(&explanation.remedy);
    }
    content
}
