//! The published results of a ward.

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
    error::{Code, Error, Result},
    http::{Known, Problem, Query},
    items::Field,
    public::{
        csv::Format,
        sight::Sight,
        view::{Leaves, PublicResults},
    },
    publications::PublicationId,
};

/// Which results are wanted.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetPublicResults {
    /// Year of the plan.
    #[param(example = 2026)]
    pub year: i32,
    /// Code of the period; the one with the latest data if absent.
    #[param(example = "2026-Q1")]
    pub period: Option<String>,
    /// Indicators of one field only.
    pub field: Option<Field>,
    /// The indicator of this code only, as printed or in ASCII.
    #[param(example = "II.2.k")]
    pub item: Option<String>,
    /// Number of an older publication of the period, if it was not withdrawn; the newest that stands if absent.
    #[param(minimum = 1)]
    pub number: Option<i32>,
    /// `json` if absent.
    #[param(inline)]
    pub format: Option<Format>,
}

/// Read the published results of a ward
///
/// Of the newest publication of the period that stands, or, by `number`, of an older one. Figures are those that were
/// frozen; a correction makes a new publication, which says what it corrected. 404 where nothing is published, where
/// it was withdrawn, and where the caller may not know.
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(("code" = String, Path, description = "Code of the ward", example = "long-my"), GetPublicResults),
    responses(
        (status = 200, description = "What the publication froze",
            content((PublicResults = "application/json"), (CsvText = "text/csv"))),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/public/v1/wards/{code}/results")]
pub async fn get_public_results(
    ctx: Ctx,
    known: Known,
    path: Path<String>,
    query: Query<GetPublicResults>,
) -> Result<Cached, Problem> {
    if query.0.number.is_some() && query.0.period.is_none() {
        return Err(Error::field("?period", Code::Required).into());
    }
    answer(&ctx, known, ("get_public_results", (path.into_inner(), query.0)), mark, load).await
}

type Asked = (String, GetPublicResults);

fn mark(c: &mut AnyConnection, sight: &Sight, (ward, query): &Asked) -> Result<PublicationId> {
    let found = store::mark_results(c, sight, ward, query.year, query.period.as_deref(), query.number)?;
    found.ok_or_else(|| sight.refusal())?.ok_or_else(Error::not_found)
}

fn load(c: &mut AnyConnection, _: &Sight, (_, query): &Asked, id: PublicationId) -> Result<Content> {
    let frozen = store::list_frozen(c, &[id])?.pop().ok_or_else(Error::not_found)?;
    let (publication, content) = open(&frozen)?;
    let wanted = Leaves { field: query.field, item: query.item.clone() };
    written(&PublicResults::of(publication, content, &wanted), query.format)
}
