//! Access tokens: JWTs signed with Ed25519, which other ward systems can check offline with the published key.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{SigningKey, pkcs8::DecodePrivateKey, pkcs8::EncodePrivateKey};
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, Result},
    kernel::time::Clock,
};

/// Who the tokens are for.
pub const AUDIENCE: &str = "cchc";
/// Longest life of an access token, in seconds (API: at most 15 minutes).
pub const LIFETIME_SECONDS: i64 = 900;

/// How many genuine tokens are remembered: checking a signature costs more than reading who somebody is.
const REMEMBERED: usize = 4096;

/// What an access token says. The roles are for other systems; here they are read anew on every request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer.
    pub iss: String,
    /// Audience.
    pub aud: String,
    /// Account or client id.
    pub sub: String,
    /// Ward code id; none for a city client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ward: Option<String>,
    /// Unit id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Roles of an account.
    pub roles: Vec<String>,
    /// Scopes of a client, separated by blanks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Whether the subject is a machine client.
    pub client: bool,
    /// Version of the credentials it was issued on; a changed password makes it void.
    pub cv: i64,
    /// The sign-in it comes from; none for machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Token id.
    pub jti: String,
    /// Issued at, seconds.
    pub iat: i64,
    /// Expires at, seconds.
    pub exp: i64,
}

/// Signs and checks access tokens.
#[derive(Clone)]
pub struct Tokens(Arc<Keys>);

struct Keys {
    issuer: String,
    key_id: String,
    public: [u8; 32],
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    mac: Hmac<Sha256>,
    /// Tokens whose signature was found genuine. Whether they still stand for somebody is asked on every request.
    genuine: Cache<String, Arc<Claims>>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("key_id", &self.0.key_id).finish_non_exhaustive()
    }
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeySet {
    /// The keys that verify tokens now.
    pub keys: Vec<PublicKey>,
}

/// One Ed25519 public key (RFC 8037).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PublicKey {
    /// Key type, `OKP`.
    #[schema(example = "OKP")]
    pub kty: &'static str,
    /// Curve, `Ed25519`.
    #[schema(example = "Ed25519")]
    pub crv: &'static str,
    /// Use, `sig`.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    pub usage: &'static str,
    /// Algorithm, `EdDSA`.
    #[schema(example = "EdDSA")]
    pub alg: &'static str,
    /// Key id, as in the header of the tokens.
    pub kid: String,
    /// The public key, base64url.
    pub x: String,
}

impl Tokens {
    /// From a PKCS#8 PEM of an Ed25519 key.
    ///
    /// # Errors
    /// Internal, when the text is no such key.
    pub fn from_pem(pem: &str, issuer: &str) -> Result<Self> {
        let key = SigningKey::from_pkcs8_pem(pem).map_err(|error| Error::internal(error.to_string()))?;
        Self::from_key(&key, issuer)
    }

    /// From a key.
    ///
    /// # Errors
    /// Internal, when the key cannot be encoded.
    pub fn from_key(key: &SigningKey, issuer: &str) -> Result<Self> {
        let public = key.verifying_key().to_bytes();
        let der = key.to_pkcs8_der().map_err(|error| Error::internal(error.to_string()))?;
        let seed = Sha256::new().chain_update(b"cchc keyed digest").chain_update(key.to_bytes()).finalize();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = 0;
        Ok(Self(Arc::new(Keys {
            issuer: issuer.to_owned(),
            key_id: URL_SAFE_NO_PAD.encode(Sha256::digest(public).get(..12).unwrap_or_default()),
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            decoding: DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(public))
                .map_err(Error::internal)?,
            public,
            validation,
            mac: Hmac::new_from_slice(&seed).map_err(|error| Error::internal(error.to_string()))?,
            genuine: Cache::new(REMEMBERED),
        })))
    }

    /// A fresh random key, as PEM: for the demo's data directory.
    ///
    /// # Errors
    /// Internal, when there is no randomness or the key cannot be encoded.
    pub fn generate_pem() -> Result<String> {
        let mut seed = [0_u8; 32];
        getrandom::fill(&mut seed).map_err(|error| Error::internal(error.to_string()))?;
        let pem = SigningKey::from_bytes(&seed)
            .to_pkcs8_pem(ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF)
            .map_err(|error| Error::internal(error.to_string()))?;
        Ok(pem.to_string())
    }

    /// Signs a token; issuer, audience, id and times are filled in.
    ///
    /// # Errors
    /// Internal, when signing fails.
    pub fn sign(&self, mut claims: Claims) -> Result<String> {
        let now = Clock::real_now().unix_seconds();
        claims.iss.clone_from(&self.0.issuer);
        AUDIENCE.clone_into(&mut claims.aud);
        claims.iat = now;
        claims.exp = now + LIFETIME_SECONDS;
        let header = Header { kid: Some(self.0.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.0.encoding).map_err(Error::internal)
    }

    /// What a genuine, unexpired token says; `None` for every other text.
    #[must_use]
    pub fn verify(&self, token: &str) -> Option<Arc<Claims>> {
        if let Some(claims) = self.0.genuine.get(token) {
            return (claims.exp > Clock::real_now().unix_seconds()).then_some(claims);
        }
        let read = jsonwebtoken::decode::<Claims>(token, &self.0.decoding, &self.0.validation).ok()?;
        let claims = Arc::new(read.claims);
        self.0.genuine.insert(token.to_owned(), Arc::clone(&claims));
        Some(claims)
    }

    /// A digest that only holders of the signing key can compute: what it was made of cannot be guessed from it.
    #[must_use]
    pub fn keyed_digest(&self, parts: &[&[u8]]) -> String {
        let mut mac = self.0.mac.clone();
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            mac.update(part);
        }
        hex::encode(mac.finalize().into_bytes())
    }

    /// The public key, for others.
    #[must_use]
    pub fn key_set(&self) -> KeySet {
        KeySet {
            keys: vec![PublicKey {
                kty: "OKP",
                crv: "Ed25519",
                usage: "sig",
                alg: "EdDSA",
                kid: self.0.key_id.clone(),
                x: URL_SAFE_NO_PAD.encode(self.0.public),
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            iss: String::new(),
            aud: String::new(),
            sub: "somebody".into(),
            ward: None,
            unit: None,
            roles: vec!["leader".into()],
            scope: None,
            client: false,
            cv: 1,
            sid: None,
            jti: "1".into(),
            iat: 0,
            exp: 0,
        }
    }

    #[test]
    fn only_tokens_of_our_own_key_and_issuer_are_believed() {
        let pem = Tokens::generate_pem().expect("a key");
        let ours = Tokens::from_pem(&pem, "here").expect("tokens");
        let elsewhere = Tokens::from_pem(&pem, "there").expect("tokens");
        let other = Tokens::from_pem(&Tokens::generate_pem().expect("a key"), "here").expect("tokens");
        let token = ours.sign(claims()).expect("signed");
        assert!(ours.verify(&token).is_some());
        assert!(elsewhere.verify(&token).is_none());
        assert!(other.verify(&token).is_none());
    }

    #[test]
    fn a_token_signed_with_the_public_key_as_hmac_secret_is_refused() {
        let tokens = Tokens::from_pem(&Tokens::generate_pem().expect("a key"), "here").expect("tokens");
        let mut forged = claims();
        forged.iss = "here".into();
        forged.aud = AUDIENCE.into();
        forged.exp = Clock::real_now().unix_seconds() + 600;
        let token = jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &forged,
            &EncodingKey::from_secret(&tokens.0.public),
        )
        .expect("encoded");
        assert!(tokens.verify(&token).is_none());
    }
}
