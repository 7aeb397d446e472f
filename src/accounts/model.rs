//! An account as the database keeps it.

use diesel::{Queryable, Selectable};

use crate::{
    access::{Actor, ActorKind},
    error::{Error, Result},
    kernel::{
        id::{PrincipalId, UnitId, WardId},
        json::JsonText,
        time::Timestamp,
    },
    schema::accounts,
};

/// Identifies an account; accounts act, so theirs are the ids of principals.
pub type AccountId = PrincipalId;

/// An account.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = accounts, check_for_backend(crate::db::MultiBackend))]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its ward.
    pub ward_id: WardId,
    /// Its unit.
    pub unit_id: UnitId,
    /// The name it signs in with, unique in the whole system.
    pub username: String,
    /// Full name of the person or office.
    pub full_name: String,
    /// Office held.
    pub position: Option<String>,
    /// Its roles (JSON list).
    pub roles: JsonText,
    /// PHC string of the password. Never leaves this process.
    pub password_hash: String,
    /// Counts changes of the credentials; tokens of an older count are void.
    pub credential_version: i64,
    /// Until when it is locked.
    pub locked_until: Option<Timestamp>,
    /// Whether it may sign in.
    pub active: bool,
    /// Counts changes.
    pub version: i64,
}

impl Account {
    /// The account as the caller of a request.
    ///
    /// # Errors
    /// Internal, when the roles in the database cannot be read.
    pub fn to_actor(&self) -> Result<Actor> {
        Ok(Actor {
            kind: ActorKind::Account,
            principal_id: Some(self.id),
            ward_id: Some(self.ward_id),
            unit_id: Some(self.unit_id),
            roles: self.roles.read().map_err(Error::internal)?,
            name: self.username.clone(),
            position: self.position.clone(),
            ..Actor::anonymous()
        })
    }
}
