//! Raising an obstacle, and the steps taken on it.

use super::{
    model::{
        Case, Obstacle, ObstacleAction, ObstacleId, ObstacleState, ObstacleStep, StepId, WaitingObstacle,
    },
    rules::{self, Person, Refusal},
    store,
};
use crate::{
    access::{Actor, Role},
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Faults, Result, text},
    items::{self, ItemId, ItemKind},
    kernel::{
        id::{UnitId, WardId},
        text::clean,
    },
    plans::{self, PlanId, PlanStatus},
    submissions::reach::Visibility,
    units,
};

/// What a new obstacle is made of.
#[derive(Clone, Debug)]
pub struct NewObstacle {
    /// The leaf.
    pub item_id: ItemId,
    /// The unit; the caller's own if absent.
    pub unit_id: Option<UnitId>,
    /// What is in the way.
    pub description: String,
    /// What the unit proposes.
    pub proposal: Option<String>,
}

/// Raises an obstacle for the caller's unit, or, by a coordinator, for any unit of the ward.
///
/// # Errors
/// Not found, `plan_not_issued`, `forbidden` for another unit, `invalid` content, `item_not_leaf`, `not_assigned` where
/// the leaf does not concern the unit.
pub fn create_obstacle(tx: &mut Tx<'_>, plan_id: PlanId, new: NewObstacle) -> Result<ObstacleId> {
    let ward_id = tx.actor.ward()?;
    let plan = plans::actions::get_plan(tx.connection, ward_id, plan_id)?;
    let forbidden = || Error::new(Code::Forbidden);
    let person = Person::of(tx.actor).ok_or_else(forbidden)?;
    let unit_id = new.unit_id.unwrap_or(person.unit);
    units::actions::require_unit(tx.connection, ward_id, unit_id, "/unit_id")?;
    if !rules::may_raise_for(unit_id, &person) {
        return Err(forbidden());
    }
    if plan.status != PlanStatus::Issued {
        return Err(Error::new(Code::PlanNotIssued));
    }
    let description = clean(&new.description);
    let proposal = new.proposal.as_deref().map(clean).filter(|proposal| !proposal.is_empty());
    let mut faults = Faults::new();
    faults.check_text("/description", &description, 1, rules::MAX_TEXT);
    faults.check_text("/proposal", proposal.as_deref().unwrap_or_default(), 0, rules::MAX_TEXT);
    check_item(tx, (ward_id, plan_id), new.item_id, unit_id, &mut faults)?;
    faults.into_result(Code::Invalid)?;
    let obstacle = Obstacle {
        id: ObstacleId::generate(),
        ward_id,
        plan_id,
        item_id: new.item_id,
        unit_id,
        description,
        proposal,
        state: ObstacleState::Open,
        raised_by: person.id,
        raised_position: tx.actor.position.clone(),
        raised_at: tx.now,
        version: 1,
    };
    store::insert_obstacle(tx.connection, &obstacle)?;
    tx.record(
        Event::new("obstacle.raised", "obstacle", obstacle.id)
            .with("item_id", obstacle.item_id)
            .with("unit_id", unit_id)
            .with("description", &obstacle.description)
            .with("proposal", &obstacle.proposal),
    );
    Ok(obstacle.id)
}

/// The leaf must concern the unit: it reports it, leads it, tracks it or works along on it.
fn check_item(
    tx: &mut Tx<'_>,
    (ward_id, plan_id): (WardId, PlanId),
    item_id: ItemId,
    unit_id: UnitId,
    faults: &mut Faults,
) -> Result<()> {
    let full = match items::actions::get_full_item(tx.connection, ward_id, item_id) {
        Ok(full) if full.item.plan_id == plan_id => full,
        Err(error) if error.code != Code::NotFound => return Err(error),
        _ => {
            faults.add("/item_id", Code::UnknownReference);
            return Ok(());
        }
    };
    if full.item.kind == ItemKind::Section {
        faults.add("/item_id", Code::ItemNotLeaf);
        return Ok(());
    }
    let concerns = full.item.lead_unit_id == Some(unit_id)
        || full.item.tracking_unit_id == Some(unit_id)
        || full.coordinators.contains(&unit_id)
        || items::actions::find_assignment(tx.connection, item_id, unit_id)?.is_some();
    if !concerns {
        let sentence = text(
            "Mục này không giao cho đơn vị, đơn vị cũng không chủ trì, phối hợp hay theo dõi; hãy chọn mục khác",
            "The unit neither reports, leads, tracks nor works along on this item; choose another",
        );
        faults.add_because("/item_id", Code::NotAssigned, sentence);
    }
    Ok(())
}

/// Takes a step: answers, escalates, decides or withdraws, with the words that say why.
///
/// # Errors
/// Not found, `version_stale`, `not_your_step`, `illegal_move` with the legal ones, `invalid` text at `pointer`,
/// `concurrent_change`.
pub fn take_step(
    tx: &mut Tx<'_>,
    id: ObstacleId,
    action: ObstacleAction,
    (pointer, words): (&str, &str),
) -> Result<()> {
    let before = get_case_for(tx, id)?.obstacle;
    tx.check_version(before.version)?;
    let person = Person::of(tx.actor).ok_or_else(|| Error::new(Code::Forbidden))?;
    let state = rules::may(action, &before, &person).map_err(|refusal| {
        let code = match refusal {
            Refusal::NotYours => Code::NotYourStep,
            Refusal::WrongState => Code::IllegalMove,
        };
        let legal = rules::allowed_actions(&before, &person);
        Error::new(code).allowing(legal.into_iter().map(ObstacleAction::as_str).collect())
    })?;
    let words = clean(words);
    let mut faults = Faults::new();
    faults.check_text(pointer, &words, 1, rules::MAX_TEXT);
    faults.into_result(Code::Invalid)?;
    let step = ObstacleStep {
        id: StepId::generate(),
        obstacle_id: id,
        action,
        text: words,
        taken_by: person.id,
        position: tx.actor.position.clone(),
        unit_id: person.unit,
        taken_at: tx.now,
    };
    store::move_obstacle(tx.connection, &before, state, &step)?;
    tx.record(Event::new(action.event(), "obstacle", id).with("state", state).because(Some(step.text)));
    Ok(())
}

/// An obstacle, if the actor may know of it.
///
/// # Errors
/// Not found.
pub fn get_case_for(tx: &mut Tx<'_>, id: ObstacleId) -> Result<Case> {
    let visibility = Visibility::of(tx.actor)?;
    store::find_obstacle(tx.connection, &visibility, id)?.ok_or_else(Error::not_found)
}

/// What waits for this person – open ones for the standing office's people, escalated ones for a leader – oldest first,
/// each with the length of the list.
///
/// # Errors
/// Not found, for a caller without a ward.
pub fn list_waiting(
    connection: &mut AnyConnection,
    actor: &Actor,
    limit: i64,
) -> Result<Vec<WaitingObstacle>> {
    let open = actor.has_role(Role::Coordinator).then_some(ObstacleState::Open);
    let escalated = actor.has_role(Role::Leader).then_some(ObstacleState::Escalated);
    if open.is_none() && escalated.is_none() {
        return Ok(Vec::new());
    }
    store::list_waiting(connection, actor.ward()?, (open, escalated), limit)
}
