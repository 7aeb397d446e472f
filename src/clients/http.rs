//! Machine clients over HTTP.

use actix_web::{delete, get, patch, post};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, ClientChanges, NewClient, Rotation},
    model::{Client, ClientRowId},
    rules::read_networks,
    store,
    view::{ClientSecretView, ClientView},
};
use crate::{
    access::{Scope, password},
    context::{Answer, Ctx},
    error::Result,
    http::{Body, HttpResult, Id, OptionalBody, PageQuery, Query},
    kernel::{id::UnitId, page::Page, patch, time::Timestamp},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_clients)
        .service(create_client)
        .service(get_client)
        .service(update_client)
        .service(delete_client)
        .service(rotate_client_secret);
}

/// List machine clients
#[utoipa::path(
    tag = "clients",
    extensions(("x-permission" = json!("clients.read"))),
    params(PageQuery),
    responses((status = 200, description = "Clients of the ward", body = Page<ClientView>))
)]
#[get("/api/v1/clients")]
pub async fn list_clients(ctx: Ctx, query: Query<PageQuery>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let page = query.0.request()?;
    let clients = ctx.read(move |c| store::list_clients(c, ward_id, &page)).await?;
    Ok(Answer::ok(&clients.try_map(|client| ClientView::of(&client))?)?)
}

/// A new machine client.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "client_id": "ward-dashboard", "name": "Bảng theo dõi của phường", "scopes": ["results:read"]
}))]
pub struct CreateClient {
    /// The name it signs in with: small letters, digits, `.`, `_`, `-`.
    #[schema(min_length = 3, max_length = 64)]
    pub client_id: String,
    /// What it is.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Its scopes: `results:read`, or `submissions:write` for one unit.
    #[schema(min_items = 1, max_items = 3)]
    pub scopes: Vec<Scope>,
    /// The unit it acts for; with `submissions:write` only.
    pub unit_id: Option<UnitId>,
    /// From when on it is no longer admitted; none if absent.
    pub expires_at: Option<Timestamp>,
    /// Networks or addresses from which it may call, IPv4 or IPv6; from anywhere if empty.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["10.20.0.0/16", "2001:db8::/32"]))]
    pub allowed_networks: Vec<String>,
}

/// Create a machine client
#[utoipa::path(
    tag = "clients",
    extensions(("x-permission" = json!("clients.write"))),
    request_body = CreateClient,
    responses((status = 201, description = "The client and its secret, shown this once", body = ClientSecretView))
)]
#[post("/api/v1/clients")]
pub async fn create_client(ctx: Ctx, body: Body<CreateClient>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let secret = password::random_secret()?;
    let new = NewClient {
        client_id: body.client_id,
        name: body.name,
        scopes: body.scopes,
        unit_id: body.unit_id,
        expires_at: body.expires_at,
        allowed_networks: read_networks(&body.allowed_networks)?,
        secret_hash: password::digest(&secret),
    };
    let answer = ctx.write(move |tx| {
        let client = actions::create_client(tx, Some(ward_id), new)?;
        let location = format!("/api/v1/clients/{}", client.id);
        Answer::created(location, Some(client.version), &with_secret(&client, Some(secret))?)?
            .replayed_as(&with_secret(&client, None)?)
    });
    Ok(answer.await?)
}

fn with_secret(client: &Client, client_secret: Option<String>) -> Result<ClientSecretView> {
    Ok(ClientSecretView { client: ClientView::of(client)?, client_secret })
}

/// Read a machine client
#[utoipa::path(
    tag = "clients",
    extensions(("x-permission" = json!("clients.read"))),
    params(("id" = ClientRowId, Path)),
    responses((status = 200, description = "The client", body = ClientView), (status = 304, description = "Unchanged"))
)]
#[get("/api/v1/clients/{id}")]
pub async fn get_client(ctx: Ctx, id: Id<ClientRowId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let client = ctx.read(move |c| actions::get_client(c, ward_id, id.0)).await?;
    Ok(Answer::versioned(client.version, &ClientView::of(&client)?)?)
}

/// What changes about a machine client: absent keeps, `null` clears.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Bảng theo dõi CCHC" }))]
pub struct UpdateClient {
    /// What it is.
    #[schema(min_length = 1, max_length = 200)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Its scopes.
    #[schema(min_items = 1, max_items = 3)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub scopes: Option<Vec<Scope>>,
    /// The unit it acts for.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<UnitId>)]
    pub unit_id: Option<Option<UnitId>>,
    /// From when on it is no longer admitted; a time that is over stops it at once.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Timestamp>)]
    pub expires_at: Option<Option<Timestamp>>,
    /// Networks or addresses from which it may call; from anywhere if empty.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false, max_items = 50, example = json!(["10.20.0.0/16", "2001:db8::/32"]))]
    pub allowed_networks: Option<Vec<String>>,
}

/// Change a machine client
#[utoipa::path(
    tag = "clients",
    extensions(("x-permission" = json!("clients.write"))),
    params(("id" = ClientRowId, Path)),
    request_body = UpdateClient,
    responses((status = 200, description = "The client as it now is", body = ClientView))
)]
#[patch("/api/v1/clients/{id}")]
pub async fn update_client(ctx: Ctx, id: Id<ClientRowId>, body: Body<UpdateClient>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let changes = ClientChanges {
        name: body.name,
        scopes: body.scopes,
        unit_id: body.unit_id,
        expires_at: body.expires_at,
        allowed_networks: body.allowed_networks.as_deref().map(read_networks).transpose()?,
    };
    let answer = ctx.write(move |tx| {
        let client = actions::change_client(tx, ward_id, id.0, changes)?;
        Answer::versioned(client.version, &ClientView::of(&client)?)
    });
    Ok(answer.await?)
}

/// Delete a machine client
#[utoipa::path(
    tag = "clients",
    extensions(("x-permission" = json!("clients.write"))),
    params(("id" = ClientRowId, Path)),
    responses((status = 204, description = "Deleted; its tokens stopped working"))
)]
#[delete("/api/v1/clients/{id}")]
pub async fn delete_client(ctx: Ctx, id: Id<ClientRowId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let answer = ctx.write(move |tx| {
        actions::delete_client(tx, ward_id, id.0)?;
        Ok(Answer::no_content())
    });
    Ok(answer.await?)
}

/// How a secret is replaced; without a body it ends at once.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "overlap_seconds": 86400 }))]
pub struct RotateClientSecret {
    /// Seconds for which the old secret still works, at most seven days; 0 if absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 604_800)]
    pub overlap_seconds: i64,
}

/// Give a machine client a new secret
///
/// Without an overlap the old secret and all its tokens end at once: the way out when a secret got known. With one the
/// old secret works until `previous_secret_until`, tokens stay good, and the client changes over without standing
/// still. A further rotation ends the oldest of three.
#[utoipa::path(
    tag = "clients",
    extensions(("x-permission" = json!("clients.write"))),
    params(("id" = ClientRowId, Path)),
    request_body = Option<RotateClientSecret>,
    responses((status = 200, description = "The client and its new secret, shown this once", body = ClientSecretView))
)]
#[post("/api/v1/clients/{id}/rotate-secret")]
pub async fn rotate_client_secret(
    ctx: Ctx,
    id: Id<ClientRowId>,
    body: OptionalBody<RotateClientSecret>,
) -> HttpResult {
    let ward_id = ctx.ward()?;
    let secret = password::random_secret()?;
    let rotation =
        Rotation { secret_hash: password::digest(&secret), overlap_seconds: body.0.overlap_seconds };
    let answer = ctx.write(move |tx| {
        let client = actions::rotate_secret(tx, ward_id, id.0, rotation)?;
        Answer::versioned(client.version, &with_secret(&client, Some(secret))?)?
            .replayed_as(&with_secret(&client, None)?)
    });
    Ok(answer.await?)
}
