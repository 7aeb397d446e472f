//! Units over HTTP.

use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewUnit, UnitChanges},
    model::{FormerName, Unit, UnitKind},
    naming::{self, Renaming},
    rules, store,
    view::UnitView,
};
use crate::{
    context::{Answer, Ctx},
    http::{Body, HttpResult, Id, Query, extract::page_request},
    kernel::{day, id::UnitId, page::Page, patch},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_units)
        .service(create_unit)
        .service(get_unit)
        .service(update_unit)
        .service(rename_unit)
        .service(list_unit_names);
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
    #[serde(deserialize_with = "day::read")]
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
    #[serde(default, deserialize_with = "day::value")]
    #[schema(nullable = false)]
    pub active_from: Option<NaiveDate>,
    /// Last day.
    #[serde(default, deserialize_with = "day::field")]
    #[schema(value_type = Option<NaiveDate>)]
    pub active_to: Option<Option<NaiveDate>>,
    /// The unit that took its work over.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<UnitId>)]
    pub successor_id: Option<Option<UnitId>>,
}

/// Correct a unit
///
/// A name written here corrects the present one, on all its days; a new name from a day on is a renaming.
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

/// A new name from a day on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Phòng Kinh tế", "effective_on": "2026-05-01", "decision": "Quyết định 45/QĐ-UBND ngày 25/4/2026"
}))]
pub struct RenameUnit {
    /// The new name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The new code; the present one if absent.
    #[schema(min_length = 1, max_length = 35)]
    pub code: Option<String>,
    /// First day of the new name, after that of the present one and not in the future.
    #[serde(deserialize_with = "day::read")]
    pub effective_on: NaiveDate,
    /// The decision behind it.
    #[schema(min_length = 1, max_length = 300)]
    pub decision: Option<String>,
}

/// Rename a unit from a day on
///
/// The old name stays with the figures of periods that ended before, and becomes an alias.
#[utoipa::path(
    tag = "units",
    extensions(("x-permission" = json!("units.write"))),
    params(("id" = UnitId, Path)),
    request_body = RenameUnit,
    responses((status = 200, description = "The unit under its new name", body = UnitView))
)]
#[post("/api/v1/units/{id}/rename")]
pub async fn rename_unit(ctx: Ctx, id: Id<UnitId>, body: Body<RenameUnit>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let new = Renaming {
        name: body.name,
        code: body.code,
        effective_on: body.effective_on,
        decision: body.decision,
    };
    let answer = ctx.write(move |tx| {
        let unit = naming::rename_unit(tx, ward_id, id.0, new)?;
        Answer::versioned(unit.version, &UnitView::of(&unit)?)
    });
    Ok(answer.await?)
}

/// A name of a unit, and when it was in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnitNameView {
    /// The unit.
    pub unit_id: UnitId,
    /// The name.
    pub name: String,
    /// The code of that time.
    #[schema(example = "KTHTDT")]
    pub code: String,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; `null` for the present name.
    pub valid_to: Option<NaiveDate>,
    /// The decision that ended it.
    pub decision: Option<String>,
}

impl UnitNameView {
    /// All names of a unit, the present one first.
    fn all_of(unit: Unit, former: Vec<FormerName>) -> Vec<Self> {
        let present = Self {
            unit_id: unit.id,
            valid_from: rules::named_since(&unit, &former),
            valid_to: None,
            decision: None,
            name: unit.name,
            code: unit.code,
        };
        let former = former.into_iter().rev().map(|name| Self {
            unit_id: name.unit_id,
            name: name.name,
            code: name.code,
            valid_from: name.valid_from,
            valid_to: Some(name.valid_to),
            decision: name.decision,
        });
        std::iter::once(present).chain(former).collect()
    }
}

/// List the names of a unit through time
#[utoipa::path(
    tag = "units",
    extensions(("x-permission" = json!("units.read"))),
    params(("id" = UnitId, Path)),
    responses((status = 200, description = "All names, the present one first", body = Page<UnitNameView>))
)]
#[get("/api/v1/units/{id}/names")]
pub async fn list_unit_names(ctx: Ctx, id: Id<UnitId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let read = ctx.read(move |c| {
        let unit = actions::get_unit(c, ward_id, id.0)?;
        let former = naming::list_former_names(c, &[unit.id])?;
        Ok(UnitNameView::all_of(unit, former))
    });
    Ok(Answer::ok(&Page { items: read.await?, next_cursor: None })?)
}
