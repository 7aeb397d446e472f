//! Units over HTTP.

use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewUnit, UnitChanges},
    model::{Unit, UnitKind},
    store,
};
use crate::{
    context::{Answer, Ctx},
    error::{Error, Result},
    http::{Body, HttpResult, Id, Query, extract::page_request},
    kernel::{id::UnitId, page::Page, patch},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_units).service(create_unit).service(get_unit).service(update_unit);
}

/// A unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnitView {
    /// Its id.
    pub id: UnitId,
    /// Short code, unique in the ward.
    #[schema(example = "KTHTDT")]
    pub code: String,
    /// Full name.
    #[schema(example = "Phòng Kinh tế, Hạ tầng và Đô thị")]
    pub name: String,
    /// Other ways documents write the name.
    pub aliases: Vec<String>,
    /// What sort of body it is.
    pub kind: UnitKind,
    /// Whether it is the ward's one standing office.
    pub is_standing_office: bool,
    /// The unit it belongs to.
    pub parent_id: Option<UnitId>,
    /// First day.
    pub active_from: NaiveDate,
    /// Last day.
    pub active_to: Option<NaiveDate>,
    /// The unit that took its work over.
    pub successor_id: Option<UnitId>,
    /// Counts changes.
    pub version: i64,
}

impl UnitView {
    /// The view of a unit.
    ///
    /// # Errors
    /// Internal, when the aliases in the database are no list.
    pub fn of(unit: &Unit) -> Result<Self> {
        Ok(Self {
            id: unit.id,
            code: unit.code.clone(),
            name: unit.name.clone(),
            aliases: unit.aliases.read().map_err(Error::internal)?,
            kind: unit.kind,
            is_standing_office: unit.is_standing_office,
            parent_id: unit.parent_id,
            active_from: unit.active_from,
            active_to: unit.active_to,
            successor_id: unit.successor_id,
            version: unit.version,
        })
    }
}

/// Which units are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListUnits {
    /// Of this kind.
    pub kind: Option<UnitKind>,
    /// Part of code, name or alias; marks and case do not matter.
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List units
#[utoipa::path(
    tag = "units",
    extensions(("x-permission" = json!("units.read"))),
    params(ListUnits),
    responses((status = 200, description = "Units in Vietnamese order of their names", body = Page<UnitView>))
)]
#[get("/api/v1/units")]
pub async fn list_units(ctx: Ctx, query: Query<ListUnits>) -> HttpResult {
    let (ward_id, query) = (ctx.ward()?, query.0);
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = store::Filter { kind: query.kind, q: query.q };
    let units = ctx.read(move |c| store::list_units(c, ward_id, &filter, &page)).await?;
    Ok(Answer::ok(&units.try_map(|unit| UnitView::of(&unit))?)?)
}

/// A new unit.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "code": "TH-TIEUHOC", "name": "Trường Tiểu học (mẫu)", "aliases": ["Điểm trường tiểu học"],
    "kind": "school", "active_from": "2026-07-01"
}))]
pub struct CreateUnit {
    /// Short code, unique in the ward: letters, digits, `-`, `.`, `_`.
    #[schema(min_length = 1, max_length = 35)]
    pub code: String,
    /// Full name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Other ways documents write the name.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub aliases: Vec<String>,
    /// What sort of body it is.
    pub kind: UnitKind,
    /// Whether it is the ward's one standing office.
    #[serde(default)]
    pub is_standing_office: bool,
    /// The unit it belongs to.
    pub parent_id: Option<UnitId>,
    /// First day; it owes nothing before.
    pub active_from: NaiveDate,
}

/// Create a unit
#[utoipa::path(
    tag = "units",
    extensions(("x-permission" = json!("units.write"))),
    request_body = CreateUnit,
    responses((status = 201, description = "The new unit", body = UnitView))
)]
#[post("/api/v1/units")]
pub async fn create_unit(ctx: Ctx, body: Body<CreateUnit>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let new = NewUnit {
        code: body.code,
        name: body.name,
        aliases: body.aliases,
        kind: body.kind,
        is_standing_office: body.is_standing_office,
        parent_id: body.parent_id,
        active_from: body.active_from,
    };
    let answer = ctx.write(move |tx| {
        let unit = actions::create_unit(tx, ward_id, new)?;
        Answer::created(format!("/api/v1/units/{}", unit.id), Some(unit.version), &UnitView::of(&unit)?)
    });
    Ok(answer.await?)
}

/// Read a unit
#[utoipa::path(
    tag = "units",
    extensions(("x-permission" = json!("units.read"))),
    params(("id" = UnitId, Path)),
    responses((status = 200, description = "The unit", body = UnitView), (status = 304, description = "Unchanged"))
)]
#[get("/api/v1/units/{id}")]
pub async fn get_unit(ctx: Ctx, id: Id<UnitId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let unit = ctx.read(move |c| actions::get_unit(c, ward_id, id.0)).await?;
    Ok(Answer::versioned(unit.version, &UnitView::of(&unit)?)?)
}

/// What changes about a unit: absent keeps, `null` clears.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Trường Tiểu học Long Mỹ (mẫu)" }))]
pub struct UpdateUnit {
    /// Short code.
    #[schema(min_length = 1, max_length = 35)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub code: Option<String>,
    /// Full name.
    #[schema(min_length = 1, max_length = 200)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Other ways documents write the name.
    #[schema(max_items = 50)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub aliases: Option<Vec<String>>,
    /// Whether it is the ward's one standing office.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub is_standing_office: Option<bool>,
    /// The unit it belongs to.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<UnitId>)]
    pub parent_id: Option<Option<UnitId>>,
    /// First day.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub active_from: Option<NaiveDate>,
    /// Last day.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<NaiveDate>)]
    pub active_to: Option<Option<NaiveDate>>,
    /// The unit that took its work over.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<UnitId>)]
    pub successor_id: Option<Option<UnitId>>,
}

/// Change a unit
#[utoipa::path(
    tag = "units",
    extensions(("x-permission" = json!("units.write"))),
    params(("id" = UnitId, Path)),
    request_body = UpdateUnit,
    responses((status = 200, description = "The unit as it now is", body = UnitView))
)]
#[patch("/api/v1/units/{id}")]
pub async fn update_unit(ctx: Ctx, id: Id<UnitId>, body: Body<UpdateUnit>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let changes = UnitChanges {
        code: body.code,
        name: body.name,
        aliases: body.aliases,
        is_standing_office: body.is_standing_office,
        parent_id: body.parent_id,
        active_from: body.active_from,
        active_to: body.active_to,
        successor_id: body.successor_id,
    };
    let answer = ctx.write(move |tx| {
        let unit = actions::change_unit(tx, ward_id, id.0, changes)?;
        Answer::versioned(unit.version, &UnitView::of(&unit)?)
    });
    Ok(answer.await?)
}
