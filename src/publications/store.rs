//! All SQL about publications.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl,
    SelectableHelper, dsl::max,
};

use super::model::{Publication, PublicationId};
use crate::{
    db::{AnyConnection, is_unique_violation},
    error::{Code, Error, Result},
    kernel::{
        id::WardId,
        page::{Page, PageRequest},
        time::Timestamp,
    },
    periods::PeriodId,
    plans::PlanId,
    schema::{decisions, plan_items, publications, submissions},
    submissions::{Action, SubmissionState},
};

/// Turns every approved submission of a period into a published one; tells how many.
pub(super) fn publish_approved(
    connection: &mut AnyConnection,
    period_id: PeriodId,
    now: Timestamp,
) -> Result<usize> {
    use submissions as s;
    Ok(diesel::update(
        s::table.filter(s::period_id.eq(period_id)).filter(s::state.eq(SubmissionState::Approved)),
    )
    .set((
        s::state.eq(SubmissionState::Published),
        s::published_revision.eq(s::approved_revision),
        s::updated_at.eq(now),
        s::version.eq(s::version + 1),
    ))
    .execute(connection)?)
}

/// The highest number in a period, withdrawn ones included; 0 before the first.
pub(super) fn last_number(connection: &mut AnyConnection, period_id: PeriodId) -> Result<i32> {
    let number: Option<i32> = publications::table
        .filter(publications::period_id.eq(period_id))
        .select(max(publications::number))
        .first(connection)?;
    Ok(number.unwrap_or(0))
}

/// The newest publication of a period that stands.
pub(super) fn find_standing(
    connection: &mut AnyConnection,
    period_id: PeriodId,
) -> Result<Option<Publication>> {
    Ok(publications::table
        .filter(publications::period_id.eq(period_id))
        .filter(publications::withdrawn_at.is_null())
        .select(Publication::as_select())
        .order(publications::number.desc())
        .first(connection)
        .optional()?)
}

/// The newest publication of any period of a plan that stands: the latest data first.
pub(super) fn find_latest(connection: &mut AnyConnection, plan_id: PlanId) -> Result<Option<Publication>> {
    use crate::schema::periods;
    Ok(publications::table
        .inner_join(periods::table.on(periods::id.eq(publications::period_id)))
        .filter(publications::plan_id.eq(plan_id))
        .filter(publications::withdrawn_at.is_null())
        .select(Publication::as_select())
        .order((periods::data_to.desc(), publications::published_at.desc()))
        .first(connection)
        .optional()?)
}

/// A publication of this ward.
pub(super) fn find_publication(
    connection: &mut AnyConnection,
    ward_id: WardId,
    id: PublicationId,
) -> Result<Option<Publication>> {
    Ok(publications::table
        .find(id)
        .filter(publications::ward_id.eq(ward_id))
        .select(Publication::as_select())
        .first(connection)
        .optional()?)
}

/// The publications of a period, newest first.
pub(super) fn list_publications(
    connection: &mut AnyConnection,
    period_id: PeriodId,
    page: &PageRequest,
) -> Result<Page<Publication>> {
    let mut query = publications::table
        .filter(publications::period_id.eq(period_id))
        .select(Publication::as_select())
        .order(publications::number.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = page.after.as_deref().and_then(|text| text.parse::<i32>().ok()) {
        query = query.filter(publications::number.lt(after));
    }
    Ok(page.page(query.load(connection)?, |publication| publication.number.to_string()))
}

/// Adds a publication; two at once get one number, and one of them must look again.
pub(super) fn insert_publication(connection: &mut AnyConnection, new: &Publication) -> Result<()> {
    use publications as p;
    diesel::insert_into(p::table)
        .values((
            p::id.eq(new.id),
            p::ward_id.eq(new.ward_id),
            p::plan_id.eq(new.plan_id),
            p::period_id.eq(new.period_id),
            p::number.eq(new.number),
            p::hash.eq(&new.hash),
            p::content.eq(&new.content),
            p::corrections.eq(&new.corrections),
            p::reported.eq(new.reported),
            p::expected.eq(new.expected),
            p::published_at.eq(new.published_at),
            p::published_by.eq(new.published_by),
            p::version.eq(new.version),
        ))
        .execute(connection)
        .map_err(|error| {
            if is_unique_violation(&error, "publications_number") {
                Error::new(Code::ConcurrentChange)
            } else {
                error.into()
            }
        })?;
    Ok(())
}

/// Withdraws a publication that stands.
pub(super) fn withdraw_publication(connection: &mut AnyConnection, after: &Publication) -> Result<()> {
    use publications as p;
    let changed = diesel::update(p::table.find(after.id).filter(p::withdrawn_at.is_null()))
        .set((
            p::withdrawn_at.eq(after.withdrawn_at),
            p::withdrawn_by.eq(after.withdrawn_by),
            p::withdrawn_reason.eq(&after.withdrawn_reason),
            p::version.eq(after.version),
        ))
        .execute(connection)?;
    if changed == 0 { Err(Error::new(Code::AlreadyWithdrawn)) } else { Ok(()) }
}

/// The last reason for opening a correction since a moment, by code of the leaf.
pub(super) fn list_correction_reasons(
    connection: &mut AnyConnection,
    period_id: PeriodId,
    since: Timestamp,
) -> Result<HashMap<String, String>> {
    let rows: Vec<(String, Option<String>)> = decisions::table
        .inner_join(submissions::table.on(submissions::id.eq(decisions::submission_id)))
        .inner_join(plan_items::table.on(plan_items::id.eq(submissions::item_id)))
        .filter(submissions::period_id.eq(period_id))
        .filter(decisions::action.eq(Action::Correct))
        .filter(decisions::decided_at.ge(since))
        .select((plan_items::code, decisions::reason.nullable()))
        .order(decisions::id.asc())
        .load(connection)?;
    Ok(rows.into_iter().filter_map(|(code, reason)| reason.map(|reason| (code, reason))).collect())
}
