//! Reading a plan in over HTTP.

use actix_web::{post, web};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    Checked, ImportReport, PlanFile, Target, check_appendix, check_plan_file, keep, require_target_draft,
};
use crate::{
    context::{Answer, Ctx, Tx},
    db::AnyConnection,
    error::{Code, Error, FieldError, Result, text},
    http::{FileContent, HttpResult, Query, Upload},
    kernel::id::WardId,
    sheets::{Limits, Sheet, SheetFormat, read_sheet},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(import_plan);
}

/// How a file is to be read in.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportPlan {
    /// Only say what would happen; nothing is kept.
    #[serde(default)]
    #[param(default = false, required = false)]
    pub dry_run: bool,
    /// XLSX and CSV: the draft plan that gets the table as its appendix, by its id or year.
    #[param(max_length = 36)]
    pub plan: Option<String>,
    /// XLSX and CSV without `plan`: year of the new draft plan.
    #[param(minimum = 2021, maximum = 2100)]
    pub year: Option<i32>,
    /// XLSX and CSV without `plan`: title of the new draft plan; named after its year if absent.
    #[param(max_length = 300)]
    pub title: Option<String>,
    /// XLSX: name of the sheet; the first if absent.
    #[param(max_length = 100)]
    pub sheet: Option<String>,
}

/// Read in a plan, or the appendix of a draft plan
///
/// JSON holds a whole plan, units and sections named by code. XLSX and CSV hold the appendix table: columns TT, nội
/// dung, sản phẩm, cơ quan chủ trì, cơ quan phối hợp, thời hạn, ghi chú, whose headings stand in one of the first 20
/// rows. TT (I, 1, 1.1, a, –) makes the tree below the section `PL`; units are known by name, alias or code. One row at
/// fault, and nothing is kept: `import_rejected` names every fault with sheet, row and column. A dry run answers the
/// same report with 200.
#[utoipa::path(
    tag = "plans",
    extensions(("x-permission" = json!("plans.write"))),
    params(ImportPlan),
    request_body(content(
        (PlanFile = "application/json"),
        (FileContent = "text/csv"),
        (FileContent = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    responses(
        (status = 200, description = "A dry run: nothing is kept, also of a file with faults", body = ImportReport),
        (status = 201, description = "Kept", body = ImportReport),
    )
)]
#[post("/api/v1/plans/import")]
pub async fn import_plan(ctx: Ctx, query: Query<ImportPlan>, upload: Upload) -> HttpResult {
    let (ward_id, dry_run) = (ctx.ward()?, query.0.dry_run);
    // Unpacking a workbook takes its time, and no connection.
    let source = web::block(move || Source::read(&upload, query.0)).await.map_err(Error::internal)??;
    if dry_run {
        let checked = ctx.read_once(move |connection| source.check(connection, ward_id)).await?;
        return Ok(Answer::ok(&checked.report(true))?);
    }
    Ok(ctx.write(move |tx| import(tx, ward_id, &source)).await?)
}

fn import(tx: &mut Tx<'_>, ward_id: WardId, source: &Source) -> Result<Answer> {
    if let Source::Table(_, target) = source {
        require_target_draft(tx.connection, ward_id, target)?;
    }
    let checked = source.check(tx.connection, ward_id)?;
    let report = keep(tx, &checked)?;
    let path = report.plan_id.map(|id| format!("/api/v1/plans/{id}")).unwrap_or_default();
    Answer::created(path, None, &report)
}

/// What the body holds.
enum Source {
    Plan(Box<PlanFile>),
    Table(Sheet, Target),
}

impl Source {
    fn read(upload: &Upload, query: ImportPlan) -> Result<Self> {
        if upload.media_type == "application/json" {
            query.refuse_for_json()?;
            return Ok(Self::Plan(Box::new(upload.json()?)));
        }
        let format = SheetFormat::of_media_type(&upload.media_type).ok_or_else(unsupported)?;
        let sheet = read_sheet(&upload.bytes, format, query.sheet.as_deref(), Limits::default())?;
        if query.sheet.as_ref().is_some_and(|wanted| *wanted != sheet.name) {
            return Err(Error::field("?sheet", Code::UnknownReference));
        }
        let target = query.target()?;
        Ok(Self::Table(sheet, target))
    }

    fn check(&self, connection: &mut AnyConnection, ward_id: WardId) -> Result<Checked> {
        match self {
            Self::Plan(file) => check_plan_file(connection, ward_id, file, &[]),
            Self::Table(sheet, target) => check_appendix(connection, ward_id, sheet, target),
        }
    }
}

impl ImportPlan {
    /// A JSON file says all of this itself.
    fn refuse_for_json(&self) -> Result<()> {
        let sent = [
            ("?plan", self.plan.is_some()),
            ("?year", self.year.is_some()),
            ("?title", self.title.is_some()),
            ("?sheet", self.sheet.is_some()),
        ];
        let faults: Vec<FieldError> = sent
            .into_iter()
            .filter(|(_, sent)| *sent)
            .map(|(pointer, _)| FieldError::new(pointer, Code::NotApplicableHere))
            .collect();
        if faults.is_empty() { Ok(()) } else { Err(Error::fields(Code::Invalid, faults)) }
    }

    fn target(self) -> Result<Target> {
        match (self.plan, self.year) {
            (Some(_), Some(_)) => Err(Error::field("?year", Code::NotApplicableHere)),
            (Some(_), None) if self.title.is_some() => Err(Error::field("?title", Code::NotApplicableHere)),
            (Some(plan), None) => Ok(Target::Draft(plan)),
            (None, Some(year)) => {
                let title = self.title.unwrap_or_else(|| format!("Kế hoạch cải cách hành chính năm {year}"));
                Ok(Target::New { year, title })
            }
            (None, None) => {
                let sentence = text(
                    "Hãy nêu kế hoạch nháp (plan) nhận phụ lục, hoặc năm (year) của kế hoạch mới",
                    "Name the draft plan that gets the appendix (plan), or the year of a new one (year)",
                );
                Err(Error::fields(
                    Code::Invalid,
                    vec![FieldError::because("?plan", Code::Required, sentence)],
                ))
            }
        }
    }
}

fn unsupported() -> Error {
    let sentence = text(
        "Hãy gửi tệp JSON (application/json), CSV (text/csv) hoặc XLSX",
        "Send JSON (application/json), CSV (text/csv) or XLSX",
    );
    Error::because(Code::UnsupportedMediaType, sentence)
}
