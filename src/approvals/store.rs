//! All SQL about decisions.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};

use super::model::Decision;
use crate::{
    db::AnyConnection,
    error::Result,
    kernel::page::{Page, PageRequest},
    schema::decisions,
    submissions::SubmissionId,
};

/// Adds a decision.
pub(super) fn insert_decision(connection: &mut AnyConnection, new: &Decision) -> Result<()> {
    use decisions as d;
    diesel::insert_into(d::table)
        .values((
            d::id.eq(new.id),
            d::ward_id.eq(new.ward_id),
            d::submission_id.eq(new.submission_id),
            d::revision.eq(new.revision),
            d::action.eq(new.action),
            d::from_state.eq(new.from_state),
            d::to_state.eq(new.to_state),
            d::decided_by.eq(new.decided_by),
            d::position.eq(&new.position),
            d::unit_id.eq(new.unit_id),
            d::reason.eq(&new.reason),
            d::reason_codes.eq(&new.reason_codes),
            d::pointers.eq(&new.pointers),
            d::decided_at.eq(new.decided_at),
            d::on_behalf_of.eq(new.on_behalf_of),
            d::not_a_report.eq(new.not_a_report),
        ))
        .execute(connection)?;
    Ok(())
}

/// The decisions on a submission, oldest first.
pub(super) fn list_decisions(
    connection: &mut AnyConnection,
    submission_id: SubmissionId,
    page: &PageRequest,
) -> Result<Page<Decision>> {
    let mut query = decisions::table
        .filter(decisions::submission_id.eq(submission_id))
        .select(Decision::as_select())
        .order(decisions::id.asc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = &page.after {
        query = query.filter(decisions::id.gt(after.clone()));
    }
    Ok(page.page(query.load(connection)?, |decision| decision.id.to_string()))
}
