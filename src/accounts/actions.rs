//! Writes about accounts. Whatever ends a person's say – deactivation, a new password – ends it at once.

use super::{
    model::{Account, AccountId},
    rules, store,
    view::UserView,
};
use crate::{
    access::Role,
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Faults, Result, text},
    kernel::{
        id::{UnitId, WardId},
        json::JsonText,
        text::clean,
    },
    units::{self, Unit},
    wards,
};

/// What a new account is made of.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The name it signs in with.
    pub username: String,
    /// Full name of the person or office.
    pub full_name: String,
    /// Office held.
    pub position: Option<String>,
    /// Its unit.
    pub unit_id: UnitId,
    /// Its roles.
    pub roles: Vec<Role>,
    /// PHC string of its password, computed before the write began.
    pub password_hash: String,
}

/// What changes about an account: absent keeps.
#[derive(Clone, Debug, Default)]
pub struct AccountChanges {
    /// Full name of the person or office.
    pub full_name: Option<String>,
    /// Office held.
    pub position: Option<Option<String>>,
    /// Its unit.
    pub unit_id: Option<UnitId>,
    /// Its roles.
    pub roles: Option<Vec<Role>>,
    /// Whether it may sign in.
    pub active: Option<bool>,
}

/// Adds an account to a ward.
///
/// # Errors
/// `invalid`, `unknown_reference`, `username_taken`.
pub fn create_account(tx: &mut Tx<'_>, ward_id: WardId, mut new: NewAccount) -> Result<Account> {
    once_each(&mut new.roles);
    let account = Account {
        id: AccountId::generate(),
        ward_id,
        unit_id: new.unit_id,
        username: clean(&new.username).to_lowercase(),
        full_name: clean(&new.full_name),
        position: new.position.map(|position| clean(&position)),
        roles: JsonText::of(&new.roles),
        password_hash: new.password_hash,
        credential_version: 1,
        locked_until: None,
        active: true,
        version: 1,
    };
    check(tx, &account, &new.roles)?;
    store::insert_account(tx.connection, &account)?;
    tx.record_for(Some(ward_id));
    tx.record(Event::new("user.created", "user", account.id).between(None, Some(&UserView::of(&account)?)));
    Ok(account)
}

/// Changes an account.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `invalid`, `last_admin`.
pub fn change_account(
    tx: &mut Tx<'_>,
    ward_id: WardId,
    id: AccountId,
    changes: AccountChanges,
) -> Result<Account> {
    let before = get_account(tx.connection, ward_id, id)?;
    tx.require_version(before.version)?;
    let roles = match changes.roles {
        Some(mut roles) => {
            once_each(&mut roles);
            roles
        }
        None => before.roles.read().map_err(Error::internal)?,
    };
    let after = Account {
        full_name: changes.full_name.map_or_else(|| before.full_name.clone(), |name| clean(&name)),
        position: changes.position.map_or_else(|| before.position.clone(), |p| p.map(|text| clean(&text))),
        unit_id: changes.unit_id.unwrap_or(before.unit_id),
        roles: JsonText::of(&roles),
        active: changes.active.unwrap_or(before.active),
        version: before.version + 1,
        ..before.clone()
    };
    check(tx, &after, &roles)?;
    write(tx, "user.changed", &before, after)
}

/// Shuts an account out, at once.
///
/// # Errors
/// Not found, `version_stale`, `last_admin`.
pub fn deactivate_account(tx: &mut Tx<'_>, ward_id: WardId, id: AccountId) -> Result<Account> {
    let before = get_account(tx.connection, ward_id, id)?;
    tx.check_version(before.version)?;
    let after = Account { active: false, version: before.version + 1, ..before.clone() };
    write(tx, "user.deactivated", &before, after)
}

/// Gives an account a new password; every sign-in with the old one ends at once.
///
/// # Errors
/// Not found, `version_stale`, `concurrent_change`.
pub fn set_password(
    tx: &mut Tx<'_>,
    kind: &'static str,
    ward_id: WardId,
    id: AccountId,
    password_hash: String,
) -> Result<Account> {
    let before = get_account(tx.connection, ward_id, id)?;
    tx.check_version(before.version)?;
    let after = Account {
        password_hash,
        credential_version: before.credential_version + 1,
        locked_until: None,
        version: before.version + 1,
        ..before.clone()
    };
    write(tx, kind, &before, after)
}

/// Moves active accounts into another unit; their roles and their sign-ins stay. Those of `from` are told apart by the
/// pointer that each unit's faults carry.
///
/// # Errors
/// `invalid` with `role_not_for_unit` for each account whose roles do not go with the new unit, `concurrent_change`.
pub fn move_accounts(tx: &mut Tx<'_>, from: &[(UnitId, String)], to: &Unit) -> Result<usize> {
    let units: Vec<UnitId> = from.iter().map(|(unit, _)| *unit).collect();
    let accounts = store::list_active_of(tx.connection, to.ward_id, &units)?;
    move_all(tx, accounts, to, |account| {
        let pointer =
            from.iter().find(|(unit, _)| *unit == account.unit_id).map(|(_, pointer)| pointer.clone());
        pointer.unwrap_or_default()
    })
}

/// Moves single accounts of a unit into another; their roles and their sign-ins stay.
///
/// # Errors
/// `invalid` with `unknown_reference` for an id that is no account of that unit, and those of [`move_accounts`].
pub fn move_named(tx: &mut Tx<'_>, from: UnitId, named: &[(AccountId, String)], to: &Unit) -> Result<usize> {
    let theirs = store::list_active_of(tx.connection, to.ward_id, &[from])?;
    let mut faults = Faults::new();
    let mut accounts = Vec::new();
    for (id, pointer) in named {
        match theirs.iter().find(|account| account.id == *id) {
            Some(account) => accounts.push(account.clone()),
            None => faults.add(pointer.clone(), Code::UnknownReference),
        }
    }
    faults.into_result(Code::Invalid)?;
    move_all(tx, accounts, to, |account| {
        let pointer = named.iter().find(|(id, _)| *id == account.id).map(|(_, pointer)| pointer.clone());
        pointer.unwrap_or_default()
    })
}

fn move_all(
    tx: &mut Tx<'_>,
    accounts: Vec<Account>,
    to: &Unit,
    pointer: impl Fn(&Account) -> String,
) -> Result<usize> {
    let mut faults = Faults::new();
    for account in &accounts {
        let roles: Vec<Role> = account.roles.read().map_err(Error::internal)?;
        if let Some(role) = roles.iter().find(|role| !rules::fits(**role, to.kind)) {
            let name = &account.username;
            let sentence = text(
                format!(
                    "Tài khoản {name} có vai trò {role}, không dùng được ở đơn vị mới; hãy đổi vai trò trước"
                ),
                format!(
                    "Account {name} holds the role {role}, which the new unit cannot have; change it first"
                ),
            );
            faults.add_because(pointer(account), Code::RoleNotForUnit, sentence);
        }
    }
    faults.into_result(Code::Invalid)?;
    let moved = accounts.len();
    for before in accounts {
        let after = Account { unit_id: to.id, version: before.version + 1, ..before.clone() };
        write(tx, "user.moved", &before, after)?;
    }
    Ok(moved)
}

/// An account of this ward.
///
/// # Errors
/// Not found.
pub fn get_account(connection: &mut AnyConnection, ward_id: WardId, id: AccountId) -> Result<Account> {
    store::find_account(connection, ward_id, id)?.ok_or_else(Error::not_found)
}

/// An account as it is now, locked until the transaction ends.
///
/// # Errors
/// Not found.
pub fn lock_account(connection: &mut AnyConnection, id: AccountId) -> Result<Account> {
    store::lock_account(connection, id)?.ok_or_else(Error::not_found)
}

/// An account by the name it signs in with.
///
/// # Errors
/// When the database fails.
pub fn find_account_by_username(connection: &mut AnyConnection, username: &str) -> Result<Option<Account>> {
    store::find_by_username(connection, username)
}

fn check(tx: &mut Tx<'_>, account: &Account, roles: &[Role]) -> Result<()> {
    let unit = units::actions::require_unit(tx.connection, account.ward_id, account.unit_id, "/unit_id")?;
    rules::check_account(account, roles, unit.kind)
}

fn write(tx: &mut Tx<'_>, kind: &'static str, before: &Account, mut after: Account) -> Result<Account> {
    let is_admin = |account: &Account| {
        let roles: Vec<Role> = account.roles.read().map_err(Error::internal)?;
        Ok::<_, Error>(account.active && roles.contains(&Role::Admin))
    };
    if is_admin(before)? && !is_admin(&after)? {
        // Two administrators who shut each other out wait here for one another.
        wards::actions::lock_ward(tx.connection, before.ward_id)?;
        if store::count_other_admins(tx.connection, before)? == 0 {
            return Err(Error::new(Code::LastAdmin));
        }
    }
    if before.active && !after.active {
        after.credential_version = before.credential_version + 1;
    }
    store::update_account(tx.connection, before, &after)?;
    if after.credential_version != before.credential_version {
        store::revoke_refresh_tokens(tx.connection, after.id)?;
    }
    let (old, new) = (UserView::of(before)?, UserView::of(&after)?);
    tx.record(Event::new(kind, "user", after.id).between(Some(&old), Some(&new)));
    Ok(after)
}

fn once_each(roles: &mut Vec<Role>) {
    let mut seen = Vec::new();
    roles.retain(|role| {
        let new = !seen.contains(role);
        seen.push(*role);
        new
    });
}
