//! A comment as people see it.

use serde::Serialize;

use super::model::{Comment, CommentId};
use crate::kernel::{
    id::{PrincipalId, UnitId},
    time::Timestamp,
};

/// What one reader said about a figure.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CommentView {
    /// Its id.
    pub id: CommentId,
    /// What was said.
    #[schema(example = "Đề nghị đối chiếu với sổ theo dõi hồ sơ của Trung tâm")]
    pub text: String,
    /// Number of the revision at hand when it was written.
    #[schema(example = 1)]
    pub revision: i32,
    /// Who said it.
    pub author_id: PrincipalId,
    /// Office held at that moment.
    #[schema(example = "Trưởng phòng")]
    pub position: Option<String>,
    /// Unit at that moment.
    pub unit_id: UnitId,
    /// When.
    pub created_at: Timestamp,
}

impl CommentView {
    /// The view of a comment.
    #[must_use]
    pub fn of(comment: Comment) -> Self {
        Self {
            id: comment.id,
            text: comment.text,
            revision: comment.revision,
            author_id: comment.author_id,
            position: comment.position,
            unit_id: comment.unit_id,
            created_at: comment.created_at,
        }
    }
}
