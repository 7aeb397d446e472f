//! A browser on its way to the identity provider and back.

use diesel::{Queryable, Selectable};

use crate::{kernel::time::Timestamp, schema::sign_on_attempts};

/// What a browser left with; it counts once.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sign_on_attempts, check_for_backend(crate::db::MultiBackend))]
pub struct Attempt {
    /// SHA-256 of the state, which the browser and the provider know.
    pub state_hash: String,
    /// What the ID token must repeat.
    pub nonce: String,
    /// What proves to the provider that the code is ours (RFC 7636).
    pub pkce_verifier: String,
    /// The page of a front end that gets the browser back; none where the tokens are the answer.
    pub return_to: Option<String>,
    /// What binds the front end's one-time code to it (RFC 7636, S256).
    pub code_challenge: Option<String>,
    /// When the browser left.
    pub created_at: Timestamp,
}
