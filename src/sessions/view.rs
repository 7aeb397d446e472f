//! Tokens as they travel.

use serde::Serialize;

use super::actions::Tokens;
use crate::access::token::LIFETIME_SECONDS;

/// Tokens (RFC 6749 §5.1).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenView {
    /// Send it as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub expires_in: i64,
    /// Exchange it, once, for new tokens; machines sign in again instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Scopes of a machine client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl TokenView {
    /// What a sign-in gave.
    #[must_use]
    pub fn of(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            token_type: "Bearer",
            expires_in: LIFETIME_SECONDS,
            refresh_token: tokens.refresh_token,
            scope: tokens.scope,
        }
    }
}
