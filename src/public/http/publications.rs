//! The publications of a ward, so that a copy can be checked against their hashes.

use actix_web::{get, web::Path};
use serde::Deserialize;

use super::{
    CsvText,
    answer::{Cached, answer, written},
    store::{self, Listing},
};
use crate::{
    context::Ctx,
    http::{Known, Problem, Query, extract::page_request},
    kernel::page::Page,
    public::{csv::Format, view::PublicPublicationEntry},
};

/// Which publications are wanted.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListPublicPublications {
    /// Of the plan of this year.
    #[param(example = 2026)]
    pub year: Option<i32>,
    /// Of the period of this code.
    #[param(example = "2026-Q1")]
    pub period: Option<String>,
    /// Rows of the page, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before; with `csv` it is in the header `Link`.
    pub cursor: Option<String>,
    /// `json` if absent.
    #[param(inline)]
    pub format: Option<Format>,
}

/// List the publications of a ward
///
/// The newest first, each with what it corrected. What was withdrawn stays in the list with time and reason; its
/// figures are no longer to be read.
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(("code" = String, Path, description = "Code of the ward", example = "long-my"), ListPublicPublications),
    responses(
        (status = 200, description = "Publications and tombstones; as CSV with the number of corrections only",
            content((Page<PublicPublicationEntry> = "application/json"), (CsvText = "text/csv"))),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/public/v1/wards/{code}/publications")]
pub async fn list_public_publications(
    ctx: Ctx,
    known: Known,
    path: Path<String>,
    query: Query<ListPublicPublications>,
) -> Result<Cached, Problem> {
    let page = page_request(query.0.limit, query.0.cursor.as_deref())?;
    let listing = Listing { year: query.0.year, period: query.0.period, page };
    answer(
        &ctx,
        known,
        ("list_public_publications", (path.into_inner(), listing, query.0.format)),
        |c, sight, (ward, ..)| store::mark_publications(c, sight, ward)?.ok_or_else(|| sight.refusal()),
        |c, _, (_, listing, format), mark| {
            let page = store::list_publications(c, mark.ward_id, listing)?;
            written(&page.try_map(PublicPublicationEntry::of)?, *format)
        },
    )
    .await
}
