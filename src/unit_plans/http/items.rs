//! The items of unit plans over HTTP.

use std::collections::HashMap;

use actix_web::{delete, get, patch, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    context::{Answer, Ctx},
    db::AnyConnection,
    error::Result,
    http::{Body, HttpResult, Id, Query, extract::PageQuery},
    items::ItemId,
    kernel::{
        day,
        page::{Page, PageRequest},
        patch,
    },
    unit_plans::{
        actions,
        entries::{self, ItemChanges, NewItem},
        model::{UnitPlanId, UnitPlanItemId},
        reach::Reach,
        store,
        view::UnitPlanItemView,
    },
};

/// The routes of this file.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_unit_plan_items)
        .service(create_unit_plan_item)
        .service(get_unit_plan_item)
        .service(update_unit_plan_item)
        .service(delete_unit_plan_item);
}

/// List the items of a unit's plan
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = UnitPlanId, Path), PageQuery),
    responses((status = 200, description = "Items in the order of writing", body = Page<UnitPlanItemView>))
)]
#[get("/api/v1/unit-plans/{id}/items")]
pub async fn list_unit_plan_items(ctx: Ctx, id: Id<UnitPlanId>, query: Query<PageQuery>) -> HttpResult {
    let (reach, page) = (Reach::of(&ctx.actor)?, query.0.request()?);
    let items = ctx.read(move |c| load_page(c, &reach, id.0, &page)).await?;
    Ok(Answer::ok(&items)?)
}

/// One query for the page, one for what its items contribute to.
fn load_page(
    connection: &mut AnyConnection,
    reach: &Reach,
    id: UnitPlanId,
    page: &PageRequest,
) -> Result<Page<UnitPlanItemView>> {
    let plan = actions::get_unit_plan(connection, reach, id)?;
    let items = store::list_items(connection, plan.id, page)?;
    let ids: Vec<UnitPlanItemId> = items.items.iter().map(|item| item.id).collect();
    let mut links: HashMap<UnitPlanItemId, Vec<ItemId>> = HashMap::new();
    for (item, leaf) in store::list_links(connection, &ids)? {
        links.entry(item).or_default().push(leaf);
    }
    Ok(items.map(|item| UnitPlanItemView::of(&item, links.remove(&item.id).unwrap_or_default())))
}

/// A new item of a unit's plan.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Rà soát, rút ngắn thời gian giải quyết hồ sơ đất đai",
    "contributes_to": ["0198f0a0-0000-7000-8000-000000000001"],
    "deliverable": "Quy trình nội bộ đã sửa", "starts_on": "2026-02-01", "due_on": "2026-06-30",
    "person_position": "Chuyên viên phụ trách một cửa"
}))]
pub struct CreateUnitPlanItem {
    /// What is to be done.
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// The leaves of the ward's plan that it contributes to; at least one.
    #[schema(min_items = 1, max_items = 100)]
    pub contributes_to: Vec<ItemId>,
    /// Its product.
    #[schema(min_length = 1, max_length = 500)]
    pub deliverable: Option<String>,
    /// First day.
    #[serde(default, deserialize_with = "day::optional")]
    pub starts_on: Option<NaiveDate>,
    /// Last day.
    #[serde(default, deserialize_with = "day::optional")]
    pub due_on: Option<NaiveDate>,
    /// The position whose holder does it; a position, not a name.
    #[schema(min_length = 1, max_length = 200)]
    pub person_position: Option<String>,
}

/// Add an item to a unit's draft plan
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("unit_plans.write"))),
    params(("id" = UnitPlanId, Path)),
    request_body = CreateUnitPlanItem,
    responses((status = 201, description = "The new item", body = UnitPlanItemView))
)]
#[post("/api/v1/unit-plans/{id}/items")]
pub async fn create_unit_plan_item(
    ctx: Ctx,
    id: Id<UnitPlanId>,
    body: Body<CreateUnitPlanItem>,
) -> HttpResult {
    let body = body.0;
    let new = NewItem {
        title: body.title,
        contributes_to: body.contributes_to,
        deliverable: body.deliverable,
        starts_on: body.starts_on,
        due_on: body.due_on,
        person_position: body.person_position,
    };
    let answer = ctx.write(move |tx| {
        let item = entries::create_item(tx, id.0, new)?;
        Answer::created(format!("/api/v1/unit-plan-items/{}", item.id), Some(item.version), &item)
    });
    Ok(answer.await?)
}

/// Read an item of a unit's plan
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = UnitPlanItemId, Path)),
    responses(
        (status = 200, description = "The item", body = UnitPlanItemView),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/api/v1/unit-plan-items/{id}")]
pub async fn get_unit_plan_item(ctx: Ctx, id: Id<UnitPlanItemId>) -> HttpResult {
    let reach = Reach::of(&ctx.actor)?;
    let (_, item, links) = ctx.read(move |c| entries::get_item(c, &reach, id.0)).await?;
    Ok(Answer::versioned(item.version, &UnitPlanItemView::of(&item, links))?)
}

/// What changes about an item: absent keeps, `null` clears.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "due_on": "2026-07-31", "person_position": "Phó Trưởng phòng" }))]
pub struct UpdateUnitPlanItem {
    /// What is to be done.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub title: Option<String>,
    /// The leaves of the ward's plan that it contributes to; at least one.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    pub contributes_to: Option<Vec<ItemId>>,
    /// Its product.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    pub deliverable: Option<Option<String>>,
    /// First day.
    #[serde(default, deserialize_with = "day::field")]
    #[schema(value_type = Option<NaiveDate>)]
    pub starts_on: Option<Option<NaiveDate>>,
    /// Last day.
    #[serde(default, deserialize_with = "day::field")]
    #[schema(value_type = Option<NaiveDate>)]
    pub due_on: Option<Option<NaiveDate>>,
    /// The position whose holder does it.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub person_position: Option<Option<String>>,
}

/// Change an item of a unit's draft plan
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("unit_plans.write"))),
    params(("id" = UnitPlanItemId, Path)),
    request_body = UpdateUnitPlanItem,
    responses((status = 200, description = "The item as it now is", body = UnitPlanItemView))
)]
#[patch("/api/v1/unit-plan-items/{id}")]
pub async fn update_unit_plan_item(
    ctx: Ctx,
    id: Id<UnitPlanItemId>,
    body: Body<UpdateUnitPlanItem>,
) -> HttpResult {
    let body = body.0;
    let changes = ItemChanges {
        title: body.title,
        contributes_to: body.contributes_to,
        deliverable: body.deliverable,
        starts_on: body.starts_on,
        due_on: body.due_on,
        person_position: body.person_position,
    };
    let answer = ctx.write(move |tx| {
        let item = entries::change_item(tx, id.0, changes)?;
        Answer::versioned(item.version, &item)
    });
    Ok(answer.await?)
}

/// Delete an item of a unit's draft plan
#[utoipa::path(
    tag = "unit plans",
    extensions(("x-permission" = json!("unit_plans.write"))),
    params(("id" = UnitPlanItemId, Path)),
    responses((status = 204, description = "It is gone"))
)]
#[delete("/api/v1/unit-plan-items/{id}")]
pub async fn delete_unit_plan_item(ctx: Ctx, id: Id<UnitPlanItemId>) -> HttpResult {
    let answer = ctx.write(move |tx| {
        entries::delete_item(tx, id.0)?;
        Ok(Answer::no_content())
    });
    Ok(answer.await?)
}
