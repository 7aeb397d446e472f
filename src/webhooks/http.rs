//! Webhooks over HTTP.

mod deliveries;

use actix_web::{delete, get, patch, post};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, NewWebhook, Reach, WebhookChanges},
    model::{Webhook, WebhookId},
    sending, signing, store,
    view::{DeliveryView, WebhookSecretView, WebhookView},
};
use crate::{
    access::token::Tokens,
    clients::ClientRowId,
    context::{Answer, Ctx},
    error::Result,
    http::{Body, HttpResult, Id, OptionalBody, PageQuery, Query},
    kernel::{page::Page, patch},
    outbox::EventKind,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_webhooks)
        .service(create_webhook)
        .service(get_webhook)
        .service(update_webhook)
        .service(delete_webhook)
        .service(rotate_webhook_secret)
        .service(ping_webhook);
    deliveries::routes(config);
}

/// List webhooks
///
/// A client sees its own, people of a ward those of its clients.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!("webhooks.read"))),
    params(PageQuery),
    responses((status = 200, description = "Webhooks, newest first", body = Page<WebhookView>))
)]
#[get("/api/v1/webhooks")]
pub async fn list_webhooks(ctx: Ctx, query: Query<PageQuery>) -> HttpResult {
    let (reach, page) = (Reach::of(&ctx.actor)?, query.0.request()?);
    let page = ctx.read(move |c| store::list_webhooks(c, reach, &page)).await?;
    Ok(Answer::ok(&page.try_map(|webhook| WebhookView::of(&webhook))?)?)
}

/// A new webhook.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "client_id": "00000000-0000-7000-8000-000000000000", "url": "https://mot-cua.example.vn/cchc",
    "kinds": ["submission.approved", "submission.returned", "plan.amended"]
}))]
pub struct CreateWebhook {
    /// The machine client that it belongs to: for the ward's administrator. A client makes them for itself.
    pub client_id: Option<ClientRowId>,
    /// Where events are sent: https, without credentials or fragment, to an address on the public internet.
    #[schema(min_length = 1, max_length = 2000)]
    pub url: String,
    /// What it is told of; the client's scopes decide what it can be.
    #[schema(min_items = 1, max_items = 14)]
    pub kinds: Vec<EventKind>,
}

/// Create a webhook
///
/// Its secret is shown in this answer and never again. Ask for a ping to try it.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!("webhooks.write"))),
    request_body = CreateWebhook,
    responses((status = 201, description = "The webhook and its secret, shown this once", body = WebhookSecretView))
)]
#[post("/api/v1/webhooks")]
pub async fn create_webhook(ctx: Ctx, body: Body<CreateWebhook>) -> HttpResult {
    let CreateWebhook { client_id, url, kinds } = body.0;
    let url = sending::check_url(&url, &ctx.services.settings.webhook_networks).await?;
    let tokens = ctx.services.tokens.clone();
    let answer = ctx.write(move |tx| {
        let webhook = actions::create_webhook(tx, NewWebhook { client_id, url, kinds })?;
        let location = format!("/api/v1/webhooks/{}", webhook.id);
        Answer::created(location, Some(webhook.version), &with_secret(&webhook, Some(&tokens))?)?
            .replayed_as(&with_secret(&webhook, None)?)
    });
    Ok(answer.await?)
}

fn with_secret(webhook: &Webhook, tokens: Option<&Tokens>) -> Result<WebhookSecretView> {
    let secret = tokens.map(|tokens| signing::secret_text(tokens, webhook.id, webhook.secret_version));
    Ok(WebhookSecretView { webhook: WebhookView::of(webhook)?, secret: secret.transpose()? })
}

/// Read a webhook
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!("webhooks.read"))),
    params(("id" = WebhookId, Path)),
    responses((status = 200, description = "The webhook", body = WebhookView), (status = 304, description = "Unchanged"))
)]
#[get("/api/v1/webhooks/{id}")]
pub async fn get_webhook(ctx: Ctx, id: Id<WebhookId>) -> HttpResult {
    let reach = Reach::of(&ctx.actor)?;
    let webhook = ctx.read(move |c| actions::get_webhook(c, reach, id.0)).await?;
    Ok(Answer::versioned(webhook.version, &WebhookView::of(&webhook)?)?)
}

/// What changes about a webhook: absent keeps.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "active": false }))]
pub struct UpdateWebhook {
    /// Where events are sent.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub url: Option<String>,
    /// What it is told of.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false, min_items = 1, max_items = 14)]
    pub kinds: Option<Vec<EventKind>>,
    /// Whether it is told. What happens while it is not is not kept for it; the change feed tells what was published.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
}

/// Change a webhook
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!("webhooks.write"))),
    params(("id" = WebhookId, Path)),
    request_body = UpdateWebhook,
    responses((status = 200, description = "The webhook as it now is", body = WebhookView))
)]
#[patch("/api/v1/webhooks/{id}")]
pub async fn update_webhook(ctx: Ctx, id: Id<WebhookId>, body: Body<UpdateWebhook>) -> HttpResult {
    let UpdateWebhook { url, kinds, active } = body.0;
    let url = match url {
        Some(url) => Some(sending::check_url(&url, &ctx.services.settings.webhook_networks).await?),
        None => None,
    };
    let answer = ctx.write(move |tx| {
        let webhook = actions::change_webhook(tx, id.0, WebhookChanges { url, kinds, active })?;
        Answer::versioned(webhook.version, &WebhookView::of(&webhook)?)
    });
    Ok(answer.await?)
}

/// Delete a webhook
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!("webhooks.write"))),
    params(("id" = WebhookId, Path)),
    responses((status = 204, description = "Deleted; nothing more is sent to it"))
)]
#[delete("/api/v1/webhooks/{id}")]
pub async fn delete_webhook(ctx: Ctx, id: Id<WebhookId>) -> HttpResult {
    let answer = ctx.write(move |tx| {
        actions::delete_webhook(tx, id.0)?;
        Ok(Answer::no_content())
    });
    Ok(answer.await?)
}

/// How a secret is changed.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "overlap_seconds": 86400 }))]
pub struct RotateWebhookSecret {
    /// For how long the secret before signs too, in seconds: a day if absent, a week at most, 0 for a secret that leaked.
    #[schema(minimum = 0, maximum = 604800)]
    pub overlap_seconds: Option<i64>,
}

/// Give a webhook a new secret
///
/// For a while both secrets sign, so that a receiver can change over without missing anything.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!("webhooks.write"))),
    params(("id" = WebhookId, Path)),
    request_body = Option<RotateWebhookSecret>,
    responses((status = 200, description = "The webhook and its new secret, shown this once", body = WebhookSecretView))
)]
#[post("/api/v1/webhooks/{id}/rotate-secret")]
pub async fn rotate_webhook_secret(
    ctx: Ctx,
    id: Id<WebhookId>,
    body: OptionalBody<RotateWebhookSecret>,
) -> HttpResult {
    let tokens = ctx.services.tokens.clone();
    let answer = ctx.write(move |tx| {
        let webhook = actions::rotate_secret(tx, id.0, body.0.overlap_seconds)?;
        Answer::versioned(webhook.version, &with_secret(&webhook, Some(&tokens))?)?
            .replayed_as(&with_secret(&webhook, None)?)
    });
    Ok(answer.await?)
}

/// Send a webhook a trial
///
/// An event of kind `ping`, past all that waits. Read the delivery to learn what came of it.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!("webhooks.write"))),
    params(("id" = WebhookId, Path)),
    responses((status = 201, description = "The delivery that is on its way", body = DeliveryView))
)]
#[post("/api/v1/webhooks/{id}/ping")]
pub async fn ping_webhook(ctx: Ctx, id: Id<WebhookId>) -> HttpResult {
    let answer = ctx.write(move |tx| {
        let parcel = actions::ping(tx, id.0)?;
        let location = format!("/api/v1/webhook-deliveries/{}", parcel.delivery.id);
        Answer::created(location, None, &DeliveryView::of(&parcel))
    });
    Ok(answer.await?)
}
