//! Who owes what, and reminders, as people see them.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::{
    model::{OwedFigure, Reminder, ReminderId, ReturnCount, UnitProgress},
    rules::{self, Recipient},
};
use crate::{
    error::{Error, Result},
    items::ItemId,
    kernel::{
        id::{PrincipalId, UnitId},
        time::Timestamp,
    },
    periods::{Period, PeriodId},
    plans::PlanId,
    submissions::{SubmissionId, SubmissionState, reach::Visibility},
};

/// How complete a period is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CompletenessView {
    /// The plan.
    pub plan_id: PlanId,
    /// The period.
    pub period_id: PeriodId,
    /// Its code.
    #[schema(example = "2026-H1")]
    pub period_code: String,
    /// The second of which this is true.
    pub as_of: Timestamp,
    /// All units together.
    pub totals: CountsView,
    /// One row per unit that owes or is asked for something, by name.
    pub units: Vec<UnitCompletenessView>,
}

/// How complete a unit is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnitCompletenessView {
    /// The unit.
    pub unit_id: UnitId,
    /// Its code.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// Its name.
    pub unit_name: String,
    /// Its figures.
    #[serde(flatten)]
    pub counts: CountsView,
}

/// Figures counted. A supervisor reads only `expected` and `approved` of other units; the rest is `null`.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct CountsView {
    /// Figures that must be reported: submitted, missing and open ones together.
    pub expected: i64,
    /// Of those, submitted.
    pub submitted: Option<i64>,
    /// Of the submitted, on time.
    pub on_time: Option<i64>,
    /// Of the submitted, late.
    pub late: Option<i64>,
    /// Not submitted, and past the due time.
    pub missing: Option<i64>,
    /// Not submitted, and not past the due time.
    pub open: Option<i64>,
    /// Expected and approved.
    pub approved: i64,
    /// Figures that are asked for; they are never missing.
    pub asked: Option<AskedView>,
    /// How often figures were returned for correction.
    pub returns: Option<ReturnsView>,
}

/// Figures that are asked for.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct AskedView {
    /// All of them.
    pub total: i64,
    /// Of those, submitted.
    pub submitted: i64,
    /// Of those, approved.
    pub approved: i64,
}

/// How often figures were returned for correction, and why (RULES §3).
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct ReturnsView {
    /// Returns.
    pub total: i64,
    /// Returns per reason code; one return may carry several.
    pub reason_codes: BTreeMap<String, i64>,
}

impl ReturnsView {
    fn add(&mut self, codes: &[String], returns: i64) {
        self.total += returns;
        for code in codes {
            *self.reason_codes.entry(code.clone()).or_default() += returns;
        }
    }
}

impl CountsView {
    fn of(unit: &UnitProgress, returns: ReturnsView, sees_all: bool) -> Self {
        let shown = |count: i64| sees_all.then_some(count);
        Self {
            expected: unit.expected,
            submitted: shown(unit.submitted),
            on_time: shown(unit.on_time),
            late: shown(unit.submitted - unit.on_time),
            missing: shown(unit.missing),
            open: shown(unit.expected - unit.submitted - unit.missing),
            approved: unit.approved,
            asked: sees_all.then_some(AskedView {
                total: unit.asked,
                submitted: unit.asked_submitted,
                approved: unit.asked_approved,
            }),
            returns: sees_all.then_some(returns),
        }
    }

    /// All rows together; what one of them hides, the sum hides too.
    fn sum(rows: &[UnitCompletenessView]) -> Self {
        let all = |count: fn(&Self) -> Option<i64>| rows.iter().map(|row| count(&row.counts)).sum();
        let mut asked = Some(AskedView::default());
        let mut returns = Some(ReturnsView::default());
        for CountsView { asked: more, returns: other, .. } in rows.iter().map(|row| &row.counts) {
            asked = asked.zip(*more).map(|(sum, more)| AskedView {
                total: sum.total + more.total,
                submitted: sum.submitted + more.submitted,
                approved: sum.approved + more.approved,
            });
            returns = returns.zip(other.as_ref()).map(|(mut sum, other)| {
                sum.total += other.total;
                for (code, count) in &other.reason_codes {
                    *sum.reason_codes.entry(code.clone()).or_default() += count;
                }
                sum
            });
        }
        Self {
            expected: rows.iter().map(|row| row.counts.expected).sum(),
            submitted: all(|row| row.submitted),
            on_time: all(|row| row.on_time),
            late: all(|row| row.late),
            missing: all(|row| row.missing),
            open: all(|row| row.open),
            approved: rows.iter().map(|row| row.counts.approved).sum(),
            asked,
            returns,
        }
    }
}

impl CompletenessView {
    /// The view for a caller who sees this far.
    ///
    /// # Errors
    /// Internal, when a decision in the database cannot be read.
    pub fn of(
        period: &Period,
        as_of: Timestamp,
        visibility: &Visibility,
        progress: Vec<UnitProgress>,
        returned: Vec<ReturnCount>,
    ) -> Result<Self> {
        let mut returns: HashMap<UnitId, ReturnsView> = HashMap::new();
        for row in returned {
            let codes: Vec<String> = row.reason_codes.read().map_err(Error::internal)?;
            returns.entry(row.unit_id).or_default().add(&codes, row.returns);
        }
        let row = |unit: UnitProgress| {
            // Whoever is no supervisor gets no row of a unit beyond what they may know all of.
            let sees_all =
                visibility.all || !visibility.approved || visibility.own_unit == Some(unit.unit_id);
            let returns = returns.remove(&unit.unit_id).unwrap_or_default();
            UnitCompletenessView {
                counts: CountsView::of(&unit, returns, sees_all),
                unit_id: unit.unit_id,
                unit_code: unit.unit_code,
                unit_name: unit.unit_name,
            }
        };
        let units: Vec<UnitCompletenessView> = progress.into_iter().map(row).collect();
        Ok(Self {
            plan_id: period.plan_id,
            period_id: period.id,
            period_code: period.code.clone(),
            as_of,
            totals: CountsView::sum(&units),
            units,
        })
    }
}

/// A figure that must have been in, and was not.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OverdueView {
    /// The leaf.
    pub item_id: ItemId,
    /// Its code.
    #[schema(example = "II.2.k")]
    pub item_code: String,
    /// Its name.
    pub item_title: String,
    /// The unit that owes it.
    pub unit_id: UnitId,
    /// Its code.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// Its name.
    pub unit_name: String,
    /// The period.
    pub period_id: PeriodId,
    /// Its code.
    #[schema(example = "2026-H1")]
    pub period_code: String,
    /// Until when it was on time for this unit, inclusive, extensions included.
    pub due_at: Timestamp,
    /// Until when it is taken from this unit, inclusive.
    pub closes_at: Timestamp,
    /// Days on the ward's calendar since the due time; the first counts from its first second.
    #[schema(example = 3)]
    pub days_late: i64,
    /// How often the unit was reminded of it by then.
    pub times_chased: i64,
    /// When last.
    pub last_chased_at: Option<Timestamp>,
    /// Whether there was a draft by then.
    pub has_draft: bool,
    /// The submission that there is now.
    pub submission_id: Option<SubmissionId>,
    /// Where that stands now.
    pub state: Option<SubmissionState>,
    /// When it came in after all, where `as_of` is past.
    pub first_submitted_at: Option<Timestamp>,
}

impl OverdueView {
    /// The view of a figure as of a second.
    #[must_use]
    pub fn of(figure: OwedFigure, as_of: Timestamp) -> Self {
        Self {
            item_id: figure.item_id,
            item_code: figure.item_code,
            item_title: figure.item_title,
            unit_id: figure.unit_id,
            unit_code: figure.unit_code,
            unit_name: figure.unit_name,
            period_id: figure.period_id,
            period_code: figure.period_code,
            due_at: figure.due_at,
            closes_at: figure.closes_at,
            days_late: rules::days_late(figure.due_at, as_of),
            times_chased: figure.times_chased,
            last_chased_at: figure.reminded_at,
            has_draft: figure.begun_at.is_some_and(|begun_at| begun_at <= as_of),
            submission_id: figure.submission_id,
            state: figure.state,
            first_submitted_at: figure.first_submitted_at,
        }
    }
}

/// A reminder.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReminderView {
    /// Its id.
    pub id: ReminderId,
    /// The period.
    pub period_id: PeriodId,
    /// The unit that is reminded.
    pub unit_id: UnitId,
    /// Its code.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// Of which leaf; `null` for all that the unit owes in the period.
    pub item_id: Option<ItemId>,
    /// Its code.
    pub item_code: Option<String>,
    /// What was said.
    pub message: Option<String>,
    /// Who reminded.
    pub sent_by: PrincipalId,
    /// When.
    pub sent_at: Timestamp,
}

impl ReminderView {
    /// The view of a reminder with the codes of unit and leaf.
    #[must_use]
    pub fn of((reminder, unit_code, item_code): (Reminder, String, Option<String>)) -> Self {
        Self {
            id: reminder.id,
            period_id: reminder.period_id,
            unit_id: reminder.unit_id,
            unit_code,
            item_id: reminder.item_id,
            item_code,
            message: reminder.message,
            sent_by: reminder.sent_by,
            sent_at: reminder.sent_at,
        }
    }
}

/// Whom a reminder went to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RemindedView {
    /// The period.
    pub period_id: PeriodId,
    /// When.
    pub sent_at: Timestamp,
    /// Figures that it is about, of all units.
    pub figures: usize,
    /// The units, by code.
    pub units: Vec<RemindedUnitView>,
}

/// A unit that was reminded.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RemindedUnitView {
    /// The unit.
    pub unit_id: UnitId,
    /// Its code.
    #[schema(example = "KTHTDT")]
    pub unit_code: String,
    /// Figures that it was reminded of.
    pub figures: usize,
}

impl RemindedView {
    /// The view of what was sent.
    #[must_use]
    pub fn of(period_id: PeriodId, sent_at: Timestamp, recipients: Vec<Recipient>) -> Self {
        Self {
            period_id,
            sent_at,
            figures: recipients.iter().map(|to| to.items.len()).sum(),
            units: recipients
                .into_iter()
                .map(|to| RemindedUnitView {
                    unit_id: to.unit_id,
                    unit_code: to.unit_code,
                    figures: to.items.len(),
                })
                .collect(),
        }
    }
}
