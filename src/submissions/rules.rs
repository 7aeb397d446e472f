//! What a submission may say, and when it says enough to be signed (RULES §5).

use chrono::NaiveDate;

use super::model::{Applicability, Content};
use crate::{
    error::{Code, Error, Faults, Result},
    items::{Aggregation, ItemKind, MeasureKind, PlanItem, Target, TargetTier},
    kernel::number::Quantity,
    periods::Period,
    verdicts::{Figures, Verdict, rules as verdicts},
};

const MAX_NOTE: usize = 2000;
/// How far a rate that is sent along may differ from the computed one, in points (RULES §5).
const RATE_TOLERANCE: Quantity = Quantity::from_scaled(100);

/// The figures of a content, as verdicts read them.
#[must_use]
pub fn figures_of(item: &PlanItem, content: &Content) -> Figures {
    Figures {
        numerator: content.numerator,
        denominator: content.denominator,
        value: content.value,
        band: content.band.clone(),
        yes: content.checked.map(|yes| (i64::from(yes), 1)),
        not_applicable: content.applicability == Some(Applicability::NotApplicable),
        baseline: item.baseline_value,
    }
}

/// The verdict of each target in force at the end of the period.
#[must_use]
pub fn verdicts_of<'t>(
    item: &PlanItem,
    targets: &'t [Target],
    on: NaiveDate,
    content: &Content,
) -> Vec<(TargetTier, Verdict, &'t Target)> {
    let Some(kind) = item.measure_kind else { return Vec::new() };
    let figures = figures_of(item, content);
    verdicts::targets_in_force(targets, on)
        .into_iter()
        .map(|target| (target.tier, verdicts::decide(kind, target, &figures), target))
        .collect()
}

/// Whether the leaf stands at the period's end: what was withdrawn takes no more figures (RULES §6).
///
/// # Errors
/// `item_withdrawn`.
pub fn require_standing(item: &PlanItem, period: &Period) -> Result<()> {
    if item.is_withdrawn(period.data_to) { Err(Error::new(Code::ItemWithdrawn)) } else { Ok(()) }
}

/// Faults that no draft may have: fields that do not belong to this leaf, and figures that cannot be.
#[must_use]
pub fn check_content(item: &PlanItem, content: &Content, rate: Option<Quantity>) -> Faults {
    let mut faults = Faults::new();
    check_fields(item, content, &mut faults);
    check_figures(content, &mut faults);
    check_texts(content, &mut faults);
    if let Some(rate) = rate {
        match (content.numerator, content.denominator) {
            (Some(numerator), Some(denominator)) if rate_differs(rate, numerator, denominator) => {
                faults.add("/rate", Code::RateMismatch);
            }
            (Some(_), Some(_)) => {}
            _ => faults.add("/rate", Code::NotApplicableHere),
        }
    }
    faults
}

/// Faults that keep a draft from being submitted.
#[must_use]
pub fn check_complete(item: &PlanItem, targets: &[Target], on: NaiveDate, content: &Content) -> Faults {
    let mut faults = check_content(item, content, None);
    if item.conditional {
        match content.applicability {
            Some(Applicability::Applies) => {}
            Some(Applicability::NotApplicable) => {
                let reason = content.applicability_reason.as_deref().unwrap_or_default();
                if reason.is_empty() {
                    faults.add("/applicability_reason", Code::ReasonRequired);
                }
                return faults;
            }
            Some(Applicability::Unknown) | None => faults.add("/applicability", Code::Required),
        }
    }
    require_figures(item, content, &mut faults);
    let missed = verdicts_of(item, targets, on, content).iter().any(|(_, verdict, _)| verdict.is_missed());
    if missed && content.explanation.is_none() {
        faults.add("/explanation", Code::ExplanationRequired);
    }
    faults
}

fn require_figures(item: &PlanItem, content: &Content, faults: &mut Faults) {
    let mut require = |pointer: &str, given: bool| {
        if !given {
            faults.add(pointer, Code::Required);
        }
    };
    match (item.kind, item.measure_kind) {
        (ItemKind::Indicator, Some(MeasureKind::Ratio)) => {
            require("/numerator", content.numerator.is_some());
            require("/denominator", content.denominator.is_some());
        }
        (ItemKind::Indicator, Some(MeasureKind::Count | MeasureKind::Score)) => {
            require("/value", content.value.is_some());
        }
        (ItemKind::Indicator, Some(MeasureKind::Band)) => require("/band", content.band.is_some()),
        (ItemKind::Indicator, Some(MeasureKind::Checklist)) => require("/checked", content.checked.is_some()),
        _ => require("/progress", content.progress.is_some()),
    }
    if item.aggregation == Some(Aggregation::Survey) && content.survey.is_none() {
        faults.add("/survey", Code::SurveyRequired);
    }
}

/// Names the fields that are filled but do not belong to this kind of leaf.
fn check_fields(item: &PlanItem, content: &Content, faults: &mut Faults) {
    let kind = item.measure_kind.filter(|_| item.kind == ItemKind::Indicator);
    let ratio = kind == Some(MeasureKind::Ratio);
    let value = matches!(kind, Some(MeasureKind::Count | MeasureKind::Score));
    for (pointer, given, belongs) in [
        ("/numerator", content.numerator.is_some(), ratio),
        ("/denominator", content.denominator.is_some(), ratio),
        ("/excluded", content.excluded.is_some(), ratio),
        ("/value", content.value.is_some(), value),
        ("/band", content.band.is_some(), kind == Some(MeasureKind::Band)),
        ("/checked", content.checked.is_some(), kind == Some(MeasureKind::Checklist)),
        ("/progress", content.progress.is_some(), item.kind == ItemKind::Task),
        ("/survey", content.survey.is_some(), item.aggregation == Some(Aggregation::Survey)),
        ("/applicability", content.applicability.is_some(), item.conditional),
        ("/applicability_reason", content.applicability_reason.is_some(), item.conditional),
    ] {
        if given && !belongs {
            faults.add(pointer, Code::NotApplicableHere);
        }
    }
}

fn check_figures(content: &Content, faults: &mut Faults) {
    for (pointer, figure) in [
        ("/numerator", content.numerator),
        ("/denominator", content.denominator),
        ("/excluded", content.excluded),
        ("/value", content.value),
    ] {
        if figure.is_some_and(Quantity::is_negative) {
            faults.add(pointer, Code::OutOfRange);
        }
    }
    if let (Some(numerator), Some(denominator)) = (content.numerator, content.denominator)
        && numerator > denominator
    {
        faults.add("/numerator", Code::NumeratorTooLarge);
    }
    if content.band.as_deref().is_some_and(|band| verdicts::band_rank(band).is_none()) {
        faults.add("/band", Code::UnknownReference);
    }
    if content.progress.as_ref().is_some_and(|progress| progress.percent > 100) {
        faults.add("/progress/percent", Code::OutOfRange);
    }
    if let Some(survey) = &content.survey {
        if survey.sample_size == 0 {
            faults.add("/survey/sample_size", Code::OutOfRange);
        }
        if survey.conducted_to < survey.conducted_from {
            faults.add("/survey/conducted_to", Code::OutOfRange);
        }
    }
}

fn check_texts(content: &Content, faults: &mut Faults) {
    if let Some(note) = &content.note {
        faults.check_text("/note", note, 0, MAX_NOTE);
    }
    if let Some(reason) = &content.applicability_reason {
        faults.check_text("/applicability_reason", reason, 0, MAX_NOTE);
    }
    if let Some(deliverable) = content.progress.as_ref().and_then(|p| p.deliverable.as_ref()) {
        faults.check_text("/progress/deliverable", deliverable, 0, 500);
    }
    if let Some(explanation) = &content.explanation {
        faults.check_text("/explanation/what_happened", &explanation.what_happened, 1, MAX_NOTE);
        faults.check_text("/explanation/remedy", &explanation.remedy, 1, MAX_NOTE);
    }
}

/// `|rate − numerator / denominator · 100| > 0.01`, without dividing.
fn rate_differs(rate: Quantity, numerator: Quantity, denominator: Quantity) -> bool {
    let exact = numerator.scaled() * 100 * Quantity::whole(1).scaled();
    let sent = rate.scaled() * denominator.scaled();
    (sent - exact).abs() > RATE_TOLERANCE.scaled() * denominator.scaled()
}
