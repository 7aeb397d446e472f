//! The parts of the configuration: secrets, where the data is, and lists of networks and addresses.

use std::path::PathBuf;

use ed25519_dalek::{SigningKey, pkcs8::DecodePrivateKey};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use super::{ConfigError, Raw, watching};
use crate::{
    db::Location,
    settings::{Settings, SignOn},
    sign_ons::rules::is_safe_url,
    storage::{Bucket, Place},
};

pub(super) fn location(url: Option<SecretString>, file: Option<PathBuf>) -> Result<Location, ConfigError> {
    let url = secret("database_url", url, file)?.ok_or_else(|| {
        ConfigError(
            "CCHC_DATABASE_URL is not set. Use `sqlite:/var/lib/cchc/cchc.db` for one ward, or \
             `postgres://user:password@host/cchc`."
                .to_owned(),
        )
    })?;
    parsed("CCHC_DATABASE_URL", &url)
}

pub(super) fn parsed(key: &str, url: &SecretString) -> Result<Location, ConfigError> {
    Location::parse(url.expose_secret())
        .ok_or_else(|| ConfigError(format!("{key} must begin with `sqlite:` or `postgres://`.")))
}

/// Where documents are: by URL, or else beside the file of the database.
pub(super) fn documents(raw: &mut Raw, database: &Location) -> Result<Place, ConfigError> {
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
pub(super) fn secret(
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
pub(super) fn check_key(pem: &SecretString) -> Result<(), ConfigError> {
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

/// What requests need to know.
pub(super) fn settings(raw: &mut Raw) -> Result<Settings, ConfigError> {
    let sign_on = sign_on(raw)?;
    if !raw.password_sign_in && sign_on.is_none() {
        return Err(ConfigError(
            "CCHC_PASSWORD_SIGN_IN is false, so nobody could sign in: set CCHC_OIDC_ISSUER and its client."
                .to_owned(),
        ));
    }
    let cors_origins = words(raw.cors_origins.as_deref());
    if let Some(wrong) = cors_origins.iter().find(|origin| !is_origin(origin)) {
        return Err(ConfigError(format!(
            "CCHC_CORS_ORIGINS: {wrong} is no origin; write `https://portal.example.vn`, without a path."
        )));
    }
    Ok(Settings {
        metrics_token: watching::metrics_token(raw)?,
        slow_request: watching::slow_request(raw),
        cors_origins,
        trusted_proxies: networks("TRUSTED_PROXIES", raw.trusted_proxies.as_deref())?,
        webhook_networks: networks("WEBHOOK_NETWORKS", raw.webhook_networks.as_deref())?,
        passwords_off: !raw.password_sign_in,
        sign_on,
    })
}

fn sign_on(raw: &mut Raw) -> Result<Option<SignOn>, ConfigError> {
    let Some(issuer) = raw.oidc_issuer.take() else { return Ok(None) };
    let client_secret =
        secret("oidc_client_secret", raw.oidc_client_secret.take(), raw.oidc_client_secret_file.take())?;
    let (Some(client_id), Some(client_secret), Some(public_url)) =
        (raw.oidc_client_id.take(), client_secret, raw.public_url.take())
    else {
        return Err(ConfigError(
            "CCHC_OIDC_ISSUER is set, so CCHC_OIDC_CLIENT_ID, CCHC_OIDC_CLIENT_SECRET_FILE and CCHC_PUBLIC_URL must \
             be set too."
                .to_owned(),
        ));
    };
    let return_urls = words(raw.oidc_return_urls.as_deref());
    if let Some(wrong) = [&issuer, &public_url].into_iter().chain(&return_urls).find(|url| !is_safe_url(url))
    {
        return Err(ConfigError(format!(
            "{wrong} is no address for sign-on: CCHC_OIDC_ISSUER, CCHC_PUBLIC_URL and CCHC_OIDC_RETURN_URLS begin with \
             `https://` (`http://` on this machine only) and hold no `#`."
        )));
    }
    Ok(Some(SignOn {
        issuer,
        client_id,
        client_secret,
        claim: raw.oidc_claim.clone(),
        scopes: words(Some(&raw.oidc_scopes)),
        public_url: public_url.trim_end_matches('/').to_owned(),
        return_urls,
    }))
}

/// The words of a list that is separated by blanks or commas.
fn words(list: Option<&str>) -> Vec<String> {
    let separated = list.unwrap_or_default().split([',', ' ']);
    separated.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '?', '#']))
}

fn networks(key: &str, list: Option<&str>) -> Result<Vec<IpNet>, ConfigError> {
    let parsed = words(list).into_iter().map(|word| {
        let network = word.parse().or_else(|_| word.parse::<std::net::IpAddr>().map(IpNet::from));
        network.map_err(|_| {
            ConfigError(format!("CCHC_{key}: {word} is no network; write `10.0.0.0/8` or an address."))
        })
    });
    parsed.collect()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    use figment::Figment;

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

    fn settings_of(change: impl FnOnce(&mut Raw)) -> Result<Settings, ConfigError> {
        let mut raw: Raw = Figment::new().extract().expect("the defaults");
        change(&mut raw);
        settings(&mut raw)
    }

    fn with_provider(raw: &mut Raw, issuer: &str) {
        raw.oidc_issuer = Some(issuer.to_owned());
        raw.oidc_client_id = Some("cchc".to_owned());
        raw.oidc_client_secret = Some(SecretString::from("secret".to_owned()));
        raw.public_url = Some("https://cchc.example.vn/".to_owned());
    }

    #[test]
    fn passwords_may_be_off_where_there_is_a_provider() {
        let read = settings_of(|raw| {
            with_provider(raw, "http://127.0.0.1:9000");
            raw.password_sign_in = false;
        })
        .expect("read");
        let sign_on = read.sign_on.expect("a provider");
        assert!(read.passwords_off);
        assert_eq!(
            (sign_on.public_url.as_str(), sign_on.claim.as_str()),
            ("https://cchc.example.vn", "preferred_username")
        );
    }

    #[test]
    fn lists_are_read_word_by_word_and_refused_with_the_word_at_fault() {
        let read = settings_of(|raw| {
            raw.trusted_proxies = Some("10.0.0.0/8, 127.0.0.1".to_owned());
            raw.cors_origins = Some("https://portal.example.vn".to_owned());
        })
        .expect("read");
        assert_eq!(read.trusted_proxies.len(), 2);
        assert_eq!(read.cors_origins, ["https://portal.example.vn"]);
        type Change = fn(&mut Raw);
        let cases: [(&str, Change); 6] = [
            ("10.0.0.0/33", |raw| raw.webhook_networks = Some("10.0.0.0/33".to_owned())),
            ("https://*", |raw| raw.cors_origins = Some("https://*".to_owned())),
            ("nobody could sign in", |raw| raw.password_sign_in = false),
            ("CCHC_PUBLIC_URL", |raw| raw.oidc_issuer = Some("https://id.example.vn".to_owned())),
            ("http://id.example.vn is no address", |raw| with_provider(raw, "http://id.example.vn")),
            ("https://app.example.vn/#in is no address", |raw| {
                with_provider(raw, "https://id.example.vn");
                raw.oidc_return_urls =
                    Some("https://app.example.vn/ok https://app.example.vn/#in".to_owned());
            }),
        ];
        for (wrong, change) in cases {
            let error = settings_of(change).expect_err("refused").to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }
}
