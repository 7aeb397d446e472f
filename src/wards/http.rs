//! Wards over HTTP, for the city's operator.

use actix_web::{get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewWard, WardChanges},
    model::{ReturnReason, Ward},
};
use crate::{
    context::{Answer, Ctx},
    error::{Error, Result},
    http::{Body, HttpResult, Id, PageQuery, Query},
    kernel::{id::WardId, number::Quantity, page::Page, patch},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_wards).service(create_ward).service(get_ward).service(update_ward);
}

/// A ward.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WardView {
    /// Its id.
    pub id: WardId,
    /// Short code, unique.
    #[schema(example = "long-my")]
    pub code: String,
    /// Its name.
    #[schema(example = "Phường Long Mỹ")]
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Administrative area code.
    #[schema(example = "31471")]
    pub area_code: Option<String>,
    /// Whether anybody may read its published figures.
    pub public_results: bool,
    /// Reasons for returning a submission.
    pub return_reasons: Vec<ReturnReason>,
    /// Share of a jump against the period before that needs a note: points of a rate, else percent; none checks nothing.
    #[schema(example = 20)]
    pub jump_percent: Option<Quantity>,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl WardView {
    /// The view of a ward.
    ///
    /// # Errors
    /// Internal, when the reasons in the database are no list.
    pub fn of(ward: &Ward) -> Result<Self> {
        Ok(Self {
            id: ward.id,
            code: ward.code.clone(),
            name: ward.name.clone(),
            name_en: ward.name_en.clone(),
            area_code: ward.area_code.clone(),
            public_results: ward.public_results,
            return_reasons: ward.return_reasons.read().map_err(Error::internal)?,
            jump_percent: ward.jump_percent,
            version: ward.version,
        })
    }
}

/// List wards
#[utoipa::path(
    tag = "wards",
    extensions(("x-permission" = json!("wards.manage"))),
    params(PageQuery),
    responses((status = 200, description = "Wards by code", body = Page<WardView>))
)]
#[get("/api/v1/wards")]
pub async fn list_wards(ctx: Ctx, query: Query<PageQuery>) -> HttpResult {
    let page = query.0.request()?;
    let wards = ctx.read(move |c| actions::list_wards(c, &page)).await?;
    Ok(Answer::ok(&wards.try_map(|ward| WardView::of(&ward))?)?)
}

/// A new ward.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "code": "long-phu-1", "name": "Phường Long Phú 1", "public_results": false }))]
pub struct CreateWard {
    /// Short code, unique: small letters, digits, `-`.
    #[schema(min_length = 2, max_length = 40)]
    pub code: String,
    /// Its name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Its name in English.
    #[schema(max_length = 200)]
    pub name_en: Option<String>,
    /// Administrative area code.
    #[schema(max_length = 35)]
    pub area_code: Option<String>,
    /// Whether anybody may read its published figures.
    #[serde(default)]
    pub public_results: bool,
    /// Reasons for returning a submission; the usual ones if absent.
    #[schema(max_items = 50)]
    pub return_reasons: Option<Vec<ReturnReason>>,
    /// Share of a jump against the period before that needs a note: points of a rate, else percent; none checks nothing.
    #[schema(minimum = 0, maximum = 1000)]
    pub jump_percent: Option<Quantity>,
}

/// Create a ward
#[utoipa::path(
    tag = "wards",
    extensions(("x-permission" = json!("wards.manage"))),
    request_body = CreateWard,
    responses((status = 201, description = "The new ward", body = WardView))
)]
#[post("/api/v1/wards")]
pub async fn create_ward(ctx: Ctx, body: Body<CreateWard>) -> HttpResult {
    let body = body.0;
    let new = NewWard {
        code: body.code,
        name: body.name,
        name_en: body.name_en,
        area_code: body.area_code,
        public_results: body.public_results,
        return_reasons: body.return_reasons,
        jump_percent: body.jump_percent,
    };
    let answer = ctx.write(move |tx| {
        let ward = actions::create_ward(tx, new)?;
        Answer::created(format!("/api/v1/wards/{}", ward.id), Some(ward.version), &WardView::of(&ward)?)
    });
    Ok(answer.await?)
}

/// Read a ward
#[utoipa::path(
    tag = "wards",
    extensions(("x-permission" = json!("wards.manage"))),
    params(("id" = WardId, Path)),
    responses((status = 200, description = "The ward", body = WardView), (status = 304, description = "Unchanged"))
)]
#[get("/api/v1/wards/{id}")]
pub async fn get_ward(ctx: Ctx, id: Id<WardId>) -> HttpResult {
    let ward = ctx.read(move |c| actions::get_ward(c, id.0)).await?;
    Ok(Answer::versioned(ward.version, &WardView::of(&ward)?)?)
}

/// What changes about a ward: absent keeps, `null` clears.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "public_results": true }))]
pub struct UpdateWard {
    /// Its name.
    #[schema(min_length = 1, max_length = 200)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Its name in English.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub name_en: Option<Option<String>>,
    /// Administrative area code.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 35)]
    pub area_code: Option<Option<String>>,
    /// Whether anybody may read its published figures.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub public_results: Option<bool>,
    /// Reasons for returning a submission.
    #[schema(max_items = 50)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub return_reasons: Option<Vec<ReturnReason>>,
    /// Share of a jump against the period before that needs a note: points of a rate, else percent; none checks nothing.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Quantity>, minimum = 0, maximum = 1000)]
    pub jump_percent: Option<Option<Quantity>>,
}

/// Change a ward
#[utoipa::path(
    tag = "wards",
    extensions(("x-permission" = json!("wards.manage"))),
    params(("id" = WardId, Path)),
    request_body = UpdateWard,
    responses((status = 200, description = "The ward as it now is", body = WardView))
)]
#[patch("/api/v1/wards/{id}")]
pub async fn update_ward(ctx: Ctx, id: Id<WardId>, body: Body<UpdateWard>) -> HttpResult {
    let body = body.0;
    let changes = WardChanges {
        name: body.name,
        name_en: body.name_en,
        area_code: body.area_code,
        public_results: body.public_results,
        return_reasons: body.return_reasons,
        jump_percent: body.jump_percent,
    };
    let answer = ctx.write(move |tx| {
        let ward = actions::change_ward(tx, id.0, changes)?;
        Answer::versioned(ward.version, &WardView::of(&ward)?)
    });
    Ok(answer.await?)
}
