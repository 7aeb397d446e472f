//! Refresh tokens as the database keeps them: by digest, never as they are.

use diesel::{Queryable, Selectable};

use crate::{accounts::AccountId, id_type, kernel::time::Timestamp, schema::refresh_tokens};

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
