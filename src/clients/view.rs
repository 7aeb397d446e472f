//! A machine client as people see it.

use ipnet::IpNet;
use serde::Serialize;

use super::model::{Client, ClientRowId};
use crate::{
    access::{Scope, networks::read_networks},
    error::{Error, Result},
    kernel::{id::UnitId, time::Timestamp},
};

/// A machine client.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClientView {
    /// Its id.
    pub id: ClientRowId,
    /// The name it signs in with.
    #[schema(example = "one-stop-shop")]
    pub client_id: String,
    /// What it is.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<Scope>,
    /// The unit it acts for.
    pub unit_id: Option<UnitId>,
    /// From when on it is no longer admitted; `null`: it does not end by itself.
    pub expires_at: Option<Timestamp>,
    /// Networks from which it may call; empty: from anywhere.
    #[schema(value_type = Vec<String>, example = json!(["10.20.0.0/16"]))]
    pub allowed_networks: Vec<IpNet>,
    /// Until when the secret before the last rotation works too; `null` where it ended at once.
    pub previous_secret_until: Option<Timestamp>,
    /// When it last got a token, which it needs every 15 minutes. Does not count as a change: `version` and `ETag` stay.
    pub last_used_at: Option<Timestamp>,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl ClientView {
    /// The view of a client.
    ///
    /// # Errors
    /// Internal, when the scopes in the database cannot be read.
    pub fn of(client: &Client) -> Result<Self> {
        Ok(Self {
            id: client.id,
            client_id: client.client_id.clone(),
            name: client.name.clone(),
            scopes: client.scopes.read().map_err(Error::internal)?,
            unit_id: client.unit_id,
            expires_at: client.expires_at,
            allowed_networks: read_networks(&client.allowed_networks)?,
            previous_secret_until: client.previous_secret_until,
            last_used_at: client.last_used_at,
            version: client.version,
        })
    }
}

/// A client and its secret, shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClientSecretView {
    /// The client.
    #[serde(flatten)]
    pub client: ClientView,
    /// The secret; `null` in a replay of the same `Idempotency-Key`.
    pub client_secret: Option<String>,
}
