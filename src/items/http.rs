//! Items over HTTP.

use std::collections::HashMap;

use actix_web::{delete, get, patch, post, put};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions,
    changes::UpdateItem,
    create::CreateItem,
    definitions::DefinitionView,
    draft::FullItem,
    model::{Assignment, Field, ItemId, ItemKind, PlanItem},
    store,
    view::{AssignmentView, ItemView},
};
use crate::{
    context::{Answer, Ctx},
    db::AnyConnection,
    error::Result,
    http::{Body, HttpResult, Id, Query, extract::page_request},
    kernel::{
        id::{UnitId, WardId},
        page::{Page, PageRequest},
    },
    plans::{self, PlanId},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_items)
        .service(create_item)
        .service(get_item)
        .service(update_item)
        .service(delete_item)
        .service(list_assignments)
        .service(list_definitions)
        .service(replace_assignments);
}

/// Which items are wanted.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListItems {
    /// Of this kind.
    pub kind: Option<ItemKind>,
    /// Of this field of reform.
    pub field: Option<Field>,
    /// Led, tracked, worked along on or reported by this unit; its id or code.
    #[param(max_length = 36)]
    pub unit: Option<String>,
    /// Right below this section.
    pub parent_id: Option<ItemId>,
    /// Part of code or title; marks and case do not matter, but exact hits come first.
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List the items of a plan
#[utoipa::path(
    tag = "items",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = PlanId, Path), ListItems),
    responses((status = 200, description = "Items in the order of the plan", body = Page<ItemView>))
)]
#[get("/api/v1/plans/{id}/items")]
pub async fn list_items(ctx: Ctx, id: Id<PlanId>, query: Query<ListItems>) -> HttpResult {
    let (ward_id, query) = (ctx.ward()?, query.0);
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let items = ctx.read(move |c| load_page(c, ward_id, id.0, query, &page)).await?;
    Ok(Answer::ok(&items)?)
}

/// One query for the page, one for its targets, one for the units that work along.
fn load_page(
    connection: &mut AnyConnection,
    ward_id: WardId,
    plan_id: PlanId,
    query: ListItems,
    page: &PageRequest,
) -> Result<Page<ItemView>> {
    let plan = plans::actions::get_plan(connection, ward_id, plan_id)?;
    let unit = query.unit.map(|unit| actions::require_unit_named(connection, ward_id, &unit)).transpose()?;
    let filter =
        store::Filter { kind: query.kind, field: query.field, unit, parent_id: query.parent_id, q: query.q };
    let items = store::list_items(connection, plan.id, &filter, page)?;
    let ids: Vec<ItemId> = items.items.iter().map(|item| item.id).collect();
    let targets = store::list_targets(connection, &ids)?;
    let mut coordinators: HashMap<ItemId, Vec<UnitId>> = HashMap::new();
    for (item, unit) in store::list_coordinators(connection, &ids)? {
        coordinators.entry(item).or_default().push(unit);
    }
    Ok(items.map(|item| {
        let along = coordinators.remove(&item.id).unwrap_or_default();
        ItemView::of(&item, &targets, &along)
    }))
}

/// Add an item to a draft plan
#[utoipa::path(
    tag = "items",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = PlanId, Path)),
    request_body = CreateItem,
    responses((status = 201, description = "The new item", body = ItemView))
)]
#[post("/api/v1/plans/{id}/items")]
pub async fn create_item(ctx: Ctx, id: Id<PlanId>, body: Body<CreateItem>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let answer = ctx.write(move |tx| {
        let full = actions::create_item(tx, ward_id, id.0, body.0.into())?;
        let location = format!("/api/v1/items/{}", full.item.id);
        Answer::created(location, Some(full.item.version), &view_of(&full))
    });
    Ok(answer.await?)
}

/// Read an item
#[utoipa::path(
    tag = "items",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = ItemId, Path)),
    responses((status = 200, description = "The item", body = ItemView), (status = 304, description = "Unchanged"))
)]
#[get("/api/v1/items/{id}")]
pub async fn get_item(ctx: Ctx, id: Id<ItemId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let full = ctx.read(move |c| actions::get_full_item(c, ward_id, id.0)).await?;
    Ok(Answer::versioned(full.item.version, &view_of(&full))?)
}

/// Change an item of a draft plan
#[utoipa::path(
    tag = "items",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = ItemId, Path)),
    request_body = UpdateItem,
    responses((status = 200, description = "The item as it now is", body = ItemView))
)]
#[patch("/api/v1/items/{id}")]
pub async fn update_item(ctx: Ctx, id: Id<ItemId>, body: Body<UpdateItem>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let answer = ctx.write(move |tx| {
        let full = actions::change_item(tx, ward_id, id.0, body.0)?;
        Answer::versioned(full.item.version, &view_of(&full))
    });
    Ok(answer.await?)
}

/// Delete an item of a draft plan
#[utoipa::path(
    tag = "items",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = ItemId, Path)),
    responses((status = 204, description = "It is gone"))
)]
#[delete("/api/v1/items/{id}")]
pub async fn delete_item(ctx: Ctx, id: Id<ItemId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let answer = ctx.write(move |tx| {
        actions::delete_item(tx, ward_id, id.0)?;
        Ok(Answer::no_content())
    });
    Ok(answer.await?)
}

/// List who reports an item
#[utoipa::path(
    tag = "items",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = ItemId, Path)),
    responses(
        (status = 200, description = "All assignments; the `ETag` is the item's", body = Page<AssignmentView>),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/api/v1/items/{id}/assignments")]
pub async fn list_assignments(ctx: Ctx, id: Id<ItemId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let read = ctx.read(move |c| {
        let item = actions::get_item(c, ward_id, id.0)?;
        Ok((actions::list_assignments(c, item.id)?, item))
    });
    let (assignments, item) = read.await?;
    Ok(answer_assignments(&item, &assignments)?)
}

/// Replace who reports an item
///
/// `If-Match` names the version of the item, which this raises. It works on an issued plan too.
#[utoipa::path(
    tag = "items",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = ItemId, Path)),
    request_body = Vec<AssignmentView>,
    responses((status = 200, description = "All assignments as they now are", body = Page<AssignmentView>))
)]
#[put("/api/v1/items/{id}/assignments")]
pub async fn replace_assignments(ctx: Ctx, id: Id<ItemId>, body: Body<Vec<AssignmentView>>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let answer = ctx.write(move |tx| {
        let (item, assignments) = actions::assign_item(tx, ward_id, id.0, &body.0)?;
        answer_assignments(&item, &assignments)
    });
    Ok(answer.await?)
}

/// List the definitions of an item
///
/// An amendment that changes what is measured makes a new one; a period is read by the one in force at its end.
#[utoipa::path(
    tag = "items",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = ItemId, Path)),
    responses((status = 200, description = "All definitions, the newest first", body = Page<DefinitionView>))
)]
#[get("/api/v1/items/{id}/versions")]
pub async fn list_definitions(ctx: Ctx, id: Id<ItemId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let read = ctx.read(move |c| {
        let item = actions::get_item(c, ward_id, id.0)?;
        Ok(actions::load_definitions(c, [&item])?.history(&item))
    });
    Ok(Answer::ok(&Page { items: read.await?, next_cursor: None })?)
}

fn answer_assignments(item: &PlanItem, assignments: &[Assignment]) -> Result<Answer> {
    let items = assignments.iter().map(AssignmentView::of).collect();
    Answer::versioned(item.version, &Page { items, next_cursor: None })
}

fn view_of(full: &FullItem) -> ItemView {
    ItemView::of(&full.item, &full.targets, &full.coordinators)
}
