//! All SQL about publications as the public reads them.

use chrono::NaiveDate;
use diesel::{
    ExpressionMethods, JoinOnDsl, QueryDsl, Queryable, QueryableByName, RunQueryDsl, Selectable,
    SelectableHelper,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use serde::Serialize;

use super::{listed, seen};
use crate::{
    db::{AnyConnection, one_of, statement},
    error::{Code, Error, Result},
    kernel::{
        id::WardId,
        json::JsonText,
        page::{Page, PageRequest},
        time::Timestamp,
    },
    public::sight::Sight,
    publications::PublicationId,
    schema::{periods, plans, publications},
};

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<Text>)]
    id: Option<PublicationId>,
}

/// The publication that a reader of results means, by its id, whose content never changes: of a period the newest that
/// stands, or the one of this number if it stands; without a period, of the one with the latest data.
///
/// `None` where there is no such ward, or not for this caller; `Some(None)` where nothing is published.
pub(in crate::public) fn mark_results(
    connection: &mut AnyConnection,
    sight: &Sight,
    ward: &str,
    year: i32,
    period: Option<&str>,
    number: Option<i32>,
) -> Result<Option<Option<PublicationId>>> {
    let rows: Vec<Found> = statement(format!(
        "SELECT b.id AS id FROM wards w \
         LEFT JOIN plans p ON p.ward_id = w.id AND p.year = $1 AND p.status <> 'draft' \
         LEFT JOIN periods e ON e.plan_id = p.id AND ($2 IS NULL OR e.code = $2) \
         LEFT JOIN publications b ON b.period_id = e.id AND b.withdrawn_at IS NULL AND ($3 IS NULL OR b.number = $3) \
         WHERE w.code = $4 AND {} \
         ORDER BY (b.id IS NULL), e.data_to DESC, b.published_at DESC, b.number DESC LIMIT 1",
        seen(5)
    ))
    .bind::<Integer, _>(year)
    .bind::<Nullable<Text>, _>(period)
    .bind::<Nullable<Integer>, _>(number)
    .bind::<Text, _>(ward)
    .bind::<Bool, _>(sight.is_all())
    .bind::<Text, _>(sight.own())
    .load(connection)?;
    Ok(rows.into_iter().next().map(|row| row.id))
}

/// The newest publication that stands of each period of some years.
///
/// `None` where there is no such ward, or not for this caller.
pub(in crate::public) fn mark_trends(
    connection: &mut AnyConnection,
    sight: &Sight,
    ward: &str,
    (from_year, to_year): (i32, i32),
) -> Result<Option<Vec<PublicationId>>> {
    let rows: Vec<Found> = statement(format!(
        "SELECT b.id AS id FROM wards w \
         LEFT JOIN plans p ON p.ward_id = w.id AND p.year BETWEEN $1 AND $2 AND p.status <> 'draft' \
         LEFT JOIN periods e ON e.plan_id = p.id \
         LEFT JOIN publications b ON b.period_id = e.id AND b.withdrawn_at IS NULL AND b.number = {NEWEST} \
         WHERE w.code = $3 AND {} ORDER BY b.id",
        seen(4)
    ))
    .bind::<Integer, _>(from_year)
    .bind::<Integer, _>(to_year)
    .bind::<Text, _>(ward)
    .bind::<Bool, _>(sight.is_all())
    .bind::<Text, _>(sight.own())
    .load(connection)?;
    Ok((!rows.is_empty()).then(|| rows.into_iter().filter_map(|row| row.id).collect()))
}

/// The number of the newest publication of period `e` that stands.
const NEWEST: &str =
    "(SELECT MAX(n.number) FROM publications n WHERE n.period_id = e.id AND n.withdrawn_at IS NULL)";

/// What a publication froze.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = publications, check_for_backend(crate::db::MultiBackend))]
pub(in crate::public) struct Frozen {
    pub id: PublicationId,
    pub number: i32,
    pub hash: String,
    pub published_at: Timestamp,
    pub content: JsonText,
}

/// The contents of these publications.
pub(in crate::public) fn list_frozen(
    connection: &mut AnyConnection,
    ids: &[PublicationId],
) -> Result<Vec<Frozen>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(publications::table
        .filter(one_of(publications::id, ids))
        .select(Frozen::as_select())
        .load(connection)?)
}

/// A ward and its newest publication of a period that stands, if there is one.
#[derive(Clone, Debug, QueryableByName, Serialize)]
pub(in crate::public) struct WardRow {
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub publication_id: Option<PublicationId>,
}

/// The wards in a caller's list, by code, each with what it published for this year and period.
pub(in crate::public) fn list_ward_standings(
    connection: &mut AnyConnection,
    sight: &Sight,
    year: i32,
    period: &str,
    page: &PageRequest,
) -> Result<Page<WardRow>> {
    let rows: Vec<WardRow> = statement(format!(
        "SELECT w.code AS code, w.name AS name, b.id AS publication_id FROM wards w \
         LEFT JOIN plans p ON p.ward_id = w.id AND p.year = $1 AND p.status <> 'draft' \
         LEFT JOIN periods e ON e.plan_id = p.id AND e.code = $2 \
         LEFT JOIN publications b ON b.period_id = e.id AND b.withdrawn_at IS NULL AND b.number = {NEWEST} \
         WHERE {} AND w.code > $5 ORDER BY w.code LIMIT $6",
        listed(3)
    ))
    .bind::<Integer, _>(year)
    .bind::<Text, _>(period)
    .bind::<Bool, _>(sight.is_all())
    .bind::<Text, _>(sight.own())
    .bind::<Text, _>(page.after.as_deref().unwrap_or_default())
    .bind::<BigInt, _>(page.fetch())
    .load(connection)?;
    Ok(page.page(rows, |ward| ward.code.clone()))
}

/// How a ward's publications stand: every publication and every withdrawal moves it.
#[derive(Debug, QueryableByName, Serialize)]
pub(in crate::public) struct PublicationsMark {
    #[diesel(sql_type = Text)]
    pub ward_id: WardId,
    #[diesel(sql_type = BigInt)]
    pub publications: i64,
    #[diesel(sql_type = BigInt)]
    pub versions: i64,
}

/// `None` where there is no such ward, or not for this caller.
pub(in crate::public) fn mark_publications(
    connection: &mut AnyConnection,
    sight: &Sight,
    ward: &str,
) -> Result<Option<PublicationsMark>> {
    let rows: Vec<PublicationsMark> = statement(format!(
        "SELECT w.id AS ward_id, COUNT(b.id) AS publications, \
           CAST(COALESCE(SUM(b.version), 0) AS BIGINT) AS versions \
         FROM wards w LEFT JOIN publications b ON b.ward_id = w.id \
         WHERE w.code = $1 AND {} GROUP BY w.id",
        seen(2)
    ))
    .bind::<Text, _>(ward)
    .bind::<Bool, _>(sight.is_all())
    .bind::<Text, _>(sight.own())
    .load(connection)?;
    Ok(rows.into_iter().next())
}

/// Which publications of a ward are wanted.
#[derive(Clone, Debug)]
pub(in crate::public) struct Listing {
    pub year: Option<i32>,
    pub period: Option<String>,
    pub page: PageRequest,
}

/// A publication without its content and without those who made it.
#[derive(Clone, Debug, Queryable)]
pub(in crate::public) struct PublicationRow {
    pub id: PublicationId,
    pub year: i32,
    pub period: String,
    pub data_from: NaiveDate,
    pub data_to: NaiveDate,
    pub number: i32,
    pub hash: String,
    pub published_at: Timestamp,
    pub reported: i32,
    pub expected: i32,
    pub corrections: JsonText,
    pub withdrawn_at: Option<Timestamp>,
    pub withdrawn_reason: Option<String>,
}

/// The publications of a ward, newest first, withdrawn ones among them.
pub(in crate::public) fn list_publications(
    connection: &mut AnyConnection,
    ward_id: WardId,
    listing: &Listing,
) -> Result<Page<PublicationRow>> {
    use publications as b;
    let mut query = b::table
        .inner_join(periods::table.on(periods::id.eq(b::period_id)))
        .inner_join(plans::table.on(plans::id.eq(b::plan_id)))
        .filter(b::ward_id.eq(ward_id))
        .select((
            b::id,
            plans::year,
            periods::code,
            periods::data_from,
            periods::data_to,
            b::number,
            b::hash,
            b::published_at,
            b::reported,
            b::expected,
            b::corrections,
            b::withdrawn_at,
            b::withdrawn_reason,
        ))
        .order(b::id.desc())
        .limit(listing.page.fetch())
        .into_boxed();
    if let Some(year) = listing.year {
        query = query.filter(plans::year.eq(year));
    }
    if let Some(period) = &listing.period {
        query = query.filter(periods::code.eq(period.clone()));
    }
    if let Some(after) = &listing.page.after {
        let after = PublicationId::parse(after).ok_or_else(|| Error::new(Code::InvalidCursor))?;
        query = query.filter(b::id.lt(after));
    }
    let rows = query.load(connection)?;
    Ok(listing.page.page(rows, |row: &PublicationRow| row.id.to_string()))
}
