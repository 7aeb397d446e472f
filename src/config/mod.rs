//! The configuration of `cchc serve`: one struct, from an optional TOML file and the environment. No globals.

mod database;
mod parts;
mod watching;

use std::path::PathBuf;

use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use secrecy::SecretString;
use serde::Deserialize;

use self::parts::{check_key, documents, location, parsed, secret, settings};
use crate::{
    db::{DbOptions, Location},
    settings::Settings,
    storage::Place,
    telemetry::Traces,
};

/// Everything that can be configured; each key is `CCHC_<KEY>` in the environment, `<key>` in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    database_url: Option<SecretString>,
    database_url_file: Option<PathBuf>,
    migration_url: Option<SecretString>,
    migration_url_file: Option<PathBuf>,
    database_replica_url: Option<SecretString>,
    database_replica_url_file: Option<PathBuf>,
    signing_key: Option<SecretString>,
    signing_key_file: Option<PathBuf>,
    #[serde(default = "default_listen")]
    listen: String,
    #[serde(default = "default_issuer")]
    issuer: String,
    db_connections: Option<u32>,
    db_statement_timeout_seconds: Option<u64>,
    db_lock_timeout_seconds: Option<u64>,
    db_wait_seconds: Option<u64>,
    workers: Option<usize>,
    #[serde(default = "default_shutdown_seconds")]
    shutdown_seconds: u64,
    #[serde(default)]
    drain_seconds: u64,
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
    metrics_listen: Option<String>,
    metrics_token: Option<SecretString>,
    metrics_token_file: Option<PathBuf>,
    #[serde(default = "default_slow_request_milliseconds")]
    slow_request_milliseconds: u64,
    otlp_endpoint: Option<String>,
    #[serde(default = "default_otlp_sample_ratio")]
    otlp_sample_ratio: f64,
}

/// The keys, as the environment and the README name them (`tests/contract/readme.rs` compares).
pub const KEYS: &[&str] = &[
    "database_url",
    "database_url_file",
    "migration_url",
    "migration_url_file",
    "database_replica_url",
    "database_replica_url_file",
    "signing_key",
    "signing_key_file",
    "listen",
    "issuer",
    "db_connections",
    "db_statement_timeout_seconds",
    "db_lock_timeout_seconds",
    "db_wait_seconds",
    "workers",
    "shutdown_seconds",
    "drain_seconds",
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
    "metrics_listen",
    "metrics_token",
    "metrics_token_file",
    "slow_request_milliseconds",
    "otlp_endpoint",
    "otlp_sample_ratio",
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

/// Nobody waits gladly for longer.
const fn default_slow_request_milliseconds() -> u64 {
    1000
}

const fn default_otlp_sample_ratio() -> f64 {
    1.0
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
    /// How the database is used.
    pub db: DbOptions,
    /// Threads that speak HTTP.
    pub workers: usize,
    /// Seconds for running requests to end when the server stops.
    pub shutdown_seconds: u64,
    /// Seconds for which it still serves, but says that it is not ready, before it stops.
    pub drain_seconds: u64,
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
    /// Address and port of the metrics, where they have their own.
    pub metrics_listen: Option<String>,
    /// Where traces go; nowhere, if absent.
    pub traces: Option<Traces>,
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
            db: database::options(&mut raw, &database)?,
            traces: watching::traces(&mut raw)?,
            metrics_listen: raw.metrics_listen,
            webhook_delivery: raw.webhook_delivery,
            max_document_bytes: raw.max_document_bytes,
            database,
            signing_key,
            listen: raw.listen,
            issuer: raw.issuer,
            workers: raw.workers.unwrap_or_else(cores).clamp(1, 256),
            shutdown_seconds: raw.shutdown_seconds,
            drain_seconds: raw.drain_seconds,
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

    /// Reads where the data is for whoever owns its tables: `cchc migrate`.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn load_migration() -> Result<Location, ConfigError> {
        let raw = read()?;
        match secret("migration_url", raw.migration_url, raw.migration_url_file)? {
            Some(url) => parsed("CCHC_MIGRATION_URL", &url),
            None => location(raw.database_url, raw.database_url_file),
        }
    }
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
