//! Writes on submissions: drafting, changing, deleting, and moving them on for approvals.

use std::collections::HashMap;

use super::{
    model::{Content, Dossier, ProgressState, Submission, SubmissionId, SubmissionState},
    reach::Visibility,
    rules, store, workflow,
};
use crate::{
    access::{Role, Scope},
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Result},
    items::{self, ItemId, ItemKind, PlanItem},
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        json::JsonText,
        number::Quantity,
        text::clean,
    },
    periods::{self, Period, PeriodId},
    plans::{self, PlanId, PlanStatus},
    units,
};

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
/// `unknown_reference`, `item_not_leaf`, `not_assigned`, `forbidden` for another unit's figures, `invalid` content,
/// `submission_exists` with the path of the one that exists.
pub fn create_submission(tx: &mut Tx<'_>, new: NewSubmission) -> Result<SubmissionId> {
    let ward_id = tx.actor.ward()?;
    let unit_id = require_drafting_unit(tx, new.unit_id)?;
    let (item, period) = require_place(tx, &new, unit_id)?;
    let content = clean_content(new.content);
    rules::check_content(&item, &content, new.rate).into_result(Code::Invalid)?;
    let submission = Submission {
        id: SubmissionId::generate(),
        ward_id,
        plan_id: item.plan_id,
        item_id: item.id,
        period_id: period.id,
        unit_id,
        state: SubmissionState::Draft,
        revision: 1,
        submitted_revision: 0,
        approved_revision: None,
        published_revision: None,
        content: JsonText::of(&content),
        verify_unit_id: None,
        first_submitted_at: None,
        on_time: None,
        created_at: tx.now,
        updated_at: tx.now,
        version: 1,
    };
    store::insert_submission(tx.connection, &submission)?;
    store::insert_drafter(tx.connection, submission.id, tx.actor.principal()?)?;
    tx.record(
        Event::new("submission.drafted", "submission", submission.id)
            .between(None, Some(&content))
            .with("item", &item.code)
            .with("period", &period.code)
            .with("unit_id", unit_id),
    );
    Ok(submission.id)
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
    let before = &dossier.submission;
    tx.require_version(before.version)?;
    require_drafting_unit(tx, Some(before.unit_id))?;
    if !matches!(before.state, SubmissionState::Draft | SubmissionState::Returned) {
        return Err(Error::new(Code::NotDraft).allowing(allowed(tx, &dossier)));
    }
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
    store::update_submission(tx.connection, before, &after)?;
    let writer = tx.actor.principal()?;
    if !dossier.drafters.contains(&writer) {
        store::insert_drafter(tx.connection, id, writer)?;
    }
    let event = Event::new("submission.changed", "submission", id);
    tx.record(event.between(Some(&dossier.content), Some(&content)));
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

/// A submission, if the caller may know of it.
///
/// # Errors
/// Not found.
pub fn get_dossier(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    id: SubmissionId,
) -> Result<Dossier> {
    store::find_dossier(connection, visibility, id)?.ok_or_else(Error::not_found)
}

/// [`get_dossier`] for the actor of a transaction.
///
/// # Errors
/// Not found.
pub fn get_dossier_for(tx: &mut Tx<'_>, id: SubmissionId) -> Result<Dossier> {
    let visibility = Visibility::of(tx.actor)?;
    get_dossier(tx.connection, &visibility, id)
}

/// The names of the moves that the actor may make now.
pub fn allowed(tx: &Tx<'_>, dossier: &Dossier) -> Vec<&'static str> {
    super::view::allowed_actions(dossier, tx.actor, tx.now)
        .into_iter()
        .map(workflow::Action::as_str)
        .collect()
}

/// How many figures of a plan are on their way, by state: signed, and neither approved nor returned yet.
///
/// # Errors
/// When the database fails.
pub fn count_pending(
    connection: &mut AnyConnection,
    ward_id: WardId,
    plan_id: PlanId,
) -> Result<Vec<(SubmissionState, i64)>> {
    store::count_pending(connection, ward_id, plan_id)
}

/// How far each unit has come with each task of a plan, by its last approved figure.
///
/// # Errors
/// When the database fails, or holds content that is none.
pub fn list_approved_progress(
    connection: &mut AnyConnection,
    plan_id: PlanId,
) -> Result<HashMap<(ItemId, UnitId), ProgressState>> {
    let mut progress = HashMap::new();
    // By cut-off, so that later figures take the place of earlier ones.
    for (item, unit, content) in store::list_approved_tasks(connection, plan_id)? {
        let content: Content = content.read().map_err(Error::internal)?;
        progress.extend(content.progress.map(|progress| ((item, unit), progress.state)));
    }
    Ok(progress)
}

/// Path of a submission.
#[must_use]
pub fn path_of(id: SubmissionId) -> String {
    format!("/api/v1/submissions/{id}")
}

/// The unit that the caller may draft for: its own, or, for a coordinator, any of the ward (RULES §3, nhập thay).
fn require_drafting_unit(tx: &mut Tx<'_>, unit_id: Option<UnitId>) -> Result<UnitId> {
    let own = tx.actor.unit_id.ok_or_else(|| Error::new(Code::Forbidden))?;
    let unit_id = unit_id.unwrap_or(own);
    units::actions::require_unit(tx.connection, tx.actor.ward()?, unit_id, "/unit_id")?;
    let drafts_own = tx.actor.has_scope(Scope::SubmissionsWrite)
        || tx.actor.has_any(&[
            Role::DepartmentHead,
            Role::DepartmentStaff,
            Role::SchoolHead,
            Role::SchoolStaff,
        ]);
    if (unit_id == own && drafts_own) || tx.actor.has_role(Role::Coordinator) {
        Ok(unit_id)
    } else {
        Err(Error::new(Code::Forbidden))
    }
}

fn at_field(error: Error, pointer: &str) -> Error {
    if error.code == Code::NotFound { Error::field(pointer, Code::UnknownReference) } else { error }
}

fn clean_content(mut content: Content) -> Content {
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
