//! Wards that publish, as the public sees them.

use actix_web::get;
use serde::Deserialize;

use super::{
    CsvText,
    answer::{Cached, answer, written},
    store,
};
use crate::{
    context::Ctx,
    http::{Known, Problem, Query, extract::page_request},
    kernel::page::Page,
    public::{csv::Format, view::PublicWard},
};

/// Which wards are wanted, and how.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListPublicWards {
    /// Rows of the page, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before; with `csv` it is in the header `Link`.
    pub cursor: Option<String>,
    /// `json` if absent.
    #[param(inline)]
    pub format: Option<Format>,
}

/// List wards with public results
///
/// A city client sees all wards, a ward's client its own, nobody's token those that publish to everyone.
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(ListPublicWards),
    responses(
        (status = 200, description = "Wards by code",
            content((Page<PublicWard> = "application/json"), (CsvText = "text/csv"))),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/public/v1/wards")]
pub async fn list_public_wards(
    ctx: Ctx,
    known: Known,
    query: Query<ListPublicWards>,
) -> Result<Cached, Problem> {
    let asked = (page_request(query.0.limit, query.0.cursor.as_deref())?, query.0.format);
    answer(
        &ctx,
        known,
        ("list_public_wards", asked),
        |c, _, _| store::mark_wards(c),
        |c, sight, (page, format), _| {
            written(&store::list_wards(c, sight, page)?.map(PublicWard::of), *format)
        },
    )
    .await
}
