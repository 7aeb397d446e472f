//! A submission as the database keeps it, and what it says.

use chrono::NaiveDate;
use diesel::{Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};

use crate::{
    extensions::rules::Limits,
    id_type,
    items::{ItemId, PlanItem, Target},
    kernel::{
        day,
        id::{PrincipalId, UnitId, WardId},
        json::JsonText,
        number::Quantity,
        time::Timestamp,
    },
    periods::{Period, PeriodId},
    plans::{PlanId, PlanStatus},
    schema::{documents, submission_revisions, submissions},
    text_enum,
};

id_type! {
    /// Identifies a submission.
    SubmissionId
}

id_type! {
    /// Identifies a document of the ward's library; here because submissions cite what stands above them.
    DocumentId
}

text_enum! {
    /// Where a submission stands (RULES §3).
    pub enum SubmissionState {
        /// Being written.
        Draft = "draft",
        /// Signed by the unit's head.
        Submitted = "submitted",
        /// Checked by the tracking unit.
        Verified = "verified",
        /// Checked by the standing office.
        Endorsed = "endorsed",
        /// Approved by a leader.
        Approved = "approved",
        /// Part of a publication.
        Published = "published",
        /// Sent back to the unit.
        Returned = "returned",
    }
}

text_enum! {
    /// Which revisions a reading takes, from the widest to the narrowest.
    pub enum FigureBasis {
        /// Whatever units have signed, reviewed or not.
        Submitted = "submitted",
        /// What a leader approved.
        Approved = "approved",
        /// What was published.
        Published = "published",
    }
}

text_enum! {
    /// Whether a conditional leaf ("nếu có") applies to the unit (RULES §5).
    pub enum Applicability {
        /// It does.
        Applies = "applies",
        /// It does not; the reason passes the same approval.
        NotApplicable = "not_applicable",
        /// Not decided yet.
        Unknown = "unknown",
    }
}

text_enum! {
    /// How far a task is.
    pub enum ProgressState {
        /// Nothing done yet.
        NotStarted = "not_started",
        /// Under way.
        InProgress = "in_progress",
        /// Finished.
        Done = "done",
    }
}

text_enum! {
    /// The cause a unit claims for a missed target (plan V.1.c).
    pub enum Cause {
        /// Outside the unit's power.
        Objective = "objective",
        /// The unit's own doing.
        Subjective = "subjective",
    }
}

text_enum! {
    /// What a satisfaction figure was measured with (RULES §5); figures of different instruments do not compare.
    pub enum Instrument {
        /// The ministry's SIPAS.
        Sipas = "sipas",
        /// The city's survey.
        CitySurvey = "city_survey",
        /// The ward's own survey.
        WardSurvey = "ward_survey",
        /// The rate on the National Portal.
        NationalPortal = "national_portal",
    }
}

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// State of the task.
    pub state: ProgressState,
    /// Percent complete.
    #[schema(minimum = 0, maximum = 100, example = 60)]
    pub percent: u8,
    /// Number and date of the product, once it exists.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub deliverable: Option<String>,
}

/// Why a target was missed, and what is done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// Claimed cause.
    pub cause: Cause,
    /// What happened.
    #[schema(min_length = 1, max_length = 2000)]
    pub what_happened: String,
    /// What is done about it.
    #[schema(min_length = 1, max_length = 2000)]
    pub remedy: String,
    /// By when.
    #[serde(deserialize_with = "day::read")]
    pub new_date: NaiveDate,
}

/// How a satisfaction figure was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Survey {
    /// What it was measured with.
    pub instrument: Instrument,
    /// People asked.
    #[schema(minimum = 1, example = 120)]
    pub sample_size: u32,
    /// First day of the survey.
    #[serde(deserialize_with = "day::read")]
    pub conducted_from: NaiveDate,
    /// Last day of the survey.
    #[serde(deserialize_with = "day::read")]
    pub conducted_to: NaiveDate,
}

/// What a submission says. Which fields a leaf takes depends on its measure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Content {
    /// Cases that count.
    #[schema(example = 470)]
    pub numerator: Option<Quantity>,
    /// All cases.
    #[schema(example = 500)]
    pub denominator: Option<Quantity>,
    /// Cases left out by the definition; counted, never described.
    pub excluded: Option<Quantity>,
    /// Count, score or present level.
    pub value: Option<Quantity>,
    /// Class such as `TOT`.
    pub band: Option<String>,
    /// Answer to a checklist.
    pub checked: Option<bool>,
    /// Whether a conditional leaf applies.
    pub applicability: Option<Applicability>,
    /// Why it does not.
    pub applicability_reason: Option<String>,
    /// How far a task is.
    pub progress: Option<Progress>,
    /// Remark.
    pub note: Option<String>,
    /// Why a target was missed.
    pub explanation: Option<Explanation>,
    /// How a satisfaction figure was measured.
    pub survey: Option<Survey>,
}

/// A submission.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = submissions, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct Submission {
    /// Its id.
    pub id: SubmissionId,
    /// Its ward.
    pub ward_id: WardId,
    /// Its plan.
    pub plan_id: PlanId,
    /// The leaf.
    pub item_id: ItemId,
    /// The period.
    pub period_id: PeriodId,
    /// The unit whose figure it is.
    pub unit_id: UnitId,
    /// Where it stands.
    pub state: SubmissionState,
    /// Number of the revision at hand; the first is 1.
    pub revision: i32,
    /// Number of the newest revision that was submitted; 0 before the first.
    pub submitted_revision: i32,
    /// Number of the revision that is approved now.
    pub approved_revision: Option<i32>,
    /// Number of the revision that is public now.
    pub published_revision: Option<i32>,
    /// What it says (JSON of [`Content`]).
    pub content: JsonText,
    /// The unit that verifies; fixed when submitted, none where that step falls away.
    pub verify_unit_id: Option<UnitId>,
    /// When it was submitted for the first time.
    pub first_submitted_at: Option<Timestamp>,
    /// Whether that was on time.
    pub on_time: Option<bool>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes.
    pub version: i64,
}

/// A figure of the same unit for the same leaf in another period: the approved revision, or else the newest signed one.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The period.
    pub period: Period,
    /// What the unit said.
    pub content: Content,
}

/// A figure of the same unit in the same period for a leaf that this one refers to, as it is at hand.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The leaf.
    pub item: PlanItem,
    /// What the unit says.
    pub content: Content,
}

/// What a figure is held against.
#[derive(Clone, Debug, Default)]
pub struct Comparisons {
    /// The ward's share of a jump that needs a note; none checks nothing.
    pub jump_percent: Option<Quantity>,
    /// The figure of the period before.
    pub previous: Option<Earlier>,
    /// Where cases are counted: figures of earlier periods whose cases are among this one's, latest first.
    pub within: Vec<Earlier>,
    /// The leaf whose numerator this one's must not exceed.
    pub no_more_than: Option<Linked>,
    /// The leaf of whose cases these are some ("trong đó").
    pub whole: Option<Linked>,
}

/// A submission with all that the rules and views need to know around it.
#[derive(Clone, Debug)]
pub struct Dossier {
    /// The submission.
    pub submission: Submission,
    /// What it says.
    pub content: Content,
    /// The leaf, as it was defined at the period's end.
    pub item: PlanItem,
    /// The leaf's targets, of all times.
    pub targets: Vec<Target>,
    /// The period.
    pub period: Period,
    /// Until when this unit's figures are on time and taken, extensions included.
    pub limits: Limits,
    /// Where the plan stands.
    pub plan_status: PlanStatus,
    /// Code of the owner unit.
    pub unit_code: String,
    /// What the owner unit was called at the end of the period.
    pub unit_name: String,
    /// Last day of the owner unit.
    pub unit_active_to: Option<NaiveDate>,
    /// The unit whose people act for the owner: its own, or those of the unit it was merged into.
    pub owner_id: UnitId,
    /// The unit whose people verify, likewise; none where that step falls away.
    pub verifier_id: Option<UnitId>,
    /// Whether the tracking unit, if there is one, is the standing office.
    pub tracked_by_standing_office: bool,
    /// The ward's standing office.
    pub standing_office_id: Option<UnitId>,
    /// Everybody who wrote on it.
    pub drafters: Vec<PrincipalId>,
    /// Everybody who acted on the revision at hand.
    pub actors: Vec<PrincipalId>,
    /// What it cites.
    pub evidence: Vec<Evidence>,
    /// What the figure is held against, while it is not decided.
    pub comparisons: Comparisons,
}

/// A document that is cited: neither its name nor its bytes ever change.
#[derive(Clone, Debug, Queryable, Selectable, Serialize, utoipa::ToSchema)]
#[diesel(table_name = documents, check_for_backend(crate::db::MultiBackend))]
pub struct Evidence {
    /// The document.
    #[diesel(column_name = id)]
    pub document_id: DocumentId,
    /// Name of its file.
    #[schema(example = "bien-ban-kiem-tra.pdf")]
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    #[schema(example = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")]
    pub sha256: String,
}

/// What a unit said of a leaf in a period, in the revision that a basis takes.
#[derive(Clone, Debug)]
pub struct UnitFigure {
    /// The leaf.
    pub item: PlanItem,
    /// The unit.
    pub unit_id: UnitId,
    /// Code of the unit.
    pub unit_code: String,
    /// Name of the unit.
    pub unit_name: String,
    /// What it said.
    pub content: Content,
}

/// A frozen revision.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = submission_revisions, check_for_backend(crate::db::MultiBackend))]
pub struct Revision {
    /// Its submission.
    pub submission_id: SubmissionId,
    /// Its number.
    pub number: i32,
    /// What it says (JSON of [`Content`]).
    pub content: JsonText,
    /// Who signed it.
    pub submitted_by: PrincipalId,
    /// When.
    pub submitted_at: Timestamp,
}
