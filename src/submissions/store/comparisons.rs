//! What the figures of a page are held against: a handful of queries, whatever the number of rows.

use std::collections::{BTreeSet, HashMap};

use diesel::{ExpressionMethods, QueryDsl, QueryableByName, RunQueryDsl, SelectableHelper, sql_types::Text};
use serde_json::{Value, json};

use super::Row;
use crate::{
    db::{AnyConnection, json_rows, one_of, statement},
    error::{Error, Result},
    items::{Aggregation, ItemId, ItemKind, PlanItem},
    kernel::{
        id::{UnitId, WardId},
        json::JsonText,
        number::Quantity,
    },
    periods::{Period, PeriodId, rules as periods_rules},
    plans::PlanId,
    schema::{periods, plan_items, wards},
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
    let wanted = rows.iter().flat_map(|(submission, item, period)| {
        let periods = calendar(submission.plan_id);
        let earlier =
            periods_rules::previous_of(periods, period).into_iter().chain(among(item, period, periods));
        earlier.map(|earlier| (item.id, earlier.id, submission.unit_id))
    });
    let standing = "JOIN submission_revisions r ON r.submission_id = s.id \
                    AND r.number = COALESCE(s.approved_revision, s.submitted_revision)";
    load_contents(connection, "r.content", standing, wanted)
}

/// Figures of the same units and periods for the leaves that those of these rows refer to, as they are at hand.
fn load_linked(
    connection: &mut AnyConnection,
    rows: &[(&Submission, &PlanItem, &Period)],
) -> Result<HashMap<Place, Linked>> {
    let wanted = rows.iter().flat_map(|(submission, item, period)| {
        let leaves = [item.no_more_than_id, item.subset_of_id].into_iter().flatten();
        leaves.map(|leaf| (leaf, period.id, submission.unit_id))
    });
    let contents = load_contents(connection, "s.content", "", wanted)?;
    if contents.is_empty() {
        return Ok(HashMap::new());
    }
    let leaves: BTreeSet<ItemId> = contents.keys().map(|(leaf, ..)| *leaf).collect();
    let leaves: Vec<PlanItem> = plan_items::table
        .filter(one_of(plan_items::id, leaves))
        .select(PlanItem::as_select())
        .load(connection)?;
    let leaves: HashMap<ItemId, PlanItem> = leaves.into_iter().map(|leaf| (leaf.id, leaf)).collect();
    let linked = contents.into_iter().filter_map(|(place, content)| {
        Some((place, Linked { item: leaves.get(&place.0)?.clone(), content }))
    });
    Ok(linked.collect())
}

#[derive(QueryableByName)]
struct Placed {
    #[diesel(sql_type = Text)]
    item_id: ItemId,
    #[diesel(sql_type = Text)]
    period_id: PeriodId,
    #[diesel(sql_type = Text)]
    unit_id: UnitId,
    #[diesel(sql_type = Text)]
    content: JsonText,
}

/// The contents at these places, in this column of the submissions `s` there and of what is joined to them.
fn load_contents(
    connection: &mut AnyConnection,
    column: &str,
    joined: &str,
    places: impl Iterator<Item = Place>,
) -> Result<HashMap<Place, Content>> {
    let places: BTreeSet<Place> = places.collect();
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let asked = json_rows(connection, &["item_id", "period_id", "unit_id"]);
    let sql = format!(
        "SELECT s.item_id, s.period_id, s.unit_id, {column} FROM {asked} JOIN submissions s \
         ON s.item_id = asked.item_id AND s.period_id = asked.period_id AND s.unit_id = asked.unit_id {joined}"
    );
    let object = |(item, period, unit)| json!({ "item_id": item, "period_id": period, "unit_id": unit });
    let places: Value = places.into_iter().map(object).collect();
    let found: Vec<Placed> = statement(sql).bind::<Text, _>(places.to_string()).load(connection)?;
    let read = |row: Placed| {
        Ok(((row.item_id, row.period_id, row.unit_id), row.content.read().map_err(Error::internal)?))
    };
    found.into_iter().map(read).collect()
}
