//! Tracking over HTTP.

use actix_web::{get, post};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewReminder},
    rules, store,
    todo::TodoView,
    view::{CompletenessView, OverdueView, RemindedView, ReminderView},
};
use crate::{
    context::{Answer, Ctx},
    error::{Code, Error},
    http::{Body, HttpResult, Id, PageQuery, Query, extract::page_request},
    items::{self, ItemId},
    kernel::{id::UnitId, page::Page},
    periods::{self, PeriodId},
    plans::{self, PlanId},
    submissions::reach::Visibility,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(get_todo)
        .service(get_completeness)
        .service(list_overdue)
        .service(list_reminders)
        .service(create_reminders);
}

/// Read what I have to do
///
/// Figures to write or sign, figures that were sent back, figures to review; each with days left and its next call.
#[utoipa::path(
    tag = "tracking",
    extensions(("x-permission" = json!("self.manage"))),
    responses((status = 200, description = "At most 50 rows per section, by due time", body = TodoView))
)]
#[get("/api/v1/me/todo")]
pub async fn get_todo(ctx: Ctx) -> HttpResult {
    let now = ctx.services.clock.now();
    let actor = ctx.actor.clone();
    let todo = ctx.read(move |c| actions::read_todo(c, &actor, now)).await?;
    Ok(Answer::ok(&todo)?)
}

/// Of which period and second completeness is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetCompleteness {
    /// Period: id or code.
    #[param(example = "2026-H1")]
    pub period: String,
    /// A time with an offset, or a date for the end of that ward day; now if absent.
    #[param(example = "2026-06-15T17:00:00+07:00")]
    pub as_of: Option<String>,
}

/// Read how complete a period is
///
/// Exact to the second that is asked for, with today's assignments and extensions. Figures that are asked for are
/// counted apart and never missing; figures that nobody owes in this period are not counted.
#[utoipa::path(
    tag = "tracking",
    extensions(("x-permission" = json!("tracking.read"))),
    params(("id" = PlanId, Path), GetCompleteness),
    responses((status = 200, description = "Counts per unit that the caller may see", body = CompletenessView))
)]
#[get("/api/v1/plans/{id}/completeness")]
pub async fn get_completeness(ctx: Ctx, id: Id<PlanId>, query: Query<GetCompleteness>) -> HttpResult {
    let (ward_id, query, visibility) = (ctx.ward()?, query.0, Visibility::of(&ctx.actor)?);
    let as_of = rules::read_as_of(query.as_of.as_deref(), &ctx.services.clock)?;
    let read = ctx.read(move |c| {
        let plan = plans::actions::get_plan(c, ward_id, id.0)?;
        let period = periods::actions::find_period(c, plan.id, &query.period)?
            .ok_or_else(|| Error::field("?period", Code::UnknownReference))?;
        let progress = store::count_progress(c, &visibility, period.id, as_of)?;
        let returned = store::count_returns(c, &visibility, period.id, as_of)?;
        CompletenessView::of(&period, as_of, &visibility, progress, returned)
    });
    Ok(Answer::ok(&read.await?)?)
}

/// Which overdue figures are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListOverdue {
    /// A time with an offset, or a date for the end of that ward day; now if absent.
    #[param(example = "2026-06-15T17:00:00+07:00")]
    pub as_of: Option<String>,
    /// Unit: id or code.
    #[param(example = "KTHTDT")]
    pub unit: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List overdue figures
///
/// What must have been submitted by then and was not: a figure is overdue from the first second after its due time.
#[utoipa::path(
    tag = "tracking",
    extensions(("x-permission" = json!("tracking.read"))),
    params(("id" = PlanId, Path), ListOverdue),
    responses((status = 200, description = "By due time, unit and place in the plan", body = Page<OverdueView>))
)]
#[get("/api/v1/plans/{id}/overdue")]
pub async fn list_overdue(ctx: Ctx, id: Id<PlanId>, query: Query<ListOverdue>) -> HttpResult {
    let (ward_id, query, visibility) = (ctx.ward()?, query.0, Visibility::of(&ctx.actor)?);
    let as_of = rules::read_as_of(query.as_of.as_deref(), &ctx.services.clock)?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let read = ctx.read(move |c| {
        let plan = plans::actions::get_plan(c, ward_id, id.0)?;
        let named = query.unit.map(|unit| items::actions::require_unit_named(c, ward_id, &unit));
        store::list_overdue(c, &visibility, plan.id, named.transpose()?, as_of, &page)
    });
    Ok(Answer::ok(&read.await?.map(|figure| OverdueView::of(figure, as_of)))?)
}

/// List reminders of a period
#[utoipa::path(
    tag = "tracking",
    extensions(("x-permission" = json!("tracking.read"))),
    params(("id" = PeriodId, Path), PageQuery),
    responses((status = 200, description = "What the caller may see, newest first", body = Page<ReminderView>))
)]
#[get("/api/v1/periods/{id}/reminders")]
pub async fn list_reminders(ctx: Ctx, id: Id<PeriodId>, query: Query<PageQuery>) -> HttpResult {
    let (ward_id, visibility, page) = (ctx.ward()?, Visibility::of(&ctx.actor)?, query.0.request()?);
    let read = ctx.read(move |c| {
        let period = periods::actions::get_period(c, ward_id, id.0)?;
        store::list_reminders(c, &visibility, period.id, &page)
    });
    Ok(Answer::ok(&read.await?.map(ReminderView::of))?)
}

/// A reminder.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "unit_ids": ["00000000-0000-7000-8000-000000000000"], "item_ids": ["00000000-0000-7000-8000-000000000000"],
    "message": "Đề nghị đơn vị nộp số liệu trước 17 giờ hôm nay"
}))]
pub struct CreateReminders {
    /// The units; all that still owe something in the period if absent.
    #[schema(min_items = 1, max_items = 200)]
    pub unit_ids: Option<Vec<UnitId>>,
    /// The leaves; all that the units still owe in the period if absent.
    #[schema(min_items = 1, max_items = 200)]
    pub item_ids: Option<Vec<ItemId>>,
    /// What to say.
    #[schema(min_length = 1, max_length = 2000)]
    pub message: Option<String>,
}

/// Remind units of what they owe
///
/// Only of what they must report in the period and never submitted; others that are named answer 422. The units see
/// it in what they have to do, and the list of overdue figures counts it.
#[utoipa::path(
    tag = "tracking",
    extensions(("x-permission" = json!("reminders.write"))),
    params(("id" = PeriodId, Path)),
    request_body = CreateReminders,
    responses((status = 201, description = "Whom it went to, and how many figures it is about", body = RemindedView))
)]
#[post("/api/v1/periods/{id}/reminders")]
pub async fn create_reminders(ctx: Ctx, id: Id<PeriodId>, body: Body<CreateReminders>) -> HttpResult {
    let (id, body) = (id.0, body.0);
    let new = NewReminder { unit_ids: body.unit_ids, item_ids: body.item_ids, message: body.message };
    let answer = ctx.write(move |tx| {
        let recipients = actions::send_reminders(tx, id, &new)?;
        let location = format!("/api/v1/periods/{id}/reminders");
        Answer::created(location, None, &RemindedView::of(id, tx.now, recipients))
    });
    Ok(answer.await?)
}
