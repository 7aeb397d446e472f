//! A comment as the database keeps it.

use diesel::{Insertable, Queryable, Selectable};

use crate::{
    id_type,
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        time::Timestamp,
    },
    schema::comments,
    submissions::SubmissionId,
};

id_type! {
    /// Identifies a comment.
    CommentId
}

/// What one reader said about a figure.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = comments, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// Its ward.
    pub ward_id: WardId,
    /// The submission.
    pub submission_id: SubmissionId,
    /// Number of the revision at hand when it was written.
    pub revision: i32,
    /// What was said.
    pub text: String,
    /// Who said it.
    pub author_id: PrincipalId,
    /// Office held at that moment.
    pub position: Option<String>,
    /// Unit at that moment.
    pub unit_id: UnitId,
    /// When.
    pub created_at: Timestamp,
}
