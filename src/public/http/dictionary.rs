//! The data dictionary over HTTP.

use actix_web::get;
use serde::Deserialize;

use super::{
    CsvText,
    answer::{Cached, answer, written},
    store::{self, Indicators},
};
use crate::{
    context::Ctx,
    db::AnyConnection,
    error::Result,
    http::{Known, Problem, Query, extract::page_request},
    items,
    kernel::page::Page,
    public::{csv::Format, sight::Sight, view::DictionaryEntry},
};

/// Whose indicators are wanted.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListDictionary {
    /// Code of a ward; all that the caller lists if absent.
    #[param(example = "long-my")]
    pub ward: Option<String>,
    /// Year of the plans; all if absent.
    #[param(example = 2026)]
    pub year: Option<i32>,
    /// Rows of the page, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before; with `csv` it is in the header `Link`.
    pub cursor: Option<String>,
    /// `json` if absent.
    #[param(inline)]
    pub format: Option<Format>,
}

/// Explain every indicator that is published
///
/// Name, unit, formula, targets and source of the indicators of issued plans, by ward, year and place in the plan. As
/// CSV with the last target of each tier.
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(ListDictionary),
    responses(
        (status = 200, description = "The data dictionary",
            content((Page<DictionaryEntry> = "application/json"), (CsvText = "text/csv"))),
        (status = 304, description = "Unchanged")
    )
)]
#[get("/public/v1/dictionary")]
pub async fn list_dictionary(
    ctx: Ctx,
    known: Known,
    query: Query<ListDictionary>,
) -> Result<Cached, Problem> {
    let page = page_request(query.0.limit, query.0.cursor.as_deref())?;
    let wanted = Indicators { ward: query.0.ward, year: query.0.year, page };
    answer(
        &ctx,
        known,
        ("list_dictionary", (wanted, query.0.format)),
        |c, sight, (wanted, _)| {
            let mark = store::mark_indicators(c, sight, wanted)?;
            let refused = wanted.ward.is_some() && mark.wards == 0;
            if refused { Err(sight.refusal()) } else { Ok(mark) }
        },
        |c, sight, (wanted, format), _| written(&entries(c, sight, wanted)?, *format),
    )
    .await
}

fn entries(c: &mut AnyConnection, sight: &Sight, wanted: &Indicators) -> Result<Page<DictionaryEntry>> {
    let page = store::list_indicators(c, sight, wanted)?;
    let ids: Vec<_> = page.items.iter().map(|(_, _, item)| item.id).collect();
    let mut targets = items::actions::targets_of(c, &ids)?;
    Ok(page.map(|(ward, plan, item)| {
        let own = targets.remove(&item.id).unwrap_or_default();
        DictionaryEntry::of(ward, plan, item, own)
    }))
}
