//! The log of deliveries over HTTP.

use actix_web::{get, post};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    context::{Answer, Ctx},
    http::{HttpResult, Id, Query, extract::page_request},
    kernel::page::Page,
    outbox::DeliveryId,
    webhooks::{
        actions::{self, Reach},
        model::{DeliveryState, WebhookId},
        store,
        view::{DeliveryDetailView, DeliveryView},
    },
};

/// The routes of this file.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_webhook_deliveries).service(get_webhook_delivery).service(redeliver_webhook);
}

/// Which deliveries are wanted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListWebhookDeliveries {
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Rows of the page, 1 to 200; 50 if absent.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List the deliveries of a webhook
///
/// Those that are delivered or dead are kept for 30 days.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!("webhooks.read"))),
    params(("id" = WebhookId, Path), ListWebhookDeliveries),
    responses((status = 200, description = "Deliveries, newest first", body = Page<DeliveryView>))
)]
#[get("/api/v1/webhooks/{id}/deliveries")]
pub async fn list_webhook_deliveries(
    ctx: Ctx,
    id: Id<WebhookId>,
    query: Query<ListWebhookDeliveries>,
) -> HttpResult {
    let (reach, state) = (Reach::of(&ctx.actor)?, query.0.state);
    let page = page_request(query.0.limit, query.0.cursor.as_deref())?;
    let page = ctx.read(move |c| actions::list_deliveries(c, reach, id.0, state, &page)).await?;
    Ok(Answer::ok(&page.map(|parcel| DeliveryView::of(&parcel)))?)
}

/// Read a delivery with its payload and attempts
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!("webhooks.read"))),
    params(("id" = DeliveryId, Path)),
    responses((status = 200, description = "The delivery", body = DeliveryDetailView))
)]
#[get("/api/v1/webhook-deliveries/{id}")]
pub async fn get_webhook_delivery(ctx: Ctx, id: Id<DeliveryId>) -> HttpResult {
    let reach = Reach::of(&ctx.actor)?;
    let view = ctx.read(move |c| {
        let parcel = actions::get_delivery(c, reach, id.0)?;
        let attempts = store::deliveries::list_attempts(c, parcel.delivery.id)?;
        DeliveryDetailView::of(&parcel, attempts)
    });
    Ok(Answer::ok(&view.await?)?)
}

/// Deliver an event again
///
/// Under the same `webhook-id`, whether it was delivered, is dead, or waits for its next attempt.
#[utoipa::path(
    tag = "webhooks",
    extensions(("x-permission" = json!("webhooks.write"))),
    params(("id" = DeliveryId, Path)),
    responses((status = 200, description = "The delivery, due now", body = DeliveryView))
)]
#[post("/api/v1/webhook-deliveries/{id}/redeliver")]
pub async fn redeliver_webhook(ctx: Ctx, id: Id<DeliveryId>) -> HttpResult {
    let answer = ctx.write(move |tx| Answer::ok(&DeliveryView::of(&actions::redeliver(tx, id.0)?)));
    Ok(answer.await?)
}
