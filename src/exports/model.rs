//! A report of a period before it is a file; as JSON it is what the other formats show.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    items::{Field, ItemId, TargetTier},
    kernel::{
        number::{Percent, Quantity},
        time::Timestamp,
    },
    periods::{PeriodId, PeriodKind},
    plans::PlanId,
    results::Coverage,
    submissions::{
        model::{FigureBasis, ProgressState},
        view::VerdictView,
    },
    text_enum,
    verdicts::Verdict,
};

text_enum! {
    /// What the file is.
    pub enum ExportFormat {
        /// A spreadsheet.
        Xlsx = "xlsx",
        /// An unsigned report in the form of NĐ 30/2020/NĐ-CP.
        Docx = "docx",
        /// Rows as text: `;` between cells, decimal comma.
        Csv = "csv",
        /// The same rows as data.
        Json = "json",
    }
}

impl ExportFormat {
    /// The media type of the file.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }

    /// Writes the report in this format.
    ///
    /// # Errors
    /// Internal, when it cannot be written.
    pub fn write(self, report: &Report) -> Result<Vec<u8>> {
        match self {
            Self::Xlsx => super::xlsx::write(report),
            Self::Docx => super::docx::write(report),
            Self::Csv => super::csv::write(report),
            Self::Json => serde_json::to_vec(report).map_err(crate::error::Error::internal),
        }
    }
}

/// The results of a period, ready to be written.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Report {
    /// Code of the ward.
    #[schema(example = "long-my")]
    pub ward_code: String,
    /// Name of the ward.
    pub ward_name: String,
    /// The plan.
    pub plan_id: PlanId,
    /// Its year.
    #[schema(example = 2026)]
    pub year: i32,
    /// Its title.
    pub plan_title: String,
    /// Number of its document.
    pub plan_number: Option<String>,
    /// Date of its document.
    pub plan_issued_on: Option<NaiveDate>,
    /// The period.
    pub period_id: PeriodId,
    /// Its code.
    #[schema(example = "2026-H1")]
    pub period_code: String,
    /// What stretch of the year it covers.
    pub period_kind: PeriodKind,
    /// First day of the data.
    pub data_from: NaiveDate,
    /// Last day of the data.
    pub data_to: NaiveDate,
    /// Which revisions it is made of.
    pub basis: FigureBasis,
    /// The moment of reading.
    pub as_of: Timestamp,
    /// Where the signed document is filed: code of the standing office.
    #[serde(skip)]
    pub standing_office: Option<String>,
    /// One row per indicator, in the order of the plan.
    pub items: Vec<IndicatorRow>,
    /// Progress of tasks, as far as the caller may know of it.
    pub tasks: Vec<TaskRow>,
}

/// The result of an indicator.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IndicatorRow {
    /// The indicator.
    pub item_id: ItemId,
    /// Its code.
    #[schema(example = "II.2.k")]
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its field.
    pub field: Option<Field>,
    /// What is counted.
    #[schema(example = "hồ sơ")]
    pub measure_unit: Option<String>,
    /// Sum of numerators; of a checklist, the units that said yes.
    pub numerator: Option<Quantity>,
    /// Sum of denominators; of a checklist, the units that answered.
    pub denominator: Option<Quantity>,
    /// Sum of values, or the present level.
    pub value: Option<Quantity>,
    /// Class such as `TOT`.
    pub band: Option<String>,
    /// The rate in percent, rounded to two places; verdicts are decided on the exact figures.
    pub rate: Option<Percent>,
    /// One verdict for each target in force.
    pub verdicts: Vec<VerdictView>,
    /// From when it is no longer in the plan, where that was before the period's end.
    #[serde(skip)]
    pub withdrawn_from: Option<NaiveDate>,
    /// Units in, of units expected.
    pub coverage: Coverage,
    /// The rate of the period before.
    pub previous_rate: Option<Percent>,
    /// Change against it, in points.
    pub trend: Option<Percent>,
}

impl IndicatorRow {
    /// The verdict on the target of this tier.
    #[must_use]
    pub fn verdict(&self, tier: TargetTier) -> Option<&VerdictView> {
        self.verdicts.iter().find(|verdict| verdict.tier == tier)
    }
}

/// How far a unit is with a task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskRow {
    /// The task.
    pub item_id: ItemId,
    /// Its code.
    #[schema(example = "V.4.a")]
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its field.
    pub field: Option<Field>,
    /// Last day.
    pub due_on: Option<NaiveDate>,
    /// Code of the unit that reported; where nobody did, of the one that leads it.
    #[schema(example = "KTHTDT")]
    pub unit_code: Option<String>,
    /// Name of that unit.
    pub unit_name: Option<String>,
    /// State of the task; `null` where nobody reported yet.
    pub state: Option<ProgressState>,
    /// Percent complete.
    #[schema(example = 60)]
    pub percent: Option<u8>,
    /// Number and date of the product.
    pub product: Option<String>,
}

/// Which report is wanted.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportResults {
    /// Period: id or code.
    #[param(example = "2026-H1")]
    pub period: String,
    /// What the file is.
    #[param(inline, example = "xlsx")]
    pub format: ExportFormat,
    /// Which revisions, as in the summary: `approved` for those who see the whole ward, who may also ask for
    /// `submitted`; everybody else reads `published`.
    pub basis: Option<FigureBasis>,
    /// One field of reform.
    pub field: Option<Field>,
}

impl Report {
    /// The name to save it under: `long-my_2026-H1_bao-cao.xlsx`.
    #[must_use]
    pub fn file_name(&self, format: ExportFormat) -> String {
        format!("{}_{}_bao-cao.{format}", self.ward_code, self.period_code)
    }

    /// The indicators of a field.
    pub fn items_of(&self, field: Field) -> impl Iterator<Item = &IndicatorRow> {
        self.items.iter().filter(move |item| item.field == Some(field))
    }

    /// Indicators that were measured and fall short of a target.
    pub fn missed(&self) -> impl Iterator<Item = &IndicatorRow> {
        self.items.iter().filter(|item| item.verdicts.iter().any(|verdict| verdict.verdict.is_missed()))
    }
}

/// How many of these indicators have each verdict on the plan's own target, in the order of verdicts.
pub fn count_verdicts<'r>(items: impl Iterator<Item = &'r IndicatorRow>) -> Vec<(Verdict, usize)> {
    let found: Vec<Verdict> =
        items.filter_map(|item| item.verdict(TargetTier::Plan)).map(|verdict| verdict.verdict).collect();
    Verdict::ALL
        .iter()
        .map(|verdict| (*verdict, found.iter().filter(|other| *other == verdict).count()))
        .filter(|(_, count)| *count > 0)
        .collect()
}
