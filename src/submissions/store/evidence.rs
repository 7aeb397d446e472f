//! All SQL about what drafts and frozen revisions cite as evidence.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, Insertable, IntoSql, JoinOnDsl, QueryDsl, RunQueryDsl, SelectableHelper,
    sql_types::Integer,
};

use super::{
    super::model::{DocumentId, Evidence, SubmissionId},
    surroundings::group,
};
use crate::{
    db::{AnyConnection, one_of},
    error::Result,
    schema::{documents, revision_evidence, submission_evidence},
};

/// What the drafts of these submissions cite, in order of upload.
pub(super) fn list_of_drafts(
    connection: &mut AnyConnection,
    ids: &[SubmissionId],
) -> Result<HashMap<SubmissionId, Vec<Evidence>>> {
    let rows: Vec<(SubmissionId, Evidence)> = submission_evidence::table
        .inner_join(documents::table.on(documents::id.eq(submission_evidence::document_id)))
        .filter(one_of(submission_evidence::submission_id, ids))
        .select((submission_evidence::submission_id, Evidence::as_select()))
        .order(documents::id.asc())
        .load(connection)?;
    Ok(group(rows))
}

/// What the frozen revisions of a submission cite, by their numbers, in order of upload.
pub(in crate::submissions) fn list_of_revisions(
    connection: &mut AnyConnection,
    id: SubmissionId,
) -> Result<HashMap<i32, Vec<Evidence>>> {
    let rows: Vec<(i32, Evidence)> = revision_evidence::table
        .inner_join(documents::table.on(documents::id.eq(revision_evidence::document_id)))
        .filter(revision_evidence::submission_id.eq(id))
        .select((revision_evidence::number, Evidence::as_select()))
        .order(documents::id.asc())
        .load(connection)?;
    Ok(group(rows))
}

/// Lets a draft cite a document.
pub(in crate::submissions) fn insert_evidence(
    connection: &mut AnyConnection,
    id: SubmissionId,
    document: DocumentId,
) -> Result<()> {
    diesel::insert_into(submission_evidence::table)
        .values((submission_evidence::submission_id.eq(id), submission_evidence::document_id.eq(document)))
        .execute(connection)?;
    Ok(())
}

/// Takes a document off a draft.
pub(in crate::submissions) fn delete_evidence(
    connection: &mut AnyConnection,
    id: SubmissionId,
    document: DocumentId,
) -> Result<()> {
    diesel::delete(submission_evidence::table)
        .filter(submission_evidence::submission_id.eq(id))
        .filter(submission_evidence::document_id.eq(document))
        .execute(connection)?;
    Ok(())
}

/// Freezes what the draft cites as the evidence of a revision.
pub(super) fn freeze(connection: &mut AnyConnection, id: SubmissionId, number: i32) -> Result<()> {
    submission_evidence::table
        .filter(submission_evidence::submission_id.eq(id))
        .select((
            submission_evidence::submission_id,
            number.into_sql::<Integer>(),
            submission_evidence::document_id,
        ))
        .insert_into(revision_evidence::table)
        .into_columns((
            revision_evidence::submission_id,
            revision_evidence::number,
            revision_evidence::document_id,
        ))
        .execute(connection)?;
    Ok(())
}
