//! Accounts over HTTP, as `users`.

use actix_web::{get, patch, post};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    actions::{self, AccountChanges, NewAccount},
    model::AccountId,
    store,
    view::UserView,
};
use crate::{
    access::{Role, password},
    context::{Answer, Ctx},
    error::{Code, Error, Result},
    http::{Body, HttpResult, Id, Query, extract::page_request},
    kernel::{id::UnitId, page::Page, patch},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_users)
        .service(create_user)
        .service(get_user)
        .service(update_user)
        .service(reset_password)
        .service(deactivate_user);
}

/// Which accounts are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListUsers {
    /// Unit: id or code.
    pub unit: Option<String>,
    /// Holding this role.
    pub role: Option<Role>,
    /// Whether it may sign in.
    pub active: Option<bool>,
    /// Part of username, name or position; marks and case do not matter.
    #[param(max_length = 100)]
    pub q: Option<String>,
    /// Rows of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// List accounts
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!("users.read"))),
    params(ListUsers),
    responses((status = 200, description = "Accounts by username", body = Page<UserView>))
)]
#[get("/api/v1/users")]
pub async fn list_users(ctx: Ctx, query: Query<ListUsers>) -> HttpResult {
    let (ward_id, query) = (ctx.ward()?, query.0);
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = store::Filter { unit: query.unit, role: query.role, active: query.active, q: query.q };
    let accounts = ctx.read(move |c| store::list_accounts(c, ward_id, &filter, &page)).await?;
    Ok(Answer::ok(&accounts.try_map(|account| UserView::of(&account))?)?)
}

/// A new account.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "username": "hcc.staff2", "full_name": "Chuyên viên Trung tâm Phục vụ hành chính công", "position": "Chuyên viên",
    "unit_id": "00000000-0000-7000-8000-000000000000", "roles": ["department_staff"], "password": "mot mat khau du dai"
}))]
pub struct CreateUser {
    /// The name it signs in with: small letters, digits, `.`, `_`, `-`, `@`.
    #[schema(min_length = 3, max_length = 64)]
    pub username: String,
    /// Full name of the person or office.
    #[schema(min_length = 1, max_length = 200)]
    pub full_name: String,
    /// Office held.
    #[schema(max_length = 200)]
    pub position: Option<String>,
    /// Its unit.
    pub unit_id: UnitId,
    /// Its roles.
    #[schema(min_items = 1, max_items = 9)]
    pub roles: Vec<Role>,
    /// Its first password: 12 to 128 characters. Needed, unless people sign in through the identity provider only.
    #[schema(value_type = Option<String>, format = Password, min_length = 12, max_length = 128)]
    pub password: Option<SecretString>,
}

/// Create an account
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!("users.write"))),
    request_body = CreateUser,
    responses((status = 201, description = "The new account", body = UserView))
)]
#[post("/api/v1/users")]
pub async fn create_user(ctx: Ctx, body: Body<CreateUser>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let secret = first_password(&ctx, body.password, &body.username)?;
    let new = NewAccount {
        username: body.username,
        full_name: body.full_name,
        position: body.position,
        unit_id: body.unit_id,
        roles: body.roles,
        password_hash: ctx.services.hasher.hash(secret).await?,
    };
    let answer = ctx.write(move |tx| {
        let account = actions::create_account(tx, ward_id, new)?;
        let location = format!("/api/v1/users/{}", account.id);
        Answer::created(location, Some(account.version), &UserView::of(&account)?)
    });
    Ok(answer.await?)
}

/// The password of a new account; where people use none, one that nobody knows.
fn first_password(ctx: &Ctx, given: Option<SecretString>, username: &str) -> Result<SecretString> {
    match given {
        Some(given) => {
            ctx.services.settings.require_passwords()?;
            password::check_strength("/password", &given, username)?;
            Ok(given)
        }
        None if ctx.services.settings.passwords_off => Ok(SecretString::from(password::random_secret()?)),
        None => Err(Error::field("/password", Code::Required)),
    }
}

/// Read an account
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!("users.read"))),
    params(("id" = AccountId, Path)),
    responses((status = 200, description = "The account", body = UserView), (status = 304, description = "Unchanged"))
)]
#[get("/api/v1/users/{id}")]
pub async fn get_user(ctx: Ctx, id: Id<AccountId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let account = ctx.read(move |c| actions::get_account(c, ward_id, id.0)).await?;
    Ok(Answer::versioned(account.version, &UserView::of(&account)?)?)
}

/// What changes about an account: absent keeps, `null` clears.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "position": "Phó Giám đốc" }))]
pub struct UpdateUser {
    /// Full name of the person or office.
    #[schema(min_length = 1, max_length = 200)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub full_name: Option<String>,
    /// Office held.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub position: Option<Option<String>>,
    /// Its unit.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub unit_id: Option<UnitId>,
    /// Its roles.
    #[schema(min_items = 1, max_items = 9)]
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub roles: Option<Vec<Role>>,
    /// Whether it may sign in.
    #[serde(default, deserialize_with = "patch::value")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
}

/// Change an account
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!("users.write"))),
    params(("id" = AccountId, Path)),
    request_body = UpdateUser,
    responses((status = 200, description = "The account as it now is", body = UserView))
)]
#[patch("/api/v1/users/{id}")]
pub async fn update_user(ctx: Ctx, id: Id<AccountId>, body: Body<UpdateUser>) -> HttpResult {
    let (ward_id, body) = (ctx.ward()?, body.0);
    let changes = AccountChanges {
        full_name: body.full_name,
        position: body.position,
        unit_id: body.unit_id,
        roles: body.roles,
        active: body.active,
    };
    let answer = ctx.write(move |tx| {
        let account = actions::change_account(tx, ward_id, id.0, changes)?;
        Answer::versioned(account.version, &UserView::of(&account)?)
    });
    Ok(answer.await?)
}

/// A password that was drawn for an account, shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PasswordView {
    /// The password; `null` in a replay of the same `Idempotency-Key`.
    pub password: Option<String>,
}

/// Reset an account's password
///
/// Draws a new one and ends every sign-in with the old one.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!("users.write"))),
    params(("id" = AccountId, Path)),
    responses((status = 200, description = "The new password, shown this once", body = PasswordView))
)]
#[post("/api/v1/users/{id}/password-reset")]
pub async fn reset_password(ctx: Ctx, id: Id<AccountId>) -> HttpResult {
    ctx.services.settings.require_passwords()?;
    let ward_id = ctx.ward()?;
    let secret = password::random_secret()?;
    let hash = ctx.services.hasher.hash(SecretString::from(secret.clone())).await?;
    let answer = ctx.write(move |tx| {
        actions::set_password(tx, "user.password_reset", ward_id, id.0, hash)?;
        Answer::ok(&PasswordView { password: Some(secret) })?.replayed_as(&PasswordView { password: None })
    });
    Ok(answer.await?)
}

/// Deactivate an account
///
/// Its tokens stop working at once.
#[utoipa::path(
    tag = "users",
    extensions(("x-permission" = json!("users.write"))),
    params(("id" = AccountId, Path)),
    responses((status = 200, description = "The account as it now is", body = UserView))
)]
#[post("/api/v1/users/{id}/deactivate")]
pub async fn deactivate_user(ctx: Ctx, id: Id<AccountId>) -> HttpResult {
    let ward_id = ctx.ward()?;
    let answer = ctx.write(move |tx| {
        let account = actions::deactivate_account(tx, ward_id, id.0)?;
        Answer::versioned(account.version, &UserView::of(&account)?)
    });
    Ok(answer.await?)
}
