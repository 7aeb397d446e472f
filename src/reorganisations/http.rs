//! Reorganisations over HTTP.

use actix_web::post;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::actions::{self, Founding, Merger, Part, Split};
use crate::{
    accounts::AccountId,
    context::{Answer, Ctx},
    error::Result,
    http::{Body, HttpResult, Id},
    items::ItemId,
    kernel::{day, id::UnitId},
    units::{Unit, UnitKind, view::UnitView},
};

/// The routes of this file. They stand before those of units, whose parameter would take `merge` for an id.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(merge_units).service(split_unit);
}

/// A unit that a merger makes; it exists from the effective day on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "code": "KT-HCC", "name": "Phòng Kinh tế và Hành chính công", "kind": "department" }))]
pub struct MergedUnit {
    /// Short code, unique in the ward.
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
    /// The unit it belongs to.
    pub parent_id: Option<UnitId>,
}

/// Units that become one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "from_unit_ids": ["0198f0a0-0000-7000-8000-000000000001"],
    "into_unit_id": "0198f0a0-0000-7000-8000-000000000002",
    "effective_on": "2026-07-01", "decision": "Nghị quyết 12/NQ-HĐND ngày 20/6/2026"
}))]
pub struct MergeUnits {
    /// The units that end.
    #[schema(min_items = 1, max_items = 50)]
    pub from_unit_ids: Vec<UnitId>,
    /// The unit that takes over; this or `new_unit`.
    pub into_unit_id: Option<UnitId>,
    /// The new unit that takes over; this or `into_unit_id`.
    pub new_unit: Option<MergedUnit>,
    /// First day of the new order, within a year of today.
    #[serde(deserialize_with = "day::read")]
    pub effective_on: NaiveDate,
    /// The decision behind it.
    #[schema(min_length = 1, max_length = 300)]
    pub decision: Option<String>,
}

/// What a merger did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MergerView {
    /// The unit that took over.
    pub unit: UnitView,
    /// The units that ended.
    pub ended: Vec<UnitView>,
    /// How many accounts moved.
    pub moved_accounts: usize,
    /// How many items of open plans changed hands.
    pub moved_items: usize,
}

/// Merge units into one
///
/// The units end the day before. Their people, machine clients, unit plans and, in plans that are not closed, their
/// duties pass to the successor, which owes figures for periods that end on or after the effective day. What the old
/// units owe for earlier periods stays theirs, and the successor's people finish it for them.
#[utoipa::path(
    tag = "units",
    extensions(("x-permission" = json!("units.write"))),
    request_body = MergeUnits,
    responses((status = 200, description = "The unit that took over, and those that ended", body = MergerView))
)]
#[post("/api/v1/units/merge")]
pub async fn merge_units(ctx: Ctx, body: Body<MergeUnits>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let merger = Merger {
        from: body.from_unit_ids,
        into: body.into_unit_id,
        new_unit: body.new_unit.map(Founding::from),
        effective_on: body.effective_on,
        decision: body.decision,
    };
    let answer = ctx.write(move |tx| {
        let (unit, ended, moved) = actions::merge_units(tx, ward_id, merger)?;
        let (unit, ended) = (UnitView::of(&unit)?, views(&ended)?);
        Answer::ok(&MergerView { unit, ended, moved_accounts: moved.accounts, moved_items: moved.items })
    });
    Ok(answer.await?)
}

/// One unit that a split makes, and what it gets.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "code": "KT", "name": "Phòng Kinh tế", "kind": "department" }))]
pub struct SplitPart {
    /// Short code, unique in the ward.
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
    /// The unit it belongs to; that of the old unit if absent.
    pub parent_id: Option<UnitId>,
    /// Whether it becomes the standing office that the old unit was.
    #[serde(default)]
    pub is_standing_office: bool,
    /// The items of open plans that it takes from the old unit; all if absent. Where several take one, its lead and its
    /// tracking go to the first.
    pub item_ids: Option<Vec<ItemId>>,
    /// The accounts of the old unit that move into it; those that no part names stay until somebody moves them.
    #[serde(default)]
    pub account_ids: Vec<AccountId>,
}

/// One unit that becomes several.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "into": [
        { "code": "KT", "name": "Phòng Kinh tế", "kind": "department" },
        { "code": "HTDT", "name": "Phòng Hạ tầng và Đô thị", "kind": "department" }
    ],
    "effective_on": "2026-07-01", "decision": "Nghị quyết 12/NQ-HĐND ngày 20/6/2026"
}))]
pub struct SplitUnit {
    /// What becomes of it.
    #[schema(min_items = 2, max_items = 50)]
    pub into: Vec<SplitPart>,
    /// First day of the new order, within a year of today.
    #[serde(deserialize_with = "day::read")]
    pub effective_on: NaiveDate,
    /// The decision behind it.
    #[schema(min_length = 1, max_length = 300)]
    pub decision: Option<String>,
}

/// What a split did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SplitView {
    /// The unit that ended.
    pub unit: UnitView,
    /// The units it became.
    pub into: Vec<UnitView>,
    /// How many accounts moved.
    pub moved_accounts: usize,
    /// How many items of open plans changed hands.
    pub moved_items: usize,
}

/// Split a unit into several
///
/// The unit ends the day before. Each part takes the items it names and owes their figures for periods that end on or
/// after the effective day; every item of the old unit goes to at least one part.
#[utoipa::path(
    tag = "units",
    extensions(("x-permission" = json!("units.write"))),
    params(("id" = UnitId, Path)),
    request_body = SplitUnit,
    responses((status = 200, description = "The unit that ended, and what it became", body = SplitView))
)]
#[post("/api/v1/units/{id}/split")]
pub async fn split_unit(ctx: Ctx, id: Id<UnitId>, body: Body<SplitUnit>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let split = Split {
        into: body.into.into_iter().map(Part::from).collect(),
        effective_on: body.effective_on,
        decision: body.decision,
    };
    let answer = ctx.write(move |tx| {
        let (unit, into, moved) = actions::split_unit(tx, ward_id, id.0, split)?;
        let (unit, into) = (UnitView::of(&unit)?, views(&into)?);
        Answer::ok(&SplitView { unit, into, moved_accounts: moved.accounts, moved_items: moved.items })
    });
    Ok(answer.await?)
}

impl From<MergedUnit> for Founding {
    fn from(unit: MergedUnit) -> Self {
        let MergedUnit { code, name, aliases, kind, parent_id } = unit;
        Self { code, name, aliases, kind, parent_id }
    }
}

impl From<SplitPart> for Part {
    fn from(part: SplitPart) -> Self {
        let SplitPart { code, name, aliases, kind, parent_id, .. } = part;
        Self {
            unit: Founding { code, name, aliases, kind, parent_id },
            is_standing_office: part.is_standing_office,
            items: part.item_ids,
            accounts: part.account_ids,
        }
    }
}

fn views(units: &[Unit]) -> Result<Vec<UnitView>> {
    units.iter().map(UnitView::of).collect()
}
