//! Submissions as a person's list of work needs them: by id, and those that wait for this person's review.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, dsl::count_star};

use super::{
    super::{
        model::{Dossier, SubmissionId, SubmissionState},
        reach::Visibility,
    },
    Boxed, Row, columns, complete,
    filter::{Awaiting, narrow_to_awaiting},
    visible,
};
use crate::{
    db::{AnyConnection, one_of},
    error::Result,
    schema::{periods, submissions},
};

/// Those of these submissions that the caller may know of, oldest first.
pub(in crate::submissions) fn list_dossiers(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    ids: &[SubmissionId],
) -> Result<Vec<Dossier>> {
    let rows: Vec<Row> = visible(visibility)
        .filter(one_of(submissions::id, ids))
        .select(columns())
        .order(submissions::id.asc())
        .load(connection)?;
    complete(connection, rows)
}

/// What waits for this person's check or approval: the first by due time, and how many there are.
pub(in crate::submissions) fn list_awaiting_review(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    awaiting: &Awaiting,
    limit: i64,
) -> Result<(Vec<Dossier>, i64)> {
    let total = under_review(visibility, awaiting).select(count_star()).first(connection)?;
    let rows: Vec<Row> = under_review(visibility, awaiting)
        .select(columns())
        .order((periods::due_at.asc(), submissions::id.asc()))
        .limit(limit)
        .load(connection)?;
    Ok((complete(connection, rows)?, total))
}

fn under_review<'q>(visibility: &Visibility, awaiting: &Awaiting) -> Boxed<'q> {
    use SubmissionState::{Endorsed, Submitted, Verified};
    let reviewed = one_of(submissions::state, [Submitted, Verified, Endorsed]);
    narrow_to_awaiting(visible(visibility).filter(reviewed), awaiting)
}
