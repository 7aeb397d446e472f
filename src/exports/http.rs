//! Exports over HTTP.

use std::sync::Arc;

use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions,
    model::{ExportResults, Report},
};
use crate::{
    context::Ctx,
    error::Error,
    http::{Download, FileContent, Id, Problem, Query},
    plans::PlanId,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(export_results);
}

/// Export the results of a period as a file
#[utoipa::path(
    tag = "results",
    extensions(("x-permission" = json!("results.read"))),
    params(("id" = PlanId, Path), ExportResults),
    responses((
        status = 200,
        description = "The file, to be saved; a docx is an unsigned draft without number and date",
        content(
            (Report = "application/json"),
            (FileContent = "text/csv"),
            (FileContent = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (FileContent = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        )
    ))
)]
#[get("/api/v1/plans/{id}/export")]
pub async fn export_results(
    ctx: Ctx,
    id: Id<PlanId>,
    query: Query<ExportResults>,
) -> Result<Download, Problem> {
    let format = query.0.format;
    let (actor, now) = (Arc::clone(&ctx.actor), ctx.services.clock.now());
    let report = ctx.read(move |c| actions::read_report(c, &actor, id.0, &query.0, now)).await?;
    let file_name = report.file_name(format);
    let bytes = web::block(move || format.write(&report)).await.map_err(Error::internal)??;
    Ok(Download { file_name, media_type: format.media_type(), bytes })
}
