//! Writing a comment.

use super::{
    model::{Comment, CommentId},
    store,
};
use crate::{
    audit::Event,
    context::Tx,
    error::{Code, Error, Faults, Result},
    kernel::text::clean,
    submissions::{self, SubmissionId},
};

/// Longest comment, in characters.
const MAX_TEXT: usize = 2000;

/// Adds a comment to a figure that the caller may read; supervisors read, and so comment on, approved figures only
/// (RULES §2).
///
/// # Errors
/// Not found, `invalid`.
pub fn create_comment(tx: &mut Tx<'_>, submission_id: SubmissionId, text: &str) -> Result<Comment> {
    let submission = submissions::actions::get_dossier_for(tx, submission_id)?.submission;
    let text = clean(text);
    let mut faults = Faults::new();
    faults.check_text("/text", &text, 1, MAX_TEXT);
    faults.into_result(Code::Invalid)?;
    let comment = Comment {
        id: CommentId::generate(),
        ward_id: submission.ward_id,
        submission_id,
        revision: submission.revision,
        text,
        author_id: tx.actor.principal()?,
        position: tx.actor.position.clone(),
        unit_id: tx.actor.unit_id.ok_or_else(|| Error::new(Code::Forbidden))?,
        created_at: tx.now,
    };
    store::insert_comment(tx.connection, &comment)?;
    tx.record(
        Event::new("comment.added", "submission", submission_id)
            .with("comment_id", comment.id)
            .with("revision", comment.revision)
            .with("text", &comment.text),
    );
    Ok(comment)
}
