//! The feed of changes over HTTP, for those who keep a copy of what is public.

use std::time::Duration;

use actix_web::{get, web::Data};
use serde::Deserialize;
use tokio::time::Instant;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    access::{Actor, ActorKind},
    changes::{self, Feed, Reach, watch::Watch},
    context::{Answer, Ctx},
    error::{Code, Error, FieldError, Result},
    http::{HttpResult, ProblemBody, Query, extract::page_request},
    kernel::page::PageRequest,
    public::view::ChangeFeed,
};

/// The longest that a call waits, in seconds: shorter than the 30 seconds after which usual proxies give up.
const MAX_WAIT_SECONDS: u16 = 25;

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_public_changes);
}

/// From where on, how much, and how long to wait.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListChanges {
    /// `next_cursor` of the answer before, or the `cursor` of a change; from the beginning if absent or empty.
    #[param(max_length = 200)]
    pub after: Option<String>,
    /// Changes of one answer, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub limit: Option<u16>,
    /// Seconds to wait for a change if there is none yet, 0 to 25; 0 if absent.
    #[param(minimum = 0, maximum = 25, example = 0)]
    pub wait: Option<u16>,
}

/// Follow what is published, corrected and withdrawn
///
/// The feed is ordered, leaves nothing out and has no end: go on with `next_cursor`, which is always there, for as long
/// as you keep a copy, and store it after what the changes name is stored. With `wait` an answer without changes comes
/// as soon as there is one, or when the time is over. What is withdrawn stays in the feed as a tombstone. 409
/// `cursor_unknown`: the feed cannot go on from there without leaving something out; empty the copy and start again
/// without `after`. It is never cached: an old answer would hide what happened since.
#[utoipa::path(
    tag = "public",
    extensions(("x-permission" = json!("public_results.read"))),
    params(ListChanges),
    responses(
        (status = 200, description = "Changes, oldest first, and where to go on", body = ChangeFeed),
        (status = 409, description = "The feed cannot go on from this cursor; start again", body = ProblemBody,
            content_type = "application/problem+json")
    )
)]
#[get("/public/v1/changes")]
pub async fn list_public_changes(ctx: Ctx, query: Query<ListChanges>, watch: Data<Watch>) -> HttpResult {
    let after = query.0.after.as_deref().filter(|after| !after.is_empty());
    let page = page_request(query.0.limit, after)?;
    let wait = wait_of(query.0.wait)?;
    let feed = read_or_wait(&ctx, &watch, page, wait).await?;
    // No `Cache-Control` of its own, which means `no-store`.
    Ok(Answer::ok(&ChangeFeed::of(feed)?)?)
}

fn wait_of(seconds: Option<u16>) -> Result<Duration> {
    let seconds = seconds.unwrap_or(0);
    if seconds > MAX_WAIT_SECONDS {
        let fault = FieldError::new("?wait", Code::OutOfRange);
        return Err(Error::fields(Code::MalformedQuery, vec![fault]));
    }
    Ok(Duration::from_secs(seconds.into()))
}

/// What is new, or, if nothing is, what comes within this time.
async fn read_or_wait(ctx: &Ctx, watch: &Watch, page: PageRequest, wait: Duration) -> Result<Feed> {
    let until = Instant::now() + wait;
    let mut feed = read(ctx, &page).await?;
    if wait.is_zero() || !feed.items.is_empty() {
        return Ok(feed);
    }
    let mut waiter = watch.join(ctx.actor.kind == ActorKind::Anonymous)?;
    // What wakes it may be of a ward it does not see.
    while feed.items.is_empty() && waiter.wait_beyond(feed.head, until).await {
        let _turn = waiter.turn().await;
        feed = read(ctx, &page).await?;
    }
    Ok(feed)
}

async fn read(ctx: &Ctx, page: &PageRequest) -> Result<Feed> {
    let (reach, page) = (reach_of(&ctx.actor), page.clone());
    ctx.read_across_wards(move |c| changes::actions::read_feed(c, reach, &page)).await
}

/// As for the wards themselves: the city sees all, people and clients of a ward their own, others the open ones.
fn reach_of(actor: &Actor) -> Reach {
    match (actor.kind, actor.ward_id) {
        (ActorKind::Client, None) => Reach::All,
        (_, Some(ward_id)) => Reach::Ward(ward_id),
        _ => Reach::Open,
    }
}
