//! The sums, added up where the rows are.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, QueryDsl, QueryableByName, RunQueryDsl, SelectableHelper,
    dsl::count_star,
    sql_types::{BigInt, Nullable, Text},
};

use super::model::{FigureBasis, Sums};
use crate::{
    db::{AnyConnection, statement},
    error::Result,
    items::{ItemId, ItemKind, Obligation, PlanItem},
    kernel::number::Quantity,
    periods::PeriodId,
    plans::PlanId,
    schema::{owed_figures, plan_items},
};

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = Text)]
    item_id: ItemId,
    #[diesel(sql_type = Nullable<Text>)]
    applicability: Option<String>,
    #[diesel(sql_type = BigInt)]
    submissions: i64,
    #[diesel(sql_type = BigInt)]
    obliged: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    numerator: Option<Quantity>,
    #[diesel(sql_type = Nullable<BigInt>)]
    denominator: Option<Quantity>,
    #[diesel(sql_type = Nullable<BigInt>)]
    value: Option<Quantity>,
    #[diesel(sql_type = Nullable<Text>)]
    band: Option<String>,
}

/// Whether the sums also tell how many of the units that reported had to; it costs as much as all the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obliged {
    /// It is counted.
    Counted,
    /// It stays 0.
    Left,
}

/// The sums of every leaf in a period. One query. What a unit reported for a period after its end is its successor's to
/// report (RULES §4).
pub(super) fn sum_figures(
    connection: &mut AnyConnection,
    basis: FigureBasis,
    period_id: PeriodId,
    obliged: Obliged,
) -> Result<HashMap<ItemId, Sums>> {
    // A column cannot be a bind; these are the only texts that come in here.
    let revision = match basis {
        FigureBasis::Submitted => "NULLIF(s.submitted_revision, 0)",
        FigureBasis::Approved => "s.approved_revision",
        FigureBasis::Published => "s.published_revision",
    };
    let (obliged, assignments) = match obliged {
        Obliged::Counted => (
            "SUM(CASE WHEN a.obligation = 'must' THEN 1 ELSE 0 END)",
            "LEFT JOIN assignments a ON a.item_id = s.item_id AND a.unit_id = s.unit_id",
        ),
        Obliged::Left => ("0", ""),
    };
    let rows: Vec<SumRow> = statement(format!(
        "SELECT s.item_id, r.applicability, COUNT(*) AS submissions, CAST({obliged} AS BIGINT) AS obliged, \
           CAST(SUM(r.numerator) AS BIGINT) AS numerator, CAST(SUM(r.denominator) AS BIGINT) AS denominator, \
           CAST(SUM(r.value) AS BIGINT) AS value, MAX(r.band) AS band \
         FROM submissions s \
         JOIN submission_revisions r ON r.submission_id = s.id AND r.number = {revision} {assignments} \
         WHERE s.period_id = $1 AND s.unit_id NOT IN \
           (SELECT u.id FROM periods p JOIN units u ON u.ward_id = p.ward_id AND u.active_to < p.data_to \
            WHERE p.id = $1) \
         GROUP BY s.item_id, r.applicability"
    ))
    .bind::<Text, _>(period_id)
    .load(connection)?;
    let mut sums: HashMap<ItemId, Sums> = HashMap::new();
    for row in rows {
        let entry = sums.entry(row.item_id).or_default();
        entry.obliged += row.obliged;
        if row.applicability.as_deref() == Some("not_applicable") {
            entry.not_applying += row.submissions;
        } else {
            entry.applying += row.submissions;
            entry.numerator = row.numerator;
            entry.denominator = row.denominator;
            entry.value = row.value;
            entry.band = row.band;
        }
    }
    Ok(sums)
}

/// How many units owe each leaf in a period: those that must.
pub(super) fn count_expected(
    connection: &mut AnyConnection,
    period_id: PeriodId,
) -> Result<HashMap<ItemId, i64>> {
    let rows: Vec<(ItemId, i64)> = owed_figures::table
        .filter(owed_figures::period_id.eq(period_id))
        .filter(owed_figures::obligation.eq(Obligation::Must))
        .group_by(owed_figures::item_id)
        .select((owed_figures::item_id, count_star()))
        .load(connection)?;
    Ok(rows.into_iter().collect())
}

/// The indicators of a plan and the headings above them, in the plan's order.
pub(super) fn list_measured(connection: &mut AnyConnection, plan_id: PlanId) -> Result<Vec<PlanItem>> {
    Ok(plan_items::table
        .filter(plan_items::plan_id.eq(plan_id))
        .filter(plan_items::kind.ne(ItemKind::Task))
        .select(PlanItem::as_select())
        .order((plan_items::sort_path.asc(), plan_items::id.asc()))
        .load(connection)?)
}
