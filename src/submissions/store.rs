//! All SQL about submissions. What a caller may see is part of each query, never a filter afterwards.

mod bulk;
mod filter;

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    QueryDsl, RunQueryDsl, SelectableHelper, dsl,
    helper_types::{Eq, InnerJoinOn},
};

use self::filter::{narrow, narrow_to_awaiting};
pub(super) use self::{
    bulk::{insert_drafters, insert_submissions, list_drafted_by, list_of_units, update_contents},
    filter::{Awaiting, Filter},
};
use super::{
    model::{Dossier, Revision, Submission, SubmissionId, SubmissionState},
    reach::Visibility,
};
use crate::{
    db::{AnyConnection, MultiBackend, is_unique_violation},
    error::{Code, Error, Result},
    items::{ItemId, PlanItem, Target},
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        page::{Page, PageRequest},
        time::Timestamp,
    },
    periods::{Period, PeriodId},
    plans::PlanStatus,
    schema::{
        decisions, item_targets, periods, plan_items, plans, submission_drafters, submission_revisions,
        submissions, units,
    },
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

/// The rows that this caller may know of (RULES §2).
fn visible<'q>(visibility: &Visibility) -> Boxed<'q> {
    let query = joined().into_boxed().filter(submissions::ward_id.eq(visibility.ward_id));
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
        submissions::unit_id
            .eq(own)
            .or(submissions::verify_unit_id.eq(tracked.clone()).assume_not_null())
            .or(plan_items::tracking_unit_id.eq(tracked).assume_not_null())
            .or(submissions::state.eq_any(states)),
    )
}

/// The caller's submissions, newest first.
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
    if let Some(after) = &page.after {
        let after = SubmissionId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(submissions::id.lt(after));
    }
    let rows: Vec<Row> = query
        .select((
            Submission::as_select(),
            PlanItem::as_select(),
            Period::as_select(),
            plans::status,
            units::code,
        ))
        .order(submissions::id.desc())
        .limit(page.fetch())
        .load(connection)?;
    let page = page.page(rows, |(submission, ..)| submission.id.to_string());
    let next_cursor = page.next_cursor;
    Ok(Page { items: complete(connection, page.items)?, next_cursor })
}

/// One submission, if the caller may know of it.
pub(super) fn find_dossier(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    id: SubmissionId,
) -> Result<Option<Dossier>> {
    let row: Option<Row> = visible(visibility)
        .filter(submissions::id.eq(id))
        .select((
            Submission::as_select(),
            PlanItem::as_select(),
            Period::as_select(),
            plans::status,
            units::code,
        ))
        .first(connection)
        .optional()?;
    Ok(complete(connection, row.into_iter().collect())?.pop())
}

/// What stands around the rows of a page: one query each, whatever their number.
struct Surroundings {
    targets: HashMap<ItemId, Vec<Target>>,
    drafters: HashMap<SubmissionId, Vec<PrincipalId>>,
    actors: HashMap<SubmissionId, Vec<PrincipalId>>,
    standing_office_id: Option<UnitId>,
}

fn load_surroundings(connection: &mut AnyConnection, ward_id: WardId, rows: &[Row]) -> Result<Surroundings> {
    let ids: Vec<SubmissionId> = rows.iter().map(|(submission, ..)| submission.id).collect();
    let items: Vec<ItemId> = rows.iter().map(|(_, item, ..)| item.id).collect();
    let targets: Vec<Target> = item_targets::table
        .filter(item_targets::item_id.eq_any(items))
        .select(Target::as_select())
        .load(connection)?;
    let drafters: Vec<(SubmissionId, PrincipalId)> = submission_drafters::table
        .filter(submission_drafters::submission_id.eq_any(&ids))
        .select((submission_drafters::submission_id, submission_drafters::principal_id))
        .load(connection)?;
    let actors: Vec<(SubmissionId, PrincipalId)> = decisions::table
        .inner_join(submissions::table.on(submissions::id.eq(decisions::submission_id)))
        .filter(decisions::submission_id.eq_any(&ids))
        .filter(decisions::revision.eq(submissions::revision))
        .select((decisions::submission_id, decisions::decided_by))
        .load(connection)?;
    let standing_office_id = units::table
        .filter(units::ward_id.eq(ward_id))
        .filter(units::is_standing_office.eq(true))
        .select(units::id)
        .first(connection)
        .optional()?;
    Ok(Surroundings {
        targets: group(targets.into_iter().map(|target| (target.item_id, target))),
        drafters: group(drafters),
        actors: group(actors),
        standing_office_id,
    })
}

/// Adds to the rows what stands around them.
fn complete(connection: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Dossier>> {
    let Some(ward_id) = rows.first().map(|(submission, ..)| submission.ward_id) else {
        return Ok(Vec::new());
    };
    let mut around = load_surroundings(connection, ward_id, &rows)?;
    let office = around.standing_office_id;
    let dossier = |(submission, item, period, plan_status, unit_code): Row| {
        Ok(Dossier {
            content: submission.content.read().map_err(Error::internal)?,
            // Several submissions of a page may share a leaf.
            targets: around.targets.get(&item.id).cloned().unwrap_or_default(),
            drafters: around.drafters.remove(&submission.id).unwrap_or_default(),
            actors: around.actors.remove(&submission.id).unwrap_or_default(),
            tracked_by_standing_office: office.is_some() && item.tracking_unit_id == office,
            standing_office_id: office,
            submission,
            item,
            period,
            plan_status,
            unit_code,
        })
    };
    rows.into_iter().map(dossier).collect()
}

fn group<K: std::hash::Hash + std::cmp::Eq, V>(
    pairs: impl IntoIterator<Item = (K, V)>,
) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
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

/// Freezes the content of a revision.
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
    Ok(())
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
