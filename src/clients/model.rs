//! A machine client as the database keeps it.

use diesel::{Queryable, Selectable};

use crate::{
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        json::JsonText,
        time::Timestamp,
    },
    schema::clients,
};

/// Identifies a client in paths; `client_id` is the name it signs in with. Clients act, so it is a principal's id.
pub type ClientRowId = PrincipalId;

/// A machine client.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = clients, check_for_backend(crate::db::MultiBackend))]
pub struct Client {
    /// Its id.
    pub id: ClientRowId,
    /// Its ward; none for a client of the city.
    pub ward_id: Option<WardId>,
    /// The unit it acts for.
    pub unit_id: Option<UnitId>,
    /// The name it signs in with, unique in the whole system.
    pub client_id: String,
    /// What it is.
    pub name: String,
    /// Its scopes (JSON list).
    pub scopes: JsonText,
    /// SHA-256 of its secret, which has 256 random bits.
    pub secret_hash: String,
    /// Counts changes of the secret; tokens of an older count are void.
    pub credential_version: i64,
    /// Counts changes.
    pub version: i64,
    /// From when on it is no longer admitted; none: it does not end by itself.
    pub expires_at: Option<Timestamp>,
    /// Networks from which it may call (JSON list); empty: from anywhere.
    pub allowed_networks: JsonText,
    /// SHA-256 of the secret before, while both work.
    pub previous_secret_hash: Option<String>,
    /// Until when the secret before works.
    pub previous_secret_until: Option<Timestamp>,
    /// When it last got a token. Not counted as a change.
    pub last_used_at: Option<Timestamp>,
}
