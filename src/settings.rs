//! What the operator chose and requests need to know. The defaults are closed: no foreign origin, no proxy that is
//! believed, no private receiver, passwords and no identity provider.

use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use crate::error::{Code, Error, Result};

/// The operator's choices, read once at the start (`config`).
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Web origins whose pages may call the API from a browser (CORS), such as `https://portal.example.vn`.
    pub cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks in which webhook receivers may be although they are private, link-local or loopback.
    pub webhook_networks: Vec<IpNet>,
    /// Whether people sign in through the identity provider only.
    pub passwords_off: bool,
    /// The city's identity provider.
    pub sign_on: Option<SignOn>,
    /// What opens `/metrics` on the main address; without it nothing does.
    pub metrics_token: Option<SecretString>,
    /// From when on a request is worth a warning.
    pub slow_request: Option<Duration>,
}

impl Settings {
    /// For calls that make or change a password.
    ///
    /// # Errors
    /// `passwords_off`.
    pub fn require_passwords(&self) -> Result<()> {
        if self.passwords_off { Err(Error::new(Code::PasswordsOff)) } else { Ok(()) }
    }
}

/// The city's identity provider (OpenID Connect), and how its people are found here.
#[derive(Clone, Debug)]
pub struct SignOn {
    /// Its issuer URL; `/.well-known/openid-configuration` is below it.
    pub issuer: String,
    /// What this system is called there.
    pub client_id: String,
    /// The secret that proves it.
    pub client_secret: SecretString,
    /// Claim of the ID token that holds the username here.
    pub claim: String,
    /// Scopes that are asked for besides `openid`.
    pub scopes: Vec<String>,
    /// URL under which browsers reach this system, without a slash at the end.
    pub public_url: String,
    /// Pages of front ends to which a browser may be sent back with a one-time code.
    pub return_urls: Vec<String>,
}
