//! A submission as people see it.

use serde::Serialize;

use super::{
    model::{Content, Dossier, Evidence, Revision, SubmissionId, SubmissionState},
    rules, warnings,
    workflow::{self, Action, Case, Person, Step},
};
use crate::{
    access::Actor,
    error::{Error, Result},
    items::{Comparator, Field, ItemId, ItemKind, Target, TargetTier},
    kernel::{
        id::{PrincipalId, UnitId},
        number::{Percent, Quantity},
        time::Timestamp,
    },
    periods::PeriodId,
    plans::PlanId,
    verdicts::{Verdict, rules as verdicts},
};

/// A submission.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SubmissionView {
    /// Its id.
    pub id: SubmissionId,
    /// Its plan.
    pub plan_id: PlanId,
    /// The leaf.
    pub item_id: ItemId,
    /// Code of the leaf.
    #[schema(example = "II.2.k")]
    pub item_code: String,
    /// Name of the leaf.
    pub item_title: String,
    /// Indicator or task.
    pub item_kind: ItemKind,
    /// Field of the leaf.
    pub field: Option<Field>,
    /// The period.
    pub period_id: PeriodId,
    /// Code of the period.
    #[schema(example = "2026-H1")]
    pub period_code: String,
    /// The unit whose figure it is.
    pub unit_id: UnitId,
    /// Code of that unit.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// What it was called at the end of the period.
    pub unit_name: String,
    /// Where it stands.
    pub state: SubmissionState,
    /// Number of the revision at hand; the first is 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// The content.
    #[serde(flatten)]
    pub content: Content,
    /// The rate in percent, rounded to two places; verdicts are decided on the exact figures.
    pub rate: Option<Percent>,
    /// One verdict for each target in force.
    pub verdicts: Vec<VerdictView>,
    /// The documents it cites.
    pub evidence: Vec<Evidence>,
    /// What would keep it from being submitted, while it can be changed; and, until it is approved, what looks odd beside
    /// the unit's other figures (`jump`, `cumulative_falls`, `exceeds_linked`, `subset_exceeds`), which refuses nothing.
    pub warnings: Vec<WarningView>,
    /// Whether the first submitting was on time; `null` before it.
    pub on_time: Option<bool>,
    /// When it was first submitted.
    pub first_submitted_at: Option<Timestamp>,
    /// The moves that the caller may make now.
    pub allowed_actions: Vec<Action>,
    /// What it waits for; `null` once it is published.
    pub waiting_on: Option<WaitingOnView>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

/// A target and how the figure stands to it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VerdictView {
    /// How binding the target is.
    pub tier: TargetTier,
    /// How the figure stands to it.
    pub verdict: Verdict,
    /// The target.
    pub target: TargetView,
}

/// A target in a verdict.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TargetView {
    /// How a figure is held against it.
    pub comparator: Comparator,
    /// The value.
    #[schema(example = 90)]
    pub value: Option<Quantity>,
    /// Unit of the value.
    #[schema(example = "percent")]
    pub unit: Option<String>,
    /// The band, where bands are compared.
    pub band: Option<String>,
}

impl TargetView {
    /// The view of a target.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        Self {
            comparator: target.comparator,
            value: target.value,
            unit: target.unit.clone(),
            band: target.band.clone(),
        }
    }
}

/// Something to put right before submitting, or to look at again.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WarningView {
    /// JSON pointer of the field.
    #[schema(example = "/explanation")]
    pub pointer: String,
    /// Stable code.
    #[schema(example = "explanation_required")]
    pub code: &'static str,
    /// What to do, in Vietnamese.
    pub detail: String,
}

/// What a submission waits for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WaitingOnView {
    /// The next step.
    pub step: Step,
    /// The unit that takes it; `null` where it is no single unit's.
    pub unit_id: Option<UnitId>,
}

impl SubmissionView {
    /// The view of a submission for this caller, at this time.
    #[must_use]
    pub fn of(dossier: Dossier, actor: &Actor, now: Timestamp) -> Self {
        let verdicts = verdicts_of(&dossier, &dossier.content);
        let rate = verdicts::rate(&rules::figures_of(&dossier.item, &dossier.content));
        let warnings = warnings_of(&dossier);
        let allowed_actions = allowed_actions(&dossier, actor, now);
        let waiting_on = waiting_on(&dossier);
        let Dossier { submission, content, item, period, unit_code, unit_name, evidence, .. } = dossier;
        Self {
            id: submission.id,
            plan_id: submission.plan_id,
            item_id: submission.item_id,
            item_code: item.code,
            item_title: item.title,
            item_kind: item.kind,
            field: item.field,
            period_id: submission.period_id,
            period_code: period.code,
            unit_id: submission.unit_id,
            unit_code,
            unit_name,
            state: submission.state,
            revision: submission.revision,
            content,
            rate,
            verdicts,
            evidence,
            warnings,
            on_time: submission.on_time,
            first_submitted_at: submission.first_submitted_at,
            allowed_actions,
            waiting_on,
            created_at: submission.created_at,
            updated_at: submission.updated_at,
            version: submission.version,
        }
    }
}

/// The moves that the caller may make now; submitting needs a plan in force and an open period too.
#[must_use]
pub fn allowed_actions(dossier: &Dossier, actor: &Actor, now: Timestamp) -> Vec<Action> {
    let mut actions = workflow::allowed_actions(&Case::of(dossier), &Person::all_of(actor));
    let takes_figures = workflow::check_plan(dossier)
        .and_then(|()| workflow::check_unit(dossier))
        .and_then(|()| rules::require_standing(&dossier.item, &dossier.period))
        .and_then(|()| workflow::check_period(dossier, now));
    if takes_figures.is_err() {
        actions.retain(|action| *action != Action::Submit);
    }
    actions
}

fn verdicts_of(dossier: &Dossier, content: &Content) -> Vec<VerdictView> {
    rules::verdicts_of(&dossier.item, &dossier.targets, dossier.period.data_to, content)
        .into_iter()
        .map(|(tier, verdict, target)| VerdictView { tier, verdict, target: TargetView::of(target) })
        .collect()
}

fn warnings_of(dossier: &Dossier) -> Vec<WarningView> {
    let Dossier { submission, item, targets, period, content, .. } = dossier;
    let mut found = Vec::new();
    if matches!(submission.state, SubmissionState::Draft | SubmissionState::Returned) {
        let faults = rules::check_complete(item, targets, period.data_to, content).into_fields();
        found.extend(faults.into_iter().map(|fault| WarningView {
            pointer: fault.pointer,
            code: fault.code.as_str(),
            detail: fault.detail.vi.into_owned(),
        }));
    }
    // What only looks odd refuses nothing, so reviewers see it too.
    if !matches!(submission.state, SubmissionState::Approved | SubmissionState::Published) {
        let odd = warnings::compare(item, period, content, &dossier.comparisons);
        found.extend(odd.into_iter().map(|warning| WarningView {
            pointer: warning.pointer.to_owned(),
            code: warning.code,
            detail: warning.detail,
        }));
    }
    found
}

fn waiting_on(dossier: &Dossier) -> Option<WaitingOnView> {
    let submission = &dossier.submission;
    let step = Case::of(dossier).step();
    let unit_id = match step {
        Step::Submit => Some(dossier.owner_id),
        Step::Verify => dossier.verifier_id,
        // Its own figures are endorsed by a coordinator of another unit.
        Step::Endorse => dossier.standing_office_id.filter(|unit| *unit != dossier.owner_id),
        Step::Approve | Step::Publish => None,
    };
    (submission.state != SubmissionState::Published).then_some(WaitingOnView { step, unit_id })
}

/// A frozen revision.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RevisionView {
    /// Its number.
    #[schema(example = 1)]
    pub number: i32,
    /// The content.
    #[serde(flatten)]
    pub content: Content,
    /// The rate in percent, rounded.
    pub rate: Option<Percent>,
    /// One verdict for each target in force.
    pub verdicts: Vec<VerdictView>,
    /// The documents it cites.
    pub evidence: Vec<Evidence>,
    /// Who signed it.
    pub submitted_by: PrincipalId,
    /// When.
    pub submitted_at: Timestamp,
}

impl RevisionView {
    /// The view of a revision of this submission, with the documents it cites.
    ///
    /// # Errors
    /// Internal, when the content in the database cannot be read.
    pub fn of(revision: Revision, evidence: Vec<Evidence>, dossier: &Dossier) -> Result<Self> {
        let content: Content = revision.content.read().map_err(Error::internal)?;
        Ok(Self {
            number: revision.number,
            rate: verdicts::rate(&rules::figures_of(&dossier.item, &content)),
            verdicts: verdicts_of(dossier, &content),
            content,
            evidence,
            submitted_by: revision.submitted_by,
            submitted_at: revision.submitted_at,
        })
    }
}
