//! The caller's own account.

use actix_web::{get, put};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    access::{Permission, Role, password, policy},
    accounts::{self, view::UserView},
    context::{Answer, Ctx},
    error::{Code, Error},
    http::{Body, HttpResult},
    kernel::id::{UnitId, WardId},
    sessions::actions,
    units,
    wards::{self, ReturnReason},
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_me).service(change_my_password);
}

/// The caller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MeView {
    /// The account.
    pub account: UserView,
    /// Its unit.
    pub unit: MyUnit,
    /// Its ward.
    pub ward: MyWard,
    /// Its roles.
    pub roles: Vec<Role>,
    /// What it may ask for, as `x-permission` of the operations names it.
    pub permissions: Vec<&'static str>,
}

/// The caller's unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MyUnit {
    /// Its id.
    pub id: UnitId,
    /// Its code.
    #[schema(example = "KTHTDT")]
    pub code: String,
    /// Its name.
    pub name: String,
}

/// The caller's ward.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MyWard {
    /// Its id.
    pub id: WardId,
    /// Its code.
    #[schema(example = "long-my")]
    pub code: String,
    /// Its name.
    pub name: String,
    /// Reasons for returning a submission.
    pub return_reasons: Vec<ReturnReason>,
}

/// Read my account, unit, roles and permissions
#[utoipa::path(
    tag = "auth",
    extensions(("x-permission" = json!("self.manage"))),
    responses((status = 200, description = "The caller", body = MeView), (status = 304, description = "Unchanged"))
)]
#[get("/api/v1/me")]
pub async fn get_me(ctx: Ctx) -> HttpResult {
    let (ward_id, id) = (ctx.ward()?, ctx.actor.principal()?);
    let actor = ctx.actor.clone();
    let view = ctx
        .read(move |c| {
            let account = accounts::actions::get_account(c, ward_id, id)?;
            let unit = units::actions::get_unit(c, ward_id, account.unit_id)?;
            let ward = wards::actions::get_ward(c, ward_id)?;
            Ok(MeView {
                account: UserView::of(&account)?,
                unit: MyUnit { id: unit.id, code: unit.code, name: unit.name },
                ward: MyWard {
                    id: ward.id,
                    return_reasons: ward.return_reasons.read().map_err(Error::internal)?,
                    code: ward.code,
                    name: ward.name,
                },
                roles: actor.roles.clone(),
                permissions: Permission::ALL
                    .iter()
                    .filter(|permission| policy::allows(&actor, **permission))
                    .map(|permission| permission.as_str())
                    .collect(),
            })
        })
        .await?;
    Ok(Answer::ok(&view)?)
}

/// A new password of one's own.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "current_password": "long-my-2026", "new_password": "mot mat khau moi du dai" }))]
pub struct ChangePassword {
    /// The password up to now.
    #[schema(value_type = String, format = Password)]
    pub current_password: SecretString,
    /// The new one: 12 to 128 characters.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128)]
    pub new_password: SecretString,
}

/// Change my password
///
/// Every sign-in with the old one ends at once, this one too.
#[utoipa::path(
    tag = "auth",
    extensions(("x-permission" = json!("self.manage"))),
    request_body = ChangePassword,
    responses((status = 204, description = "Changed; sign in again"))
)]
#[put("/api/v1/me/password")]
pub async fn change_my_password(ctx: Ctx, body: Body<ChangePassword>) -> HttpResult {
    ctx.services.settings.require_passwords()?;
    let (ward_id, id) = (ctx.ward()?, ctx.actor.principal()?);
    let account = ctx.read(move |c| accounts::actions::get_account(c, ward_id, id)).await?;
    password::check_strength("/new_password", &body.0.new_password, &account.username)?;
    if actions::change_password(&ctx, account, body.0.current_password, body.0.new_password).await? {
        Ok(Answer::no_content())
    } else {
        Err(wrong_password().into())
    }
}

fn wrong_password() -> Error {
    Error::field("/current_password", Code::WrongPassword)
}
