//! Gathering what a person has to do, and reminding units of what they owe.

use std::collections::HashMap;

use super::{
    model::{OwedFigure, Reminder, ReminderId, Total},
    rules::{self, Recipient},
    store,
    todo::{
        ExplanationTaskView, ObstacleTaskView, OwedTaskView, ReturnedTaskView, ReviewTaskView, Section,
        TodoView,
    },
};
use crate::{
    access::{Actor, Permission, policy},
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Faults, Result},
    explanations,
    items::ItemId,
    kernel::{id::UnitId, text::clean, time::Timestamp},
    obstacles,
    periods::{self, PeriodId},
    plans,
    submissions::{self, SubmissionId, actions::Selection, model::Dossier, view::SubmissionView},
};

/// Rows of each section of a person's list.
const SECTION_ROWS: i64 = 50;
const MAX_NAMED: usize = 200;
const MAX_MESSAGE: usize = 2000;

/// What this person has to do at this moment. The same few queries, whatever the number of figures.
///
/// Each section is one list of its own.
///
/// # Errors
/// Not found, for a caller without a ward or a unit.
pub fn read_todo(connection: &mut AnyConnection, actor: &Actor, now: Timestamp) -> Result<TodoView> {
    let drafting_unit = actor.unit_id.filter(|_| policy::allows(actor, Permission::SubmissionsWrite));
    let (mut due, mut overdue, mut returned) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(unit) = drafting_unit {
        let until = rules::look_ahead(now);
        due = store::list_unsigned(connection, unit, now, until, false, SECTION_ROWS)?;
        overdue = store::list_unsigned(connection, unit, now, until, true, SECTION_ROWS)?;
        returned = store::list_returned(connection, unit, SECTION_ROWS)?;
    }
    let begun = due.iter().chain(&overdue).filter_map(|(figure, _)| figure.submission_id);
    let ids: Vec<SubmissionId> =
        begun.chain(returned.iter().map(|(figure, _)| figure.submission_id)).collect();
    let at_hand: HashMap<SubmissionId, SubmissionView> =
        submissions::actions::select_submissions(connection, actor, &Selection::Ids(ids))?
            .into_iter()
            .map(|dossier| (dossier.submission.id, SubmissionView::of(dossier, actor, now)))
            .collect();
    let owed = |figure: OwedFigure| {
        let draft = figure.submission_id.and_then(|id| at_hand.get(&id));
        Ok(OwedTaskView::of(figure, draft, now))
    };
    let (waiting, total) = submissions::actions::list_awaiting_review(connection, actor, SECTION_ROWS)?;
    let review = |dossier: Dossier| {
        let due_at = dossier.period.due_at;
        ReviewTaskView::of(SubmissionView::of(dossier, actor, now), due_at, now)
    };
    Ok(TodoView {
        as_of: now,
        due: section(due, owed)?,
        overdue: section(overdue, owed)?,
        returned: section(returned, |figure| {
            let submission = at_hand.get(&figure.submission_id);
            ReturnedTaskView::of(figure, submission, now)
        })?,
        awaiting_review: Section { total, items: waiting.into_iter().map(review).collect() },
        explanations: read_explanations(connection, drafting_unit, now)?,
        obstacles: read_obstacles(connection, actor)?,
    })
}

fn read_explanations(
    connection: &mut AnyConnection,
    unit: Option<UnitId>,
    now: Timestamp,
) -> Result<Section<ExplanationTaskView>> {
    let waiting = match unit {
        Some(unit) => explanations::actions::list_waiting(connection, unit, SECTION_ROWS)?,
        None => Vec::new(),
    };
    Ok(Section {
        total: waiting.first().map_or(0, |first| first.total),
        items: waiting.into_iter().map(|request| ExplanationTaskView::of(request, now)).collect(),
    })
}

fn read_obstacles(connection: &mut AnyConnection, actor: &Actor) -> Result<Section<ObstacleTaskView>> {
    let waiting = obstacles::actions::list_waiting(connection, actor, SECTION_ROWS)?;
    Ok(Section {
        total: waiting.first().map_or(0, |first| first.total),
        items: waiting.into_iter().map(|obstacle| ObstacleTaskView::of(obstacle, actor.unit_id)).collect(),
    })
}

fn section<R, V>(rows: Vec<(R, Total)>, view: impl Fn(R) -> Result<V>) -> Result<Section<V>> {
    Ok(Section {
        total: rows.first().map_or(0, |(_, list)| list.total),
        items: rows.into_iter().map(|(row, _)| view(row)).collect::<Result<_>>()?,
    })
}

/// A reminder to be sent.
#[derive(Clone, Debug)]
pub struct NewReminder {
    /// The units; all that owe something if absent.
    pub unit_ids: Option<Vec<UnitId>>,
    /// The leaves; all that the units owe if absent.
    pub item_ids: Option<Vec<ItemId>>,
    /// What to say.
    pub message: Option<String>,
}

/// Reminds units of what they must report in a period and never submitted. Units that are asked are not chased.
///
/// # Errors
/// Not found, `plan_not_issued`, `invalid`, `nothing_owed` at the units and leaves that are named in vain.
pub fn send_reminders(tx: &mut Tx<'_>, period_id: PeriodId, new: &NewReminder) -> Result<Vec<Recipient>> {
    let ward_id = tx.actor.ward()?;
    let period = periods::actions::get_period(tx.connection, ward_id, period_id)?;
    let plan = plans::actions::get_plan(tx.connection, ward_id, period.plan_id)?;
    plans::rules::require_issued(plan.status)?;
    let message = new.message.as_deref().map(clean);
    check(new, message.as_deref())?;
    let unsubmitted = store::list_unsubmitted(tx.connection, period_id)?;
    let recipients = rules::choose_recipients(unsubmitted, new.unit_ids.as_deref(), new.item_ids.as_deref())?;
    let sent_by = tx.actor.principal()?;
    for recipient in &recipients {
        let items: Vec<Option<ItemId>> = match new.item_ids {
            None => vec![None],
            Some(_) => recipient.items.iter().copied().map(Some).collect(),
        };
        for item_id in items {
            let reminder = Reminder {
                id: ReminderId::generate(),
                ward_id,
                period_id,
                unit_id: recipient.unit_id,
                item_id,
                message: message.clone(),
                sent_by,
                sent_at: tx.now,
            };
            store::insert_reminder(tx.connection, &reminder)?;
        }
    }
    let codes: Vec<&str> = recipients.iter().map(|to| to.unit_code.as_str()).collect();
    tx.record(
        Event::new("reminder.sent", "period", period_id)
            .with("units", codes)
            .with("item_ids", &new.item_ids)
            .with("figures", recipients.iter().map(|to| to.items.len()).sum::<usize>())
            .with("message", message),
    );
    Ok(recipients)
}

fn check(new: &NewReminder, message: Option<&str>) -> Result<()> {
    let mut faults = Faults::new();
    let units = new.unit_ids.as_ref().map(Vec::len);
    let items = new.item_ids.as_ref().map(Vec::len);
    for (pointer, named) in [("/unit_ids", units), ("/item_ids", items)] {
        match named {
            Some(0) => faults.add(pointer, Code::Required),
            Some(named) if named > MAX_NAMED => faults.add(pointer, Code::OutOfRange),
            _ => {}
        }
    }
    if let Some(message) = message {
        faults.check_text("/message", message, 1, MAX_MESSAGE);
    }
    faults.into_result(Code::Invalid)
}
