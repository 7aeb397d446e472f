//! Comments over HTTP.

use actix_web::{get, post};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{actions, store, view::CommentView};
use crate::{
    context::{Answer, Ctx},
    http::{Body, HttpResult, Id, PageQuery, Query},
    kernel::page::Page,
    submissions::{SubmissionId, actions::get_dossier, reach::Visibility},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_comments).service(create_comment);
}

/// List the comments on a submission
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!("submissions.read"))),
    params(("id" = SubmissionId, Path), PageQuery),
    responses((status = 200, description = "Comments, oldest first", body = Page<CommentView>))
)]
#[get("/api/v1/submissions/{id}/comments")]
pub async fn list_comments(ctx: Ctx, id: Id<SubmissionId>, query: Query<PageQuery>) -> HttpResult {
    let visibility = Visibility::of(&ctx.actor)?;
    let page = query.0.request()?;
    let read = ctx.read(move |c| {
        get_dossier(c, &visibility, id.0)?;
        store::list_comments(c, id.0, &page)
    });
    Ok(Answer::ok(&read.await?.map(CommentView::of))?)
}

/// A comment on a figure.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "text": "Đề nghị đối chiếu với sổ theo dõi hồ sơ của Trung tâm" }))]
pub struct CreateComment {
    /// What is to be said; it cannot be changed afterwards.
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
}

/// Comment on a submission
#[utoipa::path(
    tag = "comments",
    extensions(("x-permission" = json!("comments.write"))),
    params(("id" = SubmissionId, Path)),
    request_body = CreateComment,
    responses((status = 201, description = "The comment", body = CommentView))
)]
#[post("/api/v1/submissions/{id}/comments")]
pub async fn create_comment(ctx: Ctx, id: Id<SubmissionId>, body: Body<CreateComment>) -> HttpResult {
    let answer = ctx.write(move |tx| {
        let comment = actions::create_comment(tx, id.0, &body.0.text)?;
        let location = format!("/api/v1/submissions/{}/comments", id.0);
        Answer::created(location, None, &CommentView::of(comment))
    });
    Ok(answer.await?)
}
