//! Many drafts at once: read, added and changed by the statement, not by the row.

use std::collections::HashSet;

use diesel::{
    ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper, sql_query,
    sql_types::{BigInt, Text, Timestamp as TimestampSql},
};

use crate::{
    db::{AnyConnection, MultiBackend, is_unique_violation, one_of, per_backend},
    error::{Code, Error, Result},
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        time::Timestamp,
    },
    periods::PeriodId,
    schema::{submission_drafters, submissions},
    submissions::model::{Submission, SubmissionId},
};

/// Rows of one statement: a submission binds 18 values, and SQLite takes some 32,000.
const CHUNK: usize = 500;
/// Rows of one update, whose values are named one by one.
const UPDATE_CHUNK: usize = 200;
/// Ids that one query names.
const IDS: usize = 5000;

/// The submissions of these units in a period.
pub(in crate::submissions) fn list_of_units(
    connection: &mut AnyConnection,
    ward_id: WardId,
    period_id: PeriodId,
    units: &[UnitId],
) -> Result<Vec<Submission>> {
    let mut found = Vec::new();
    for units in units.chunks(IDS) {
        let rows: Vec<Submission> = submissions::table
            .filter(submissions::period_id.eq(period_id))
            .filter(submissions::ward_id.eq(ward_id))
            .filter(one_of(submissions::unit_id, units))
            .select(Submission::as_select())
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Adds drafts; somebody who began one of them meanwhile was faster.
pub(in crate::submissions) fn insert_submissions(
    connection: &mut AnyConnection,
    rows: &[Submission],
) -> Result<()> {
    for rows in rows.chunks(CHUNK) {
        per_backend!(connection, c => diesel::insert_into(submissions::table).values(rows).execute(c))
            .map_err(|error| {
                if is_unique_violation(&error, "submissions_once") {
                    Error::new(Code::ConcurrentChange)
                } else {
                    error.into()
                }
            })?;
    }
    Ok(())
}

/// Writes changed contents over the versions that were read.
pub(in crate::submissions) fn update_contents(
    connection: &mut AnyConnection,
    rows: &[Submission],
    at: Timestamp,
) -> Result<()> {
    for rows in rows.chunks(UPDATE_CHUNK) {
        let values: Vec<String> = (0..rows.len())
            .map(|row| row * 3)
            .map(|row| format!("(${}, ${}, ${})", row + 2, row + 3, row + 4))
            .collect();
        let mut query = sql_query(format!(
            "UPDATE submissions SET content = v.column3, updated_at = $1, version = submissions.version + 1 \
             FROM (VALUES {}) AS v WHERE submissions.id = v.column1 AND submissions.version = v.column2",
            values.join(", ")
        ))
        .into_boxed::<MultiBackend>()
        .bind::<TimestampSql, _>(at);
        for row in rows {
            query = query
                .bind::<Text, _>(row.id)
                .bind::<BigInt, _>(row.version - 1)
                .bind::<Text, _>(row.content.clone());
        }
        if query.execute(connection)? != rows.len() {
            return Err(Error::new(Code::ConcurrentChange));
        }
    }
    Ok(())
}

/// Those of these submissions on which this person or machine wrote before.
pub(in crate::submissions) fn list_drafted_by(
    connection: &mut AnyConnection,
    ids: &[SubmissionId],
    principal: PrincipalId,
) -> Result<HashSet<SubmissionId>> {
    let mut found = HashSet::new();
    for ids in ids.chunks(IDS) {
        let rows: Vec<SubmissionId> = submission_drafters::table
            .filter(one_of(submission_drafters::submission_id, ids))
            .filter(submission_drafters::principal_id.eq(principal))
            .select(submission_drafters::submission_id)
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

/// Notes who wrote on these submissions.
pub(in crate::submissions) fn insert_drafters(
    connection: &mut AnyConnection,
    ids: &[SubmissionId],
    principal: PrincipalId,
) -> Result<()> {
    use submission_drafters as d;
    for ids in ids.chunks(CHUNK) {
        let rows: Vec<_> =
            ids.iter().map(|id| (d::submission_id.eq(*id), d::principal_id.eq(principal))).collect();
        per_backend!(connection, c => diesel::insert_into(d::table).values(&rows).execute(c))?;
    }
    Ok(())
}
