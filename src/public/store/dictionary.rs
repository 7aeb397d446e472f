//! All SQL about the indicators of issued plans.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, JoinOnDsl, QueryDsl, QueryableByName, RunQueryDsl,
    SelectableHelper,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use serde::Serialize;

use super::{listed, seen};
use crate::{
    db::{AnyConnection, statement},
    error::{Code, Error, Result},
    items::{ItemId, ItemKind, PlanItem},
    kernel::page::{Page, PageRequest},
    plans::{Plan, PlanStatus},
    public::sight::Sight,
    schema::{plan_items, plans, wards},
};

/// Which indicators are wanted.
#[derive(Clone, Debug)]
pub(in crate::public) struct Indicators {
    pub ward: Option<String>,
    pub year: Option<i32>,
    pub page: PageRequest,
}

/// How the indicators stand: every amendment moves it, and every change of which wards are open.
#[derive(Debug, QueryableByName, Serialize)]
pub(in crate::public) struct IndicatorsMark {
    #[diesel(sql_type = BigInt)]
    pub wards: i64,
    #[diesel(sql_type = BigInt)]
    pub ward_versions: i64,
    #[diesel(sql_type = BigInt)]
    pub plan_versions: i64,
    #[diesel(sql_type = BigInt)]
    pub items: i64,
    #[diesel(sql_type = BigInt)]
    pub versions: i64,
}

/// One query; `wards` is 0 where the named ward is none, or not for this caller.
pub(in crate::public) fn mark_indicators(
    connection: &mut AnyConnection,
    sight: &Sight,
    wanted: &Indicators,
) -> Result<IndicatorsMark> {
    // Each in words of its own, so that a named ward is looked up.
    let (seen, named) = if wanted.ward.is_some() { (seen(2), "w.code = $4") } else { (listed(2), "TRUE") };
    Ok(statement(format!(
        "SELECT COUNT(DISTINCT w.id) AS wards, \
           CAST((SELECT COALESCE(SUM(a.version), 0) FROM wards a) AS BIGINT) AS ward_versions, \
           CAST(COALESCE(SUM(p.version), 0) AS BIGINT) AS plan_versions, \
           COUNT(i.id) AS items, CAST(COALESCE(SUM(i.version), 0) AS BIGINT) AS versions \
         FROM wards w \
         LEFT JOIN plans p ON p.ward_id = w.id AND p.status <> 'draft' AND ($1 IS NULL OR p.year = $1) \
         LEFT JOIN plan_items i ON i.plan_id = p.id AND i.kind = 'indicator' \
         WHERE {seen} AND {named}"
    ))
    .bind::<Nullable<Integer>, _>(wanted.year)
    .bind::<Bool, _>(sight.is_all())
    .bind::<Text, _>(sight.own())
    .bind::<Nullable<Text>, _>(wanted.ward.as_deref())
    .get_result(connection)?)
}

/// Indicators of issued plans by ward, year and place in the plan.
pub(in crate::public) fn list_indicators(
    connection: &mut AnyConnection,
    sight: &Sight,
    wanted: &Indicators,
) -> Result<Page<(String, Plan, PlanItem)>> {
    let mut query = wards::table
        .inner_join(plans::table.on(plans::ward_id.eq(wards::id)))
        .inner_join(plan_items::table.on(plan_items::plan_id.eq(plans::id)))
        .filter(plans::status.ne(PlanStatus::Draft))
        .filter(plan_items::kind.eq(ItemKind::Indicator))
        .select((wards::code, Plan::as_select(), PlanItem::as_select()))
        .order((wards::code.asc(), plans::year.asc(), plan_items::sort_path.asc(), plan_items::id.asc()))
        .limit(wanted.page.fetch())
        .into_boxed();
    if !sight.is_all() {
        let open = wanted.ward.is_some() || sight.own().is_empty();
        let open = wards::public_results.eq(true).and(open.into_sql::<Bool>());
        query = query.filter(wards::id.eq(sight.own()).or(open));
    }
    if let Some(ward) = &wanted.ward {
        query = query.filter(wards::code.eq(ward.clone()));
    }
    if let Some(year) = wanted.year {
        query = query.filter(plans::year.eq(year));
    }
    let after = wanted.page.after.as_deref();
    let after = after.map(|at| key_of(at).ok_or_else(|| Error::new(Code::InvalidCursor))).transpose()?;
    // Without a place to begin at in each index, a database may rather read all items and sort them.
    let first = after.as_ref().map(|(code, ..)| code.clone()).unwrap_or_default();
    query =
        query.filter(wards::code.ge(first)).filter(plans::year.ge(0)).filter(plan_items::sort_path.ge(""));
    if let Some((code, year, path, id)) = after {
        let item = plan_items::sort_path
            .gt(path.clone())
            .or(plan_items::sort_path.eq(path).and(plan_items::id.gt(id)));
        let plan = plans::year.gt(year).or(plans::year.eq(year).and(item));
        query = query.filter(wards::code.gt(code.clone()).or(wards::code.eq(code).and(plan)));
    }
    let rows: Vec<(String, Plan, PlanItem)> = query.load(connection)?;
    Ok(wanted
        .page
        .page(rows, |(code, plan, item)| format!("{code}|{}|{}|{}", plan.year, item.sort_path, item.id)))
}

fn key_of(cursor: &str) -> Option<(String, i32, String, ItemId)> {
    let mut parts = cursor.split('|');
    let key = (
        parts.next()?.to_owned(),
        parts.next()?.parse().ok()?,
        parts.next()?.to_owned(),
        ItemId::parse(parts.next()?)?,
    );
    parts.next().is_none().then_some(key)
}
