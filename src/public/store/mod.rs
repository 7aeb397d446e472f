//! All SQL of the public side. A mark is what a tag is made of: one cheap query that also says whether the caller may
//! read it, so that an answer that is known already costs no more.

mod dictionary;
mod publications;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, QueryDsl, QueryableByName, RunQueryDsl,
    SelectableHelper,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use serde::Serialize;

use super::sight::Sight;
use crate::{
    db::{AnyConnection, statement},
    error::Result,
    kernel::{
        id::WardId,
        page::{Page, PageRequest},
    },
    plans::PlanId,
    schema::wards,
    wards::Ward,
};

pub(super) use self::{
    dictionary::{Indicators, list_indicators, mark_indicators},
    publications::{
        Frozen, Listing, PublicationRow, WardRow, list_frozen, list_publications, list_ward_standings,
        mark_publications, mark_results, mark_trends,
    },
};

/// A ward `w` that a caller may name: the binds from this number on are whether it sees all, and its own or empty.
/// SQLite counts binds by where they first stand, so their numbers rise through a query.
fn seen(bind: u8) -> String {
    format!("(${bind} OR w.id = ${} OR w.public_results)", bind + 1)
}

/// A ward `w` that stands in a caller's lists: the same binds.
fn listed(bind: u8) -> String {
    format!("(${bind} OR w.id = ${own} OR (${own} = '' AND w.public_results))", own = bind + 1)
}

/// How the wards stand: every change moves it, also of which are open.
#[derive(Debug, QueryableByName, Serialize)]
pub(super) struct WardsMark {
    #[diesel(sql_type = BigInt)]
    pub wards: i64,
    #[diesel(sql_type = BigInt)]
    pub versions: i64,
}

pub(super) fn mark_wards(connection: &mut AnyConnection) -> Result<WardsMark> {
    Ok(statement(
        "SELECT COUNT(*) AS wards, CAST(COALESCE(SUM(version), 0) AS BIGINT) AS versions FROM wards",
    )
    .get_result(connection)?)
}

/// The wards in a caller's list, by code.
pub(super) fn list_wards(
    connection: &mut AnyConnection,
    sight: &Sight,
    page: &PageRequest,
) -> Result<Page<Ward>> {
    let (all, own) = (sight.is_all(), sight.own());
    let open = own.is_empty();
    let mut query =
        wards::table.select(Ward::as_select()).order(wards::code.asc()).limit(page.fetch()).into_boxed();
    if !all {
        query =
            query.filter(wards::id.eq(own).or(wards::public_results.eq(true).and(open.into_sql::<Bool>())));
    }
    if let Some(after) = &page.after {
        query = query.filter(wards::code.gt(after.clone()));
    }
    Ok(page.page(query.load(connection)?, |ward| ward.code.clone()))
}

/// How a ward's plan of a year stands, once it is issued: every amendment moves it.
#[derive(Debug, QueryableByName, Serialize)]
pub(super) struct PlanMark {
    #[diesel(sql_type = Text)]
    pub ward_id: WardId,
    #[diesel(sql_type = Nullable<Text>)]
    pub plan_id: Option<PlanId>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub plan_version: Option<i64>,
    #[diesel(sql_type = BigInt)]
    pub items: i64,
    #[diesel(sql_type = BigInt)]
    pub versions: i64,
}

/// `None` where there is no such ward, or not for this caller.
pub(super) fn mark_plan(
    connection: &mut AnyConnection,
    sight: &Sight,
    ward: &str,
    year: i32,
) -> Result<Option<PlanMark>> {
    let rows: Vec<PlanMark> = statement(format!(
        "SELECT w.id AS ward_id, p.id AS plan_id, p.version AS plan_version, COUNT(i.id) AS items, \
           CAST(COALESCE(SUM(i.version), 0) AS BIGINT) AS versions \
         FROM wards w \
         LEFT JOIN plans p ON p.ward_id = w.id AND p.year = $1 AND p.status <> 'draft' \
         LEFT JOIN plan_items i ON i.plan_id = p.id \
         WHERE w.code = $2 AND {} \
         GROUP BY w.id, p.id, p.version",
        seen(3)
    ))
    .bind::<Integer, _>(year)
    .bind::<Text, _>(ward)
    .bind::<Bool, _>(sight.is_all())
    .bind::<Text, _>(sight.own())
    .load(connection)?;
    Ok(rows.into_iter().next())
}
