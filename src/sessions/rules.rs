//! Lockouts, and what a refresh token is worth.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::model::RefreshToken;
use crate::kernel::time::Timestamp;

/// Wrong passwords within [`WINDOW_SECONDS`] that lock an account (API "Identity").
pub const MAX_FAILURES: i64 = 5;
/// The window in which wrong passwords count together.
pub const WINDOW_SECONDS: i64 = 15 * 60;
/// How long an account stays locked.
pub const LOCK_SECONDS: i64 = 15 * 60;
/// How long a refresh token may be used: two weeks without signing in.
pub const REFRESH_SECONDS: i64 = 14 * 24 * 3600;
/// How the audit trail says that the identity provider vouched for somebody.
pub const BY_PROVIDER: &str = "sso";
/// How long a one-time code may be exchanged: a browser on its way from one page to the next needs no longer.
pub const CODE_SECONDS: i64 = 60;

/// Whether what a front end shows at the exchange is what its code was drawn for (RFC 7636 §4.6). A code drawn without
/// a challenge takes no verifier: the front end that sends one did not begin this sign-in.
#[must_use]
pub fn is_bound(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    challenge.map(str::to_owned) == verifier.map(challenge_of)
}

/// The challenge of a verifier (RFC 7636 §4.2, S256).
fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Whether an account is locked at this moment.
#[must_use]
pub fn is_locked(locked_until: Option<Timestamp>, now: Timestamp) -> bool {
    locked_until.is_some_and(|until| now < until)
}

/// What a refresh token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It may be exchanged once.
    Good,
    /// It was exchanged before: somebody holds a copy, so its whole family ends.
    Reused,
    /// Expired, revoked, or of credentials that changed.
    Void,
}

/// What this refresh token is worth to an account in this state.
#[must_use]
pub fn worth_of(token: &RefreshToken, active: bool, credential_version: i64, now: Timestamp) -> Worth {
    if token.revoked_at.is_some() || !active || token.credential_version != credential_version {
        Worth::Void
    } else if token.used_at.is_some() {
        Worth::Reused
    } else if now >= token.expires_at {
        Worth::Void
    } else {
        Worth::Good
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounts::AccountId,
        kernel::time::Clock,
        sessions::model::{FamilyId, RefreshTokenId},
    };

    fn token(now: Timestamp) -> RefreshToken {
        RefreshToken {
            id: RefreshTokenId::generate(),
            family_id: FamilyId::generate(),
            account_id: AccountId::generate(),
            token_hash: String::new(),
            credential_version: 1,
            expires_at: now.plus_seconds(REFRESH_SECONDS),
            used_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_refresh_token_is_good_once_and_while_nothing_changed() {
        let now = Clock::real_now();
        let good = token(now);
        assert_eq!(worth_of(&good, true, 1, now), Worth::Good);
        assert_eq!(worth_of(&good, false, 1, now), Worth::Void);
        assert_eq!(worth_of(&good, true, 2, now), Worth::Void);
        assert_eq!(worth_of(&good, true, 1, good.expires_at), Worth::Void);
        let used = RefreshToken { used_at: Some(now), ..token(now) };
        assert_eq!(worth_of(&used, true, 1, now), Worth::Reused);
        let revoked = RefreshToken { revoked_at: Some(now), ..used };
        assert_eq!(worth_of(&revoked, true, 1, now), Worth::Void);
    }

    #[test]
    fn a_code_is_exchanged_by_the_front_end_that_began_and_by_no_other() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_bound(Some(challenge), Some(verifier)));
        assert!(is_bound(None, None));
        assert!(!is_bound(Some(challenge), None));
        assert!(!is_bound(None, Some(verifier)));
        assert!(!is_bound(Some(challenge), Some(challenge)));
    }

    #[test]
    fn a_lock_ends_to_the_second() {
        let now = Clock::real_now();
        assert!(is_locked(Some(now.plus_seconds(1)), now));
        assert!(!is_locked(Some(now), now));
        assert!(!is_locked(None, now));
    }
}
