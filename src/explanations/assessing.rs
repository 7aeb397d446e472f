//! The standing office's finding and the leader's conclusion, beside the unit's claim and never over it (RULES §5).

use super::{
    model::{Assessment, AssessmentId, AssessmentKind},
    rules, store,
};
use crate::{
    audit::Event,
    context::Tx,
    error::{Code, Error, Faults, Result},
    kernel::text::clean,
    submissions::{self, SubmissionId, model::Cause},
};

/// What a person finds or concludes.
#[derive(Clone, Debug)]
pub struct NewAssessment {
    /// Finding or conclusion.
    pub kind: AssessmentKind,
    /// The cause as its author sees it.
    pub cause: Cause,
    /// What was found or concluded.
    pub text: String,
}

/// Adds an assessment of the newest signed revision; what the unit claims stays as it is.
///
/// # Errors
/// Not found, `not_your_step`, `never_submitted`, `invalid`.
pub fn create_assessment(
    tx: &mut Tx<'_>,
    submission_id: SubmissionId,
    new: NewAssessment,
) -> Result<Assessment> {
    let dossier = submissions::actions::get_dossier_for(tx, submission_id)?;
    let submission = dossier.submission;
    let unit_id = tx.actor.unit_id.ok_or_else(|| Error::new(Code::Forbidden))?;
    rules::check_assessor(new.kind, &tx.actor.roles, unit_id, dossier.owner_id)?;
    let revision = rules::signed_revision(submission.submitted_revision)?;
    let text = clean(&new.text);
    let mut faults = Faults::new();
    faults.check_text("/text", &text, 1, rules::MAX_TEXT);
    faults.into_result(Code::Invalid)?;
    let assessment = Assessment {
        id: AssessmentId::generate(),
        ward_id: submission.ward_id,
        submission_id,
        revision,
        kind: new.kind,
        cause: new.cause,
        text,
        author_id: tx.actor.principal()?,
        position: tx.actor.position.clone(),
        unit_id,
        created_at: tx.now,
    };
    store::insert_assessment(tx.connection, &assessment)?;
    tx.record(
        Event::new("assessment.added", "submission", submission_id)
            .with("assessment_id", assessment.id)
            .with("revision", revision)
            .with("kind", assessment.kind)
            .with("cause", assessment.cause)
            .with("text", &assessment.text),
    );
    Ok(assessment)
}
