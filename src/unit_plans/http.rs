//! Unit plans over HTTP.

mod items;

use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewUnitPlan, UnitPlanChanges},
    model::{UnitPlanId, UnitPlanStatus},
    reach::Reach,
    rules, store,
    view::{UnitPlanView, UnservedItemView},
};
use crate::{
    context::{Answer, Ctx},
    http::{Body, HttpResult, Id, Query, extract::page_request},
    items::actions::require_unit_named,
    kernel::{day, id::UnitId, page::Page, patch},
    plans::{self, PlanId},
};

/// The routes of this file and of the items'.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_unit_plans)
        .service(create_unit_plan)
        .service(list_unserved_items)
        .service(get_unit_plan)
        .service(update_unit_plan)
        .service(issue_unit_plan);
    items::routes(config);
}

/// Which unit plans are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListUnitPlans {
    /// Unit: id or code.
    #[param(max_length = 36)]
    pub unit: Option<String>,
    /// In this state.
    pub status: Option<UnitPlanStatus>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List the units' plans for a plan
///
/// Drafts show to their own unit and to those who see the whole ward; schools see their own plan only.
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = PlanId, Path), ListUnitPlans),
    responses((status = 200, description = "What the caller may see, newest first", body = Page<UnitPlanView>))
)]
#[get("/api/v1/plans/{id}/unit-plans")]
pub async fn list_unit_plans(ctx: Ctx, id: Id<PlanId>, query: Query<ListUnitPlans>) -> HttpResult {
    let (reach, query) = (Reach::of(&ctx.actor)?, query.0);
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = store::Filter { unit: query.unit, status: query.status };
    let read = ctx.read(move |c| {
        let plan = plans::actions::get_plan(c, reach.ward_id, id.0)?;
        store::list_unit_plans(c, &reach, plan.id, filter, &page)
    });
    Ok(Answer::ok(&read.await?.map(|plan| UnitPlanView::of(&plan)))?)
}

/// A new unit plan.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Kế hoạch cải cách hành chính năm 2026 của Phòng Kinh tế, Hạ tầng và Đô thị", "number": "12/KH-KTHTĐT"
}))]
pub struct CreateUnitPlan {
    /// The unit; the caller's own if absent. A coordinator may draft for any unit of the ward.
    pub unit_id: Option<UnitId>,
    /// Title.
    #[schema(min_length = 1, max_length = 300)]
    pub title: String,
    /// Number of the document.
    #[schema(min_length = 1, max_length = 50)]
    pub number: Option<String>,
    /// Date of the document; the day of issuing if it has none then.
    #[serde(default, deserialize_with = "day::optional")]
    pub issued_on: Option<NaiveDate>,
}

/// Draft a unit's plan
///
/// One per unit and issued plan of the ward (plan V.1.a).
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("unit_plans.write"))),
    params(("id" = PlanId, Path)),
    request_body = CreateUnitPlan,
    responses((status = 201, description = "The new draft", body = UnitPlanView))
)]
#[post("/api/v1/plans/{id}/unit-plans")]
pub async fn create_unit_plan(ctx: Ctx, id: Id<PlanId>, body: Body<CreateUnitPlan>) -> HttpResult {
    let body = body.0;
    let new = NewUnitPlan {
        unit_id: body.unit_id,
        title: body.title,
        number: body.number,
        issued_on: body.issued_on,
    };
    let answer = ctx.write(move |tx| {
        let plan = actions::create_unit_plan(tx, id.0, new)?;
        Answer::created(actions::path_of(plan.id), Some(plan.version), &UnitPlanView::of(&plan))
    });
    Ok(answer.await?)
}

/// Read a unit's plan
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = UnitPlanId, Path)),
    responses(
        (status = 200, description = "The unit's plan", body = UnitPlanView),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/api/v1/unit-plans/{id}")]
pub async fn get_unit_plan(ctx: Ctx, id: Id<UnitPlanId>) -> HttpResult {
    let reach = Reach::of(&ctx.actor)?;
    let plan = ctx.read(move |c| actions::get_unit_plan(c, &reach, id.0)).await?;
    Ok(Answer::versioned(plan.version, &UnitPlanView::of(&plan))?)
}

/// What changes about a draft: absent keeps, `null` clears.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "number": "14/KH-KTHTĐT", "issued_on": "2026-02-10" }))]
pub struct UpdateUnitPlan {
    /// Title.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false, min_length = 1, max_length = 300)]
    pub title: Option<String>,
    /// Number of the document.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50)]
    pub number: Option<Option<String>>,
    /// Date of the document.
    #[serde(default, deserialize_with = "day::field")]
    #[schema(value_type = Option<NaiveDate>)]
    pub issued_on: Option<Option<NaiveDate>>,
}

/// Change a unit's plan while it is a draft
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("unit_plans.write"))),
    params(("id" = UnitPlanId, Path)),
    request_body = UpdateUnitPlan,
    responses((status = 200, description = "The draft as it now is", body = UnitPlanView))
)]
#[patch("/api/v1/unit-plans/{id}")]
pub async fn update_unit_plan(ctx: Ctx, id: Id<UnitPlanId>, body: Body<UpdateUnitPlan>) -> HttpResult {
    let body = body.0;
    let changes = UnitPlanChanges { title: body.title, number: body.number, issued_on: body.issued_on };
    let answer = ctx.write(move |tx| {
        let plan = actions::change_unit_plan(tx, id.0, changes)?;
        Answer::versioned(plan.version, &UnitPlanView::of(&plan))
    });
    Ok(answer.await?)
}

/// Issue a unit's plan
///
/// Its head alone does; from then on it is fixed. It needs at least one item.
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("unit_plans.write"))),
    params(("id" = UnitPlanId, Path)),
    responses((status = 200, description = "The unit's plan, now in force", body = UnitPlanView))
)]
#[post("/api/v1/unit-plans/{id}/issue")]
pub async fn issue_unit_plan(ctx: Ctx, id: Id<UnitPlanId>) -> HttpResult {
    let answer = ctx.write(move |tx| {
        let plan = actions::issue_unit_plan(tx, id.0)?;
        Answer::versioned(plan.version, &UnitPlanView::of(&plan))
    });
    Ok(answer.await?)
}

/// Which leaves are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListUnservedItems {
    /// Those that this unit reports or leads and its own plan does not serve; its id or code.
    #[param(max_length = 36)]
    pub unit: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List the leaves that no unit's plan serves
///
/// Only issued plans of units that exist today count. For leaders, coordinators and auditors.
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = PlanId, Path), ListUnservedItems),
    responses((status = 200, description = "Leaves in the order of the plan", body = Page<UnservedItemView>))
)]
#[get("/api/v1/plans/{id}/unserved-items")]
pub async fn list_unserved_items(ctx: Ctx, id: Id<PlanId>, query: Query<ListUnservedItems>) -> HttpResult {
    let (ward_id, query) = (ctx.ward()?, query.0);
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let (actor, today) = (ctx.actor.clone(), ctx.services.clock.now().ward_date());
    let read = ctx.read(move |c| {
        let plan = plans::actions::get_plan(c, ward_id, id.0)?;
        rules::require_overview(&actor)?;
        let unit = query.unit.map(|unit| require_unit_named(c, ward_id, &unit)).transpose()?;
        store::list_unserved(c, plan.id, unit, today, &page)
    });
    Ok(Answer::ok(&read.await?.map(UnservedItemView::of))?)
}
