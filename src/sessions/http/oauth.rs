//! The words of OAuth 2: token answers and refusals (RFC 6749 §5).

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::sessions::{actions::Tokens, view::TokenView};

/// The form of a token request. Fields that OAuth knows and this server does not need are ignored, as it asks.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({ "grant_type": "password", "username": "ktht.staff", "password": "long-my-2026" }))]
pub struct TokenForm {
    /// `password`, `refresh_token`, `authorization_code` or `client_credentials`.
    #[schema(example = "password", required, nullable = false)]
    pub grant_type: Option<String>,
    /// With `password`: the account's name.
    pub username: Option<String>,
    /// With `password`: its password.
    #[schema(format = Password)]
    pub password: Option<String>,
    /// With `refresh_token`: the token.
    pub refresh_token: Option<String>,
    /// With `authorization_code`: the one-time code with which the browser came back from `/api/v1/auth/sso`.
    pub code: Option<String>,
    /// With `authorization_code`: what `code_challenge` was made from, if one was sent (RFC 7636).
    pub code_verifier: Option<String>,
    /// With `client_credentials`: the client's name, unless sent by HTTP Basic.
    pub client_id: Option<String>,
    /// With `client_credentials`: its secret, unless sent by HTTP Basic.
    #[schema(format = Password)]
    pub client_secret: Option<String>,
    /// With `client_credentials`: some of the client's scopes, separated by blanks.
    pub scope: Option<String>,
}

/// The grant that is asked for, in a word of the program's.
pub fn grant_of(form: &TokenForm) -> &'static str {
    let known = ["password", "refresh_token", "authorization_code", "client_credentials"];
    let asked = form.grant_type.as_deref();
    known.into_iter().find(|grant| asked == Some(grant)).unwrap_or("other")
}

/// The form of a revocation.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({ "token": "a-refresh-or-access-token" }))]
pub struct RevokeForm {
    /// A refresh or access token.
    #[schema(required, nullable = false)]
    pub token: Option<String>,
    /// What it is; both kinds are looked at anyway.
    #[expect(dead_code, reason = "part of the contract of RFC 7009")]
    pub token_type_hint: Option<String>,
}

/// A refusal (RFC 6749 §5.2).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OAuthErrorView {
    /// Stable code of OAuth 2.
    #[schema(example = "invalid_grant")]
    pub error: &'static str,
    /// What to do, in Vietnamese.
    #[schema(example = "Tên đăng nhập hoặc mật khẩu không đúng")]
    pub error_description: &'static str,
}

/// Why a token request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OAuthError {
    /// The form cannot be read, or lacks a field.
    InvalidRequest,
    /// Client id and secret do not fit, or it has ended, or calls from elsewhere.
    InvalidClient,
    /// Name and password do not fit, or the account is locked or shut.
    InvalidPassword,
    /// The refresh token is worth nothing.
    InvalidRefreshToken,
    /// The one-time code is worth nothing, or the verifier is not the one it was drawn for.
    InvalidCode,
    /// People sign in through the identity provider only.
    PasswordsOff,
    /// There is no such grant.
    UnsupportedGrantType,
    /// The client does not hold this scope.
    InvalidScope,
}

impl OAuthError {
    /// The refusal as an answer.
    #[must_use]
    pub fn respond(self) -> HttpResponse {
        let (error, error_description) = match self {
            Self::InvalidRequest => {
                ("invalid_request", "Yêu cầu thiếu hoặc sai trường; hãy gửi biểu mẫu OAuth 2")
            }
            Self::InvalidClient => (
                "invalid_client",
                "Mã hoặc khóa bí mật của hệ thống kết nối không đúng, đã hết hạn, hoặc gọi từ mạng chưa khai báo",
            ),
            Self::InvalidPassword => (
                "invalid_grant",
                "Tên đăng nhập hoặc mật khẩu không đúng, hoặc tài khoản đang tạm khóa; thử lại sau 15 phút",
            ),
            Self::InvalidRefreshToken => ("invalid_grant", "Phiên đăng nhập đã hết hạn; hãy đăng nhập lại"),
            Self::InvalidCode => {
                ("invalid_grant", "Mã đăng nhập một lần đã dùng hoặc đã quá 60 giây; hãy đăng nhập lại")
            }
            Self::PasswordsOff => (
                "unsupported_grant_type",
                "Đăng nhập bằng mật khẩu đã tắt; hãy đăng nhập qua cổng định danh tại /api/v1/auth/sso",
            ),
            Self::UnsupportedGrantType => (
                "unsupported_grant_type",
                "Chỉ nhận grant_type là password, refresh_token, authorization_code hoặc client_credentials",
            ),
            Self::InvalidScope => ("invalid_scope", "Hệ thống kết nối không có phạm vi quyền này"),
        };
        let unauthorized = self == Self::InvalidClient;
        let status = if unauthorized { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if unauthorized {
            response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"cchc\""));
        }
        response.json(OAuthErrorView { error, error_description })
    }
}

/// Tokens as an answer.
#[must_use]
pub fn respond(tokens: Tokens) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .json(TokenView::of(tokens))
}

/// Id and secret of a client, by HTTP Basic or in the form (RFC 6749 §2.3.1).
#[must_use]
pub fn client_credentials(request: &HttpRequest, form: &TokenForm) -> Option<(String, String)> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return form.client_id.clone().zip(form.client_secret.clone());
    };
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?)).filter(|(id, secret)| !has_nul(id) && !has_nul(secret))
}

/// OAuth 2 asks clients to form-encode both before putting them into HTTP Basic.
fn form_decoded(text: &str) -> Option<String> {
    // Some clients send a raw `&`, which is no separator here.
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(&format!("x={}", text.replace('&', "%26"))).ok()?;
    pairs.into_iter().next().map(|(_, value)| value)
}

/// Whether a text holds a NUL, which no database takes.
#[must_use]
pub fn has_nul(text: &str) -> bool {
    text.contains('\0')
}
