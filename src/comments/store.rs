//! All SQL about comments.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};

use super::model::Comment;
use crate::{
    db::AnyConnection,
    error::Result,
    kernel::page::{Page, PageRequest},
    schema::comments,
    submissions::SubmissionId,
};

/// Adds a comment.
pub(super) fn insert_comment(connection: &mut AnyConnection, comment: &Comment) -> Result<()> {
    diesel::insert_into(comments::table).values(comment).execute(connection)?;
    Ok(())
}

/// The comments on a submission, oldest first.
pub(super) fn list_comments(
    connection: &mut AnyConnection,
    submission_id: SubmissionId,
    page: &PageRequest,
) -> Result<Page<Comment>> {
    let mut query = comments::table
        .filter(comments::submission_id.eq(submission_id))
        .select(Comment::as_select())
        .order(comments::id.asc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(after) = &page.after {
        query = query.filter(comments::id.gt(after.clone()));
    }
    Ok(page.page(query.load(connection)?, |comment| comment.id.to_string()))
}
