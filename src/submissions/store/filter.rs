//! Which submissions a list shows: filters by id or code, and whose next act is wanted.

use diesel::{
    BoolExpressionMethods, EscapeExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl,
    TextExpressionMethods, dsl,
};

use super::{
    super::{model::SubmissionState, workflow::Action},
    Boxed,
};
use crate::{
    access::{Actor, Role},
    db::one_of,
    error::{Error, Result},
    items::Field,
    kernel::{
        id::{PrincipalId, UnitId},
        text,
        time::Timestamp,
    },
    schema::{decisions, periods, plan_items, plans, submission_drafters, submissions, units},
};

// The units that verify, beside the owners.
diesel::alias!(
    pub(super) const VERIFIERS: Alias<Verifiers> = units as verifiers;
);

/// Which submissions are wanted. Things are named by id or by code.
#[derive(Clone, Debug, Default)]
pub(in crate::submissions) struct Filter {
    pub plan: Option<String>,
    pub period: Option<String>,
    pub unit: Option<String>,
    pub item: Option<String>,
    pub field: Option<Field>,
    pub state: Option<SubmissionState>,
    pub awaiting: Option<Awaiting>,
    pub late: Option<bool>,
    pub updated_since: Option<Timestamp>,
    pub waiting_for: Option<WaitingFor>,
    pub q: Option<String>,
    /// By the last change, the earliest first; else newest first.
    pub by_change: bool,
}

/// A move that is wanted, and the unit of whoever wants to make it.
#[derive(Clone, Debug)]
pub(in crate::submissions) struct WaitingFor {
    pub action: Action,
    pub unit: Option<UnitId>,
}

/// Whose next act is wanted.
#[derive(Clone, Debug)]
pub(in crate::submissions) struct Awaiting {
    pub person: PrincipalId,
    pub unit: UnitId,
    /// Its own roles and those delegated to it.
    pub roles: Vec<Role>,
    /// Whether it is a leader itself; with a leader's authority it does not approve what its own unit reports.
    pub leads: bool,
}

impl Awaiting {
    /// Whose next act is this caller's.
    pub fn of(actor: &Actor) -> Result<Self> {
        let unit = actor.unit_id.ok_or_else(Error::not_found)?;
        let delegated = actor.authorities.iter().flat_map(|authority| authority.roles.iter().copied());
        Ok(Self {
            person: actor.principal()?,
            unit,
            roles: actor.roles.iter().copied().chain(delegated).collect(),
            leads: actor.has_role(Role::Leader),
        })
    }
}

/// Applies the filter.
pub(super) fn narrow<'q>(mut query: Boxed<'q>, filter: &Filter) -> Boxed<'q> {
    if let Some(plan) = filter.plan.clone() {
        let year = plan.parse::<i32>().unwrap_or_default();
        query = query.filter(submissions::plan_id.eq(plan).or(plans::year.eq(year)));
    }
    if let Some(period) = filter.period.clone() {
        query = query.filter(submissions::period_id.eq(period.clone()).or(periods::code.eq(period)));
    }
    if let Some(unit) = filter.unit.clone() {
        query = query.filter(submissions::unit_id.eq(unit.clone()).or(units::code.eq(unit)));
    }
    if let Some(item) = filter.item.as_deref().map(text::clean) {
        query = query.filter(
            submissions::item_id
                .eq(item.clone())
                .or(plan_items::code.eq(item.clone()))
                .or(plan_items::code_ascii.eq(item)),
        );
    }
    if let Some(field) = filter.field {
        query = query.filter(plan_items::field.eq(field));
    }
    if let Some(state) = filter.state {
        query = query.filter(submissions::state.eq(state));
    }
    if let Some(late) = filter.late {
        query = query.filter(submissions::on_time.eq(!late));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(submissions::updated_at.ge(since));
    }
    if let Some(waiting) = &filter.waiting_for {
        query = narrow_to_waiting(query, waiting);
    }
    if let Some(q) = &filter.q {
        let pattern = text::contains_pattern(&text::search_key(q));
        let code = text::contains_pattern(&text::clean(q));
        query = query.filter(
            plan_items::search_key.like(pattern).escape('\\').or(plan_items::code.like(code).escape('\\')),
        );
    }
    query
}

/// Only those from which this move leads on: those of the unit where it signs or verifies.
fn narrow_to_waiting<'q>(query: Boxed<'q>, waiting: &WaitingFor) -> Boxed<'q> {
    use SubmissionState::{Draft, Endorsed, Returned, Submitted, Verified};
    let unit = waiting.unit.map_or_else(String::new, |unit| unit.to_string());
    match waiting.action {
        Action::Submit => {
            query.filter(one_of(submissions::state, [Draft, Returned])).filter(submissions::unit_id.eq(unit))
        }
        Action::Verify => query
            .filter(submissions::state.eq(Submitted))
            .filter(submissions::verify_unit_id.eq(unit).assume_not_null()),
        Action::Endorse => query.filter(
            submissions::state
                .eq(Verified)
                .or(submissions::state.eq(Submitted).and(submissions::verify_unit_id.is_null())),
        ),
        _ => query.filter(submissions::state.eq(Endorsed)),
    }
}

/// Only those whose next act is this person's: the step is theirs, and they have no hand in the revision yet.
pub(super) fn narrow_to_awaiting<'q>(query: Boxed<'q>, awaiting: &Awaiting) -> Boxed<'q> {
    use SubmissionState::{Draft, Endorsed, Returned, Submitted, Verified};
    let has = |roles: &[Role]| roles.iter().any(|role| awaiting.roles.contains(role));
    let states = |held: bool, states: &[SubmissionState]| if held { states.to_vec() } else { Vec::new() };
    let sign = states(has(&[Role::DepartmentHead, Role::SchoolHead]), &[Draft, Returned]);
    let verify = states(has(&[Role::DepartmentHead, Role::DepartmentStaff]), &[Submitted]);
    let endorse = states(has(&[Role::Coordinator]), &[Submitted]);
    let endorse_verified = states(has(&[Role::Coordinator]), &[Verified]);
    let approve = states(has(&[Role::Leader]), &[Endorsed]);
    let wrote = submission_drafters::table
        .filter(submission_drafters::submission_id.eq(submissions::id))
        .filter(submission_drafters::principal_id.eq(awaiting.person.to_string()));
    let acted = decisions::table
        .filter(decisions::submission_id.eq(submissions::id))
        .filter(decisions::revision.eq(submissions::revision))
        .filter(decisions::decided_by.eq(awaiting.person.to_string()));
    let unit = awaiting.unit;
    let spared = if awaiting.leads { String::new() } else { unit.to_string() };
    // The people of a merged unit's successor act for it.
    let verifiers = VERIFIERS
        .filter(
            VERIFIERS
                .field(units::id)
                .eq(unit)
                .or(VERIFIERS.field(units::acting_unit_id).eq(unit).assume_not_null()),
        )
        .select(VERIFIERS.field(units::id));
    let own = || {
        submissions::unit_id
            .eq(unit)
            .or(units::acting_unit_id.is_not_null().and(units::acting_unit_id.assume_not_null().eq(unit)))
    };
    let review = one_of(submissions::state, verify)
        .and(submissions::verify_unit_id.assume_not_null().eq_any(verifiers))
        .or(one_of(submissions::state, endorse)
            .and(submissions::verify_unit_id.is_null())
            .and(dsl::not(own())))
        .or(one_of(submissions::state, endorse_verified).and(dsl::not(own())))
        .or(one_of(submissions::state, approve).and(submissions::unit_id.ne(spared)));
    query.filter(
        one_of(submissions::state, sign)
            .and(own())
            .or(review.and(dsl::not(dsl::exists(wrote))).and(dsl::not(dsl::exists(acted)))),
    )
}
