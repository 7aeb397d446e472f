//! A submission as the database keeps it, and what it says.

use chrono::NaiveDate;
use diesel::{Queryable, Selectable};
use serde::{Deserialize, Serialize};

use crate::{
    id_type,
    items::{ItemId, PlanItem, Target},
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        json::JsonText,
        number::Quantity,
        time::Timestamp,
    },
    periods::{Period, PeriodId},
    plans::{PlanId, PlanStatus},
    schema::{submission_revisions, submissions},
    text_enum,
};

id_type! {
    /// Identifies a submission.
    SubmissionId
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
    pub conducted_from: NaiveDate,
    /// Last day of the survey.
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
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = submissions, check_for_backend(crate::db::MultiBackend))]
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
    /// Where the plan stands.
    pub plan_status: PlanStatus,
    /// Code of the owner unit.
    pub unit_code: String,
    /// Whether the tracking unit, if there is one, is the standing office.
    pub tracked_by_standing_office: bool,
    /// The ward's standing office.
    pub standing_office_id: Option<UnitId>,
    /// Everybody who wrote on it.
    pub drafters: Vec<PrincipalId>,
    /// Everybody who acted on the revision at hand.
    pub actors: Vec<PrincipalId>,
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
