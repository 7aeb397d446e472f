//! Giving authority away for a time, taking it back, and what the approvals ask about it.

use super::{
    http::DelegationView,
    model::{Delegation, DelegationId},
    rules, store,
};
use crate::{
    access::{Actor, Role, actor::Authority},
    accounts::{self, AccountId},
    audit::Event,
    context::Tx,
    db::AnyConnection,
    error::{Code, Error, Result},
    kernel::{text::clean, time::Timestamp},
};

/// What a new delegation is made of.
#[derive(Clone, Debug)]
pub struct NewDelegation {
    /// Who holds the caller's authority for a time.
    pub delegate_id: AccountId,
    /// From when; now if absent.
    pub starts_at: Option<Timestamp>,
    /// Until when, inclusive.
    pub ends_at: Timestamp,
    /// Why.
    pub reason: String,
}

/// Gives the caller's own authority to another account. The holder cannot pass it on.
///
/// # Errors
/// `invalid`, `unknown_reference`.
pub fn create_delegation(tx: &mut Tx<'_>, new: NewDelegation) -> Result<Delegation> {
    let ward_id = tx.actor.ward()?;
    let grantor = accounts::actions::get_account(tx.connection, ward_id, tx.actor.principal()?)?;
    let delegate = accounts::actions::get_account(tx.connection, ward_id, new.delegate_id)
        .map_err(|_| Error::field("/delegate_id", Code::UnknownReference))?;
    let delegation = Delegation {
        id: DelegationId::generate(),
        ward_id,
        grantor_id: grantor.id,
        delegate_id: delegate.id,
        starts_at: new.starts_at.unwrap_or(tx.now),
        ends_at: new.ends_at,
        reason: clean(&new.reason),
        created_at: tx.now,
        revoked_at: None,
        version: 1,
    };
    let roles: Vec<Role> = delegate.roles.read().map_err(Error::internal)?;
    rules::check_delegation(&delegation, &grantor, &tx.actor.roles, &delegate, &roles)?;
    store::insert_delegation(tx.connection, &delegation)?;
    let view = DelegationView::of(delegation.clone(), tx.now);
    tx.record(Event::new("delegation.created", "delegation", delegation.id).between(None, Some(&view)));
    Ok(delegation)
}

/// Takes the caller's own authority back, at once. What was decided with it stands.
///
/// # Errors
/// Not found, `if_match_required`, `version_stale`, `forbidden` for somebody else's, `illegal_move` if it was taken
/// back before.
pub fn revoke_delegation(tx: &mut Tx<'_>, id: DelegationId) -> Result<()> {
    let before = store::find_delegation(tx.connection, tx.actor.ward()?, id)?.ok_or_else(Error::not_found)?;
    let caller = tx.actor.principal()?;
    if before.grantor_id != caller {
        let known = before.delegate_id == caller || tx.actor.has_role(Role::Leader);
        return Err(if known { Error::new(Code::Forbidden) } else { Error::not_found() });
    }
    tx.require_version(before.version)?;
    if before.revoked_at.is_some() {
        return Err(Error::new(Code::IllegalMove).allowing(Vec::new()));
    }
    let after = Delegation { revoked_at: Some(tx.now), version: before.version + 1, ..before };
    store::update_revoked(tx.connection, &after)?;
    tx.record(Event::new("delegation.revoked", "delegation", id).with("revoked_at", tx.now));
    Ok(())
}

/// Authority that this account held, or will hold, but does not hold now: the newest delegations with the grantor's
/// roles of today.
///
/// # Errors
/// When the database fails.
pub fn list_lapsed(connection: &mut AnyConnection, actor: &Actor, now: Timestamp) -> Result<Vec<Authority>> {
    let (ward_id, delegate) = (actor.ward()?, actor.principal()?);
    let mut lapsed = Vec::new();
    for delegation in store::list_held(connection, delegate)? {
        if rules::state_at(&delegation, now) != rules::DelegationState::Active {
            let grantor = accounts::actions::get_account(connection, ward_id, delegation.grantor_id)?;
            let roles = grantor.roles.read().map_err(Error::internal)?;
            lapsed.push(Authority { grantor_id: grantor.id, unit_id: grantor.unit_id, roles });
        }
    }
    Ok(lapsed)
}
