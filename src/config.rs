//! The configuration of `cchc serve`: one struct, from an optional TOML file and the environment. No globals.

use std::path::PathBuf;

use ed25519_dalek::{SigningKey, pkcs8::DecodePrivateKey};
use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::db::Location;

/// Everything that can be configured; each key is `CCHC_<KEY>` in the environment, `<key>` in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    database_url: Option<SecretString>,
    database_url_file: Option<PathBuf>,
    signing_key: Option<SecretString>,
    signing_key_file: Option<PathBuf>,
    #[serde(default = "default_listen")]
    listen: String,
    #[serde(default = "default_issuer")]
    issuer: String,
    db_connections: Option<u32>,
    workers: Option<usize>,
    #[serde(default = "default_shutdown_seconds")]
    shutdown_seconds: u64,
    #[serde(default = "default_argon2_memory_kib")]
    argon2_memory_kib: u32,
    #[serde(default = "default_argon2_passes")]
    argon2_passes: u32,
}

/// The keys, as the environment and the README name them (`tests/contract/readme.rs` compares).
pub const KEYS: &[&str] = &[
    "database_url",
    "database_url_file",
    "signing_key",
    "signing_key_file",
    "listen",
    "issuer",
    "db_connections",
    "workers",
    "shutdown_seconds",
    "argon2_memory_kib",
    "argon2_passes",
];

fn default_listen() -> String {
    "127.0.0.1:8080".to_owned()
}

fn default_issuer() -> String {
    "cchc".to_owned()
}

const fn default_shutdown_seconds() -> u64 {
    30
}

/// OWASP's first recommendation for Argon2id: 19 MiB, two passes, one lane.
const fn default_argon2_memory_kib() -> u32 {
    19 * 1024
}

const fn default_argon2_passes() -> u32 {
    2
}

/// The configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the data is.
    pub database: Location,
    /// PEM of the Ed25519 key that signs access tokens.
    pub signing_key: SecretString,
    /// Address and port.
    pub listen: String,
    /// `iss` of the access tokens.
    pub issuer: String,
    /// Connections to the database.
    pub db_connections: u32,
    /// Threads that speak HTTP.
    pub workers: usize,
    /// Seconds for running requests to end when the server stops.
    pub shutdown_seconds: u64,
    /// Memory of a password hash, KiB.
    pub argon2_memory_kib: u32,
    /// Passes of a password hash.
    pub argon2_passes: u32,
}

/// Why the program does not start: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// Reads file and environment.
    ///
    /// # Errors
    /// A sentence that says what is missing or weak, and what to do.
    pub fn load() -> Result<Self, ConfigError> {
        let raw = read()?;
        let signing_key = secret("signing_key", raw.signing_key, raw.signing_key_file)?.ok_or_else(|| {
            ConfigError(
                "CCHC_SIGNING_KEY_FILE is not set. Make a key with \
                 `openssl genpkey -algorithm ed25519 -out signing-key.pem` and name that file."
                    .to_owned(),
            )
        })?;
        check_key(&signing_key)?;
        Ok(Self {
            database: location(raw.database_url, raw.database_url_file)?,
            signing_key,
            listen: raw.listen,
            issuer: raw.issuer,
            db_connections: raw.db_connections.unwrap_or_else(default_connections).clamp(1, 256),
            workers: raw.workers.unwrap_or_else(cores).clamp(1, 256),
            shutdown_seconds: raw.shutdown_seconds,
            argon2_memory_kib: raw.argon2_memory_kib,
            argon2_passes: raw.argon2_passes,
        })
    }

    /// Reads only where the data is, for commands that sign nothing.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn load_database() -> Result<Location, ConfigError> {
        let raw = read()?;
        location(raw.database_url, raw.database_url_file)
    }
}

/// Twice the cores: a larger pool made PostgreSQL's tail worse, a smaller one starves it.
fn default_connections() -> u32 {
    u32::try_from(cores() * 2).unwrap_or(8).max(4)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

fn read() -> Result<Raw, ConfigError> {
    let mut figment = Figment::new();
    if let Ok(path) = std::env::var("CCHC_CONFIG") {
        figment = figment.merge(Toml::file_exact(path));
    }
    figment
        .merge(Env::prefixed("CCHC_").only(KEYS))
        .extract()
        .map_err(|error| ConfigError(format!("The configuration cannot be read: {error}.")))
}

fn location(url: Option<SecretString>, file: Option<PathBuf>) -> Result<Location, ConfigError> {
    let url = secret("database_url", url, file)?.ok_or_else(|| {
        ConfigError(
            "CCHC_DATABASE_URL is not set. Use `sqlite:/var/lib/cchc/cchc.db` for one ward, or \
             `postgres://user:password@host/cchc`."
                .to_owned(),
        )
    })?;
    Location::parse(url.expose_secret()).ok_or_else(|| {
        ConfigError("CCHC_DATABASE_URL must begin with `sqlite:` or `postgres://`.".to_owned())
    })
}

/// A secret from its own key, or from the file that its `_file` key names.
fn secret(
    key: &str,
    value: Option<SecretString>,
    file: Option<PathBuf>,
) -> Result<Option<SecretString>, ConfigError> {
    let Some(path) = file else { return Ok(value) };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        ConfigError(format!(
            "CCHC_{}_FILE names {}, which cannot be read: {error}.",
            key.to_uppercase(),
            path.display()
        ))
    })?;
    Ok(Some(SecretString::from(text.trim().to_owned())))
}

/// Refuses what is no Ed25519 key, and keys that somebody typed rather than drew.
fn check_key(pem: &SecretString) -> Result<(), ConfigError> {
    let advice = "Make one with `openssl genpkey -algorithm ed25519 -out signing-key.pem`.";
    let key = SigningKey::from_pkcs8_pem(pem.expose_secret()).map_err(|_| {
        ConfigError(format!("CCHC_SIGNING_KEY is no Ed25519 private key in PEM (PKCS#8). {advice}"))
    })?;
    let mut seen = [false; 256];
    for byte in key.to_bytes() {
        if let Some(place) = seen.get_mut(usize::from(byte)) {
            *place = true;
        }
    }
    // 32 random bytes hold 30 different ones on average; fewer than 16 do not happen by chance.
    if seen.iter().filter(|seen| **seen).count() < 16 {
        return Err(ConfigError(format!("CCHC_SIGNING_KEY is weak: its bytes are not random. {advice}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::pkcs8::EncodePrivateKey;

    use super::*;
    use crate::access::token::Tokens;

    #[test]
    fn a_key_without_randomness_is_refused_with_advice() {
        let weak = SigningKey::from_bytes(&[7; 32])
            .to_pkcs8_pem(ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF)
            .expect("pem")
            .to_string();
        let error = check_key(&SecretString::from(weak)).expect_err("refused").to_string();
        assert!(error.contains("weak") && error.contains("openssl genpkey"), "{error}");
        assert!(check_key(&SecretString::from("secret".to_owned())).is_err());
    }

    #[test]
    fn a_drawn_key_is_taken() {
        assert!(check_key(&SecretString::from(Tokens::generate_pem().expect("a key"))).is_ok());
    }
}
