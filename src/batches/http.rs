//! Batches and templates over HTTP.

use std::sync::Arc;

use actix_web::{
    HttpResponse, get,
    http::header::{self, ContentDisposition, DispositionParam, DispositionType},
    post,
    web::block,
};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions,
    body::CreateBatch,
    model::{Batch, MAX_ROWS},
    reading::read_rows,
    template::{file_name, write_form},
    view::BatchView,
};
use crate::{
    context::{Answer, Ctx},
    error::{Code, Error, Result, text},
    http::{FileContent, HttpResult, Id, Problem, Query, Upload},
    plans::PlanId,
    sheets::SheetFormat,
};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_batch).service(get_template);
}

/// The bytes of an Office Open XML workbook.
#[derive(Debug, utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Workbook(pub Vec<u8>);

/// How a batch is received.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ReceiveBatch {
    /// Say what would become of each row, and keep nothing.
    #[serde(default)]
    #[param(default = false)]
    pub dry_run: bool,
    /// Keep all rows or, if one of them is not right, none.
    #[serde(default)]
    #[param(default = false)]
    pub atomic: bool,
}

/// Draft many submissions at once
///
/// Rows name things by code or id: JSON, CSV or XLSX with the columns of the template, whose headings may stand
/// anywhere within the first 20 rows. Each row begins a draft or replaces what a draft or returned submission says;
/// absent fields and empty cells keep what is there, and a row that says nothing new is `unchanged`. Without `atomic`
/// good rows are kept and bad ones `rejected`. With it one bad row answers 422 `batch_rejected`, and nothing is kept. A
/// dry run keeps nothing and always answers with the report.
#[utoipa::path(
    tag = "submissions",
    extensions(("x-permission" = json!("submissions.write"))),
    params(ReceiveBatch),
    request_body(
        description = "At most 10,000 rows and 16 MB",
        content(
            (CreateBatch = "application/json"),
            (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (FileContent = "text/csv"),
        )
    ),
    responses((status = 200, description = "What became of each row", body = BatchView))
)]
#[post("/api/v1/submissions/batch")]
pub async fn create_batch(ctx: Ctx, query: Query<ReceiveBatch>, upload: Upload) -> HttpResult {
    let ReceiveBatch { dry_run, atomic } = query.0;
    let batch = block(move || read_batch(&upload)).await.map_err(Error::internal)??;
    if dry_run {
        let actor = Arc::clone(&ctx.actor);
        let (reports, columns) = ctx.read_once(move |c| actions::preview_batch(c, &actor, batch)).await?;
        return Ok(Answer::ok(&BatchView::of(reports, &columns, dry_run, atomic))?);
    }
    let answer = ctx.write(move |tx| {
        let (reports, columns) = actions::receive_batch(tx, batch, atomic)?;
        Answer::ok(&BatchView::of(reports, &columns, dry_run, atomic))
    });
    Ok(answer.await?)
}

fn read_batch(upload: &Upload) -> Result<Batch> {
    if upload.media_type == "application/json" {
        return upload.json::<CreateBatch>()?.into_batch();
    }
    let Some(format) = SheetFormat::of_media_type(&upload.media_type) else {
        let sentence = text(
            format!("Hãy gửi JSON (application/json), CSV (text/csv) hoặc XLSX ({XLSX})"),
            format!("Send JSON (application/json), CSV (text/csv) or XLSX ({XLSX}), at most {MAX_ROWS} rows"),
        );
        return Err(Error::because(Code::UnsupportedMediaType, sentence));
    };
    read_rows(&upload.bytes, format)
}

/// Which template is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetTemplate {
    /// Period: id or code.
    pub period: String,
    /// Unit: id or code; the caller's own if absent. A coordinator may ask for any unit of the ward.
    pub unit: Option<String>,
}

/// Download a unit's form for a period
///
/// An XLSX workbook with one row per leaf that the unit owes, filled with what it drafted so far. Filled in and sent
/// back to `POST /api/v1/submissions/batch` it becomes drafts.
#[utoipa::path(
    tag = "submissions",
    extensions(("x-permission" = json!("submissions.write"))),
    params(("id" = PlanId, Path), GetTemplate),
    responses((
        status = 200, description = "The workbook", body = Workbook,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ))
)]
#[get("/api/v1/plans/{id}/template")]
pub async fn get_template(
    ctx: Ctx,
    id: Id<PlanId>,
    query: Query<GetTemplate>,
) -> std::result::Result<HttpResponse, Problem> {
    let (id, GetTemplate { period, unit }) = (id.0, query.0);
    let actor = Arc::clone(&ctx.actor);
    let form = ctx.read(move |c| actions::load_form(c, &actor, id, &period, unit.as_deref())).await?;
    let name = file_name(&form);
    let workbook = block(move || write_form(&form)).await.map_err(Error::internal)??;
    Ok(attachment(name, Workbook(workbook)))
}

fn attachment(name: String, Workbook(bytes): Workbook) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(XLSX)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(name)],
        })
        .body(bytes)
}
