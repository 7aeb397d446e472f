//! The list of submissions over HTTP.

use actix_web::get;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::super::{
    model::SubmissionState,
    reach::Visibility,
    store::{self, Awaiting},
    view::SubmissionView,
};
use crate::{
    context::{Answer, Ctx},
    http::{HttpResult, Query, extract::page_request},
    items::Field,
    kernel::{page::Page, time::Timestamp},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_submissions);
}

/// Whose next act is wanted.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AwaitingWhom {
    /// The caller's.
    Me,
}

/// In which order submissions are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionOrder {
    /// What was begun last comes first.
    Newest,
    /// By the time of the last change, the earliest first: for whoever follows changes.
    UpdatedAt,
}

/// Which submissions are wanted. Things are named by id or by code.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListSubmissions {
    /// Plan: id or year.
    pub plan: Option<String>,
    /// Period: id or code.
    pub period: Option<String>,
    /// Unit: id or code.
    pub unit: Option<String>,
    /// Leaf: id or code.
    pub item: Option<String>,
    /// Field of the leaf.
    pub field: Option<Field>,
    /// State.
    pub state: Option<SubmissionState>,
    /// `me`: those whose next act is the caller's.
    #[param(inline)]
    pub awaiting: Option<AwaitingWhom>,
    /// Whether the first submitting was late.
    pub late: Option<bool>,
    /// Changed at or after this time.
    pub updated_since: Option<Timestamp>,
    /// Part of the leaf's name or code; marks and case do not matter.
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// Order: by what was begun last, which it is if absent, or by what changed, the earliest change first.
    #[param(inline)]
    pub sort: Option<SubmissionOrder>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List submissions
///
/// To follow changes, ask with `sort=updated_at` and `updated_since`, read all pages, and ask next from two minutes before
/// the last `updated_at` that came: a change that was made meanwhile may still be on its way. What came before is known by
/// `id` and `version`. A draft that was deleted does not come.
#[utoipa::path(
    tag = "submissions",
    extensions(("x-permission" = json!("submissions.read"))),
    params(ListSubmissions),
    responses((status = 200, description = "What the caller may see", body = Page<SubmissionView>))
)]
#[get("/api/v1/submissions")]
pub async fn list_submissions(ctx: Ctx, query: Query<ListSubmissions>) -> HttpResult {
    let query = query.0;
    let visibility = Visibility::of(&ctx.actor)?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = store::Filter {
        plan: query.plan,
        period: query.period,
        unit: query.unit,
        item: query.item,
        field: query.field,
        state: query.state,
        awaiting: query.awaiting.map(|_| Awaiting::of(&ctx.actor)).transpose()?,
        late: query.late,
        updated_since: query.updated_since,
        waiting_for: None,
        q: query.q,
        by_change: query.sort == Some(SubmissionOrder::UpdatedAt),
    };
    let now = ctx.services.clock.now();
    let page = ctx.read(move |c| store::list_submissions(c, &visibility, &filter, &page)).await?;
    Ok(Answer::ok(&page.map(|dossier| SubmissionView::of(dossier, &ctx.actor, now)))?)
}
