//! What is owed, how far it is, and reminders, as the database gives them.

use diesel::{
    Queryable, QueryableByName, Selectable,
    sql_types::{BigInt, Integer, Nullable, Text, Timestamp as SqlTimestamp},
};

use crate::{
    id_type,
    items::{ItemId, Obligation},
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        json::JsonText,
        time::Timestamp,
    },
    periods::PeriodId,
    schema::reminders,
    submissions::{Action, SubmissionId, SubmissionState},
};

id_type! {
    /// Identifies a reminder.
    ReminderId
}

/// A figure that a unit owes in a period, and how far it is.
#[derive(Clone, Debug, QueryableByName)]
pub struct OwedFigure {
    /// The leaf.
    #[diesel(sql_type = Text)]
    pub item_id: ItemId,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub item_code: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub item_title: String,
    /// Its place in the plan.
    #[diesel(sql_type = Text)]
    pub sort_path: String,
    /// The unit that owes it.
    #[diesel(sql_type = Text)]
    pub unit_id: UnitId,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub unit_code: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub unit_name: String,
    /// The period.
    #[diesel(sql_type = Text)]
    pub period_id: PeriodId,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub period_code: String,
    /// Ordered or asked.
    #[diesel(sql_type = Text)]
    pub obligation: Obligation,
    /// From when it may be submitted.
    #[diesel(sql_type = SqlTimestamp)]
    pub opens_at: Timestamp,
    /// Until when it is on time for this unit, inclusive.
    #[diesel(sql_type = SqlTimestamp)]
    pub due_at: Timestamp,
    /// Until when it is taken at all from this unit, inclusive.
    #[diesel(sql_type = SqlTimestamp)]
    pub closes_at: Timestamp,
    /// The submission, once begun.
    #[diesel(sql_type = Nullable<Text>)]
    pub submission_id: Option<SubmissionId>,
    /// Where that stands now.
    #[diesel(sql_type = Nullable<Text>)]
    pub state: Option<SubmissionState>,
    /// When it was begun.
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    pub begun_at: Option<Timestamp>,
    /// When it was first submitted.
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    pub first_submitted_at: Option<Timestamp>,
    /// How often the unit was reminded of it.
    #[diesel(sql_type = BigInt)]
    pub times_chased: i64,
    /// When last.
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    pub reminded_at: Option<Timestamp>,
}

/// How many rows a list has; stands beside each of the first.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Total {
    /// Rows of the whole list.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
}

/// A submission that was sent back, with the decision that did it.
#[derive(Clone, Debug, QueryableByName)]
pub struct ReturnedFigure {
    /// The submission.
    #[diesel(sql_type = Text)]
    pub submission_id: SubmissionId,
    /// The leaf.
    #[diesel(sql_type = Text)]
    pub item_id: ItemId,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub item_code: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub item_title: String,
    /// The unit whose figure it is.
    #[diesel(sql_type = Text)]
    pub unit_id: UnitId,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub unit_code: String,
    /// The period.
    #[diesel(sql_type = Text)]
    pub period_id: PeriodId,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub period_code: String,
    /// Number of the revision at hand.
    #[diesel(sql_type = Integer)]
    pub revision: i32,
    /// When it last changed.
    #[diesel(sql_type = SqlTimestamp)]
    pub updated_at: Timestamp,
    /// Until when it was due from this unit.
    #[diesel(sql_type = SqlTimestamp)]
    pub due_at: Timestamp,
    /// Until when it is taken from this unit.
    #[diesel(sql_type = SqlTimestamp)]
    pub closes_at: Timestamp,
    /// `return`, `reopen` or `correct`.
    #[diesel(sql_type = Text)]
    pub action: Action,
    /// Why.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// Reason codes (JSON list).
    #[diesel(sql_type = Text)]
    pub reason_codes: JsonText,
    /// Fields at fault (JSON list of pointers).
    #[diesel(sql_type = Text)]
    pub pointers: JsonText,
    /// When.
    #[diesel(sql_type = SqlTimestamp)]
    pub decided_at: Timestamp,
}

/// How far a unit is in a period, as of a second.
#[derive(Clone, Debug, QueryableByName)]
pub struct UnitProgress {
    /// The unit.
    #[diesel(sql_type = Text)]
    pub unit_id: UnitId,
    /// Its code.
    #[diesel(sql_type = Text)]
    pub unit_code: String,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub unit_name: String,
    /// Figures that it must report.
    #[diesel(sql_type = BigInt)]
    pub expected: i64,
    /// Of those, submitted.
    #[diesel(sql_type = BigInt)]
    pub submitted: i64,
    /// Of those, on time.
    #[diesel(sql_type = BigInt)]
    pub on_time: i64,
    /// Expected, past the due time, not submitted.
    #[diesel(sql_type = BigInt)]
    pub missing: i64,
    /// Expected and approved.
    #[diesel(sql_type = BigInt)]
    pub approved: i64,
    /// Figures that it is asked for.
    #[diesel(sql_type = BigInt)]
    pub asked: i64,
    /// Of those, submitted.
    #[diesel(sql_type = BigInt)]
    pub asked_submitted: i64,
    /// Of those, approved.
    #[diesel(sql_type = BigInt)]
    pub asked_approved: i64,
}

/// How often a unit's figures were returned with the same reason codes.
#[derive(Clone, Debug, QueryableByName)]
pub struct ReturnCount {
    /// The unit.
    #[diesel(sql_type = Text)]
    pub unit_id: UnitId,
    /// Reason codes (JSON list).
    #[diesel(sql_type = Text)]
    pub reason_codes: JsonText,
    /// Returns.
    #[diesel(sql_type = BigInt)]
    pub returns: i64,
}

/// A figure that must be in, and is not.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Unsubmitted {
    /// The unit that owes it.
    pub unit_id: UnitId,
    /// Its code.
    pub unit_code: String,
    /// The leaf.
    pub item_id: ItemId,
}

/// A reminder.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = reminders, check_for_backend(crate::db::MultiBackend))]
pub struct Reminder {
    /// Its id.
    pub id: ReminderId,
    /// Its ward.
    pub ward_id: WardId,
    /// The period.
    pub period_id: PeriodId,
    /// The unit that is reminded.
    pub unit_id: UnitId,
    /// Of which leaf; none for all that it owes.
    pub item_id: Option<ItemId>,
    /// What was said.
    pub message: Option<String>,
    /// Who reminded.
    pub sent_by: PrincipalId,
    /// When.
    pub sent_at: Timestamp,
}
