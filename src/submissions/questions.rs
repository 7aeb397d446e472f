//! What other concepts ask about submissions; what the caller may know of is part of each question.

use std::collections::HashMap;

use super::{
    model::{Content, Dossier, FigureBasis, ProgressState, SubmissionId, UnitFigure},
    reach::Visibility,
    store::{self, Awaiting},
    workflow,
};
use crate::{
    access::Actor,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Result},
    items::{self, ItemId, ItemKind},
    kernel::id::UnitId,
    periods::PeriodId,
    plans::PlanId,
};

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

/// Which submissions are meant by a decision about many.
#[derive(Clone, Debug)]
pub enum Selection {
    /// These.
    Ids(Vec<SubmissionId>),
    /// Those of a period that wait for this move.
    Waiting {
        /// The move.
        action: workflow::Action,
        /// Period: id or code.
        period: String,
        /// Plan: id or year.
        plan: Option<String>,
        /// Field of the leaves.
        field: Option<items::Field>,
        /// Unit: id or code.
        unit: Option<String>,
        /// More than this is refused.
        most: usize,
    },
}

/// The submissions of a selection that the caller may know of, oldest first. Few queries, whatever their number.
///
/// # Errors
/// `too_many_rows`.
pub fn select_submissions(
    connection: &mut AnyConnection,
    actor: &Actor,
    selection: &Selection,
) -> Result<Vec<Dossier>> {
    let visibility = Visibility::of(actor)?;
    match selection {
        Selection::Ids(ids) => store::list_dossiers(connection, &visibility, ids),
        Selection::Waiting { action, period, plan, field, unit, most } => {
            let filter = store::Filter {
                period: Some(period.clone()),
                plan: plan.clone(),
                field: *field,
                unit: unit.clone(),
                waiting_for: Some(store::WaitingFor { action: *action, unit: actor.unit_id }),
                ..store::Filter::default()
            };
            let found = store::list_waiting(connection, &visibility, &filter, *most + 1)?;
            if found.len() > *most { Err(Error::new(Code::TooManyRows)) } else { Ok(found) }
        }
    }
}

/// Submissions that wait for this person's check or approval, and how many there are: the first by due time. What the
/// person has yet to sign is not among them.
///
/// # Errors
/// Not found, for a caller without a ward or a unit.
pub fn list_awaiting_review(
    connection: &mut AnyConnection,
    actor: &Actor,
    limit: i64,
) -> Result<(Vec<Dossier>, i64)> {
    let (visibility, awaiting) = (Visibility::of(actor)?, Awaiting::of(actor)?);
    store::list_awaiting_review(connection, &visibility, &awaiting, limit)
}

/// [`get_dossier`] for the actor of a transaction.
///
/// # Errors
/// Not found.
pub fn get_dossier_for(tx: &mut Tx<'_>, id: SubmissionId) -> Result<Dossier> {
    let visibility = Visibility::of(tx.actor)?;
    get_dossier(tx.connection, &visibility, id)
}

/// What units said in a period of leaves of this kind, in the revisions of this basis, as far as the caller may know
/// of their submissions; of all units, or of one.
///
/// # Errors
/// When the database fails.
pub fn list_figures(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    period_id: PeriodId,
    kind: ItemKind,
    unit: Option<UnitId>,
    basis: FigureBasis,
) -> Result<Vec<UnitFigure>> {
    store::list_figures(connection, visibility, period_id, kind, unit, basis)
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
