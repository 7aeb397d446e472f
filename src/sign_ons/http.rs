//! Signing in through the identity provider over HTTP.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::{StatusCode, header},
    web::Data,
};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    Provider,
    actions::{self, Arrival, Return},
    rules,
};
use crate::{
    context::Ctx,
    http::{Problem, Query},
    sessions::view::TokenView,
};

/// The routes of this file.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(start_sign_on).service(finish_sign_on);
}

/// Keeps the state in the browser that left.
const COOKIE: &str = "cchc_sign_on";

/// Where the browser goes afterwards.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct StartSignOn {
    /// Page of a front end, exactly as the operator listed it. Without it the tokens are the answer to the callback.
    pub return_to: Option<String>,
    /// With `return_to`: the S256 challenge of a verifier that the exchange of the code must show (RFC 7636).
    #[param(min_length = 43, max_length = 43)]
    pub code_challenge: Option<String>,
}

/// Sign in through the identity provider
///
/// A browser is sent there (OpenID Connect, authorization code with PKCE) and comes back to the callback. The account
/// must exist here under the name that the provider sends.
#[utoipa::path(
    tag = "auth",
    extensions(("x-permission" = json!("public"))),
    params(StartSignOn),
    responses((
        status = 303, description = "To the provider's page; a cookie remembers this browser for 10 minutes",
        headers(("Location" = String, description = "The provider's page"))
    ))
)]
#[get("/api/v1/auth/sso")]
pub async fn start_sign_on(
    ctx: Ctx,
    provider: Data<Provider>,
    query: Query<StartSignOn>,
) -> Result<HttpResponse, Problem> {
    let StartSignOn { return_to, code_challenge } = query.0;
    let begun = actions::begin_sign_on(&ctx, &provider, return_to, code_challenge).await?;
    Ok(to_page(&begun.url, &cookie(&ctx, &begun.state, rules::ATTEMPT_SECONDS)?))
}

/// What the provider sends the browser back with.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FinishSignOn {
    /// What the provider got when the browser left.
    pub state: Option<String>,
    /// The provider's code, exchanged there for the ID token: visible ASCII (RFC 6749, appendix A.11).
    #[param(max_length = 8000, pattern = "^[ -~]*$")]
    pub code: Option<String>,
    /// The provider's issuer URL (RFC 9207); another one than the configured is refused.
    pub iss: Option<String>,
    /// Why the provider refused.
    pub error: Option<String>,
    /// The same in words; ignored.
    #[param(max_length = 4000)]
    pub error_description: Option<String>,
    /// A page about it; ignored.
    #[param(max_length = 4000)]
    pub error_uri: Option<String>,
    /// For watching the session at the provider; ignored.
    pub session_state: Option<String>,
    /// Scopes that were granted; ignored.
    pub scope: Option<String>,
    /// Which of several accounts it was; ignored.
    pub authuser: Option<String>,
    /// What was asked; ignored.
    pub prompt: Option<String>,
    /// The person's domain; ignored.
    pub hd: Option<String>,
}

/// Come back from the identity provider
///
/// Counts once, for the browser that left. The answer is tokens or, where a page was named at the start, that page with
/// `code`, which `POST /api/v1/auth/token` exchanges once within 60 seconds (`authorization_code`), or with `error`.
#[utoipa::path(
    tag = "auth",
    extensions(("x-permission" = json!("public"))),
    params(FinishSignOn),
    responses(
        (status = 200, description = "Tokens", body = TokenView),
        (
            status = 303, description = "To the page named at the start",
            headers(("Location" = String, description = "That page, with `code` or `error`"))
        )
    )
)]
#[get("/api/v1/auth/sso/callback")]
pub async fn finish_sign_on(
    ctx: Ctx,
    provider: Data<Provider>,
    request: HttpRequest,
    query: Query<FinishSignOn>,
) -> Result<HttpResponse, Problem> {
    let FinishSignOn { state, code, iss, error, .. } = query.0;
    let back = Return {
        state: state.unwrap_or_default(),
        kept: kept_states(&request),
        issuer: iss,
        code: code.filter(|_| error.is_none()),
    };
    let arrival = actions::finish_sign_on(&ctx, &provider, back).await?;
    let forget = cookie(&ctx, "", 0)?;
    Ok(match arrival {
        Arrival::Page(page) => to_page(&page, &forget),
        Arrival::Tokens(tokens) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::SET_COOKIE, forget))
            .json(TokenView::of(tokens)),
    })
}

fn to_page(page: &str, cookie: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER)
        .insert_header((header::LOCATION, page))
        .insert_header((header::SET_COOKIE, cookie))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// `Lax`, for it must come along when the provider's page sends the browser back.
fn cookie(ctx: &Ctx, value: &str, seconds: i64) -> Result<String, Problem> {
    let https = actions::require_provider(ctx)?.public_url.starts_with("https://");
    let secure = if https { "; Secure" } else { "" };
    Ok(format!("{COOKIE}={value}; Path=/api/v1/auth; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"))
}

/// The states that the browser shows; a browser may hold two of a name, from different paths.
fn kept_states(request: &HttpRequest) -> Vec<String> {
    let headers = request.headers().get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    let pairs = headers.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let states = pairs.filter(|(name, value)| *name == COOKIE && !value.is_empty());
    states.map(|(_, value)| value.to_owned()).collect()
}
