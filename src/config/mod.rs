//! The configuration of `cchc serve`: one struct, from an optional TOML file and the environment. No globals.

mod parts;

use std::path::PathBuf;

use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use secrecy::SecretString;
use serde::Deserialize;

use self::parts::{check_key, documents, location, secret, settings};
use crate::{db::Location, settings::Settings, storage::Place};

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
    documents_url: Option<String>,
    #[serde(default = "default_max_document_bytes")]
    max_document_bytes: u64,
    s3_endpoint: Option<String>,
    #[serde(default = "default_s3_region")]
    s3_region: String,
    s3_access_key_id: Option<String>,
    s3_secret_access_key: Option<SecretString>,
    s3_secret_access_key_file: Option<PathBuf>,
    public_url: Option<String>,
    cors_origins: Option<String>,
    trusted_proxies: Option<String>,
    webhook_networks: Option<String>,
    #[serde(default = "yes")]
    webhook_delivery: bool,
    #[serde(default = "yes")]
    password_sign_in: bool,
    oidc_issuer: Option<String>,
    oidc_client_id: Option<String>,
    oidc_client_secret: Option<SecretString>,
    oidc_client_secret_file: Option<PathBuf>,
    #[serde(default = "default_oidc_claim")]
    oidc_claim: String,
    #[serde(default = "default_oidc_scopes")]
    oidc_scopes: String,
    oidc_return_urls: Option<String>,
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
    "documents_url",
    "max_document_bytes",
    "s3_endpoint",
    "s3_region",
    "s3_access_key_id",
    "s3_secret_access_key",
    "s3_secret_access_key_file",
    "public_url",
    "cors_origins",
    "trusted_proxies",
    "webhook_networks",
    "webhook_delivery",
    "password_sign_in",
    "oidc_issuer",
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_client_secret_file",
    "oidc_claim",
    "oidc_scopes",
    "oidc_return_urls",
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

/// A scanned decision of some dozen pages fits; a film does not.
const fn default_max_document_bytes() -> u64 {
    20 << 20
}

/// What services that speak S3, but are not AWS, expect where nobody chose.
fn default_s3_region() -> String {
    "us-east-1".to_owned()
}

const fn yes() -> bool {
    true
}

/// The claim in which providers send the name that a person signs in with (OpenID Connect Core §5.1).
fn default_oidc_claim() -> String {
    "preferred_username".to_owned()
}

fn default_oidc_scopes() -> String {
    "profile".to_owned()
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
    /// Where the files of documents are.
    pub documents: Place,
    /// The most bytes of one document.
    pub max_document_bytes: u64,
    /// Whether this instance delivers webhooks; otherwise `cchc work` does.
    pub webhook_delivery: bool,
    /// What requests need to know.
    pub settings: Settings,
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
        let mut raw = read()?;
        let signing_key = secret("signing_key", raw.signing_key.take(), raw.signing_key_file.take())?
            .ok_or_else(|| {
                ConfigError(
                    "CCHC_SIGNING_KEY_FILE is not set. Make a key with \
                 `openssl genpkey -algorithm ed25519 -out signing-key.pem` and name that file."
                        .to_owned(),
                )
            })?;
        check_key(&signing_key)?;
        let database = location(raw.database_url.take(), raw.database_url_file.take())?;
        Ok(Self {
            settings: settings(&mut raw)?,
            documents: documents(&mut raw, &database)?,
            webhook_delivery: raw.webhook_delivery,
            max_document_bytes: raw.max_document_bytes,
            database,
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

    /// Reads only where the data and the files of documents are; another database may stand for the configured one.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn load_places(database: Option<Location>) -> Result<(Location, Place), ConfigError> {
        let mut raw = read()?;
        let configured = (raw.database_url.take(), raw.database_url_file.take());
        let database = database.map_or_else(|| location(configured.0, configured.1), Ok)?;
        let documents = documents(&mut raw, &database)?;
        Ok((database, documents))
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
