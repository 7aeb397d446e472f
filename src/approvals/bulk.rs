//! Many decisions in one call: each figure on its own, or all or none where that is asked for (RULES §3).

use std::collections::HashMap;

use super::actions::{self, NewDecision};
use crate::{
    context::Tx,
    error::{Code, Error, FieldError, Kind, Result, text},
    items::Field,
    submissions::{
        Action, SubmissionId,
        actions::{Selection, select_submissions},
        model::Dossier,
    },
};

/// Most submissions of one call.
pub const MAX_DECISIONS: usize = 1000;

/// Which submissions are meant: those that are named, or those of a period that wait for this move.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Named one by one.
    pub submission_ids: Vec<SubmissionId>,
    /// Period: id or code.
    pub period: Option<String>,
    /// Plan: id or year; tells periods of the same code apart.
    pub plan: Option<String>,
    /// Field of the leaves.
    pub field: Option<Field>,
    /// Unit: id or code.
    pub unit: Option<String>,
}

/// What became of one submission.
#[derive(Debug)]
pub struct Outcome {
    /// The submission.
    pub submission_id: SubmissionId,
    /// The submission as it now is, or why nothing was done.
    pub result: Result<Box<Dossier>>,
}

/// Decides on each of the chosen submissions. One failure neither hides nor blocks the rest, unless `atomic`.
///
/// # Errors
/// `nothing_selected`, `invalid` for words that no submission could take; with `atomic` `batch_rejected`, each refusal
/// at `/submission_ids/<n>`, where one was refused.
pub fn decide_all(tx: &mut Tx<'_>, chosen: &Chosen, new: &NewDecision, atomic: bool) -> Result<Vec<Outcome>> {
    actions::check_words(tx, new)?;
    let dossiers = select_submissions(tx.connection, tx.actor, &selection(chosen, new.action)?)?;
    let mut outcomes = Vec::new();
    for (id, dossier) in in_order(chosen, dossiers) {
        let result = match dossier {
            Some(dossier) => decide_one(tx, &dossier, new),
            None => Err(Error::not_found()),
        };
        // Where we failed ourselves, nothing after it would be whole.
        let result = match result {
            Err(error) if matches!(error.code.kind(), Kind::Internal | Kind::Unavailable) => {
                return Err(error);
            }
            result => result,
        };
        outcomes.push((id, result));
    }
    if atomic {
        refuse_all(&outcomes)?;
    }
    let decided: Vec<SubmissionId> =
        outcomes.iter().filter(|(_, result)| result.is_ok()).map(|(id, _)| *id).collect();
    let after = select_submissions(tx.connection, tx.actor, &Selection::Ids(decided))?;
    let mut after: HashMap<_, _> = after.into_iter().map(|found| (found.submission.id, found)).collect();
    let outcome = |(submission_id, result): (SubmissionId, Result<()>)| {
        let now =
            result.and_then(|()| after.remove(&submission_id).map(Box::new).ok_or_else(Error::not_found));
        Outcome { submission_id, result: now }
    };
    Ok(outcomes.into_iter().map(outcome).collect())
}

fn decide_one(tx: &mut Tx<'_>, dossier: &Dossier, new: &NewDecision) -> Result<()> {
    let permit = actions::permit(tx, dossier, new)?;
    actions::carry_out(tx, dossier, new, permit).map(drop)
}

/// The chosen submissions in the order in which they were named, those that are not found among them.
fn in_order(chosen: &Chosen, dossiers: Vec<Dossier>) -> Vec<(SubmissionId, Option<Box<Dossier>>)> {
    if chosen.submission_ids.is_empty() {
        return dossiers.into_iter().map(|found| (found.submission.id, Some(Box::new(found)))).collect();
    }
    let mut found: HashMap<_, _> = dossiers.into_iter().map(|found| (found.submission.id, found)).collect();
    chosen.submission_ids.iter().map(|id| (*id, found.remove(id).map(Box::new))).collect()
}

fn selection(chosen: &Chosen, action: Action) -> Result<Selection> {
    if chosen.submission_ids.len() > MAX_DECISIONS {
        return Err(Error::field("/submission_ids", Code::OutOfRange));
    }
    if !chosen.submission_ids.is_empty() {
        let mut ids = chosen.submission_ids.clone();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() < chosen.submission_ids.len() {
            return Err(Error::field("/submission_ids", Code::DuplicateRow));
        }
        return Ok(Selection::Ids(ids));
    }
    let Some(period) = chosen.period.clone() else {
        return Err(Error::new(Code::NothingSelected));
    };
    // What needs a reason is decided figure by figure.
    if !matches!(action, Action::Submit | Action::Verify | Action::Endorse | Action::Approve) {
        return Err(Error::field("/submission_ids", Code::Required));
    }
    Ok(Selection::Waiting {
        action,
        period,
        plan: chosen.plan.clone(),
        field: chosen.field,
        unit: chosen.unit.clone(),
        most: MAX_DECISIONS,
    })
}

fn refuse_all(outcomes: &[(SubmissionId, Result<()>)]) -> Result<()> {
    let refusals = outcomes.iter().enumerate().filter_map(|(index, (_, result))| {
        let error = result.as_ref().err()?;
        Some(FieldError::because(format!("/submission_ids/{index}"), error.code, error.detail.clone()))
    });
    let refusals: Vec<FieldError> = refusals.collect();
    if refusals.is_empty() {
        return Ok(());
    }
    let sentence = text(
        format!(
            "{} trong {} báo cáo không xử lý được nên không báo cáo nào thay đổi; xem lý do từng báo cáo",
            refusals.len(),
            outcomes.len()
        ),
        format!("{} of {} submissions were refused, so none was changed", refusals.len(), outcomes.len()),
    );
    Err(Error { fields: refusals, ..Error::because(Code::BatchRejected, sentence) })
}
