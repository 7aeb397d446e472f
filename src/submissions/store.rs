//! All SQL about submissions. What a caller may see is part of each query, never a filter afterwards.

mod bulk;
mod comparisons;
mod evidence;
mod figures;
mod filter;
mod overview;
mod surroundings;
mod work;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, RunQueryDsl, SelectableHelper, dsl,
    helper_types::{AsSelect, Eq, InnerJoinOn},
};

pub(super) use self::{
    bulk::{insert_drafters, insert_submissions, list_drafted_by, list_of_units, update_contents},
    evidence::{delete_evidence, insert_evidence, list_of_revisions},
    figures::list_figures,
    filter::{Awaiting, Filter, WaitingFor},
    overview::list_approved_tasks,
    work::{list_awaiting_review, list_dossiers},
};
use self::{
    filter::{VERIFIERS, narrow, narrow_to_awaiting},
    surroundings::complete,
};
use super::{
    model::{Dossier, Revision, Submission, SubmissionId, SubmissionState},
    reach::Visibility,
};
use crate::{
    db::{AnyConnection, MultiBackend, OneOf, is_unique_violation, one_of},
    error::{Code, Error, Result},
    items::{ItemId, PlanItem},
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        page::{Page, PageRequest},
        time::Timestamp,
    },
    periods::{Period, PeriodId},
    plans::PlanStatus,
    schema::{periods, plan_items, plans, submission_drafters, submission_revisions, submissions, units},
};

type Row = (Submission, PlanItem, Period, PlanStatus, String);

pub(super) type WithItem =
    InnerJoinOn<submissions::table, plan_items::table, Eq<plan_items::id, submissions::item_id>>;
pub(super) type WithPeriod = InnerJoinOn<WithItem, periods::table, Eq<periods::id, submissions::period_id>>;
pub(super) type WithPlan = InnerJoinOn<WithPeriod, plans::table, Eq<plans::id, submissions::plan_id>>;
pub(super) type Joined = InnerJoinOn<WithPlan, units::table, Eq<units::id, submissions::unit_id>>;
pub(super) type Boxed<'q> = dsl::IntoBoxed<'q, Joined, MultiBackend>;

fn joined() -> Joined {
    submissions::table
        .inner_join(plan_items::table.on(plan_items::id.eq(submissions::item_id)))
        .inner_join(periods::table.on(periods::id.eq(submissions::period_id)))
        .inner_join(plans::table.on(plans::id.eq(submissions::plan_id)))
        .inner_join(units::table.on(units::id.eq(submissions::unit_id)))
}

type Columns = (
    AsSelect<Submission, MultiBackend>,
    AsSelect<PlanItem, MultiBackend>,
    AsSelect<Period, MultiBackend>,
    plans::status,
    units::code,
);

fn columns() -> Columns {
    (Submission::as_select(), PlanItem::as_select(), Period::as_select(), plans::status, units::code)
}

/// The rows that this caller may know of (RULES §2).
fn visible<'q>(visibility: &Visibility) -> Boxed<'q> {
    let query = joined().into_boxed().filter(submissions::ward_id.eq(visibility.ward_id));
    if visibility.all {
        return query;
    }
    let (own, tracked, states) = bounds(visibility);
    let verifiers = VERIFIERS
        .filter(VERIFIERS.field(units::acting_unit_id).eq(tracked.clone()).assume_not_null())
        .select(VERIFIERS.field(units::id));
    query.filter(
        within(own.clone(), own, tracked.clone(), tracked, states)
            .or(submissions::verify_unit_id.assume_not_null().eq_any(verifiers)),
    )
}

/// What bounds a caller's sight. Ids that match nothing stand for what it does not have, so one expression serves all.
fn bounds(visibility: &Visibility) -> (String, String, Vec<SubmissionState>) {
    let own = visibility.own_unit.map_or_else(String::new, |unit| unit.to_string());
    let tracked = visibility.tracked_unit.map_or_else(String::new, |unit| unit.to_string());
    let states = match visibility {
        Visibility { all: true, .. } => SubmissionState::ALL.to_vec(),
        Visibility { approved: true, .. } => vec![SubmissionState::Approved, SubmissionState::Published],
        _ => Vec::new(),
    };
    (own, tracked, states)
}

#[dsl::auto_type]
fn within(own: String, acts: String, verifies: String, tracks: String, states: Vec<SubmissionState>) -> _ {
    let inside: OneOf<submissions::state> = one_of(submissions::state, states);
    submissions::unit_id
        .eq(own)
        // The people of a merged unit's successor finish what it left open.
        .or(units::acting_unit_id.eq(acts).assume_not_null())
        .or(submissions::verify_unit_id.eq(verifies).assume_not_null())
        .or(plan_items::tracking_unit_id.eq(tracks).assume_not_null())
        .or(inside)
}

#[dsl::auto_type]
fn ids_within(
    ward_id: WardId,
    own: String,
    acts: String,
    verifies: String,
    tracks: String,
    states: Vec<SubmissionState>,
) -> _ {
    let inside: within = within(own, acts, verifies, tracks, states);
    submissions::table
        .inner_join(plan_items::table.on(plan_items::id.eq(submissions::item_id)))
        .inner_join(units::table.on(units::id.eq(submissions::unit_id)))
        .filter(submissions::ward_id.eq(ward_id))
        .filter(inside)
        .select(submissions::id)
}

/// The ids of the submissions that a caller may know of, as a sub-select for the queries of others.
#[must_use]
pub fn visible_ids(visibility: &Visibility) -> ids_within {
    let (own, tracked, states) = bounds(visibility);
    ids_within(visibility.ward_id, own.clone(), own, tracked.clone(), tracked, states)
}

/// The caller's submissions: newest first, or by their last change.
pub(super) fn list_submissions(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Dossier>> {
    let mut query = narrow(visible(visibility), filter);
    if let Some(awaiting) = &filter.awaiting {
        query = narrow_to_awaiting(query, awaiting);
    }
    query = order(query, filter.by_change, page.after.as_deref())?;
    let rows: Vec<Row> = query.select(columns()).limit(page.fetch()).load(connection)?;
    let page = page.page(rows, |(submission, ..)| {
        if filter.by_change {
            format!("{}|{}", submission.updated_at, submission.id)
        } else {
            submission.id.to_string()
        }
    });
    let next_cursor = page.next_cursor;
    Ok(Page { items: complete(connection, page.items)?, next_cursor })
}

/// The order of a list, and its rows after the last of the page before.
fn order<'q>(query: Boxed<'q>, by_change: bool, after: Option<&str>) -> Result<Boxed<'q>> {
    let foreign = || Error::new(Code::InvalidCursor);
    if !by_change {
        let query = query.order(submissions::id.desc());
        let Some(after) = after else { return Ok(query) };
        let after = SubmissionId::parse(after).ok_or_else(foreign)?;
        return Ok(query.filter(submissions::id.lt(after)));
    }
    let query = query.order((submissions::updated_at.asc(), submissions::id.asc()));
    let Some(after) = after else { return Ok(query) };
    let (at, id) = after.split_once('|').ok_or_else(foreign)?;
    let (at, id) = Timestamp::parse(at).zip(SubmissionId::parse(id)).ok_or_else(foreign)?;
    Ok(query
        .filter(submissions::updated_at.ge(at))
        .filter(submissions::updated_at.gt(at).or(submissions::id.gt(id))))
}

/// One submission, if the caller may know of it.
pub(super) fn find_dossier(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    id: SubmissionId,
) -> Result<Option<Dossier>> {
    let row: Option<Row> =
        visible(visibility).filter(submissions::id.eq(id)).select(columns()).first(connection).optional()?;
    Ok(complete(connection, row.into_iter().collect())?.pop())
}

/// Those that wait for a move, oldest first.
pub(super) fn list_waiting(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    filter: &Filter,
    most: usize,
) -> Result<Vec<Dossier>> {
    let rows: Vec<Row> = narrow(visible(visibility), filter)
        .select(columns())
        .order(submissions::id.asc())
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .load(connection)?;
    complete(connection, rows)
}

/// The id of the submission for these three, whoever may see it.
pub(super) fn find_id(
    connection: &mut AnyConnection,
    item_id: ItemId,
    period_id: PeriodId,
    unit_id: UnitId,
) -> Result<Option<SubmissionId>> {
    Ok(submissions::table
        .filter(submissions::item_id.eq(item_id))
        .filter(submissions::period_id.eq(period_id))
        .filter(submissions::unit_id.eq(unit_id))
        .select(submissions::id)
        .first(connection)
        .optional()?)
}

/// Adds a draft; the second for the same leaf, period and unit is a conflict.
pub(super) fn insert_submission(connection: &mut AnyConnection, new: &Submission) -> Result<()> {
    use submissions as s;
    diesel::insert_into(s::table)
        .values((
            s::id.eq(new.id),
            s::ward_id.eq(new.ward_id),
            s::plan_id.eq(new.plan_id),
            s::item_id.eq(new.item_id),
            s::period_id.eq(new.period_id),
            s::unit_id.eq(new.unit_id),
            s::state.eq(new.state),
            s::revision.eq(new.revision),
            s::submitted_revision.eq(new.submitted_revision),
            s::content.eq(&new.content),
            s::created_at.eq(new.created_at),
            s::updated_at.eq(new.updated_at),
            s::version.eq(new.version),
        ))
        .execute(connection)
        .map_err(|error| {
            if is_unique_violation(&error, "submissions_once") {
                Error::new(Code::SubmissionExists)
            } else {
                error.into()
            }
        })?;
    Ok(())
}

/// Writes a changed submission over the state and version that were read.
pub(super) fn update_submission(
    connection: &mut AnyConnection,
    before: &Submission,
    after: &Submission,
) -> Result<()> {
    use submissions as s;
    let changed = diesel::update(
        s::table.find(after.id).filter(s::state.eq(before.state)).filter(s::version.eq(before.version)),
    )
    .set((
        s::state.eq(after.state),
        s::revision.eq(after.revision),
        s::submitted_revision.eq(after.submitted_revision),
        s::approved_revision.eq(after.approved_revision),
        s::published_revision.eq(after.published_revision),
        s::content.eq(&after.content),
        s::verify_unit_id.eq(after.verify_unit_id),
        s::first_submitted_at.eq(after.first_submitted_at),
        s::on_time.eq(after.on_time),
        s::updated_at.eq(after.updated_at),
        s::version.eq(after.version),
    ))
    .execute(connection)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Deletes a draft in the version that was read.
pub(super) fn delete_submission(connection: &mut AnyConnection, submission: &Submission) -> Result<()> {
    use submissions as s;
    let deleted = diesel::delete(s::table.find(submission.id).filter(s::version.eq(submission.version)))
        .execute(connection)?;
    if deleted == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Notes who wrote on a submission, once.
pub(super) fn insert_drafter(
    connection: &mut AnyConnection,
    id: SubmissionId,
    principal: PrincipalId,
) -> Result<()> {
    diesel::insert_into(submission_drafters::table)
        .values((submission_drafters::submission_id.eq(id), submission_drafters::principal_id.eq(principal)))
        .execute(connection)?;
    Ok(())
}

/// Freezes the content of a revision and what it cites.
pub(super) fn insert_revision(
    connection: &mut AnyConnection,
    dossier: &Dossier,
    number: i32,
    by: PrincipalId,
    at: Timestamp,
) -> Result<()> {
    use submission_revisions as r;
    let content = &dossier.content;
    diesel::insert_into(r::table)
        .values((
            r::submission_id.eq(dossier.submission.id),
            r::number.eq(number),
            r::content.eq(&dossier.submission.content),
            r::numerator.eq(content.numerator),
            r::denominator.eq(content.denominator),
            r::value.eq(content
                .checked
                .map(|yes| crate::kernel::number::Quantity::whole(yes.into()))
                .or(content.value)),
            r::band.eq(&content.band),
            r::applicability.eq(content.applicability),
            r::submitted_by.eq(by),
            r::submitted_at.eq(at),
        ))
        .execute(connection)?;
    evidence::freeze(connection, dossier.submission.id, number)
}

/// The frozen revisions of a submission, newest first; there are few.
pub(super) fn list_revisions(connection: &mut AnyConnection, id: SubmissionId) -> Result<Vec<Revision>> {
    Ok(submission_revisions::table
        .filter(submission_revisions::submission_id.eq(id))
        .select(Revision::as_select())
        .order(submission_revisions::number.desc())
        .limit(200)
        .load(connection)?)
}
