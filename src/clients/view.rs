//! A machine client as people see it.

use serde::Serialize;

use super::model::{Client, ClientRowId};
use crate::{
    access::Scope,
    error::{Error, Result},
    kernel::id::UnitId,
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
