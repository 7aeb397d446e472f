//! Which submissions a list shows: filters by id or code, and whose next act is wanted.

use diesel::{
    BoolExpressionMethods, EscapeExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl,
    TextExpressionMethods, dsl,
};

use super::{super::model::SubmissionState, Boxed};
use crate::{
    access::Role,
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
#[derive(Debug, Default)]
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
    pub q: Option<String>,
}

/// Whose next act is wanted.
#[derive(Debug)]
pub(in crate::submissions) struct Awaiting {
    pub person: PrincipalId,
    pub unit: UnitId,
    pub roles: Vec<Role>,
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
    if let Some(q) = &filter.q {
        let pattern = text::contains_pattern(&text::search_key(q));
        let code = text::contains_pattern(&text::clean(q));
        query = query.filter(
            plan_items::search_key.like(pattern).escape('\\').or(plan_items::code.like(code).escape('\\')),
        );
    }
    query
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
    let review = submissions::state
        .eq_any(verify)
        .and(submissions::verify_unit_id.assume_not_null().eq_any(verifiers))
        .or(submissions::state
            .eq_any(endorse)
            .and(submissions::verify_unit_id.is_null())
            .and(dsl::not(own())))
        .or(submissions::state.eq_any(endorse_verified).and(dsl::not(own())))
        .or(submissions::state.eq_any(approve));
    query.filter(
        submissions::state
            .eq_any(sign)
            .and(own())
            .or(review.and(dsl::not(dsl::exists(wrote))).and(dsl::not(dsl::exists(acted)))),
    )
}
