//! Secrets and signatures, as Standard Webhooks describes them (standardwebhooks.com, HMAC-SHA256, `v1`).
//!
//! No secret is stored. Each is derived from the key that signs the access tokens, the webhook's id and the number of the
//! secret, so every instance knows it, and a copy of the database does not. A new signing key makes all secrets new.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::model::{Webhook, WebhookId};
use crate::{
    access::token::Tokens,
    error::{Error, Result},
    kernel::time::Timestamp,
};

/// A webhook's secret of this number, as its receiver keeps it.
///
/// # Errors
/// Internal, when the digest is none.
pub fn secret_text(tokens: &Tokens, id: WebhookId, version: i64) -> Result<String> {
    Ok(format!("whsec_{}", STANDARD.encode(secret(tokens, id, version)?)))
}

fn secret(tokens: &Tokens, id: WebhookId, version: i64) -> Result<Vec<u8>> {
    let parts: &[&[u8]] = &[b"webhook secret", id.as_str().as_bytes(), &version.to_le_bytes()];
    hex::decode(tokens.keyed_digest(parts)).map_err(Error::internal)
}

/// The secrets that sign at this moment: the present one, and for a while the one before.
///
/// # Errors
/// Internal, when a digest is none.
pub fn list_secrets(tokens: &Tokens, webhook: &Webhook, now: Timestamp) -> Result<Vec<Vec<u8>>> {
    let before = webhook.previous_secret_until.filter(|until| now < *until);
    let versions = [Some(webhook.secret_version), before.map(|_| webhook.secret_version - 1)];
    versions.into_iter().flatten().map(|version| secret(tokens, webhook.id, version)).collect()
}

/// The value of `webhook-signature`: one signature for each secret, separated by blanks.
///
/// # Errors
/// Internal, when a secret cannot be a key.
pub fn sign(secrets: &[Vec<u8>], id: &str, unix_seconds: i64, body: &str) -> Result<String> {
    let one = |secret: &Vec<u8>| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(Error::internal)?;
        mac.update(format!("{id}.{unix_seconds}.{body}").as_bytes());
        Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    Ok(secrets.iter().map(one).collect::<Result<Vec<_>>>()?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        // The example of the Standard Webhooks specification.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let signed = sign(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed.expect("a signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_webhook_and_each_number_has_a_secret_of_its_own() {
        let tokens = Tokens::from_pem(&Tokens::generate_pem().expect("a key"), "here").expect("tokens");
        let (one, other) = (WebhookId::generate(), WebhookId::generate());
        let text = |id, version| secret_text(&tokens, id, version).expect("a secret");
        assert_eq!(text(one, 1), text(one, 1));
        assert_ne!(text(one, 1), text(one, 2));
        assert_ne!(text(one, 1), text(other, 1));
        // 32 bytes, within the 24 to 64 that the specification asks for.
        assert_eq!(text(one, 1).len(), "whsec_".len() + 44);
    }
}
