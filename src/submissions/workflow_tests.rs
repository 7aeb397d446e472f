//! Every state × action as a table, and what holds after any sequence of acts.

use proptest::prelude::*;

use super::{
    SubmissionState,
    workflow::{Action, Case, Person, Refusal, Step, allowed_actions, check_window, may, target_state},
};
use crate::{
    access::Role,
    error::Code,
    kernel::{
        id::{PrincipalId, UnitId},
        time::Timestamp,
    },
};

struct Ward {
    owner: UnitId,
    tracker: UnitId,
    office: UnitId,
    council: UnitId,
}

impl Ward {
    fn new() -> Self {
        Self {
            owner: UnitId::generate(),
            tracker: UnitId::generate(),
            office: UnitId::generate(),
            council: UnitId::generate(),
        }
    }

    fn case<'a>(
        &self,
        state: SubmissionState,
        verified: bool,
        drafters: &'a [PrincipalId],
        actors: &'a [PrincipalId],
    ) -> Case<'a> {
        Case { state, owner: self.owner, verifier: verified.then_some(self.tracker), drafters, actors }
    }
}

fn person(unit: UnitId, roles: &[Role]) -> Person<'_> {
    Person { id: PrincipalId::generate(), unit, roles, behalf: None }
}

/// The table of RULES §3: from which states an action is legal, with and without a verify step.
const LEGAL: &[(Action, &[SubmissionState], &[SubmissionState])] = {
    use SubmissionState::{Approved, Draft, Endorsed, Published, Returned, Submitted, Verified};
    &[
        (Action::Submit, &[Draft, Returned], &[Draft, Returned]),
        (Action::Withdraw, &[Submitted], &[Submitted]),
        (Action::Verify, &[Submitted], &[]),
        (Action::Endorse, &[Verified], &[Submitted, Verified]),
        (Action::Approve, &[Endorsed], &[Endorsed]),
        (Action::Return, &[Submitted, Verified, Endorsed], &[Submitted, Verified, Endorsed]),
        (Action::Reopen, &[Approved], &[Approved]),
        (Action::Correct, &[Published], &[Published]),
    ]
};

#[test]
fn every_state_and_action_is_as_the_table_says() {
    let ward = Ward::new();
    assert_eq!(LEGAL.len(), Action::ALL.len());
    for (action, with_verify, without) in LEGAL {
        for state in SubmissionState::ALL {
            for (verified, states) in [(true, with_verify), (false, without)] {
                let case = ward.case(*state, verified, &[], &[]);
                assert_eq!(
                    target_state(*action, &case).is_some(),
                    states.contains(state),
                    "{action} from {state}, verify step: {verified}"
                );
            }
        }
    }
}

#[test]
fn each_step_belongs_to_its_office() {
    let ward = Ward::new();
    let head = person(ward.owner, &[Role::DepartmentHead]);
    let staff = person(ward.owner, &[Role::DepartmentStaff]);
    let verifier = person(ward.tracker, &[Role::DepartmentStaff]);
    let coordinator = person(ward.office, &[Role::Coordinator]);
    let own_coordinator = person(ward.owner, &[Role::Coordinator]);
    let leader = person(ward.council, &[Role::Leader]);
    let school = person(ward.tracker, &[Role::SchoolHead]);
    use SubmissionState::{Draft, Endorsed, Submitted, Verified};
    for (action, state, who, allowed) in [
        (Action::Submit, Draft, &head, true),
        (Action::Submit, Draft, &staff, false),
        (Action::Submit, Draft, &leader, false),
        (Action::Verify, Submitted, &verifier, true),
        (Action::Verify, Submitted, &head, false),
        (Action::Verify, Submitted, &school, false),
        (Action::Endorse, Verified, &coordinator, true),
        (Action::Endorse, Verified, &own_coordinator, false),
        (Action::Endorse, Verified, &verifier, false),
        (Action::Approve, Endorsed, &leader, true),
        (Action::Approve, Endorsed, &coordinator, false),
        (Action::Return, Submitted, &verifier, true),
        (Action::Return, Submitted, &coordinator, false),
        (Action::Return, Verified, &coordinator, true),
        (Action::Return, Verified, &leader, false),
        (Action::Return, Endorsed, &leader, true),
    ] {
        let case = ward.case(state, true, &[], &[]);
        assert_eq!(may(action, &case, who).is_ok(), allowed, "{action} from {state} by {:?}", who.roles);
    }
}

#[test]
fn the_verify_step_falls_away_where_there_is_no_verifier() {
    let ward = Ward::new();
    let coordinator = person(ward.office, &[Role::Coordinator]);
    let case = ward.case(SubmissionState::Submitted, false, &[], &[]);
    assert_eq!(case.step(), Step::Endorse);
    assert_eq!(may(Action::Endorse, &case, &coordinator), Ok(SubmissionState::Endorsed));
    assert_eq!(allowed_actions(&case, &[coordinator]), [Action::Endorse, Action::Return]);
}

#[test]
fn whoever_wrote_or_acted_does_not_review() {
    let ward = Ward::new();
    let roles = [Role::DepartmentStaff, Role::Coordinator, Role::Leader];
    let busy = person(ward.tracker, &roles);
    let hands = [busy.id];
    for (action, state) in [
        (Action::Verify, SubmissionState::Submitted),
        (Action::Endorse, SubmissionState::Verified),
        (Action::Approve, SubmissionState::Endorsed),
        (Action::Return, SubmissionState::Submitted),
    ] {
        assert_eq!(may(action, &ward.case(state, true, &hands, &[]), &busy), Err(Refusal::ActedBefore));
        assert_eq!(may(action, &ward.case(state, true, &[], &hands), &busy), Err(Refusal::ActedBefore));
        assert!(may(action, &ward.case(state, true, &[], &[]), &busy).is_ok());
    }
}

#[test]
fn opening_and_closing_times_are_inclusive_to_the_second() {
    let opens = Timestamp::parse("2026-06-14T07:00:00+07:00").expect("a time");
    let closes = Timestamp::parse("2026-06-29T17:00:00+07:00").expect("a time");
    let code = |now: Timestamp| check_window(opens, closes, now).err().map(|error| error.code);
    assert_eq!(code(opens.plus_seconds(-1)), Some(Code::PeriodNotOpen));
    assert_eq!(code(opens), None);
    assert_eq!(code(closes), None);
    assert_eq!(code(closes.plus_seconds(1)), Some(Code::PeriodClosed));
}

/// What one person tries.
#[derive(Clone, Debug)]
struct Attempt {
    person: usize,
    action: Action,
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let action = prop::sample::select(Action::ALL.to_vec());
    prop::collection::vec((0..8_usize, action).prop_map(|(person, action)| Attempt { person, action }), 0..60)
}

proptest! {
    #[test]
    fn an_approved_revision_has_passed_through_different_hands(attempts in attempts(), verified: bool) {
        let ward = Ward::new();
        let everything = [Role::DepartmentHead, Role::DepartmentStaff, Role::Coordinator, Role::Leader];
        let units = [ward.owner, ward.tracker, ward.office, ward.council];
        let people: Vec<Person<'_>> = (0..8).map(|i| person(units[i % 4], &everything)).collect();
        let drafters = [people[0].id];
        let mut state = SubmissionState::Draft;
        let mut hands: Vec<PrincipalId> = Vec::new();
        for attempt in attempts {
            let who = &people[attempt.person];
            let outcome = may(attempt.action, &ward.case(state, verified, &drafters, &hands), who);
            let Ok(next) = outcome else { continue };
            match attempt.action {
                Action::Submit => hands = vec![who.id],
                _ => hands.push(who.id),
            }
            state = next;
            if state == SubmissionState::Approved {
                let mut different = hands.clone();
                different.sort_unstable();
                different.dedup();
                prop_assert_eq!(different.len(), if verified { 4 } else { 3 });
                prop_assert!(!hands[1..].contains(&drafters[0]));
            }
        }
    }
}
