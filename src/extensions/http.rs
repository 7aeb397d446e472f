//! Extensions over HTTP.

use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewExtension},
    model::{Extension, ExtensionId},
    store,
};
use crate::{
    context::{Answer, Ctx},
    http::{Body, HttpResult, Id, PageQuery, Query},
    kernel::{
        id::{PrincipalId, UnitId},
        page::Page,
        time::Timestamp,
    },
    periods::{self, PeriodId},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_extensions).service(grant_extension);
}

/// More time for one unit in one period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExtensionView {
    /// Its id.
    pub id: ExtensionId,
    /// The period.
    pub period_id: PeriodId,
    /// The unit.
    pub unit_id: UnitId,
    /// Until when figures are taken, inclusive.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Whether it says that late figures count as on time.
    pub waives_lateness: bool,
    /// Whether figures until then count as on time: granted before the due time, or lateness waived.
    pub moves_due: bool,
    /// Who granted it.
    pub granted_by: PrincipalId,
    /// When.
    pub granted_at: Timestamp,
}

impl ExtensionView {
    /// The view of an extension.
    #[must_use]
    pub fn of(extension: Extension) -> Self {
        Self {
            id: extension.id,
            period_id: extension.period_id,
            unit_id: extension.unit_id,
            until: extension.until,
            reason: extension.reason,
            waives_lateness: extension.waives_lateness,
            moves_due: extension.moves_due,
            granted_by: extension.granted_by,
            granted_at: extension.granted_at,
        }
    }
}

/// List the extensions of a period
///
/// Leaders, coordinators and auditors see those of all units, everybody else those of the own unit.
#[utoipa::path(
    tag = "periods",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = PeriodId, Path), PageQuery),
    responses((status = 200, description = "Extensions, newest first", body = Page<ExtensionView>))
)]
#[get("/api/v1/periods/{id}/extensions")]
pub async fn list_extensions(ctx: Ctx, id: Id<PeriodId>, query: Query<PageQuery>) -> HttpResult {
    let (ward_id, page) = (ctx.ward()?, query.0.request()?);
    let whole_ward = ctx.actor.sees_whole_ward();
    let unit_id = ctx.actor.unit_id.filter(|_| !whole_ward);
    let page = ctx
        .read(move |c| {
            let period = periods::actions::get_period(c, ward_id, id.0)?;
            store::list_extensions(c, period.id, unit_id, &page)
        })
        .await?;
    Ok(Answer::ok(&page.map(ExtensionView::of))?)
}

/// More time for a unit.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "unit_id": "00000000-0000-7000-8000-000000000000", "until": "2026-06-22T17:00:00+07:00",
    "reason": "Phần mềm một cửa gián đoạn hai ngày"
}))]
pub struct GrantExtension {
    /// The unit.
    pub unit_id: UnitId,
    /// Until when figures are taken, inclusive; later than the present due time.
    pub until: Timestamp,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// Whether figures until then count as on time even if this is granted after the due time.
    #[serde(default)]
    pub waives_lateness: bool,
}

/// Give a unit more time
///
/// It ends by itself. Granted after the due time it does not turn late into on time, unless it waives lateness.
#[utoipa::path(
    tag = "periods",
    extensions(("x-permission" = json!("extensions.grant"))),
    params(("id" = PeriodId, Path)),
    request_body = GrantExtension,
    responses((status = 201, description = "The extension", body = ExtensionView))
)]
#[post("/api/v1/periods/{id}/extensions")]
pub async fn grant_extension(ctx: Ctx, id: Id<PeriodId>, body: Body<GrantExtension>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let new = NewExtension {
        unit_id: body.unit_id,
        until: body.until,
        reason: body.reason,
        waives_lateness: body.waives_lateness,
    };
    let answer = ctx.write(move |tx| {
        let extension = actions::grant_extension(tx, ward_id, id.0, new)?;
        let location = format!("/api/v1/periods/{}/extensions", id.0);
        Answer::created(location, None, &ExtensionView::of(extension))
    });
    Ok(answer.await?)
}
