//! A delegation as the database keeps it.

use diesel::{Queryable, Selectable};

use crate::{
    id_type,
    kernel::{
        id::{PrincipalId, WardId},
        time::Timestamp,
    },
    schema::delegations,
};

id_type! {
    /// Identifies a delegation.
    DelegationId
}

/// Authority that one account gives to another for a time.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = delegations, check_for_backend(crate::db::MultiBackend))]
pub struct Delegation {
    /// Its id.
    pub id: DelegationId,
    /// Its ward.
    pub ward_id: WardId,
    /// Whose authority it is.
    pub grantor_id: PrincipalId,
    /// Who holds it for a time.
    pub delegate_id: PrincipalId,
    /// From when, inclusive.
    pub starts_at: Timestamp,
    /// Until when, inclusive.
    pub ends_at: Timestamp,
    /// Why; the number of the written authorisation, if there is one.
    pub reason: String,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// Counts changes.
    pub version: i64,
}
