//! Publications over HTTP.

use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions,
    model::{Correction, Publication, PublicationId},
    store,
};
use crate::{
    context::{Answer, Ctx},
    error::{Error, Result},
    http::{Body, HttpResult, Id, PageQuery, Query},
    kernel::{id::PrincipalId, page::Page, time::Timestamp},
    periods::{self, PeriodId},
    results::Coverage,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_publications).service(create_publication).service(withdraw_publication);
}

/// A publication.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicationView {
    /// Its id.
    pub id: PublicationId,
    /// Its period.
    pub period_id: PeriodId,
    /// Its number in the period; the first is 1.
    #[schema(example = 1)]
    pub number: i32,
    /// SHA-256 of the frozen content.
    pub hash: String,
    /// Figures in, of figures expected.
    pub coverage: Coverage,
    /// When it was published.
    pub published_at: Timestamp,
    /// By whom.
    pub published_by: PrincipalId,
    /// What changed against the one before.
    pub corrections: Vec<Correction>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// Why.
    pub withdrawn_reason: Option<String>,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl PublicationView {
    fn of(publication: Publication) -> Result<Self> {
        Ok(Self {
            id: publication.id,
            period_id: publication.period_id,
            number: publication.number,
            hash: publication.hash,
            coverage: Coverage {
                reported: publication.reported.into(),
                expected: publication.expected.into(),
            },
            published_at: publication.published_at,
            published_by: publication.published_by,
            corrections: publication.corrections.read().map_err(Error::internal)?,
            withdrawn_at: publication.withdrawn_at,
            withdrawn_reason: publication.withdrawn_reason,
            version: publication.version,
        })
    }
}

/// List the publications of a period
#[utoipa::path(
    tag = "publications",
    extensions(("x-permission" = json!("publications.read"))),
    params(("id" = PeriodId, Path), PageQuery),
    responses((status = 200, description = "Publications, newest first", body = Page<PublicationView>))
)]
#[get("/api/v1/periods/{id}/publications")]
pub async fn list_publications(ctx: Ctx, id: Id<PeriodId>, query: Query<PageQuery>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let page = query.0.request()?;
    let page = ctx
        .read(move |c| {
            periods::actions::get_period(c, ward_id, id.0)?;
            store::list_publications(c, id.0, &page)
        })
        .await?;
    Ok(Answer::ok(&page.try_map(PublicationView::of)?)?)
}

/// Publish the approved figures of a period
///
/// Takes what is approved at this moment, says its coverage, and freezes it. Send no body.
#[utoipa::path(
    tag = "publications",
    extensions(("x-permission" = json!("publications.write"))),
    params(("id" = PeriodId, Path)),
    responses((status = 201, description = "The publication", body = PublicationView))
)]
#[post("/api/v1/periods/{id}/publications")]
pub async fn create_publication(ctx: Ctx, id: Id<PeriodId>) -> HttpResult {
    let answer = ctx.write(move |tx| {
        let publication = actions::publish(tx, id.0)?;
        let location = format!("/api/v1/periods/{}/publications", id.0);
        Answer::created(location, Some(publication.version), &PublicationView::of(publication)?)
    });
    Ok(answer.await?)
}

/// Why a publication is withdrawn.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Công bố nhầm kỳ báo cáo" }))]
pub struct WithdrawPublication {
    /// The reason; it stays with the tombstone.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// Withdraw a publication
#[utoipa::path(
    tag = "publications",
    extensions(("x-permission" = json!("publications.write"))),
    params(("id" = PublicationId, Path)),
    request_body = WithdrawPublication,
    responses((status = 200, description = "The tombstone", body = PublicationView))
)]
#[post("/api/v1/publications/{id}/withdraw")]
pub async fn withdraw_publication(
    ctx: Ctx,
    id: Id<PublicationId>,
    body: Body<WithdrawPublication>,
) -> HttpResult {
    let answer = ctx.write(move |tx| {
        let publication = actions::withdraw(tx, id.0, &body.0.reason)?;
        Answer::versioned(publication.version, &PublicationView::of(publication)?)
    });
    Ok(answer.await?)
}
