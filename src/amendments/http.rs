//! Amendments over HTTP.

use actix_web::{delete, get, patch, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, AmendmentChanges, NewAmendment},
    changes::Change,
    model::AmendmentId,
    store,
    view::AmendmentView,
};
use crate::{
    context::{Answer, Ctx},
    http::{Body, HttpResult, Id, PageQuery, Query},
    kernel::{day, page::Page, patch},
    plans::{self, PlanId},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_amendments)
        .service(create_amendment)
        .service(get_amendment)
        .service(update_amendment)
        .service(delete_amendment)
        .service(approve_amendment);
}

/// List the amendments of a plan
#[utoipa::path(
    tag = "amendments",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = PlanId, Path), PageQuery),
    responses((status = 200, description = "Amendments, newest first", body = Page<AmendmentView>))
)]
#[get("/api/v1/plans/{id}/amendments")]
pub async fn list_amendments(ctx: Ctx, id: Id<PlanId>, query: Query<PageQuery>) -> HttpResult {
    let (ward_id, page) = (ctx.ward()?, query.0.request()?);
    let read = ctx.read(move |c| {
        let plan = plans::actions::get_plan(c, ward_id, id.0)?;
        store::list_amendments(c, plan.id, &page)
    });
    Ok(Answer::ok(&read.await?.try_map(AmendmentView::of)?)?)
}

/// A new amendment.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "number": "87/QĐ-UBND", "decided_on": "2026-06-10", "effective_on": "2026-07-01",
    "reason": "Thành phố giao chỉ tiêu cao hơn cho sáu tháng cuối năm",
    "changes": [
        { "op": "retarget", "item_id": "II.2.k", "targets": [
            { "tier": "plan", "comparator": "at_least", "value": 95, "unit": "percent" }
        ] },
        { "op": "withdraw", "item_id": "V.2.i" },
        { "op": "redefine", "item_id": "II.2.h", "measure": {
            "kind": "ratio", "numerator_label": "Hồ sơ thanh toán trực tuyến",
            "denominator_label": "Hồ sơ có phí, lệ phí", "unit": "hồ sơ", "aggregation": "ratio_of_sums"
        } },
        { "op": "add", "parent_code": "V.2", "item": {
            "kind": "task", "code": "V.2.m", "title": "Rà soát hồ sơ quá hạn", "position": 40, "recurrence": "quarterly"
        } },
        { "op": "assign", "item_id": "V.2.a", "assignments": [
            { "unit_id": "0198f0a0-0000-7000-8000-000000000001", "frequency": "quarterly", "obligation": "must" }
        ] }
    ]
}))]
pub struct CreateAmendment {
    /// Number of the decision, unique in the plan.
    #[schema(min_length = 1, max_length = 50)]
    pub number: String,
    /// Date of the decision.
    #[serde(deserialize_with = "day::read")]
    pub decided_on: NaiveDate,
    /// First day on which it counts; after the cut-off of every period that is closed or published.
    #[serde(deserialize_with = "day::read")]
    pub effective_on: NaiveDate,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
    /// What it changes, in this order.
    #[schema(min_items = 1, max_items = 200)]
    pub changes: Vec<Change>,
}

/// Draft an amendment of an issued plan
///
/// Checked like the approval will check it, and the plan stays as it is. Faults point at `/changes/<row>/…`.
#[utoipa::path(
    tag = "amendments",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = PlanId, Path)),
    request_body = CreateAmendment,
    responses((status = 201, description = "The new draft", body = AmendmentView))
)]
#[post("/api/v1/plans/{id}/amendments")]
pub async fn create_amendment(ctx: Ctx, id: Id<PlanId>, body: Body<CreateAmendment>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let new = NewAmendment {
        number: body.number,
        decided_on: body.decided_on,
        effective_on: body.effective_on,
        reason: body.reason,
        changes: body.changes,
    };
    let answer = ctx.write(move |tx| {
        let amendment = actions::create_amendment(tx, ward_id, id.0, &new)?;
        let (location, version) = (format!("/api/v1/amendments/{}", amendment.id), amendment.version);
        Answer::created(location, Some(version), &AmendmentView::of(amendment)?)
    });
    Ok(answer.await?)
}

/// Read an amendment
#[utoipa::path(
    tag = "amendments",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = AmendmentId, Path)),
    responses(
        (status = 200, description = "The amendment", body = AmendmentView),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/api/v1/amendments/{id}")]
pub async fn get_amendment(ctx: Ctx, id: Id<AmendmentId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let amendment = ctx.read(move |c| actions::get_amendment(c, ward_id, id.0)).await?;
    Ok(Answer::versioned(amendment.version, &AmendmentView::of(amendment)?)?)
}

/// What changes about a draft: absent keeps.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "effective_on": "2026-07-15", "reason": "Lùi thời điểm áp dụng" }))]
pub struct UpdateAmendment {
    /// Number of the decision.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false, min_length = 1, max_length = 50)]
    pub number: Option<String>,
    /// Date of the decision.
    #[serde(default, deserialize_with = "day::value")]
    #[schema(nullable = false)]
    pub decided_on: Option<NaiveDate>,
    /// First day on which it counts.
    #[serde(default, deserialize_with = "day::value")]
    #[schema(nullable = false)]
    pub effective_on: Option<NaiveDate>,
    /// Why.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub reason: Option<String>,
    /// All that it changes.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false, min_items = 1, max_items = 200)]
    pub changes: Option<Vec<Change>>,
}

/// Change a draft amendment
#[utoipa::path(
    tag = "amendments",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = AmendmentId, Path)),
    request_body = UpdateAmendment,
    responses((status = 200, description = "The draft as it now is", body = AmendmentView))
)]
#[patch("/api/v1/amendments/{id}")]
pub async fn update_amendment(ctx: Ctx, id: Id<AmendmentId>, body: Body<UpdateAmendment>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let changes = AmendmentChanges {
        number: body.number,
        decided_on: body.decided_on,
        effective_on: body.effective_on,
        reason: body.reason,
        changes: body.changes,
    };
    let answer = ctx.write(move |tx| {
        let amendment = actions::change_amendment(tx, ward_id, id.0, changes)?;
        Answer::versioned(amendment.version, &AmendmentView::of(amendment)?)
    });
    Ok(answer.await?)
}

/// Delete a draft amendment
#[utoipa::path(
    tag = "amendments",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = AmendmentId, Path)),
    responses((status = 204, description = "It is gone"))
)]
#[delete("/api/v1/amendments/{id}")]
pub async fn delete_amendment(ctx: Ctx, id: Id<AmendmentId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let answer = ctx.write(move |tx| {
        actions::delete_amendment(tx, ward_id, id.0)?;
        Ok(Answer::no_content())
    });
    Ok(answer.await?)
}

/// Approve an amendment and apply it
///
/// All of it or nothing. Periods that ended before its effective date keep their targets, definitions and reporters.
#[utoipa::path(
    tag = "amendments",
    extensions(("x-permission" = json!("plans.issue"))),
    params(("id" = AmendmentId, Path)),
    responses((status = 200, description = "The amendment, now in force", body = AmendmentView))
)]
#[post("/api/v1/amendments/{id}/approve")]
pub async fn approve_amendment(ctx: Ctx, id: Id<AmendmentId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let answer = ctx.write(move |tx| {
        let amendment = actions::approve_amendment(tx, ward_id, id.0)?;
        Answer::versioned(amendment.version, &AmendmentView::of(amendment)?)
    });
    Ok(answer.await?)
}
