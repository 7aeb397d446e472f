//! What operators see of the program as it runs: lines of log without secrets, and figures on an address of their own.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use serde_json::{Value, json};

use crate::server::{PROGRAM, block_on, free_address, is_ready, key_in, run, said};

pub const PASSWORD: &str = "mat-khau-that-la-dai";

/// A ward with an administrator and a client of the city; and the client's secret.
pub struct Ward {
    _directory: tempfile::TempDir,
    key: PathBuf,
    database: String,
    client_secret: String,
}

impl Ward {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let key = key_in(directory.path());
        let database = format!("sqlite:{}/cchc.db", directory.path().display());
        let environment = [("CCHC_DATABASE_URL", database.as_str()), ("CCHC_PASSWORD", PASSWORD)];
        let ward = format!("{}/data/long-my/ward.json", env!("CARGO_MANIFEST_DIR"));
        let account =
            ["--ward", "long-my", "--unit", "UBND", "--username", "admin", "--full-name", "Lê Văn A"];
        let client = ["--client-id", "city-portal", "--name", "P", "--scope", "results:read"];
        assert!(run(&["import", &ward], &environment).status.success());
        assert!(run(&[&["account", "create"], &account[..]].concat(), &environment).status.success());
        let made = said(&run(&[&["client", "create"], &client[..]].concat(), &environment));
        let secret = made.lines().find_map(|line| line.strip_prefix("client_secret:"));
        let client_secret = secret.unwrap_or_else(|| panic!("{made}")).trim().to_owned();
        Self { _directory: directory, key, database, client_secret }
    }

    /// Starts a command with this in its environment, and keeps what it says.
    pub fn start(&self, command: &str, environment: &[(&str, &str)]) -> Watched {
        let address = free_address();
        let mut child = Command::new(PROGRAM)
            .arg(command)
            .env("CCHC_DATABASE_URL", &self.database)
            .env("CCHC_SIGNING_KEY_FILE", &self.key)
            .env("CCHC_LISTEN", &address)
            .env("CCHC_WEBHOOK_NETWORKS", "127.0.0.0/8")
            .env("NO_PROXY", "127.0.0.1")
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let listening = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).map(|_| text).unwrap()
        });
        Watched { child, address: format!("http://{address}"), listening: Some(listening) }
    }
}

pub struct Watched {
    child: Child,
    pub address: String,
    listening: Option<JoinHandle<String>>,
}

impl Watched {
    /// Ends it by SIGTERM; all that it said.
    pub fn stop(mut self) -> String {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        let status = self.child.wait().unwrap();
        let said = self.listening.take().unwrap().join().unwrap();
        assert!(status.success(), "{status}\n{said}");
        said
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks, with a request id that tells the call.
pub struct Caller<'a> {
    address: &'a str,
    http: reqwest::Client,
}

impl<'a> Caller<'a> {
    pub fn new(address: &'a str) -> Self {
        Self { address, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    pub async fn call(
        &self,
        id: &str,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
        (method, path): (&str, &str),
    ) -> (u16, Value) {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.address));
        let answer = change(request.header("X-Request-Id", id)).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    pub async fn token(&self, id: &str, form: &[(&str, &str)]) -> (u16, Value) {
        self.call(id, |request| request.form(form), ("POST", "/api/v1/auth/token")).await
    }
}

/// Sends secrets of every kind, right ones and wrong ones; returns all of them.
async fn send_secrets(ward: &Ward, address: &str, receiver: &str) -> Vec<String> {
    let caller = Caller::new(address);
    let text =
        |value: &Value, field: &str| value[field].as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
    let person = [("grant_type", "password"), ("username", "admin"), ("password", PASSWORD)];
    let (_, tokens) = caller.token("sign-in", &person).await;
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    let wrong = [("grant_type", "password"), ("username", "admin"), ("password", "wrong-password-7")];
    assert_eq!(caller.token("wrong", &wrong).await.0, 400);
    let machine = [
        ("grant_type", "client_credentials"),
        ("client_id", "city-portal"),
        ("client_secret", ward.client_secret.as_str()),
    ];
    let client = text(&caller.token("machine", &machine).await.1, "access_token");
    let wrong =
        [("grant_type", "client_credentials"), ("client_id", "city-portal"), ("client_secret", "not-it-8")];
    assert_eq!(caller.token("machine-wrong", &wrong).await.0, 401);
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let (_, renewed) = caller.token("refresh", &again).await;
    caller.token("refresh-twice", &again).await;
    let bearer = |token: String| move |request: reqwest::RequestBuilder| request.bearer_auth(token);
    let renewed_access = text(&renewed, "access_token");
    let (status, units) = caller.call("units", bearer(client.clone()), ("GET", "/api/v1/units")).await;
    assert_eq!(status, 403, "{units}");
    let sign = |request: reqwest::RequestBuilder| request.header("Authorization", "Bearer forged.token.9");
    assert_eq!(caller.call("forged", sign, ("GET", "/api/v1/units")).await.0, 401);
    let query = ("GET", "/api/v1/units?access_token=in-the-query-10");
    assert_eq!(caller.call("query", |request| request, query).await.0, 401);
    let body = json!({ "url": receiver, "kinds": ["publication.published"] });
    let token = client.clone();
    let subscribe = |request: reqwest::RequestBuilder| {
        request.bearer_auth(token).header("Idempotency-Key", "a-key-of-mine-11").json(&body)
    };
    let (_, webhook) = caller.call("webhook", subscribe, ("POST", "/api/v1/webhooks")).await;
    let ping = format!("/api/v1/webhooks/{}/ping", text(&webhook, "id"));
    caller.call("ping", bearer(client.clone()), ("POST", &ping)).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "mat-khau-moi-12-that-dai" });
    let person = access.clone();
    let change = |request: reqwest::RequestBuilder| request.bearer_auth(person).json(&change);
    caller.call("password", change, ("PUT", "/api/v1/me/password")).await;
    caller.call("metrics", bearer("metrics-token-wrong-13".to_owned()), ("GET", "/metrics")).await;
    let mut secrets = vec![access, refresh, client, renewed_access, text(&renewed, "refresh_token")];
    secrets.push(text(&webhook, "secret"));
    secrets
}

/// Lines of log by the request they belong to.
pub fn by_request(said: &str) -> BTreeMap<String, Vec<Value>> {
    let mut lines: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
        lines.entry(line["request_id"].as_str().unwrap_or_default().to_owned()).or_default().push(line);
    }
    lines
}

/// None of what was sent, or was given out, stands in the log.
fn expect_no_secret(ward: &Ward, secrets: &[String], said: &str) {
    let key = std::fs::read_to_string(&ward.key).unwrap();
    let of_key = key.lines().find(|line| !line.starts_with('-')).unwrap();
    let sent = [
        PASSWORD,
        "wrong-password-7",
        "not-it-8",
        "forged.token.9",
        "in-the-query-10",
        "a-key-of-mine-11",
        "mat-khau-moi-12-that-dai",
        "metrics-token-wrong-13",
        "metrics-token-right-14",
        of_key,
        &ward.client_secret,
        "Lê Văn A",
    ];
    for secret in sent.into_iter().chain(secrets.iter().map(String::as_str)) {
        assert!(!said.contains(secret), "{secret} stands in the log");
    }
}

/// Each request ends with a line that tells what was asked, by what kind of caller, and how it was answered.
fn expect_answers(lines: &BTreeMap<String, Vec<Value>>) {
    for (id, status, route, actor) in [
        ("sign-in", 200, "/api/v1/auth/token", "anonymous"),
        ("machine-wrong", 401, "/api/v1/auth/token", "anonymous"),
        ("units", 403, "/api/v1/units", "client"),
        ("forged", 401, "/api/v1/units", ""),
        ("webhook", 201, "/api/v1/webhooks", "client"),
        ("metrics", 401, "/metrics", ""),
    ] {
        let last = lines.get(id).and_then(|lines| lines.last()).unwrap_or_else(|| panic!("{id}: no line"));
        assert_eq!((&last["message"], &last["status"]), (&json!("answered"), &json!(status)), "{last}");
        assert_eq!(
            (&last["route"], last["actor"].as_str().unwrap_or_default()),
            (&json!(route), actor),
            "{last}"
        );
        assert!(last["micros"].is_u64() && last["method"].is_string(), "{last}");
    }
}

#[test]
fn the_log_tells_each_request_and_no_secret() {
    let ward = Ward::new();
    let (receiver, _bodies) = receiver();
    let environment = [
        ("CCHC_LOG_FORMAT", "json"),
        ("RUST_LOG", "debug"),
        ("CCHC_METRICS_TOKEN", "metrics-token-right-14"),
        ("CCHC_SLOW_REQUEST_MILLISECONDS", "60000"),
    ];
    let server = ward.start("serve", &environment);
    let secrets = block_on(async {
        assert!(is_ready(&server.address).await);
        let secrets = send_secrets(&ward, &server.address, &receiver).await;
        // Time for the webhook to be delivered.
        tokio::time::sleep(Duration::from_secs(3)).await;
        secrets
    });
    let said = server.stop();
    expect_no_secret(&ward, &secrets, &said);
    let lines = by_request(&said);
    expect_answers(&lines);
    let changed = &lines["password"];
    assert!(changed.len() > 1, "the line about who was admitted, and the last one: {changed:?}");
    for line in changed {
        assert!(
            line["ward"].is_string() && line["actor_id"].is_string() && line["actor"] == "account",
            "{line}"
        );
    }
    assert!(said.contains("\"message\":\"attempted\""), "{said}");
}

#[test]
fn a_slow_request_is_a_warning_and_a_quiet_log_keeps_the_request_id() {
    let ward = Ward::new();
    let environment =
        [("CCHC_LOG_FORMAT", "json"), ("RUST_LOG", "warn"), ("CCHC_SLOW_REQUEST_MILLISECONDS", "1")];
    let server = ward.start("serve", &environment);
    block_on(async {
        assert!(is_ready(&server.address).await);
        let form = [("grant_type", "password"), ("username", "admin"), ("password", PASSWORD)];
        assert_eq!(Caller::new(&server.address).token("slow-one", &form).await.0, 200);
    });
    let lines = by_request(&server.stop());
    let line = &lines["slow-one"][0];
    assert_eq!((&line["message"], &line["level"]), (&json!("answered slowly"), &json!("WARN")), "{line}");
    assert_eq!(line["route"], "/api/v1/auth/token");
}

#[test]
fn a_database_that_cannot_be_reached_does_not_give_its_password_away() {
    let directory = tempfile::tempdir().unwrap();
    let key = key_in(directory.path()).display().to_string();
    let documents = format!("file://{}", directory.path().display());
    let attempts = [
        "postgres://cchc:database-password-15@127.0.0.1:1/cchc",
        "postgresql://cchc:database-password-15@[::1]:1/cchc?connect_timeout=1",
    ]
    .map(|url| {
        let (key, documents) = (key.clone(), documents.clone());
        std::thread::spawn(move || {
            let environment = [
                ("CCHC_DATABASE_URL", url),
                ("CCHC_SIGNING_KEY_FILE", &key),
                ("CCHC_DOCUMENTS_URL", &documents),
                ("CCHC_LOG_FORMAT", "json"),
                ("RUST_LOG", "debug"),
            ];
            run(&["serve"], &environment)
        })
    });
    for output in attempts.map(|attempt| attempt.join().unwrap()) {
        assert!(!output.status.success());
        assert!(!said(&output).contains("database-password-15"), "{}", said(&output));
    }
}

#[test]
fn metrics_have_an_address_of_their_own_and_are_nowhere_else() {
    let ward = Ward::new();
    let (own, of_worker) = (free_address(), free_address());
    let server = ward.start("serve", &[("CCHC_METRICS_LISTEN", &own), ("CCHC_WEBHOOK_DELIVERY", "false")]);
    let worker = ward.start("work", &[("CCHC_METRICS_LISTEN", &of_worker)]);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |url: String| {
        let answer = http.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    block_on(async {
        assert!(is_ready(&server.address).await);
        assert_eq!(get(format!("{}/metrics", server.address)).await.0, 404);
        let (status, page) = get(format!("http://{own}/metrics")).await;
        assert_eq!(status, 200);
        assert!(page.contains("cchc_db_up 1") && page.contains("process_resident_memory_bytes "), "{page}");
        assert!(!page.contains("name=\"webhook_delivery\""), "it delivers nothing\n{page}");
        assert_eq!(get(format!("http://{own}/api/v1/units")).await.0, 404);
        for _ in 0..50 {
            let page = http.get(format!("http://{of_worker}/metrics")).send().await;
            let page = match page {
                Ok(page) => page.text().await.unwrap(),
                Err(_) => String::new(),
            };
            if page.contains("cchc_job_last_success_timestamp_seconds{name=\"webhook_delivery\"}") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("the worker does not tell of its deliveries");
    });
    server.stop();
    worker.stop();
}

/// A call that came in: its first line, and its body.
pub type Call = (String, Vec<u8>);

/// A collector, and a receiver, on loopback: its URL and what it gets.
pub fn receiver() -> (String, Arc<Mutex<Vec<Call>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&calls);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut head, mut line) = (0, String::new(), String::new());
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                head.push_str(&line);
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            kept.lock().unwrap().push((head, body));
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (url, calls)
}

#[test]
fn what_is_watched_wrongly_is_refused_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let key = key_in(directory.path()).display().to_string();
    for (name, value, word) in [
        ("CCHC_METRICS_TOKEN", "short", "openssl rand"),
        ("CCHC_OTLP_ENDPOINT", "collector:4318", "http://collector:4318"),
        ("CCHC_OTLP_SAMPLE_RATIO", "2", "from 0 to 1"),
    ] {
        let database = format!("sqlite:{}/cchc.db", directory.path().display());
        let environment =
            [("CCHC_DATABASE_URL", database.as_str()), ("CCHC_SIGNING_KEY_FILE", &key), (name, value)];
        let output = run(&["serve"], &environment);
        assert!(!output.status.success() && said(&output).contains(word), "{}", said(&output));
    }
}
