//! All SQL about delegations.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SelectableHelper,
};

use super::model::{Delegation, DelegationId};
use crate::{
    db::AnyConnection,
    error::{Code, Error, Result},
    kernel::{
        id::{PrincipalId, WardId},
        page::{Page, PageRequest},
    },
    schema::delegations,
};

/// Whose delegations a caller sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visibility {
    /// Nothing outside this ward.
    pub ward_id: WardId,
    /// Only those that this account gave or holds; all of the ward if absent.
    pub of: Option<PrincipalId>,
}

/// The delegations of a ward that the caller sees, newest first.
pub(super) fn list_delegations(
    connection: &mut AnyConnection,
    visibility: Visibility,
    page: &PageRequest,
) -> Result<Page<Delegation>> {
    let mut query = delegations::table
        .filter(delegations::ward_id.eq(visibility.ward_id))
        .select(Delegation::as_select())
        .order(delegations::id.desc())
        .limit(page.fetch())
        .into_boxed();
    if let Some(account) = visibility.of {
        query = query.filter(delegations::grantor_id.eq(account).or(delegations::delegate_id.eq(account)));
    }
    if let Some(after) = &page.after {
        query = query.filter(delegations::id.lt(after.clone()));
    }
    Ok(page.page(query.load(connection)?, |delegation| delegation.id.to_string()))
}

/// A delegation of this ward.
pub(super) fn find_delegation(
    connection: &mut AnyConnection,
    ward_id: WardId,
    id: DelegationId,
) -> Result<Option<Delegation>> {
    Ok(delegations::table
        .find(id)
        .filter(delegations::ward_id.eq(ward_id))
        .select(Delegation::as_select())
        .first(connection)
        .optional()?)
}

/// The newest delegations that an account ever held, with what time made of them.
pub(super) fn list_held(connection: &mut AnyConnection, delegate: PrincipalId) -> Result<Vec<Delegation>> {
    Ok(delegations::table
        .filter(delegations::delegate_id.eq(delegate))
        .select(Delegation::as_select())
        .order(delegations::ends_at.desc())
        .limit(20)
        .load(connection)?)
}

/// Adds a delegation.
pub(super) fn insert_delegation(connection: &mut AnyConnection, new: &Delegation) -> Result<()> {
    use delegations as d;
    diesel::insert_into(d::table)
        .values((
            d::id.eq(new.id),
            d::ward_id.eq(new.ward_id),
            d::grantor_id.eq(new.grantor_id),
            d::delegate_id.eq(new.delegate_id),
            d::starts_at.eq(new.starts_at),
            d::ends_at.eq(new.ends_at),
            d::reason.eq(&new.reason),
            d::created_at.eq(new.created_at),
            d::version.eq(new.version),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes that a delegation was taken back over the version that was read.
pub(super) fn update_revoked(connection: &mut AnyConnection, after: &Delegation) -> Result<()> {
    let row = delegations::table.find(after.id).filter(delegations::version.eq(after.version - 1));
    let changed = diesel::update(row)
        .set((delegations::revoked_at.eq(after.revoked_at), delegations::version.eq(after.version)))
        .execute(connection)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}
