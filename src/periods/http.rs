//! Periods over HTTP.

mod calendar;

use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, CalendarOptions, NewPeriod, PeriodChanges},
    model::{Period, PeriodId, PeriodKind},
    store,
};
use crate::{
    context::{Answer, Ctx},
    http::{Body, HttpResult, Id, PageQuery, Query},
    kernel::{day, page::Page, patch, time::Timestamp},
    plans::{self, Basis, PlanId},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    calendar::routes(config);
    config
        .service(list_periods)
        .service(create_period)
        .service(generate_periods)
        .service(get_period)
        .service(update_period);
}

/// A period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PeriodView {
    /// Its id.
    pub id: PeriodId,
    /// Its plan.
    pub plan_id: PlanId,
    /// Code, unique in the plan.
    #[schema(example = "2026-H1")]
    pub code: String,
    /// What stretch of the year it covers.
    pub kind: PeriodKind,
    /// Whether the ward owes a report for it.
    pub mandatory: bool,
    /// First day of the data.
    pub data_from: NaiveDate,
    /// Last day of the data: the cut-off.
    pub data_to: NaiveDate,
    /// From when figures may be submitted.
    pub opens_at: Timestamp,
    /// Until when they are on time, inclusive.
    pub due_at: Timestamp,
    /// Until when they are taken at all, inclusive.
    pub hard_close_at: Timestamp,
    /// Counts changes.
    pub version: i64,
}

impl PeriodView {
    /// The view of a period.
    #[must_use]
    pub fn of(period: &Period) -> Self {
        Self {
            id: period.id,
            plan_id: period.plan_id,
            code: period.code.clone(),
            kind: period.kind,
            mandatory: period.mandatory,
            data_from: period.data_from,
            data_to: period.data_to,
            opens_at: period.opens_at,
            due_at: period.due_at,
            hard_close_at: period.hard_close_at,
            version: period.version,
        }
    }
}

/// List the periods of a plan
#[utoipa::path(
    tag = "periods",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = PlanId, Path), PageQuery),
    responses((status = 200, description = "Periods by cut-off, then code", body = Page<PeriodView>))
)]
#[get("/api/v1/plans/{id}/periods")]
pub async fn list_periods(ctx: Ctx, id: Id<PlanId>, query: Query<PageQuery>) -> HttpResult {
    let (ward_id, page) = (ctx.ward()?, query.0.request()?);
    let read = ctx.read(move |c| {
        let plan = plans::actions::get_plan(c, ward_id, id.0)?;
        store::list_periods(c, plan.id, &page)
    });
    Ok(Answer::ok(&read.await?.map(|period| PeriodView::of(&period)))?)
}

/// A period of its own, for a report that somebody asked for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "HDND-2026-07", "data_from": "2025-12-15", "data_to": "2026-06-30",
    "opens_at": "2026-06-30T07:00:00+07:00", "due_at": "2026-07-01T17:00:00+07:00",
    "hard_close_at": "2026-07-10T17:00:00+07:00"
}))]
pub struct CreatePeriod {
    /// Code, unique in the plan: letters, digits, `-`, `.`, `_`.
    #[schema(min_length = 1, max_length = 35)]
    pub code: String,
    /// First day of the data.
    #[serde(deserialize_with = "day::read")]
    pub data_from: NaiveDate,
    /// Last day of the data.
    #[serde(deserialize_with = "day::read")]
    pub data_to: NaiveDate,
    /// From when figures may be submitted; the cut-off day at 07:00 if absent.
    pub opens_at: Option<Timestamp>,
    /// Until when they are on time; the next working day at 17:00 if absent.
    pub due_at: Option<Timestamp>,
    /// Until when they are taken at all; ten working days after the due day if absent.
    pub hard_close_at: Option<Timestamp>,
}

/// Add an ad-hoc period
#[utoipa::path(
    tag = "periods",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = PlanId, Path)),
    request_body = CreatePeriod,
    responses((status = 201, description = "The new period", body = PeriodView))
)]
#[post("/api/v1/plans/{id}/periods")]
pub async fn create_period(ctx: Ctx, id: Id<PlanId>, body: Body<CreatePeriod>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let new = NewPeriod {
        code: body.code,
        data_from: body.data_from,
        data_to: body.data_to,
        opens_at: body.opens_at,
        due_at: body.due_at,
        hard_close_at: body.hard_close_at,
    };
    let answer = ctx.write(move |tx| {
        let period = actions::create_period(tx, ward_id, id.0, &new)?;
        let location = format!("/api/v1/periods/{}", period.id);
        Answer::created(location, Some(period.version), &PeriodView::of(&period))
    });
    Ok(answer.await?)
}

/// How a plan year's calendar is built. The times are PROPOSED defaults, not law.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "basis": "decree09", "optional": true }))]
pub struct GeneratePeriods {
    /// How windows are cut; a plan never mixes bases.
    pub basis: Basis,
    /// Whether quarters II and IV, nine months and the months are made too.
    #[serde(default)]
    #[schema(default = false)]
    pub optional: bool,
    /// Time of day at which a period opens, on its cut-off day (PROPOSED: 07:00).
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", default = "07:00")]
    pub opens_time: Option<String>,
    /// Time of day at which it is due, on the next working day (PROPOSED: 17:00).
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", default = "17:00")]
    pub due_time: Option<String>,
    /// Working days after the due day for which late figures are taken (PROPOSED: 10).
    #[schema(minimum = 0, maximum = 250, default = 10)]
    pub hard_close_after_working_days: Option<u32>,
}

impl From<GeneratePeriods> for CalendarOptions {
    fn from(body: GeneratePeriods) -> Self {
        let proposed = Self::proposed(body.basis);
        Self {
            basis: body.basis,
            optional: body.optional,
            opens_time: body.opens_time.unwrap_or(proposed.opens_time),
            due_time: body.due_time.unwrap_or(proposed.due_time),
            hard_close_after_working_days: body
                .hard_close_after_working_days
                .unwrap_or(proposed.hard_close_after_working_days),
        }
    }
}

/// Build the plan year's calendar
///
/// Four reports are owed: `Q1`, `H1`, `Q3`, `Y` (RULES §4). Periods that exist are kept, so the call may be repeated.
#[utoipa::path(
    tag = "periods",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = PlanId, Path)),
    request_body = GeneratePeriods,
    responses((status = 201, description = "All periods of the plan", body = Page<PeriodView>))
)]
#[post("/api/v1/plans/{id}/periods/generate")]
pub async fn generate_periods(ctx: Ctx, id: Id<PlanId>, body: Body<GeneratePeriods>) -> HttpResult {
    let (ward_id, options) = (ctx.ward()?, body.0.into());
    let answer = ctx.write(move |tx| {
        let periods = actions::generate_periods(tx, ward_id, id.0, &options)?;
        let items = periods.iter().map(PeriodView::of).collect();
        let location = format!("/api/v1/plans/{}/periods", id.0);
        Answer::created(location, None, &Page { items, next_cursor: None })
    });
    Ok(answer.await?)
}

/// Read a period
#[utoipa::path(
    tag = "periods",
    extensions(("x-permission" = json!("plans.read"))),
    params(("id" = PeriodId, Path)),
    responses((status = 200, description = "The period", body = PeriodView), (status = 304, description = "Unchanged"))
)]
#[get("/api/v1/periods/{id}")]
pub async fn get_period(ctx: Ctx, id: Id<PeriodId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let period = ctx.read(move |c| actions::get_period(c, ward_id, id.0)).await?;
    Ok(Answer::versioned(period.version, &PeriodView::of(&period))?)
}

/// What changes about a period: absent keeps.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "hard_close_at": "2026-12-31T17:00:00+07:00" }))]
pub struct UpdatePeriod {
    /// First day of the data; of ad-hoc periods only, before anything was submitted.
    #[serde(default, deserialize_with = "day::value")]
    #[schema(nullable = false)]
    pub data_from: Option<NaiveDate>,
    /// Last day of the data; of ad-hoc periods only, before anything was submitted.
    #[serde(default, deserialize_with = "day::value")]
    #[schema(nullable = false)]
    pub data_to: Option<NaiveDate>,
    /// From when figures may be submitted.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub opens_at: Option<Timestamp>,
    /// Until when they are on time, inclusive.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub due_at: Option<Timestamp>,
    /// Until when they are taken at all, inclusive.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub hard_close_at: Option<Timestamp>,
}

/// Change a period
#[utoipa::path(
    tag = "periods",
    extensions(("x-permission" = json!("plans.write"))),
    params(("id" = PeriodId, Path)),
    request_body = UpdatePeriod,
    responses((status = 200, description = "The period as it now is", body = PeriodView))
)]
#[patch("/api/v1/periods/{id}")]
pub async fn update_period(ctx: Ctx, id: Id<PeriodId>, body: Body<UpdatePeriod>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let changes = PeriodChanges {
        data_from: body.data_from,
        data_to: body.data_to,
        opens_at: body.opens_at,
        due_at: body.due_at,
        hard_close_at: body.hard_close_at,
    };
    let answer = ctx.write(move |tx| {
        let period = actions::change_period(tx, ward_id, id.0, &changes)?;
        Answer::versioned(period.version, &PeriodView::of(&period))
    });
    Ok(answer.await?)
}
