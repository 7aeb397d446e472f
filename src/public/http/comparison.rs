//! One indicator in one period, ward beside ward.

use std::collections::HashMap;

use actix_web::get;
use serde::Deserialize;

use super::{
    CsvText,
    answer::{Cached, answer, written},
    open,
    store::{self, WardRow},
};
use crate::{
    context::{Content, Ctx},
    db::AnyConnection,
    error::Result,
    http::{Known, Problem, Query, extract::page_request},
    kernel::page::{Page, PageRequest},
    public::{csv::Format, sight::Sight, view::PublicComparison},
    publications::PublicationId,
};

/// What is compared.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListPublicComparison {
    /// Year of the plans.
    #[param(example = 2026)]
    pub year: i32,
    /// Code of the period.
    #[param(example = "2026-Q1")]
    pub period: String,
    /// Code of the indicator, as printed or in ASCII.
    #[param(example = "II.2.k")]
    pub item: String,
    /// Rows of the page, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before; with `csv` it is in the header `Link`.
    pub cursor: Option<String>,
    /// `json` if absent.
    #[param(inline)]
    pub format: Option<Format>,
}

/// Compare an indicator across wards
///
/// One row for every ward that the caller lists, by code: the city's client compares all. A ward that published
/// nothing for the period says so instead of missing. Wards number their plans themselves: look at `title` before you
/// rank.
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(ListPublicComparison),
    responses(
        (status = 200, description = "Wards by code, each with its published figure",
            content((Page<PublicComparison> = "application/json"), (CsvText = "text/csv"))),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/public/v1/comparison")]
pub async fn list_public_comparison(
    ctx: Ctx,
    known: Known,
    query: Query<ListPublicComparison>,
) -> Result<Cached, Problem> {
    let page = page_request(query.0.limit, query.0.cursor.as_deref())?;
    answer(&ctx, known, ("list_public_comparison", (query.0, page)), mark, load).await
}

type Asked = (ListPublicComparison, PageRequest);

fn mark(c: &mut AnyConnection, sight: &Sight, (query, page): &Asked) -> Result<Page<WardRow>> {
    store::list_ward_standings(c, sight, query.year, &query.period, page)
}

fn load(c: &mut AnyConnection, _: &Sight, (query, _): &Asked, wards: Page<WardRow>) -> Result<Content> {
    let ids: Vec<PublicationId> = wards.items.iter().filter_map(|ward| ward.publication_id).collect();
    let mut frozen: HashMap<_, _> =
        store::list_frozen(c, &ids)?.into_iter().map(|frozen| (frozen.id, frozen)).collect();
    let rows = wards.try_map(|ward| {
        let row = PublicComparison::unpublished(ward.code, ward.name, query.year, &query.period);
        match ward.publication_id.and_then(|id| frozen.remove(&id)) {
            Some(frozen) => {
                let (publication, content) = open(&frozen)?;
                Ok(row.with(publication, content, &query.item))
            }
            None => Ok(row),
        }
    })?;
    written(&rows, query.format)
}
