//! Many drafts at once, each with its own event, under the same rules as one: for batches.

use super::{
    actions::{draft, drafted},
    model::{Content, Submission, SubmissionId},
    store,
};
use crate::{
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::Result,
    items::PlanItem,
    kernel::{
        id::{UnitId, WardId},
        json::JsonText,
    },
    periods::{Period, PeriodId},
};

/// A draft that is to begin; what it says was checked before.
#[derive(Debug)]
pub struct NewDraft<'a> {
    /// The leaf.
    pub item: &'a PlanItem,
    /// The period.
    pub period: &'a Period,
    /// The unit, for which the caller may draft.
    pub unit_id: UnitId,
    /// What it says.
    pub content: Content,
}

/// A draft or returned submission whose content is replaced; what it will say was checked before.
#[derive(Debug)]
pub struct ChangedDraft {
    /// As it was read.
    pub before: Submission,
    /// What it said.
    pub old: Content,
    /// What it will say.
    pub new: Content,
}

/// The submissions of these units in a period.
///
/// # Errors
/// When the database fails.
pub fn list_of_units(
    connection: &mut AnyConnection,
    ward_id: WardId,
    period_id: PeriodId,
    units: &[UnitId],
) -> Result<Vec<Submission>> {
    store::list_of_units(connection, ward_id, period_id, units)
}

/// Begins these drafts and gives their ids in the same order.
///
/// # Errors
/// `concurrent_change`, when somebody began one of them meanwhile.
pub fn create_drafts(tx: &mut Tx<'_>, drafts: &[NewDraft<'_>]) -> Result<Vec<SubmissionId>> {
    let rows: Vec<Submission> =
        drafts.iter().map(|new| draft(tx, new.item, new.period.id, new.unit_id, &new.content)).collect();
    let ids: Vec<SubmissionId> = rows.iter().map(|row| row.id).collect();
    store::insert_submissions(tx.connection, &rows)?;
    store::insert_drafters(tx.connection, &ids, tx.actor.principal()?)?;
    for (row, new) in rows.iter().zip(drafts) {
        tx.record(drafted(row, &new.content, &new.item.code, &new.period.code));
    }
    Ok(ids)
}

/// Writes these contents over those that were read.
///
/// # Errors
/// `concurrent_change`, when somebody was faster with one of them.
pub fn change_drafts(tx: &mut Tx<'_>, drafts: &[ChangedDraft]) -> Result<()> {
    let writer = tx.actor.principal()?;
    let rows: Vec<Submission> = drafts
        .iter()
        .map(|draft| Submission {
            content: JsonText::of(&draft.new),
            version: draft.before.version + 1,
            ..draft.before.clone()
        })
        .collect();
    store::update_contents(tx.connection, &rows, tx.now)?;
    let mut ids: Vec<SubmissionId> = rows.iter().map(|row| row.id).collect();
    let known = store::list_drafted_by(tx.connection, &ids, writer)?;
    ids.retain(|id| !known.contains(id));
    store::insert_drafters(tx.connection, &ids, writer)?;
    for draft in drafts {
        let event = Event::new("submission.changed", "submission", draft.before.id);
        tx.record(event.between(Some(&draft.old), Some(&draft.new)));
    }
    Ok(())
}
