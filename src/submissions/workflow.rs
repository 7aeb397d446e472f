//! May you do this, to this one, now? Pure decisions over a submission's state and the persons around it (RULES §3).

use super::model::{Dossier, Submission, SubmissionState};
use crate::{
    access::{Actor, Role},
    error::{Code, Error, Result, text},
    kernel::{
        id::{PrincipalId, UnitId},
        time::Timestamp,
    },
    plans::PlanStatus,
    text_enum,
};

text_enum! {
    /// What a person may do with a submission (RULES §3).
    pub enum Action {
        /// The head signs.
        Submit = "submit",
        /// The head takes it back before anybody reviewed it.
        Withdraw = "withdraw",
        /// The tracking unit has checked it.
        Verify = "verify",
        /// The standing office has checked it.
        Endorse = "endorse",
        /// A leader approves.
        Approve = "approve",
        /// Whoever holds the current step sends it back.
        Return = "return",
        /// A leader opens an approved figure again.
        Reopen = "reopen",
        /// A leader opens a published figure again; the old one stays public meanwhile.
        Correct = "correct",
    }
}

impl Action {
    /// Whether a reason must be given.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Return | Self::Reopen | Self::Correct)
    }

    /// What the audit trail calls it.
    #[must_use]
    pub const fn event(self) -> &'static str {
        match self {
            Self::Submit => "submission.submitted",
            Self::Withdraw => "submission.withdrawn",
            Self::Verify => "submission.verified",
            Self::Endorse => "submission.endorsed",
            Self::Approve => "submission.approved",
            Self::Return => "submission.returned",
            Self::Reopen => "submission.reopened",
            Self::Correct => "submission.correction_opened",
        }
    }
}

text_enum! {
    /// What a submission waits for.
    pub enum Step {
        /// The head's signature.
        Submit = "submit",
        /// The tracking unit's check.
        Verify = "verify",
        /// The standing office's check.
        Endorse = "endorse",
        /// A leader's approval.
        Approve = "approve",
        /// Publication of the period.
        Publish = "publish",
    }
}

/// What the rules know of a submission.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Where it stands.
    pub state: SubmissionState,
    /// The unit whose people act for the figure's owner.
    pub owner: UnitId,
    /// The unit whose people verify; none where the step falls away.
    pub verifier: Option<UnitId>,
    /// Everybody who wrote on it.
    pub drafters: &'a [PrincipalId],
    /// Everybody who acted on the revision at hand.
    pub actors: &'a [PrincipalId],
}

/// What the rules know of the caller.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Who it is.
    pub id: PrincipalId,
    /// The unit it belongs to.
    pub unit: UnitId,
    /// The roles it acts in.
    pub roles: &'a [Role],
    /// Whose authority that is, if not its own.
    pub behalf: Option<Behalf>,
}

/// Delegated authority (ủy quyền).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behalf {
    /// Whose authority it is.
    pub grantor: PrincipalId,
    /// The unit that the delegate itself belongs to.
    pub own_unit: UnitId,
}

impl<'a> Person<'a> {
    /// The person behind a caller, first in its own right, then with each authority that was delegated to it; none for
    /// machines, who decide nothing.
    #[must_use]
    pub fn all_of(actor: &'a Actor) -> Vec<Self> {
        let (Some(id), Some(unit)) = (actor.principal_id, actor.unit_id) else { return Vec::new() };
        let own = Self { id, unit, roles: &actor.roles, behalf: None };
        let delegated = actor.authorities.iter().map(|authority| Self {
            id,
            unit: authority.unit_id,
            roles: &authority.roles,
            behalf: Some(Behalf { grantor: authority.grantor_id, own_unit: unit }),
        });
        std::iter::once(own).chain(delegated).filter(|person| !person.roles.is_empty()).collect()
    }

    fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Why a move is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This person could never do it with this submission.
    NotYours,
    /// Not from this state.
    WrongState,
    /// The person wrote, signed or reviewed this revision already.
    ActedBefore,
    /// A delegate does not act on own work, nor on that of the own unit.
    OwnWork,
}

impl<'a> Case<'a> {
    /// The case of a dossier.
    #[must_use]
    pub fn of(dossier: &'a Dossier) -> Self {
        let submission = &dossier.submission;
        Self {
            state: submission.state,
            owner: dossier.owner_id,
            verifier: dossier.verifier_id,
            drafters: &dossier.drafters,
            actors: &dossier.actors,
        }
    }

    /// The step that the submission waits for.
    #[must_use]
    pub fn step(&self) -> Step {
        match self.state {
            SubmissionState::Draft | SubmissionState::Returned => Step::Submit,
            SubmissionState::Submitted if self.verifier.is_some() => Step::Verify,
            SubmissionState::Submitted | SubmissionState::Verified => Step::Endorse,
            SubmissionState::Endorsed => Step::Approve,
            SubmissionState::Approved | SubmissionState::Published => Step::Publish,
        }
    }

    /// Whether this person's office takes part in a step of this submission at all.
    fn holds(&self, person: &Person<'_>, step: Step) -> bool {
        match step {
            Step::Submit => {
                person.unit == self.owner
                    && (person.has(Role::DepartmentHead) || person.has(Role::SchoolHead))
            }
            Step::Verify => {
                self.verifier == Some(person.unit)
                    && (person.has(Role::DepartmentHead) || person.has(Role::DepartmentStaff))
            }
            Step::Endorse => person.has(Role::Coordinator) && person.unit != self.owner,
            Step::Approve | Step::Publish => person.has(Role::Leader),
        }
    }
}

/// The state after a move from this state; `None` if the move is not legal from it.
#[must_use]
pub fn target_state(action: Action, case: &Case<'_>) -> Option<SubmissionState> {
    use SubmissionState::{Approved, Draft, Endorsed, Published, Returned, Submitted, Verified};
    match (action, case.state) {
        (Action::Submit, Draft | Returned) => Some(Submitted),
        (Action::Withdraw, Submitted) => Some(Draft),
        (Action::Verify, Submitted) if case.verifier.is_some() => Some(Verified),
        (Action::Endorse, Submitted) if case.verifier.is_none() => Some(Endorsed),
        (Action::Endorse, Verified) => Some(Endorsed),
        (Action::Approve, Endorsed) => Some(Approved),
        (Action::Return, Submitted | Verified | Endorsed)
        | (Action::Reopen, Approved)
        | (Action::Correct, Published) => Some(Returned),
        _ => None,
    }
}

/// May this person do this to this submission now?
///
/// # Errors
/// Whose step it is comes first, then the state, then the persons: one person acts once in the life of a revision.
pub fn may(action: Action, case: &Case<'_>, person: &Person<'_>) -> Result<SubmissionState, Refusal> {
    let steps: &[Step] = match action {
        Action::Submit | Action::Withdraw => &[Step::Submit],
        Action::Verify => &[Step::Verify],
        Action::Endorse => &[Step::Endorse],
        Action::Approve | Action::Reopen | Action::Correct => &[Step::Approve],
        Action::Return => &[Step::Verify, Step::Endorse, Step::Approve],
    };
    if !steps.iter().any(|step| case.holds(person, *step)) {
        return Err(Refusal::NotYours);
    }
    let Some(state) = target_state(action, case) else {
        return Err(Refusal::WrongState);
    };
    // The submission has moved on to a step that others hold.
    if action == Action::Return && !case.holds(person, case.step()) {
        return Err(Refusal::WrongState);
    }
    let is_review = matches!(action, Action::Verify | Action::Endorse | Action::Approve | Action::Return);
    let has_a_hand = |id: &PrincipalId| case.drafters.contains(id) || case.actors.contains(id);
    if is_review && has_a_hand(&person.id) {
        return Err(Refusal::ActedBefore);
    }
    if let Some(behalf) = person.behalf {
        let signs = matches!(action, Action::Submit | Action::Withdraw);
        let own = case.drafters.contains(&person.id) || (!signs && case.owner == behalf.own_unit);
        // Nor may the grantor act twice, through another's hand.
        if own || (is_review && has_a_hand(&behalf.grantor)) {
            return Err(Refusal::OwnWork);
        }
    }
    Ok(state)
}

/// [`may`] for a caller who may act in several rights: the first that allows it decides.
///
/// # Errors
/// The refusal that comes nearest: that a step belongs to others only where no right says more.
pub fn may_any<'p, 'a>(
    action: Action,
    case: &Case<'_>,
    persons: &'p [Person<'a>],
) -> Result<(SubmissionState, &'p Person<'a>), Refusal> {
    let mut nearest = Refusal::NotYours;
    for person in persons {
        match may(action, case, person) {
            Ok(state) => return Ok((state, person)),
            Err(refusal) if nearest == Refusal::NotYours => nearest = refusal,
            Err(_) => {}
        }
    }
    Err(nearest)
}

/// Every move that a caller with these rights may make now.
#[must_use]
pub fn allowed_actions(case: &Case<'_>, persons: &[Person<'_>]) -> Vec<Action> {
    Action::ALL.iter().copied().filter(|action| may_any(*action, case, persons).is_ok()).collect()
}

/// The unit that will verify: none where the tracking unit is the standing office or the owner itself.
#[must_use]
pub fn verifier_of(dossier: &Dossier) -> Option<UnitId> {
    dossier
        .item
        .tracking_unit_id
        .filter(|unit| *unit != dossier.owner_id && !dossier.tracked_by_standing_office)
}

/// Whether the owner unit exists at the end of the period: the figures of a later one are its successor's (RULES §4).
///
/// # Errors
/// `unit_not_active`.
pub fn check_unit(dossier: &Dossier) -> Result<()> {
    if dossier.unit_active_to.is_some_and(|last| last < dossier.period.data_to) {
        return Err(Error::new(Code::UnitNotActive));
    }
    Ok(())
}

/// Whether a leader opened this revision by reopening or correcting. That is no late work: neither the closing time of
/// the period nor the close of the year bars it, nor does a reviewer who sends the correction back once more.
fn is_opened(submission: &Submission) -> bool {
    let reopened = submission.submitted_revision > 0 && submission.revision > submission.submitted_revision;
    reopened || submission.published_revision.is_some_and(|published| published < submission.revision)
}

/// Whether the plan takes figures: while it is in force, and for what a leader opened after the close of the year.
///
/// # Errors
/// `plan_not_issued`.
pub fn check_plan(dossier: &Dossier) -> Result<()> {
    match dossier.plan_status {
        PlanStatus::Issued => Ok(()),
        PlanStatus::Closed if is_opened(&dossier.submission) => Ok(()),
        PlanStatus::Draft | PlanStatus::Closed => Err(Error::new(Code::PlanNotIssued)),
    }
}

/// Whether this submission may be submitted now. The closing time does not bar what a leader opened.
///
/// # Errors
/// Those of [`check_window`].
pub fn check_period(dossier: &Dossier, now: Timestamp) -> Result<()> {
    if is_opened(&dossier.submission) {
        return Ok(());
    }
    check_window(dossier.period.opens_at, dossier.limits.closes_at, now)
}

/// Whether the period takes submissions now (RULES §4); opening and closing times are inclusive.
///
/// # Errors
/// `period_not_open` or `period_closed`, with the time.
pub fn check_window(opens_at: Timestamp, hard_close_at: Timestamp, now: Timestamp) -> Result<()> {
    if now < opens_at {
        let at = opens_at.in_words();
        return Err(Error::because(
            Code::PeriodNotOpen,
            text(
                format!("Kỳ mở nhận báo cáo từ {at}"),
                format!("The period opens for submitting at {opens_at}"),
            ),
        ));
    }
    if now > hard_close_at {
        let at = hard_close_at.in_words();
        return Err(Error::because(
            Code::PeriodClosed,
            text(
                format!("Kỳ đã đóng từ {at}; cơ quan thường trực có thể gia hạn"),
                format!("The period closed at {hard_close_at}; the standing office can grant an extension"),
            ),
        ));
    }
    Ok(())
}
