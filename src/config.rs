//! The configuration of `cchc serve`: one struct, from an optional TOML file and the environment. No globals.

use std::path::PathBuf;

use ed25519_dalek::{SigningKey, pkcs8::DecodePrivateKey};
use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{
    db::Location,
    storage::{Bucket, Place},
};

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
            documents: documents(&mut raw, &database)?,
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

/// Where documents are: by URL, or else beside the file of the database.
fn documents(raw: &mut Raw, database: &Location) -> Result<Place, ConfigError> {
    match (raw.documents_url.take(), database) {
        (Some(url), _) => {
            if let Some(bucket) = url.strip_prefix("s3://") {
                return Ok(Place::Bucket(bucket_of(raw, bucket)?));
            }
            let path = url.strip_prefix("file://").filter(|path| path.starts_with('/'));
            path.map(|path| Place::Directory(path.into())).ok_or_else(|| {
                ConfigError(
                    "CCHC_DOCUMENTS_URL must be `file:///an/absolute/path` or `s3://bucket/prefix`.".to_owned(),
                )
            })
        }
        (None, Location::Sqlite(file)) => Ok(Place::Directory(file.with_file_name("documents"))),
        (None, Location::Postgres(_)) => Err(ConfigError(
            "CCHC_DOCUMENTS_URL is not set. Use `file:///var/lib/cchc/documents`, a directory that all instances \
             share, or `s3://bucket/prefix`."
                .to_owned(),
        )),
    }
}

fn bucket_of(raw: &mut Raw, bucket: &str) -> Result<Bucket, ConfigError> {
    let key = secret(
        "s3_secret_access_key",
        raw.s3_secret_access_key.take(),
        raw.s3_secret_access_key_file.take(),
    )?;
    let (Some(access_key_id), Some(secret_access_key)) = (raw.s3_access_key_id.take(), key) else {
        return Err(ConfigError(
            "CCHC_DOCUMENTS_URL names a bucket, so CCHC_S3_ACCESS_KEY_ID and CCHC_S3_SECRET_ACCESS_KEY_FILE must be \
             set."
                .to_owned(),
        ));
    };
    let (name, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
    Ok(Bucket {
        name: name.to_owned(),
        prefix: prefix.trim_matches('/').to_owned(),
        endpoint: raw.s3_endpoint.take(),
        region: raw.s3_region.clone(),
        access_key_id,
        secret_access_key,
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

    fn place(url: Option<&str>, database: &str) -> Result<Place, ConfigError> {
        let mut raw: Raw = Figment::new().extract().expect("the defaults");
        raw.documents_url = url.map(str::to_owned);
        raw.s3_access_key_id = Some("id".to_owned());
        raw.s3_secret_access_key = Some(SecretString::from("secret".to_owned()));
        documents(&mut raw, &Location::parse(database).expect("a database"))
    }

    #[test]
    fn documents_are_beside_the_database_or_where_their_url_says() {
        let directory = |place| match place {
            Ok(Place::Directory(path)) => path.to_string_lossy().into_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(directory(place(None, "sqlite:/var/lib/cchc/cchc.db")), "/var/lib/cchc/documents");
        assert_eq!(directory(place(Some("file:///srv/files"), "postgres://db/cchc")), "/srv/files");
        let Ok(Place::Bucket(bucket)) = place(Some("s3://evidence/long-my/"), "postgres://db/cchc") else {
            panic!("a bucket")
        };
        assert_eq!((bucket.name.as_str(), bucket.prefix.as_str()), ("evidence", "long-my"));
        for (url, database) in [(None, "postgres://db/cchc"), (Some("file://relative"), "sqlite:x.db")] {
            let error = place(url, database).expect_err("refused").to_string();
            assert!(error.contains("CCHC_DOCUMENTS_URL"), "{error}");
        }
    }

    #[test]
    fn a_drawn_key_is_taken() {
        assert!(check_key(&SecretString::from(Tokens::generate_pem().expect("a key"))).is_ok());
    }
}
