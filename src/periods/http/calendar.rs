//! The ward's calendar of working days over HTTP: holidays, Tết and swapped days, a year at a time.

use actix_web::{get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::super::{actions, model::CalendarDay, rules, store};
use crate::{
    context::{Answer, Ctx},
    error::Error,
    http::{Body, HttpResult},
    kernel::day,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_calendar).service(replace_calendar);
}

/// A day that differs from the week's rhythm.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarDayBody {
    /// The day.
    #[serde(deserialize_with = "day::read")]
    pub date: NaiveDate,
    /// `true` a swapped working day, `false` a holiday.
    pub working: bool,
    /// Why.
    #[schema(min_length = 1, max_length = 200, example = "Quốc khánh")]
    pub name: String,
}

/// The days of a year that differ from the week's rhythm, Monday to Friday.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "days": [
    { "date": "2026-09-02", "working": false, "name": "Quốc khánh" },
    { "date": "2026-08-22", "working": true, "name": "Làm bù ngày 31/8" }
] }))]
pub struct CalendarBody {
    /// The days, by date.
    #[schema(max_items = 366)]
    pub days: Vec<CalendarDayBody>,
}

impl CalendarBody {
    fn of(days: Vec<CalendarDay>) -> Self {
        let body =
            |day: CalendarDay| CalendarDayBody { date: day.date, working: day.working, name: day.name };
        Self { days: days.into_iter().map(body).collect() }
    }
}

/// Read a year's holidays and swapped days
#[utoipa::path(
    tag = "periods",
    extensions(("x-permission" = json!("plans.read"))),
    params(("year" = i32, Path, description = "The year", example = 2026)),
    responses((status = 200, description = "The days that differ from the week's rhythm", body = CalendarBody))
)]
#[get("/api/v1/calendar/{year}")]
pub async fn get_calendar(ctx: Ctx, year: actix_web::web::Path<String>) -> HttpResult {
    let (ward_id, year) = (ctx.ward()?, year_of(&year)?);
    let days = ctx.read(move |c| store::list_calendar_days(c, ward_id, year)).await?;
    Ok(Answer::ok(&CalendarBody::of(days))?)
}

/// Replace a year's holidays and swapped days
///
/// Periods that exist keep their times; those that are built afterwards follow the new calendar.
#[utoipa::path(
    tag = "periods",
    extensions(("x-permission" = json!("calendar.write"))),
    params(("year" = i32, Path, description = "The year", example = 2026)),
    request_body = CalendarBody,
    responses((status = 200, description = "The year as it now is", body = CalendarBody))
)]
#[put("/api/v1/calendar/{year}")]
pub async fn replace_calendar(
    ctx: Ctx,
    year: actix_web::web::Path<String>,
    body: Body<CalendarBody>,
) -> HttpResult {
    let (ward_id, year) = (ctx.ward()?, year_of(&year)?);
    let day = |day: CalendarDayBody| CalendarDay { date: day.date, working: day.working, name: day.name };
    let days: Vec<CalendarDay> = body.0.days.into_iter().map(day).collect();
    let answer = ctx.write(move |tx| {
        actions::replace_calendar(tx, ward_id, year, &days)?;
        Answer::ok(&CalendarBody::of(store::list_calendar_days(tx.connection, ward_id, year)?))
    });
    Ok(answer.await?)
}

fn year_of(text: &str) -> Result<i32, Error> {
    text.parse().ok().filter(|year| rules::YEARS.contains(year)).ok_or_else(Error::not_found)
}
