//! The summary over HTTP.

use std::collections::BTreeMap;

use actix_web::get;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions,
    model::{Coverage, FigureBasis, LeafResult, Summary, TargetSpan},
    rules,
};
use crate::{
    context::{Answer, Ctx},
    error::{Code, Error},
    http::{HttpResult, Id, Query},
    items::{Control, Field, ItemId, TargetTier},
    kernel::{
        number::{Percent, Quantity},
        time::Timestamp,
    },
    periods::{self, PeriodId},
    plans::{self, PlanId},
    submissions::view::{TargetView, VerdictView},
    verdicts::Verdict,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_summary);
}

/// The ward's results of a period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SummaryView {
    /// The plan.
    pub plan_id: PlanId,
    /// The period.
    pub period_id: PeriodId,
    /// Code of the period.
    #[schema(example = "2026-Q1")]
    pub period_code: String,
    /// Code of the period that trends compare with.
    pub previous_period_code: Option<String>,
    /// Which revisions it is made of.
    pub basis: FigureBasis,
    /// The moment of reading.
    pub as_of: Timestamp,
    /// Figures in, of figures expected.
    pub coverage: Coverage,
    /// Leaves per verdict of the plan's own target.
    pub totals: Totals,
    /// The same for each field.
    pub fields: Vec<FieldView>,
    /// Headings: met only if all applicable leaves below are.
    pub sections: Vec<SectionVerdictView>,
    /// One row per leaf, in the order of the plan.
    pub items: Vec<ResultView>,
}

/// Leaves per verdict.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[allow(missing_docs, reason = "each field is a verdict, described there")]
pub struct Totals {
    pub met: u32,
    pub near: u32,
    pub not_met: u32,
    pub no_cases: u32,
    pub no_data: u32,
    pub not_due: u32,
    pub not_applicable: u32,
    pub no_baseline: u32,
}

impl Totals {
    fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Met => &mut self.met,
            Verdict::Near => &mut self.near,
            Verdict::NotMet => &mut self.not_met,
            Verdict::NoCases => &mut self.no_cases,
            Verdict::NoData => &mut self.no_data,
            Verdict::NotDue => &mut self.not_due,
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::NoBaseline => &mut self.no_baseline,
        } += 1;
    }
}

/// Totals of one field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldView {
    /// The field.
    pub field: Field,
    /// Figures in, of figures expected.
    pub coverage: Coverage,
    /// Leaves per verdict.
    pub totals: Totals,
}

/// The verdict of a heading.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SectionVerdictView {
    /// Its code.
    #[schema(example = "II.2.b")]
    pub code: String,
    /// Its name.
    pub title: String,
    /// Met only if all applicable leaves below are.
    pub verdict: Verdict,
}

/// The result of one leaf.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ResultView {
    /// The leaf.
    pub item_id: ItemId,
    /// Its code.
    #[schema(example = "II.2.k")]
    pub code: String,
    /// Its name.
    pub title: String,
    /// Its field.
    pub field: Option<Field>,
    /// Who can move it.
    pub control: Option<Control>,
    /// Sum of numerators.
    pub numerator: Option<Quantity>,
    /// Sum of denominators.
    pub denominator: Option<Quantity>,
    /// Sum of values, or the present level.
    pub value: Option<Quantity>,
    /// Class such as `TOT`.
    pub band: Option<String>,
    /// The rate in percent, rounded to two places; verdicts are decided on the exact figures.
    pub rate: Option<Percent>,
    /// One verdict for each target in force.
    pub verdicts: Vec<VerdictView>,
    /// Units in, of units expected.
    pub coverage: Coverage,
    /// The rate of the period before.
    pub previous_rate: Option<Percent>,
    /// Change against it, in points; none where the two do not compare.
    pub trend: Option<Percent>,
    /// Whether what is measured changed since the period before (RULES §6).
    pub series_break: bool,
    /// Where an amendment changed the target within the period's window: the old and the new (RULES §6).
    pub targets_history: Vec<TargetSpanView>,
    /// Since when it is withdrawn, if it was by the period's end: its data stay, it has no verdict and counts nowhere.
    pub withdrawn_from: Option<NaiveDate>,
}

/// A target and the days on which it was in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TargetSpanView {
    /// How binding it is.
    pub tier: TargetTier,
    /// The target.
    pub target: TargetView,
    /// First day.
    pub effective_from: NaiveDate,
    /// Last day; none where it is in force still.
    pub effective_to: Option<NaiveDate>,
}

impl TargetSpanView {
    fn of(span: &TargetSpan) -> Self {
        Self {
            tier: span.target.tier,
            target: TargetView::of(&span.target),
            effective_from: span.target.effective_from,
            effective_to: span.effective_to,
        }
    }
}

impl ResultView {
    fn of(leaf: LeafResult) -> Self {
        Self {
            item_id: leaf.item_id,
            code: leaf.code,
            title: leaf.title,
            field: leaf.field,
            control: leaf.control,
            numerator: leaf.figures.numerator,
            denominator: leaf.figures.denominator,
            value: leaf.figures.value,
            band: leaf.figures.band,
            rate: leaf.rate,
            verdicts: leaf
                .verdicts
                .iter()
                .map(|(target, verdict)| VerdictView {
                    tier: target.tier,
                    verdict: *verdict,
                    target: TargetView::of(target),
                })
                .collect(),
            coverage: leaf.coverage,
            previous_rate: leaf.previous_rate,
            trend: leaf
                .rate
                .zip(leaf.previous_rate)
                .filter(|_| !leaf.series_break)
                .map(|(now, before)| now.minus(before)),
            series_break: leaf.series_break,
            targets_history: leaf.targets_history.iter().map(TargetSpanView::of).collect(),
            withdrawn_from: leaf.withdrawn_from,
        }
    }
}

impl SummaryView {
    fn of(summary: Summary) -> Self {
        let mut totals = Totals::default();
        let mut coverage = Coverage::default();
        let mut fields: BTreeMap<Field, (Coverage, Totals)> = BTreeMap::new();
        for leaf in &summary.leaves {
            coverage = coverage.plus(leaf.coverage);
            let Some(verdict) = rules::plan_verdict(leaf) else { continue };
            totals.add(verdict);
            if let Some(field) = leaf.field {
                let (field_coverage, field_totals) = fields.entry(field).or_default();
                *field_coverage = field_coverage.plus(leaf.coverage);
                field_totals.add(verdict);
            }
        }
        Self {
            plan_id: summary.plan_id,
            period_id: summary.period.id,
            period_code: summary.period.code,
            previous_period_code: summary.previous.map(|period| period.code),
            basis: summary.basis,
            as_of: summary.as_of,
            coverage,
            totals,
            fields: fields
                .into_iter()
                .map(|(field, (coverage, totals))| FieldView { field, coverage, totals })
                .collect(),
            sections: summary
                .sections
                .into_iter()
                .map(|(code, title, verdict)| SectionVerdictView { code, title, verdict })
                .collect(),
            items: summary.leaves.into_iter().map(ResultView::of).collect(),
        }
    }
}

/// Which summary is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetSummary {
    /// Period: id or code.
    #[param(example = "2026-Q1")]
    pub period: String,
    /// Which revisions: `approved` for those who see the whole ward, who may also ask for `submitted`;
    /// everybody else reads `published`.
    pub basis: Option<FigureBasis>,
}

/// Read the results of a period
#[utoipa::path(
    tag = "results",
    extensions(("x-permission" = json!("results.read"))),
    params(("id" = PlanId, Path), GetSummary),
    responses((status = 200, description = "Result per leaf and field", body = SummaryView))
)]
#[get("/api/v1/plans/{id}/summary")]
pub async fn get_summary(ctx: Ctx, id: Id<PlanId>, query: Query<GetSummary>) -> HttpResult {
    let (ward_id, query) = (ctx.ward()?, query.0);
    let basis = rules::basis_for(&ctx.actor, query.basis)?;
    let now = ctx.services.clock.now();
    let summary = ctx
        .read(move |c| {
            let plan = plans::actions::get_plan(c, ward_id, id.0)?;
            let period = periods::actions::find_period(c, plan.id, &query.period)?
                .ok_or_else(|| Error::field("?period", Code::UnknownReference))?;
            actions::summarise(c, period, basis, now)
        })
        .await?;
    Ok(Answer::ok(&SummaryView::of(summary))?)
}
