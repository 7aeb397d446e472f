//! Refresh tokens and one-time codes as the database keeps them: by digest, never as they are.

use diesel::{Queryable, Selectable};

use crate::{
    accounts::AccountId,
    id_type,
    kernel::time::Timestamp,
    schema::{refresh_tokens, sign_in_codes},
};

id_type! {
    /// Identifies a refresh token.
    RefreshTokenId
}

id_type! {
    /// Identifies all refresh tokens that come from one sign-in.
    FamilyId
}

/// A refresh token.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = refresh_tokens, check_for_backend(crate::db::MultiBackend))]
pub struct RefreshToken {
    /// Its id.
    pub id: RefreshTokenId,
    /// The sign-in it comes from.
    pub family_id: FamilyId,
    /// Whose it is.
    pub account_id: AccountId,
    /// SHA-256 of the token.
    pub token_hash: String,
    /// Version of the credentials it was issued on.
    pub credential_version: i64,
    /// Until when it may be used.
    pub expires_at: Timestamp,
    /// When it was used; it works once.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A code that a front end exchanges for tokens, once.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sign_in_codes, check_for_backend(crate::db::MultiBackend))]
pub struct SignInCode {
    /// SHA-256 of the code.
    pub code_hash: String,
    /// Who signed in.
    pub account_id: AccountId,
    /// What the verifier at the exchange must hash to (RFC 7636, S256); none where the front end sent none.
    pub code_challenge: Option<String>,
    /// When it was drawn.
    pub created_at: Timestamp,
}
