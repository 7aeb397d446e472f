//! Tokens over HTTP.

mod me;
mod oauth;

use actix_web::{HttpRequest, HttpResponse, get, http::header, post};
use secrecy::SecretString;
use utoipa_actix_web::service_config::ServiceConfig;

use self::oauth::{OAuthError, OAuthErrorView, RevokeForm, TokenForm};
use super::{actions, codes, view::TokenView};
use crate::{
    access::{Scope, token::KeySet},
    context::{Answer, Ctx},
    error::Error,
    http::{Form, HttpResult, Problem},
};

/// The routes of this folder.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_token).service(revoke_token).service(get_key_set);
    me::routes(config);
}

/// Sign in, or exchange a refresh token
///
/// People sign in with `password`, or through the identity provider with `authorization_code` (see `/api/v1/auth/sso`),
/// and stay in with `refresh_token`; machines use `client_credentials`. Five wrong passwords in 15 minutes lock an
/// account for 15 minutes.
#[utoipa::path(
    tag = "auth",
    extensions(("x-permission" = json!("public"))),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "Tokens", body = TokenView),
        (status = 400, description = "Refused (RFC 6749 §5.2)", body = OAuthErrorView),
        (status = 401, description = "The client's credentials do not fit", body = OAuthErrorView)
    )
)]
#[post("/api/v1/auth/token")]
pub async fn create_token(
    ctx: Ctx,
    request: HttpRequest,
    form: Result<Form<TokenForm>, Problem>,
) -> Result<HttpResponse, Problem> {
    let Ok(Form(form)) = form else { return Ok(OAuthError::InvalidRequest.respond()) };
    let answer = exchange(&ctx, &request, &form).await;
    let outcome = match &answer {
        Ok(answer) if answer.status().is_success() => "granted",
        Ok(_) => "refused",
        Err(_) => "failed",
    };
    ctx.services.metrics.sign_ins.count([oauth::grant_of(&form), outcome]);
    answer
}

async fn exchange(ctx: &Ctx, request: &HttpRequest, form: &TokenForm) -> Result<HttpResponse, Problem> {
    let given = |field: &Option<String>| field.clone().filter(|text| !oauth::has_nul(text));
    match form.grant_type.as_deref() {
        Some("password") if ctx.services.settings.passwords_off => Ok(OAuthError::PasswordsOff.respond()),
        Some("password") => {
            let Some((username, password)) = given(&form.username).zip(given(&form.password)) else {
                return Ok(OAuthError::InvalidRequest.respond());
            };
            let tokens = actions::sign_in(ctx, &username, SecretString::from(password)).await?;
            Ok(tokens.map_or_else(|| OAuthError::InvalidPassword.respond(), oauth::respond))
        }
        Some("refresh_token") => {
            let Some(token) = given(&form.refresh_token) else {
                return Ok(OAuthError::InvalidRequest.respond());
            };
            let tokens = actions::refresh(ctx, &token).await?;
            Ok(tokens.map_or_else(|| OAuthError::InvalidRefreshToken.respond(), oauth::respond))
        }
        Some("authorization_code") => {
            let Some(code) = given(&form.code) else { return Ok(OAuthError::InvalidRequest.respond()) };
            let tokens = codes::redeem_code(ctx, &code, form.code_verifier.clone()).await?;
            Ok(tokens.map_or_else(|| OAuthError::InvalidCode.respond(), oauth::respond))
        }
        Some("client_credentials") => client_token(ctx, request, form).await,
        Some(_) => Ok(OAuthError::UnsupportedGrantType.respond()),
        None => Ok(OAuthError::InvalidRequest.respond()),
    }
}

async fn client_token(ctx: &Ctx, request: &HttpRequest, form: &TokenForm) -> Result<HttpResponse, Problem> {
    let Some((id, secret)) = oauth::client_credentials(request, form) else {
        return Ok(OAuthError::InvalidClient.respond());
    };
    if oauth::has_nul(&id) {
        return Ok(OAuthError::InvalidClient.respond());
    }
    let Some(client) = actions::sign_in_client(ctx, &id, &secret).await? else {
        return Ok(OAuthError::InvalidClient.respond());
    };
    let held: Vec<Scope> = client.scopes.read().map_err(Error::internal)?;
    let asked = form.scope.as_deref().unwrap_or_default();
    let wanted: Option<Vec<Scope>> = asked
        .split_whitespace()
        .map(|word| Scope::parse(word).filter(|scope| held.contains(scope)))
        .collect();
    match wanted {
        None => Ok(OAuthError::InvalidScope.respond()),
        Some(wanted) => {
            let scopes = if wanted.is_empty() { held } else { wanted };
            Ok(oauth::respond(actions::issue_to_client(ctx, &client, &scopes)?))
        }
    }
}

/// Sign out: revoke a refresh or access token
#[utoipa::path(
    tag = "auth",
    extensions(("x-permission" = json!("public"))),
    request_body(content = RevokeForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token, if it was one, no longer works (RFC 7009)"),
        (status = 400, description = "No token was sent", body = OAuthErrorView)
    )
)]
#[post("/api/v1/auth/revoke")]
pub async fn revoke_token(
    ctx: Ctx,
    form: Result<Form<RevokeForm>, Problem>,
) -> Result<HttpResponse, Problem> {
    let Some(token) = form.ok().and_then(|Form(form)| form.token) else {
        return Ok(OAuthError::InvalidRequest.respond());
    };
    actions::revoke(&ctx, &token).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).finish())
}

/// Read the public keys of the access tokens
#[utoipa::path(
    tag = "auth",
    extensions(("x-permission" = json!("public"))),
    responses((status = 200, description = "Keys to check access tokens offline (RFC 7517)", body = KeySet))
)]
#[get("/.well-known/jwks.json")]
pub async fn get_key_set(ctx: Ctx) -> HttpResult {
    let mut answer = Answer::ok(&ctx.services.tokens.key_set())?;
    answer.cache_control = Some("public, max-age=300".to_owned());
    Ok(answer)
}
