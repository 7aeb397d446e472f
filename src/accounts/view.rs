//! An account as people see it: never with anything of its password.

use serde::Serialize;

use super::model::{Account, AccountId};
use crate::{
    access::Role,
    error::{Error, Result},
    kernel::id::UnitId,
};

/// An account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UserView {
    /// Its id.
    pub id: AccountId,
    /// The name it signs in with.
    #[schema(example = "ktht.staff")]
    pub username: String,
    /// Full name of the person or office.
    pub full_name: String,
    /// Office held.
    pub position: Option<String>,
    /// Its unit.
    pub unit_id: UnitId,
    /// Its roles.
    pub roles: Vec<Role>,
    /// Whether it may sign in.
    pub active: bool,
    /// Counts changes.
    #[schema(example = 1)]
    pub version: i64,
}

impl UserView {
    /// The view of an account.
    ///
    /// # Errors
    /// Internal, when the roles in the database cannot be read.
    pub fn of(account: &Account) -> Result<Self> {
        Ok(Self {
            id: account.id,
            username: account.username.clone(),
            full_name: account.full_name.clone(),
            position: account.position.clone(),
            unit_id: account.unit_id,
            roles: account.roles.read().map_err(Error::internal)?,
            active: account.active,
            version: account.version,
        })
    }
}
