//! All SQL about requests for explanation and assessments. What a caller may see is part of each query.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, RunQueryDsl, SelectableHelper, dsl,
    helper_types::{Eq, InnerJoinOn},
    sql_types::{BigInt, Text},
};

use super::model::{Assessment, ExplanationRequest, ExplanationRequestId, RequestState, WaitingRequest};
use crate::{
    db::{AnyConnection, MultiBackend, one_of, statement},
    error::{Code, Error, Result},
    kernel::{
        id::UnitId,
        page::{Page, PageRequest},
        time::Timestamp,
    },
    schema::{assessments, explanation_requests, plan_items, submissions, units},
    submissions::{SubmissionId, SubmissionState, reach::Visibility},
};

/// Which requests are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub state: Option<RequestState>,
    /// Id or code.
    pub unit: Option<String>,
    /// Whether they wait longer than they should at this time.
    pub overdue: Option<(bool, Timestamp)>,
}

type WithSubmission = InnerJoinOn<
    explanation_requests::table,
    submissions::table,
    Eq<submissions::id, explanation_requests::submission_id>,
>;
type WithItem = InnerJoinOn<WithSubmission, plan_items::table, Eq<plan_items::id, submissions::item_id>>;
type Joined = InnerJoinOn<WithItem, units::table, Eq<units::id, explanation_requests::unit_id>>;

/// The requests about figures that this caller may know of.
fn visible<'q>(visibility: &Visibility) -> dsl::IntoBoxed<'q, Joined, MultiBackend> {
    let query = explanation_requests::table
        .inner_join(submissions::table.on(submissions::id.eq(explanation_requests::submission_id)))
        .inner_join(plan_items::table.on(plan_items::id.eq(submissions::item_id)))
        .inner_join(units::table.on(units::id.eq(explanation_requests::unit_id)))
        .into_boxed()
        .filter(explanation_requests::ward_id.eq(visibility.ward_id));
    if visibility.all {
        return query;
    }
    // Ids that match nothing stand for what the caller does not have, so one expression serves all.
    let own = visibility.own_unit.map_or_else(String::new, |unit| unit.to_string());
    let tracked = visibility.tracked_unit.map_or_else(String::new, |unit| unit.to_string());
    let states: Vec<SubmissionState> = if visibility.approved {
        vec![SubmissionState::Approved, SubmissionState::Published]
    } else {
        Vec::new()
    };
    query.filter(
        explanation_requests::unit_id
            .eq(own.clone())
            // The people of a merged unit's successor finish what it left open.
            .or(units::acting_unit_id.eq(own).assume_not_null())
            .or(submissions::verify_unit_id.eq(tracked.clone()).assume_not_null())
            .or(plan_items::tracking_unit_id.eq(tracked).assume_not_null())
            .or(one_of(submissions::state, states)),
    )
}

/// The requests that a caller may see, newest first.
pub(super) fn list_requests(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<ExplanationRequest>> {
    use explanation_requests as e;
    let mut query = visible(visibility);
    match filter.state {
        Some(RequestState::Open) => query = query.filter(e::answered_at.is_null()),
        Some(RequestState::Answered) => query = query.filter(e::answered_at.is_not_null()),
        None => {}
    }
    if let Some(unit) = filter.unit.clone() {
        query = query.filter(e::unit_id.eq(unit.clone()).or(units::code.eq(unit)));
    }
    match filter.overdue {
        Some((true, now)) => query = query.filter(e::answered_at.is_null().and(e::due_at.lt(now))),
        Some((false, now)) => query = query.filter(e::answered_at.is_not_null().or(e::due_at.ge(now))),
        None => {}
    }
    if let Some(after) = &page.after {
        let after = ExplanationRequestId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(e::id.lt(after));
    }
    let rows = query
        .select(ExplanationRequest::as_select())
        .order(e::id.desc())
        .limit(page.fetch())
        .load(connection)?;
    Ok(page.page(rows, |request: &ExplanationRequest| request.id.to_string()))
}

/// What waits for an answer of this unit, or of one that was merged into it. The first by due time, each with the length
/// of the list.
pub(super) fn list_waiting(
    connection: &mut AnyConnection,
    unit_id: UnitId,
    limit: i64,
) -> Result<Vec<WaitingRequest>> {
    let sql = "SELECT e.id AS request_id, e.submission_id, i.code AS item_code, i.title AS item_title, \
           u.code AS unit_code, p.code AS period_code, e.question, e.due_at, COUNT(*) OVER () AS total \
         FROM explanation_requests e JOIN submissions s ON s.id = e.submission_id \
         JOIN plan_items i ON i.id = s.item_id JOIN periods p ON p.id = s.period_id JOIN units u ON u.id = e.unit_id \
         WHERE (u.id = $1 OR u.acting_unit_id = $1) AND e.answered_at IS NULL ORDER BY e.due_at, e.id LIMIT $2";
    Ok(statement(sql).bind::<Text, _>(unit_id).bind::<BigInt, _>(limit).load(connection)?)
}

/// The requests about one submission, oldest first.
pub(super) fn list_of_submission(
    connection: &mut AnyConnection,
    submission_id: SubmissionId,
    page: &PageRequest,
) -> Result<Page<ExplanationRequest>> {
    use explanation_requests as e;
    let mut query = e::table
        .filter(e::submission_id.eq(submission_id))
        .select(ExplanationRequest::as_select())
        .order(e::id.asc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = &page.after {
        query = query.filter(e::id.gt(after.clone()));
    }
    Ok(page.page(query.load(connection)?, |request| request.id.to_string()))
}

/// One request, if the caller may know of it.
pub(super) fn find_request(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    id: ExplanationRequestId,
) -> Result<Option<ExplanationRequest>> {
    Ok(visible(visibility)
        .filter(explanation_requests::id.eq(id))
        .select(ExplanationRequest::as_select())
        .first(connection)
        .optional()?)
}

/// Adds a request.
pub(super) fn insert_request(connection: &mut AnyConnection, request: &ExplanationRequest) -> Result<()> {
    diesel::insert_into(explanation_requests::table).values(request).execute(connection)?;
    Ok(())
}

/// Writes the answer over the open request that was read.
pub(super) fn answer_request(connection: &mut AnyConnection, after: &ExplanationRequest) -> Result<()> {
    use explanation_requests as e;
    let row =
        e::table.find(after.id).filter(e::version.eq(after.version - 1)).filter(e::answered_at.is_null());
    let changed = diesel::update(row)
        .set((
            e::cause.eq(after.cause),
            e::what_happened.eq(&after.what_happened),
            e::remedy.eq(&after.remedy),
            e::new_date.eq(after.new_date),
            e::answered_by.eq(after.answered_by),
            e::answered_position.eq(&after.answered_position),
            e::answered_at.eq(after.answered_at),
            e::version.eq(after.version),
        ))
        .execute(connection)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Adds an assessment.
pub(super) fn insert_assessment(connection: &mut AnyConnection, assessment: &Assessment) -> Result<()> {
    diesel::insert_into(assessments::table).values(assessment).execute(connection)?;
    Ok(())
}

/// The assessments of a submission, newest first: the first of a kind and revision is the one that stands.
pub(super) fn list_assessments(
    connection: &mut AnyConnection,
    submission_id: SubmissionId,
    page: &PageRequest,
) -> Result<Page<Assessment>> {
    let mut query = assessments::table
        .filter(assessments::submission_id.eq(submission_id))
        .select(Assessment::as_select())
        .order(assessments::id.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = &page.after {
        query = query.filter(assessments::id.lt(after.clone()));
    }
    Ok(page.page(query.load(connection)?, |assessment| assessment.id.to_string()))
}
