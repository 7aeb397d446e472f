//! Plans over HTTP.

use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewPlan, PlanChanges},
    model::{PlanId, PlanStatus},
    store,
    view::PlanView,
};
use crate::{
    context::{Answer, Ctx},
    http::{Body, HttpResult, Id, Query, extract::page_request},
    kernel::{day, page::Page, patch},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_plans).service(create_plan).service(get_plan).service(update_plan);
}

/// Which plans are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListPlans {
    /// Of this year.
    pub year: Option<i32>,
    /// In this state.
    pub status: Option<PlanStatus>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List plans
#[utoipa::path(
    tag = "plans",
    extensions(("x-permission" = json!("plans.read"))),
    params(ListPlans),
    responses((status = 200, description = "Plans, the latest year first", body = Page<PlanView>))
)]
#[get("/api/v1/plans")]
pub async fn list_plans(ctx: Ctx, query: Query<ListPlans>) -> HttpResult {
    let (ward_id, query) = (ctx.ward()?, query.0);
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = store::Filter { year: query.year, status: query.status };
    let plans = ctx.read(move |c| store::list_plans(c, ward_id, &filter, &page)).await?;
    Ok(Answer::ok(&plans.try_map(|plan| PlanView::of(&plan))?)?)
}

/// A new plan.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "year": 2027, "title": "Kế hoạch cải cách hành chính phường Long Mỹ năm 2027",
    "legal_bases": ["Nghị quyết 76/NQ-CP ngày 15/7/2021 của Chính phủ"]
}))]
pub struct CreatePlan {
    /// Its year, unique in the ward.
    #[schema(minimum = 2021, maximum = 2100)]
    pub year: i32,
    /// Title.
    #[schema(min_length = 1, max_length = 300)]
    pub title: String,
    /// Number of the document, once it has one.
    #[schema(min_length = 1, max_length = 50)]
    pub number: Option<String>,
    /// Date of the document.
    #[serde(default, deserialize_with = "day::optional")]
    pub issued_on: Option<NaiveDate>,
    /// Legal bases.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub legal_bases: Vec<String>,
    /// Remark.
    #[schema(max_length = 4000)]
    pub note: Option<String>,
}

/// Create a plan
#[utoipa::path(
    tag = "plans",
    extensions(("x-permission" = json!("plans.write"))),
    request_body = CreatePlan,
    responses((status = 201, description = "The new plan, a draft", body = PlanView))
)]
#[post("/api/v1/plans")]
pub async fn create_plan(ctx: Ctx, body: Body<CreatePlan>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let new = NewPlan {
        year: body.year,
        title: body.title,
        number: body.number,
        issued_on: body.issued_on,
        legal_bases: body.legal_bases,
        note: body.note,
    };
    let answer = ctx.write(move |tx| {
        let plan = actions::create_plan(tx, ward_id, &new)?;
        Answer::created(format!("/api/v1/plans/{}", plan.id), Some(plan.version), &PlanView::of(&plan)?)
    });
    Ok(answer.await?)
}

/// Read a plan
#[utoipa::path(
    tag = "plans",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = PlanId, Path)),
    responses((status = 200, description = "The plan", body = PlanView), (status = 304, description = "Unchanged"))
)]
#[get("/api/v1/plans/{id}")]
pub async fn get_plan(ctx: Ctx, id: Id<PlanId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let plan = ctx.read(move |c| actions::get_plan(c, ward_id, id.0)).await?;
    Ok(Answer::versioned(plan.version, &PlanView::of(&plan)?)?)
}

/// What changes about a draft plan: absent keeps, `null` clears.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "number": "15/KH-UBND", "issued_on": "2027-01-15" }))]
pub struct UpdatePlan {
    /// Title.
    #[schema(min_length = 1, max_length = 300)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Number of the document.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 50)]
    pub number: Option<Option<String>>,
    /// Date of the document.
    #[serde(default, deserialize_with = "day::field")]
    #[schema(value_type = Option<NaiveDate>)]
    pub issued_on: Option<Option<NaiveDate>>,
    /// Legal bases.
    #[schema(max_items = 50)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub legal_bases: Option<Vec<String>>,
    /// Remark.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 4000)]
    pub note: Option<Option<String>>,
}

/// Change a draft plan
#[utoipa::path(
    tag = "plans",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = PlanId, Path)),
    request_body = UpdatePlan,
    responses((status = 200, description = "The plan as it now is", body = PlanView))
)]
#[patch("/api/v1/plans/{id}")]
pub async fn update_plan(ctx: Ctx, id: Id<PlanId>, body: Body<UpdatePlan>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let changes = PlanChanges {
        title: body.title,
        number: body.number,
        issued_on: body.issued_on,
        legal_bases: body.legal_bases,
        note: body.note,
    };
    let answer = ctx.write(move |tx| {
        let plan = actions::change_plan(tx, ward_id, id.0, changes)?;
        Answer::versioned(plan.version, &PlanView::of(&plan)?)
    });
    Ok(answer.await?)
}
