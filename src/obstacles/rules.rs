//! May you do this about this obstacle, now? Pure decisions over its state and the person (plan, closing paragraph).

use super::model::{Obstacle, ObstacleAction, ObstacleState};
use crate::{
    access::{Actor, Role},
    kernel::id::{PrincipalId, UnitId},
};

/// Longest description, proposal, answer or reason, in characters.
pub const MAX_TEXT: usize = 4000;

/// What the rules know of the caller.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Who it is.
    pub id: PrincipalId,
    /// The unit it belongs to.
    pub unit: UnitId,
    /// The roles it holds.
    pub roles: &'a [Role],
}

impl<'a> Person<'a> {
    /// The person behind a caller; none for machines.
    #[must_use]
    pub fn of(actor: &'a Actor) -> Option<Self> {
        Some(Self { id: actor.principal_id?, unit: actor.unit_id?, roles: &actor.roles })
            .filter(|person| !person.roles.is_empty())
    }

    fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Why a move is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This person could never do it with this obstacle.
    NotYours,
    /// Not from this state.
    WrongState,
}

/// The state after a move from this state; `None` if the move is not legal from it.
#[must_use]
pub const fn target_state(action: ObstacleAction, state: ObstacleState) -> Option<ObstacleState> {
    match (action, state) {
        (ObstacleAction::Answer, ObstacleState::Open) => Some(ObstacleState::Answered),
        (ObstacleAction::Escalate, ObstacleState::Open) => Some(ObstacleState::Escalated),
        (ObstacleAction::Withdraw, ObstacleState::Open) => Some(ObstacleState::Withdrawn),
        (ObstacleAction::Decide, ObstacleState::Escalated) => Some(ObstacleState::Decided),
        _ => None,
    }
}

/// May this person do this about this obstacle now?
///
/// # Errors
/// Whose move it is comes first, then the state.
pub fn may(
    action: ObstacleAction,
    obstacle: &Obstacle,
    person: &Person<'_>,
) -> Result<ObstacleState, Refusal> {
    let of_unit = person.unit == obstacle.unit_id;
    let holds = match action {
        // Nobody answers their own unit; bringing it before the leaders is open to the standing office's own too.
        ObstacleAction::Answer => person.has(Role::Coordinator) && !of_unit,
        ObstacleAction::Escalate => person.has(Role::Coordinator),
        ObstacleAction::Decide => person.has(Role::Leader),
        ObstacleAction::Withdraw => {
            may_raise_for(obstacle.unit_id, person) && (of_unit || person.id == obstacle.raised_by)
        }
    };
    if !holds {
        return Err(Refusal::NotYours);
    }
    target_state(action, obstacle.state).ok_or(Refusal::WrongState)
}

/// Every move that this person may make now.
#[must_use]
pub fn allowed_actions(obstacle: &Obstacle, person: &Person<'_>) -> Vec<ObstacleAction> {
    ObstacleAction::ALL.iter().copied().filter(|action| may(*action, obstacle, person).is_ok()).collect()
}

/// Whether this person speaks for this unit: its own people do, and a coordinator for any unit of the ward.
#[must_use]
pub fn may_raise_for(unit: UnitId, person: &Person<'_>) -> bool {
    const PEOPLE: [Role; 4] =
        [Role::DepartmentHead, Role::DepartmentStaff, Role::SchoolHead, Role::SchoolStaff];
    person.has(Role::Coordinator) || (person.unit == unit && PEOPLE.iter().any(|role| person.has(*role)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        items::ItemId,
        kernel::{id::WardId, time::Timestamp},
        obstacles::model::ObstacleId,
        plans::PlanId,
    };

    fn obstacle(state: ObstacleState) -> Obstacle {
        Obstacle {
            id: ObstacleId::generate(),
            ward_id: WardId::generate(),
            plan_id: PlanId::generate(),
            item_id: ItemId::generate(),
            unit_id: UnitId::generate(),
            description: "Thiếu máy quét".to_owned(),
            proposal: None,
            state,
            raised_by: PrincipalId::generate(),
            raised_position: None,
            raised_at: Timestamp::parse("2026-06-15T08:00:00+07:00").expect("a time"),
            version: 1,
        }
    }

    fn person(unit: UnitId, roles: &[Role]) -> Person<'_> {
        Person { id: PrincipalId::generate(), unit, roles }
    }

    #[test]
    fn every_state_and_action_is_as_the_table_says() {
        use ObstacleState::{Answered, Decided, Escalated, Open, Withdrawn};
        let table: [(ObstacleAction, [Option<ObstacleState>; 5]); 4] = [
            (ObstacleAction::Answer, [Some(Answered), None, None, None, None]),
            (ObstacleAction::Escalate, [Some(Escalated), None, None, None, None]),
            (ObstacleAction::Decide, [None, None, Some(Decided), None, None]),
            (ObstacleAction::Withdraw, [Some(Withdrawn), None, None, None, None]),
        ];
        assert_eq!(table.len(), ObstacleAction::ALL.len());
        for (action, row) in table {
            for (state, target) in [Open, Answered, Escalated, Decided, Withdrawn].into_iter().zip(row) {
                assert_eq!(target_state(action, state), target, "{action} from {state}");
            }
        }
    }

    #[test]
    fn each_move_belongs_to_its_office() {
        use ObstacleAction::{Answer, Decide, Escalate, Withdraw};
        let raised = obstacle(ObstacleState::Open);
        let escalated = Obstacle { state: ObstacleState::Escalated, ..raised.clone() };
        let (own, other) = (raised.unit_id, UnitId::generate());
        let school = person(own, &[Role::SchoolStaff]);
        let stranger = person(other, &[Role::DepartmentHead]);
        let coordinator = person(other, &[Role::Coordinator]);
        let own_coordinator = person(own, &[Role::Coordinator]);
        let leader = person(other, &[Role::Leader]);
        let auditor = person(own, &[Role::Auditor]);
        for (who, moves) in [
            (&school, vec![Withdraw]),
            (&stranger, vec![]),
            (&coordinator, vec![Answer, Escalate]),
            (&own_coordinator, vec![Escalate, Withdraw]),
            (&leader, vec![]),
            (&auditor, vec![]),
        ] {
            assert_eq!(allowed_actions(&raised, who), moves, "{:?}", who.roles);
        }
        assert_eq!(allowed_actions(&escalated, &leader), [Decide]);
        assert_eq!(may(Answer, &escalated, &coordinator), Err(Refusal::WrongState));
        assert_eq!(may(Decide, &escalated, &coordinator), Err(Refusal::NotYours));
    }

    #[test]
    fn whoever_entered_it_for_a_unit_may_take_it_back() {
        let raised = obstacle(ObstacleState::Open);
        let roles = [Role::Coordinator];
        let entered = Person { id: raised.raised_by, unit: UnitId::generate(), roles: &roles };
        assert!(may(ObstacleAction::Withdraw, &raised, &entered).is_ok());
        let moved_on = Person { roles: &[Role::Supervisor], ..entered };
        assert_eq!(may(ObstacleAction::Withdraw, &raised, &moved_on), Err(Refusal::NotYours));
    }
}
