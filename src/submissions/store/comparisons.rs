//! What the figures of a page are held against: a handful of queries, whatever the number of rows.

use std::collections::{BTreeSet, HashMap};

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, RunQueryDsl,
    SelectableHelper,
};

use super::Row;
use crate::{
    db::{AnyConnection, one_of},
    error::{Error, Result},
    items::{Aggregation, ItemId, ItemKind, PlanItem},
    kernel::{
        id::{UnitId, WardId},
        json::JsonText,
        number::Quantity,
    },
    periods::{Period, PeriodId, rules as periods_rules},
    plans::PlanId,
    schema::{periods, plan_items, submission_revisions, submissions, wards},
    submissions::model::{Comparisons, Content, Earlier, Linked, Submission, SubmissionId, SubmissionState},
};

/// Leaf, period and unit: what a submission is unique on.
type Place = (ItemId, PeriodId, UnitId);

/// What each figure of these rows that is not decided yet is held against.
pub(super) fn load_comparisons(
    connection: &mut AnyConnection,
    ward_id: WardId,
    rows: &[Row],
) -> Result<HashMap<SubmissionId, Comparisons>> {
    let rows: Vec<(&Submission, &PlanItem, &Period)> = rows
        .iter()
        .filter(|(submission, item, ..)| {
            let decided = [SubmissionState::Approved, SubmissionState::Published];
            item.kind == ItemKind::Indicator && !decided.contains(&submission.state)
        })
        .map(|(submission, item, period, ..)| (submission, item, period))
        .collect();
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let jump_percent: Option<Quantity> =
        wards::table.find(ward_id).select(wards::jump_percent).first(connection)?;
    let calendars = load_calendars(connection, &rows)?;
    let calendar = |plan_id: PlanId| calendars.get(&plan_id).map_or(&[][..], Vec::as_slice);
    let earlier = load_earlier(connection, &rows, &calendar)?;
    let linked = load_linked(connection, &rows)?;
    let comparisons = rows.into_iter().map(|(submission, item, period)| {
        let (periods, unit) = (calendar(submission.plan_id), submission.unit_id);
        let of_period = |other: &Period| {
            let content = earlier.get(&(item.id, other.id, unit))?.clone();
            Some(Earlier { period: other.clone(), content })
        };
        let of_leaf = |leaf: Option<ItemId>| linked.get(&(leaf?, period.id, unit)).cloned();
        let comparisons = Comparisons {
            jump_percent,
            previous: periods_rules::previous_of(periods, period).and_then(of_period),
            within: among(item, period, periods).filter_map(of_period).collect(),
            no_more_than: of_leaf(item.no_more_than_id),
            whole: of_leaf(item.subset_of_id),
        };
        (submission.id, comparisons)
    });
    Ok(comparisons.collect())
}

/// The earlier periods whose cases are among this one's, latest first; none for a leaf that counts no cases.
fn among<'p>(item: &PlanItem, period: &'p Period, periods: &'p [Period]) -> impl Iterator<Item = &'p Period> {
    let counts = matches!(item.aggregation, Some(Aggregation::RatioOfSums | Aggregation::Sum));
    periods.iter().rev().filter(move |other| counts && periods_rules::lies_within(other, period))
}

/// All periods of the plans of these rows, each plan's by cut-off; a plan has some dozens.
fn load_calendars(
    connection: &mut AnyConnection,
    rows: &[(&Submission, &PlanItem, &Period)],
) -> Result<HashMap<PlanId, Vec<Period>>> {
    let plans: BTreeSet<PlanId> = rows.iter().map(|(submission, ..)| submission.plan_id).collect();
    let found: Vec<Period> = periods::table
        .filter(one_of(periods::plan_id, plans))
        .select(Period::as_select())
        .order((periods::data_to.asc(), periods::code.asc()))
        .load(connection)?;
    Ok(super::surroundings::group(found.into_iter().map(|period| (period.plan_id, period))))
}

/// Figures of the same units and leaves in the periods with which those of these rows are compared: the approved
/// revision, or else the newest signed one.
fn load_earlier<'p>(
    connection: &mut AnyConnection,
    rows: &[(&'p Submission, &'p PlanItem, &'p Period)],
    calendar: &impl Fn(PlanId) -> &'p [Period],
) -> Result<HashMap<Place, Content>> {
    use submission_revisions as r;
    use submissions as s;
    let wanted: BTreeSet<PeriodId> = rows
        .iter()
        .flat_map(|(submission, item, period)| {
            let periods = calendar(submission.plan_id);
            periods_rules::previous_of(periods, period).into_iter().chain(among(item, period, periods))
        })
        .map(|period| period.id)
        .collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let items: BTreeSet<ItemId> = rows.iter().map(|(_, item, _)| item.id).collect();
    let units: BTreeSet<UnitId> = rows.iter().map(|(submission, ..)| submission.unit_id).collect();
    let standing = r::number
        .nullable()
        .eq(s::approved_revision)
        .assume_not_null()
        .or(s::approved_revision.is_null().and(r::number.eq(s::submitted_revision)));
    let found: Vec<(ItemId, PeriodId, UnitId, JsonText)> = s::table
        .inner_join(r::table.on(r::submission_id.eq(s::id)))
        .filter(standing)
        .filter(one_of(s::item_id, items))
        .filter(one_of(s::period_id, wanted))
        .filter(one_of(s::unit_id, units))
        .select((s::item_id, s::period_id, s::unit_id, r::content))
        .load(connection)?;
    found
        .into_iter()
        .map(|(item, period, unit, content)| {
            Ok(((item, period, unit), content.read().map_err(Error::internal)?))
        })
        .collect()
}

/// Figures of the same units and periods for the leaves that those of these rows refer to, as they are at hand.
fn load_linked(
    connection: &mut AnyConnection,
    rows: &[(&Submission, &PlanItem, &Period)],
) -> Result<HashMap<Place, Linked>> {
    use submissions as s;
    let leaves: BTreeSet<ItemId> =
        rows.iter().flat_map(|(_, item, _)| [item.no_more_than_id, item.subset_of_id]).flatten().collect();
    if leaves.is_empty() {
        return Ok(HashMap::new());
    }
    let periods: BTreeSet<PeriodId> = rows.iter().map(|(.., period)| period.id).collect();
    let units: BTreeSet<UnitId> = rows.iter().map(|(submission, ..)| submission.unit_id).collect();
    let found: Vec<(PlanItem, PeriodId, UnitId, JsonText)> = s::table
        .inner_join(plan_items::table.on(plan_items::id.eq(s::item_id)))
        .filter(one_of(s::item_id, leaves))
        .filter(one_of(s::period_id, periods))
        .filter(one_of(s::unit_id, units))
        .select((PlanItem::as_select(), s::period_id, s::unit_id, s::content))
        .load(connection)?;
    found
        .into_iter()
        .map(|(item, period, unit, content)| {
            let content = content.read().map_err(Error::internal)?;
            Ok(((item.id, period, unit), Linked { item, content }))
        })
        .collect()
}
