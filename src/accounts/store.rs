//! All SQL about accounts, but for finding the caller of a request (`access::store`) and lockouts (`sessions`).

use diesel::{
    BoolExpressionMethods, EscapeExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension,
    QueryDsl, RunQueryDsl, SelectableHelper, TextExpressionMethods,
};

use super::{
    model::{Account, AccountId},
    rules,
};
use crate::{
    access::Role,
    db::{AnyConnection, is_unique_violation, one_of},
    error::{Code, Error, FieldError, Result},
    kernel::{
        id::{UnitId, WardId},
        page::{Page, PageRequest, Rank},
        text,
        time::Clock,
    },
    schema::{accounts, refresh_tokens, units},
};

/// Which accounts are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub unit: Option<String>,
    pub role: Option<Role>,
    pub active: Option<bool>,
    pub q: Option<String>,
}

/// A ward's accounts by username; where a text is searched for, exact hits before loose ones.
pub(super) fn list_accounts(
    connection: &mut AnyConnection,
    ward_id: WardId,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Account>> {
    page.search(
        filter.q.is_some(),
        |rank, after, limit| list_ranked(connection, ward_id, filter, rank, after, limit),
        |account| account.username.clone(),
    )
}

fn list_ranked(
    connection: &mut AnyConnection,
    ward_id: WardId,
    filter: &Filter,
    rank: Rank,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Account>> {
    let mut query = accounts::table
        .inner_join(units::table.on(units::id.eq(accounts::unit_id)))
        .filter(accounts::ward_id.eq(ward_id))
        .select(Account::as_select())
        .order(accounts::username.asc())
        .limit(limit)
        .into_boxed();
    if let Some(unit) = filter.unit.clone() {
        query = query.filter(accounts::unit_id.eq(unit.clone()).or(units::code.eq(unit)));
    }
    if let Some(role) = filter.role {
        // Roles are a JSON list of words, none of which is part of another with its quotes.
        query = query.filter(accounts::roles.like(format!("%\"{role}\"%")));
    }
    if let Some(active) = filter.active {
        query = query.filter(accounts::active.eq(active));
    }
    if let Some(q) = &filter.q {
        let loose = text::contains_pattern(&text::search_key(q));
        let exact = text::contains_pattern(&text::lower(q));
        query = query.filter(accounts::search_key.like(loose).escape('\\'));
        query = match rank {
            Rank::Exact => query.filter(accounts::name_lower.like(exact).escape('\\')),
            Rank::Loose => query.filter(accounts::name_lower.not_like(exact).escape('\\')),
        };
    }
    if let Some(after) = after {
        query = query.filter(accounts::username.gt(after.to_owned()));
    }
    Ok(query.load(connection)?)
}

/// An account of this ward.
pub(super) fn find_account(
    connection: &mut AnyConnection,
    ward_id: WardId,
    id: AccountId,
) -> Result<Option<Account>> {
    Ok(accounts::table
        .find(id)
        .filter(accounts::ward_id.eq(ward_id))
        .select(Account::as_select())
        .first(connection)
        .optional()?)
}

/// The active accounts of these units, by username.
pub(super) fn list_active_of(
    connection: &mut AnyConnection,
    ward_id: WardId,
    units: &[UnitId],
) -> Result<Vec<Account>> {
    Ok(accounts::table
        .filter(accounts::ward_id.eq(ward_id))
        .filter(one_of(accounts::unit_id, units))
        .filter(accounts::active.eq(true))
        .select(Account::as_select())
        .order(accounts::username.asc())
        .load(connection)?)
}

/// An account by the name it signs in with.
pub(super) fn find_by_username(connection: &mut AnyConnection, username: &str) -> Result<Option<Account>> {
    Ok(accounts::table
        .filter(accounts::username.eq(username))
        .select(Account::as_select())
        .first(connection)
        .optional()?)
}

/// An account as it is now, its row locked until the transaction ends: whoever else would sign in with it, change it
/// or end its sign-ins waits.
pub(super) fn lock_account(connection: &mut AnyConnection, id: AccountId) -> Result<Option<Account>> {
    diesel::update(accounts::table.find(id))
        .set(accounts::version.eq(accounts::version))
        .execute(connection)?;
    Ok(accounts::table.find(id).select(Account::as_select()).first(connection).optional()?)
}

/// How many active administrators a ward has besides this account.
pub(super) fn count_other_admins(connection: &mut AnyConnection, account: &Account) -> Result<i64> {
    Ok(accounts::table
        .filter(accounts::ward_id.eq(account.ward_id))
        .filter(accounts::active.eq(true))
        .filter(accounts::roles.like(format!("%\"{}\"%", Role::Admin)))
        .filter(accounts::id.ne(account.id))
        .count()
        .get_result(connection)?)
}

/// Adds an account.
pub(super) fn insert_account(connection: &mut AnyConnection, new: &Account) -> Result<()> {
    use accounts as a;
    diesel::insert_into(a::table)
        .values((
            a::id.eq(new.id),
            a::ward_id.eq(new.ward_id),
            a::unit_id.eq(new.unit_id),
            a::username.eq(&new.username),
            a::full_name.eq(&new.full_name),
            a::name_lower.eq(rules::text_of(new, text::lower)),
            a::search_key.eq(rules::text_of(new, text::search_key)),
            a::position.eq(&new.position),
            a::roles.eq(&new.roles),
            a::password_hash.eq(&new.password_hash),
            a::credential_version.eq(new.credential_version),
            a::active.eq(new.active),
            a::version.eq(new.version),
        ))
        .execute(connection)
        .map_err(|error| {
            if is_unique_violation(&error, "accounts_username") {
                Error::fields(Code::UsernameTaken, vec![FieldError::new("/username", Code::UsernameTaken)])
            } else {
                error.into()
            }
        })?;
    Ok(())
}

/// Writes a changed account over the version that was read. A new password ends a lockout.
pub(super) fn update_account(
    connection: &mut AnyConnection,
    before: &Account,
    after: &Account,
) -> Result<()> {
    use accounts as a;
    let changed = diesel::update(a::table.find(after.id).filter(a::version.eq(before.version)))
        .set((
            a::unit_id.eq(after.unit_id),
            a::full_name.eq(&after.full_name),
            a::name_lower.eq(rules::text_of(after, text::lower)),
            a::search_key.eq(rules::text_of(after, text::search_key)),
            a::position.eq(&after.position),
            a::roles.eq(&after.roles),
            a::password_hash.eq(&after.password_hash),
            a::credential_version.eq(after.credential_version),
            a::locked_until.eq(after.locked_until),
            a::active.eq(after.active),
            a::version.eq(after.version),
        ))
        .execute(connection)?;
    if changed == 0 { Err(Error::new(Code::ConcurrentChange)) } else { Ok(()) }
}

/// Ends every sign-in of an account.
pub(super) fn revoke_refresh_tokens(connection: &mut AnyConnection, id: AccountId) -> Result<()> {
    use refresh_tokens as t;
    diesel::update(t::table.filter(t::account_id.eq(id)).filter(t::revoked_at.is_null()))
        .set(t::revoked_at.eq(Clock::real_now()))
        .execute(connection)?;
    Ok(())
}
