//! Promises about single sign-on, tried against a certified OpenID provider in a process of its own.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::{RunQueryDsl, sql_query};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    batches::{count, open},
    server::{PASSWORD, block_on, free_address, is_ready, key_in, run, said, serve_on},
    sso_browser::{Browser, Page},
};

const SECRET: &str = "secret + 100% &=:";
const FRONT_END: &str = "http://127.0.0.1:9/signed-in";

/// Where the provider's modules are; says so plainly where they are not, and fails where they are insisted on.
fn modules() -> Option<PathBuf> {
    if let Ok(path) = std::env::var("CCHC_TEST_OIDC_MODULES") {
        return Some(PathBuf::from(path));
    }
    assert!(std::env::var("CCHC_TEST_REQUIRE_OIDC").is_err(), "CCHC_TEST_OIDC_MODULES is not set");
    std::io::stderr()
        .write_all(b"\nSKIPPED: a test needs CCHC_TEST_OIDC_MODULES (npm oidc-provider)\n")
        .unwrap();
    None
}

/// A process that ends with the test.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the provider; says its issuer.
fn provider(modules: &Path, callback: &str, port: &str, algorithm: &str, manner: &str) -> (Guard, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/process/oidc-provider.mjs");
    let mut child = Command::new("node")
        .arg(script)
        .arg(modules)
        .args([callback, port, algorithm, manner])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("node");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines().map_while(Result::ok);
    let issuer = lines.find(|line| line.starts_with("http://")).expect("its issuer");
    // Whatever else it says must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    (Guard(child), issuer)
}

/// A ward that signs on at a provider.
struct Office {
    directory: tempfile::TempDir,
    issuer: String,
    modules: PathBuf,
    address: String,
    more: Vec<(&'static str, String)>,
    servers: Vec<Guard>,
    provider: Option<Guard>,
}

impl Office {
    /// Over SQLite, with accounts made at the console; `None` where there is no provider to try it with.
    fn open(algorithm: &str, manner: &str, more: &[(&'static str, &str)]) -> Option<Self> {
        let modules = modules()?;
        let directory = tempfile::tempdir().unwrap();
        let listen = free_address();
        let callback = format!("http://{listen}/api/v1/auth/sso/callback");
        let (provider, issuer) = provider(&modules, &callback, "0", algorithm, manner);
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let mut office = Self {
            directory,
            issuer,
            modules,
            address: format!("http://{listen}"),
            more,
            servers: Vec::new(),
            provider: Some(provider),
        };
        office.set_up();
        office.serve(&listen);
        Some(office)
    }

    fn set_up(&self) {
        let database = self.database();
        let environment = [("CCHC_DATABASE_URL", database.as_str()), ("CCHC_PASSWORD", PASSWORD)];
        let ward = format!("{}/data/long-my/ward.json", env!("CARGO_MANIFEST_DIR"));
        let imported = run(&["import", &ward], &environment);
        assert!(imported.status.success(), "{}", said(&imported));
        for (username, unit) in
            [("ktht.staff", "KTHTDT"), ("hcc.staff@long-my.example", "HCC"), ("vp.staff", "VP")]
        {
            let names = ["--unit", unit, "--username", username, "--full-name", "Chuyên viên"];
            let made = run(&[&["account", "create", "--ward", "long-my"], &names[..]].concat(), &environment);
            assert!(made.status.success(), "{}", said(&made));
        }
    }

    /// One more instance over the same database.
    fn serve(&mut self, listen: &str) {
        let key = self.directory.path().join("key.pem");
        let key = if key.exists() { key } else { key_in(self.directory.path()) };
        let mut environment = vec![
            ("CCHC_OIDC_ISSUER", self.issuer.as_str()),
            ("CCHC_OIDC_CLIENT_ID", "cchc"),
            ("CCHC_OIDC_CLIENT_SECRET", SECRET),
            ("CCHC_PUBLIC_URL", self.address.as_str()),
            ("CCHC_OIDC_RETURN_URLS", FRONT_END),
        ];
        environment.extend(self.more.iter().map(|(name, value)| (*name, value.as_str())));
        self.servers.push(Guard(serve_on(listen, &self.database(), &key, &environment)));
        assert!(block_on(is_ready(&format!("http://{listen}"))));
    }

    fn database(&self) -> String {
        format!("sqlite:{}/cchc.db", self.directory.path().display())
    }

    fn sql(&self, statement: &str) -> usize {
        sql_query(statement).execute(&mut open(self.directory.path())).unwrap()
    }

    /// How many audit events are such.
    fn events(&self, which: &str) -> i64 {
        count(&mut open(self.directory.path()), "audit_events", which)
    }

    /// Signs in at the provider; says with which URL the browser would come back.
    async fn leave(&self, browser: &mut Browser, query: &str, person: Option<&str>) -> String {
        let start = browser.get(&format!("{}/api/v1/auth/sso{query}", self.address)).await;
        assert_eq!(start.status, 303, "{start:?}");
        assert!(start.location.starts_with(&self.issuer), "{start:?}");
        for part in ["code_challenge_method=S256", "response_type=code", "nonce=", "scope=openid"] {
            assert!(start.location.contains(part), "no {part}: {start:?}");
        }
        let home = format!("{}/api/v1/auth/sso/callback", self.address);
        browser.sign_in_at_provider(&start.location, &home, person).await
    }

    async fn sign_in(&self, person: &str) -> Page {
        let mut browser = Browser::default();
        let back = self.leave(&mut browser, "", Some(person)).await;
        browser.get(&back).await
    }

    async fn token(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer =
            http.post(format!("{}/api/v1/auth/token", self.address)).form(fields).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Who a token is.
    async fn me(&self, tokens: &Value) -> Value {
        let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http.get(format!("{}/api/v1/me", self.address)).bearer_auth(token);
        let me: Value = request.send().await.unwrap().json().await.unwrap();
        me["account"]["username"].clone()
    }
}

fn parameter(url: &str, name: &str) -> String {
    let url = reqwest::Url::parse(url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[test]
fn a_person_signs_in_at_the_provider_and_works_here() {
    for (algorithm, manner) in [("RS256", "strict"), ("ES256", "generous"), ("PS256", "strict")] {
        let Some(office) = Office::open(algorithm, manner, &[]) else { return };
        block_on(async {
            let start = Browser::default().get(&format!("{}/api/v1/auth/sso", office.address)).await;
            let kept = start.cookies.first().expect("a cookie");
            assert!(kept.contains("HttpOnly") && kept.contains("SameSite=Lax"), "{kept}");
            let mut browser = Browser::default();
            let back = office.leave(&mut browser, "", Some("ktht.staff")).await;
            assert!(back.contains("iss="), "the provider names itself (RFC 9207): {back}");
            let page = browser.get(&back).await;
            assert_eq!(page.status, 200, "{page:?}");
            assert!(browser.cookies.keys().all(|name| !name.starts_with("cchc")), "{:?}", browser.cookies);
            let tokens = page.json();
            assert_eq!(office.me(&tokens).await, "ktht.staff");
            let refresh = tokens["refresh_token"].as_str().unwrap();
            let again = office.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
            assert_eq!((again.0, office.me(&again.1).await), (200, Value::from("ktht.staff")));
            assert_eq!(office.me(&office.sign_in("shouting").await.json()).await, "ktht.staff");
        });
        assert!(office.events("kind = 'session.started' AND changes LIKE '%sso%'") > 0);
    }
}

#[test]
fn what_a_browser_brings_back_counts_once_in_time_and_in_that_browser() {
    let Some(office) = Office::open("RS256", "strict", &[]) else { return };
    block_on(async {
        let mut browser = Browser::default();
        let back = office.leave(&mut browser, "", Some("ktht.staff")).await;
        let state = parameter(&back, "state");
        let forged = back.replace(&state, &state.chars().rev().collect::<String>());
        browser.get(&forged).await.refused(400, "sign_on_expired");
        Browser::default().get(&back).await.refused(400, "sign_on_expired");
        let mut other = Browser::default();
        office.leave(&mut other, "", Some("vp.staff")).await;
        other.get(&back).await.refused(400, "sign_on_expired");
        // Nobody's failed try took it away from the browser that left.
        let mut twin = Browser { cookies: browser.cookies.clone() };
        assert_eq!(browser.get(&back).await.status, 200);
        twin.get(&back).await.refused(400, "sign_on_expired");

        let back = office.leave(&mut browser, "", Some("ktht.staff")).await;
        let before = cchc::kernel::time::Clock::real_now().plus_seconds(-600);
        let text = before.unix_seconds();
        assert_eq!(
            office.sql(&format!("UPDATE sign_on_attempts SET created_at = datetime({text}, 'unixepoch')")),
            2
        );
        browser.get(&back).await.refused(400, "sign_on_expired");
        let page = browser.get(&format!("{}/api/v1/auth/sso/callback", office.address)).await;
        page.refused(400, "sign_on_expired");
    });
    assert_eq!(office.events("kind = 'session.refused'"), 0, "nobody was refused, so nobody is accused");
}

#[test]
fn nobody_comes_in_whom_the_provider_does_not_vouch_for() {
    let Some(office) = Office::open("RS256", "generous", &[]) else { return };
    block_on(async {
        let alike = office.sign_in("khong.co.ai").await;
        alike.refused(403, "sign_on_refused");
        office.sql("UPDATE accounts SET active = 0 WHERE username = 'vp.staff'");
        for person in ["vp.staff", "no.name"] {
            let page = office.sign_in(person).await;
            page.refused(403, "sign_on_refused");
            assert_eq!(page.json()["detail"], alike.json()["detail"], "they look alike");
        }
        let mut browser = Browser::default();
        let back = office.leave(&mut browser, "", None).await;
        assert_eq!(parameter(&back, "error"), "access_denied");
        browser.get(&back).await.refused(403, "sign_on_refused");
        for tampered in ["nonce = 'another'", "pkce_verifier = pkce_verifier || 'x'"] {
            let back = office.leave(&mut browser, "", Some("ktht.staff")).await;
            office.sql(&format!("UPDATE sign_on_attempts SET {tampered}"));
            browser.get(&back).await.refused(403, "sign_on_refused");
        }
        for (from, to) in [("code=", "code=x"), ("iss=http", "iss=https")] {
            let back = office.leave(&mut browser, "", Some("ktht.staff")).await;
            browser.get(&back.replace(from, to)).await.refused(403, "sign_on_refused");
        }
    });
    for which in [
        "subject_id = 'khong.co.ai'",
        "subject_kind = 'claim'",
        "subject_kind = 'provider'",
        "chain <> 'city'",
    ] {
        assert!(office.events(&format!("kind = 'session.refused' AND {which}")) > 0, "{which}");
    }
}

#[test]
fn a_front_end_gets_a_one_time_code_and_never_a_token_in_a_url() {
    let Some(office) = Office::open("RS256", "strict", &[]) else { return };
    block_on(async {
        let mut browser = Browser::default();
        let plain = format!("?return_to={FRONT_END}");
        let back = office.leave(&mut browser, &plain, Some("ktht.staff")).await;
        let page = browser.get(&back).await;
        assert_eq!(page.status, 303, "{page:?}");
        assert!(
            page.location.starts_with(&format!("{FRONT_END}?code=")) && !page.location.contains("eyJ"),
            "{page:?}"
        );
        let code = parameter(&page.location, "code");
        let exchange = [("grant_type", "authorization_code"), ("code", code.as_str())];
        let (status, tokens) = office.token(&exchange).await;
        assert_eq!((status, office.me(&tokens).await), (200, Value::from("ktht.staff")));
        let (status, refused) = office.token(&exchange).await;
        assert_eq!((status, &refused["error"]), (400, &Value::from("invalid_grant")));

        let verifier = "a-verifier-of-the-front-end-that-nobody-else-knows";
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let bound = format!("{plain}&code_challenge={challenge}");
        for (query, verifier, status) in [
            (&bound, Some(verifier), 200),
            (&bound, Some("another"), 400),
            (&bound, None, 400),
            (&plain, Some(verifier), 400),
        ] {
            let back = office.leave(&mut browser, query, Some("ktht.staff")).await;
            let code = parameter(&browser.get(&back).await.location, "code");
            let mut fields = vec![("grant_type", "authorization_code"), ("code", code.as_str())];
            fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
            assert_eq!(office.token(&fields).await.0, status, "{query} {verifier:?}");
            assert_eq!(office.token(&fields).await.0, 400, "once, whatever came of it");
        }
        let back = office.leave(&mut browser, &plain, Some("ktht.staff")).await;
        let code = parameter(&browser.get(&back).await.location, "code");
        office.sql("UPDATE sign_in_codes SET created_at = datetime(created_at, '-60 seconds')");
        assert_eq!(office.token(&[("grant_type", "authorization_code"), ("code", &code)]).await.0, 400);

        let mut stranger = Browser::default();
        let back = office.leave(&mut stranger, &plain, Some("khong.co.ai")).await;
        let page = stranger.get(&back).await;
        assert_eq!(page.location, format!("{FRONT_END}?error=sign_on_refused"), "{page:?}");
    });
}

#[test]
fn any_instance_receives_the_browser_and_new_keys_of_the_provider_are_found() {
    let Some(mut office) = Office::open("RS256", "strict", &[]) else { return };
    let second = free_address();
    office.serve(&second);
    block_on(async {
        let mut browser = Browser::default();
        let back = office.leave(&mut browser, "", Some("ktht.staff")).await;
        let page = browser.get(&back.replace(&office.address, &format!("http://{second}"))).await;
        assert_eq!(page.status, 200, "{page:?}");
    });
    // The provider comes back with other keys while both instances remember the old ones.
    office.provider = None;
    let callback = format!("{}/api/v1/auth/sso/callback", office.address);
    let port = office.issuer.rsplit(':').next().unwrap().to_owned();
    let (restarted, _) = provider(&office.modules, &callback, &port, "RS256", "strict");
    office.provider = Some(restarted);
    block_on(async {
        assert_eq!(office.sign_in("ktht.staff").await.status, 200);
        let mut browser = Browser::default();
        let back = office.leave(&mut browser, "", Some("ktht.staff")).await;
        office.provider = None;
        let page = browser.get(&back).await;
        page.refused(503, "sign_on_unavailable");
        assert!(!page.retry_after.is_empty(), "{page:?}");
    });
}

#[test]
fn strangers_cannot_fill_the_database_with_browsers_under_way() {
    let Some(office) = Office::open("RS256", "strict", &[]) else { return };
    let fill = |time: &str| {
        office.sql(&format!(
            "INSERT INTO sign_on_attempts (state_hash, nonce, pkce_verifier, created_at) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
             SELECT '{time}' || i, 'n', 'v', '{time}' FROM n"
        ))
    };
    block_on(async {
        assert_eq!(fill("2020-01-01 00:00:00"), 10_000);
        assert_eq!(office.sign_in("ktht.staff").await.status, 200, "those that ran out are forgotten");
        assert_eq!(fill("2999-01-01 00:00:00"), 10_000);
        let page = Browser::default().get(&format!("{}/api/v1/auth/sso", office.address)).await;
        page.refused(503, "busy");
    });
    assert_eq!(office.sql("DELETE FROM sign_on_attempts"), 10_000);
}

#[test]
fn an_email_counts_only_when_the_provider_verified_it() {
    let more = [("CCHC_OIDC_CLAIM", "email"), ("CCHC_OIDC_SCOPES", "email")];
    let Some(office) = Office::open("RS256", "strict", &more) else { return };
    block_on(async {
        let page = office.sign_in("mail.verified").await;
        assert_eq!(office.me(&page.json()).await, "hcc.staff@long-my.example");
        office.sign_in("mail.claimed").await.refused(403, "sign_on_refused");
    });
}

#[test]
fn with_passwords_off_people_sign_in_at_the_provider_only() {
    let Some(office) = Office::open("RS256", "strict", &[("CCHC_PASSWORD_SIGN_IN", "false")]) else { return };
    block_on(async {
        let by_password = [("grant_type", "password"), ("username", "ktht.staff"), ("password", PASSWORD)];
        let (status, refused) = office.token(&by_password).await;
        assert_eq!((status, &refused["error"]), (400, &Value::from("unsupported_grant_type")));
        let tokens = office.sign_in("ktht.staff").await.json();
        let refresh = tokens["refresh_token"].as_str().unwrap();
        assert_eq!(office.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await.0, 200);
    });
}

#[test]
fn a_client_that_the_provider_does_not_know_is_the_operators_concern() {
    let more = [("CCHC_OIDC_CLIENT_SECRET", "sai")];
    let Some(office) = Office::open("RS256", "strict", &more) else { return };
    block_on(async { office.sign_in("ktht.staff").await.refused(503, "sign_on_unavailable") });
}
