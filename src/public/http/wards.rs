//! Wards that publish, as the public sees them.

use actix_web::get;

use super::{cacheable, sees_all};
use crate::{
    context::{Answer, Ctx},
    http::{HttpResult, PageQuery, Query},
    kernel::page::Page,
    public::view::PublicWard,
    wards,
};

/// List wards with public results
///
/// A city client sees all wards, a ward's client its own, nobody's token those that publish to everyone.
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(PageQuery),
    responses((status = 200, description = "Wards by code", body = Page<PublicWard>))
)]
#[get("/public/v1/wards")]
pub async fn list_public_wards(ctx: Ctx, query: Query<PageQuery>) -> HttpResult {
    let page = query.0.request()?;
    let actor = ctx.actor.clone();
    let wards = ctx
        .read(move |c| {
            if sees_all(&actor) {
                wards::actions::list_wards(c, &page)
            } else if let Some(ward_id) = actor.ward_id {
                let ward = wards::actions::get_ward(c, ward_id)?;
                Ok(Page { items: vec![ward], next_cursor: None })
            } else {
                wards::actions::list_open_wards(c, &page)
            }
        })
        .await?;
    let answer = Answer::ok(&wards.map(PublicWard::of))?;
    Ok(cacheable(answer, None))
}
