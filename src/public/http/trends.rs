//! Series over the periods of some years.

use actix_web::{get, web::Path};
use serde::Deserialize;

use super::{
    CsvText,
    answer::{Cached, answer, written},
    open, store,
};
use crate::{
    context::{Content, Ctx},
    db::AnyConnection,
    error::Result,
    http::{Known, Problem, Query},
    items::Field,
    public::{
        csv::Format,
        rules,
        sight::Sight,
        view::{Leaves, PublicTrends},
    },
    publications::PublicationId,
};

/// Which series are wanted.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetPublicTrends {
    /// First year.
    #[param(example = 2026)]
    pub from_year: i32,
    /// Last year, at most four years later; the first if absent.
    #[param(example = 2026)]
    pub to_year: Option<i32>,
    /// Indicators of one field only.
    pub field: Option<Field>,
    /// The indicator of this code only, as printed or in ASCII.
    #[param(example = "II.2.k")]
    pub item: Option<String>,
    /// `json` if absent.
    #[param(inline)]
    pub format: Option<Format>,
}

/// Read series over the periods of some years
///
/// Per indicator one point for each period of which a publication stands, by the end of the data. Indicators are
/// matched by code; `series_break` marks a point that does not compare with the one before.
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(("code" = String, Path, description = "Code of the ward", example = "long-my"), GetPublicTrends),
    responses(
        (status = 200, description = "The series; of no publication none",
            content((PublicTrends = "application/json"), (CsvText = "text/csv"))),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/public/v1/wards/{code}/trends")]
pub async fn get_public_trends(
    ctx: Ctx,
    known: Known,
    path: Path<String>,
    query: Query<GetPublicTrends>,
) -> Result<Cached, Problem> {
    let years = rules::check_years(query.0.from_year, query.0.to_year)?;
    let wanted = Leaves { field: query.0.field, item: query.0.item };
    let asked = Asked { ward: path.into_inner(), years, wanted, format: query.0.format };
    answer(&ctx, known, ("get_public_trends", asked), mark, load).await
}

#[derive(Clone, Debug)]
struct Asked {
    ward: String,
    years: (i32, i32),
    wanted: Leaves,
    format: Option<Format>,
}

fn mark(c: &mut AnyConnection, sight: &Sight, asked: &Asked) -> Result<Vec<PublicationId>> {
    store::mark_trends(c, sight, &asked.ward, asked.years)?.ok_or_else(|| sight.refusal())
}

fn load(c: &mut AnyConnection, _: &Sight, asked: &Asked, ids: Vec<PublicationId>) -> Result<Content> {
    let frozen = store::list_frozen(c, &ids)?;
    let opened = frozen.iter().map(open).collect::<Result<_>>()?;
    written(&PublicTrends::of(&asked.ward, asked.years, opened, &asked.wanted), asked.format)
}
