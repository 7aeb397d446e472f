//! A database with the demo's data, instances over it, and ways to ask them.

use std::{
    fmt::Display,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use cchc::db::Location;
use serde_json::{Value, json};

use crate::{
    ledger::Ledger,
    server::{Server, block_on, free_address, key_in, serve_on},
    servers::{Postgres, has_programs},
    support::{APP_ROLE, fill},
};

/// Longest wait for what takes a few seconds on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Where a ward's data is: its directory, its database, its key.
pub struct Rig {
    _own: Option<tempfile::TempDir>,
    pub directory: PathBuf,
    pub database: String,
    key: PathBuf,
}

impl Rig {
    /// A ward in an embedded database.
    pub fn sqlite() -> Self {
        let own = tempfile::tempdir().unwrap();
        let directory = own.path().to_owned();
        Self { _own: Some(own), ..Self::sqlite_in(&directory) }
    }

    /// The same in a directory that somebody else removes.
    pub fn sqlite_in(directory: &Path) -> Self {
        let database = format!("sqlite:{}/cchc.db", directory.display());
        fill(Location::parse(&database).unwrap());
        Self { _own: None, directory: directory.to_owned(), database, key: key_in(directory) }
    }

    /// A ward in database `postgres` of this server.
    pub fn postgres(server: &Postgres) -> Self {
        let own = tempfile::tempdir().unwrap();
        let database = server.url("postgres");
        server.psql(&format!("CREATE ROLE {APP_ROLE} LOGIN"));
        fill(Location::parse(&database).unwrap());
        let (directory, key) = (own.path().to_owned(), key_in(own.path()));
        Self { _own: Some(own), directory, database, key }
    }

    /// One more instance, ready, with more in its environment.
    pub fn serve(&self, environment: &[(&str, &str)]) -> Server {
        self.serve_at(&free_address(), environment)
    }

    /// [`Rig::serve`] where another instance was before.
    pub fn serve_at(&self, address: &str, environment: &[(&str, &str)]) -> Server {
        let address = address.trim_start_matches("http://");
        let child = serve_on(address, &self.database, &self.key, environment);
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let server = Server { child, address: format!("http://{address}"), http };
        wait_until("the instance is ready", || is_ready(&server));
        server
    }

    /// The file of an embedded database.
    pub fn file(&self) -> PathBuf {
        self.directory.join("cchc.db")
    }
}

/// Two instances over a PostgreSQL of their own, and writers at both.
pub struct Pair {
    pub ledger: Ledger,
    pub first: Server,
    pub second: Server,
    pub rig: Rig,
    pub database: Postgres,
}

impl Pair {
    /// None where PostgreSQL's programs are missing, which it says.
    pub fn start() -> Option<Self> {
        if !has_programs() {
            return None;
        }
        let database = Postgres::primary(&[]);
        let rig = Rig::postgres(&database);
        let (first, second) = (rig.serve(&[]), rig.serve(&[]));
        let ledger = Ledger::open(&[&first, &second]);
        Some(Self { ledger, first, second, rig, database })
    }
}

/// Waits for what takes a moment; tells how long. Fails, naming it, when it takes too long.
pub fn wait_until(what: impl Display, mut is_so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}

/// An answer: its status, its `Retry-After`, its body.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Value,
}

/// Sends a request and takes the whole answer.
pub async fn ask(request: reqwest::RequestBuilder) -> reqwest::Result<Reply> {
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let retry_after = answer.headers().get("Retry-After").map(|value| value.to_str().unwrap().to_owned());
    let bytes = answer.bytes().await?;
    Ok(Reply { status, retry_after, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
}

/// [`ask`] with a token, from outside any runtime.
pub fn get(server: &Server, token: &str, path: &str) -> Reply {
    block_on(ask(fresh().get(format!("{}{path}", server.address)).bearer_auth(token))).unwrap()
}

/// Comments on a submission, with the text as `Idempotency-Key`.
pub fn comment(
    http: &reqwest::Client,
    address: &str,
    (token, submission, text): (&str, &str, &str),
) -> reqwest::RequestBuilder {
    comment_under(text, http, address, (token, submission, text))
}

/// [`comment`] under another key.
pub fn comment_under(
    key: &str,
    http: &reqwest::Client,
    address: &str,
    (token, submission, text): (&str, &str, &str),
) -> reqwest::RequestBuilder {
    http.post(format!("{address}/api/v1/submissions/{submission}/comments"))
        .bearer_auth(token)
        .header("Idempotency-Key", key)
        .json(&json!({ "text": text }))
}

/// A client without connections of before; those of another runtime are of no use.
pub fn fresh() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

/// Whether it says that it is ready.
pub fn is_ready(server: &Server) -> bool {
    // A request that is sent needs the runtime from its first moment.
    let answer = block_on(async { fresh().get(format!("{}/health/ready", server.address)).send().await });
    answer.is_ok_and(|answer| answer.status() == 200)
}

/// A token of one of the demo's people.
pub fn token(server: &Server, username: &str) -> String {
    let form = [("grant_type", "password"), ("username", username), ("password", crate::server::PASSWORD)];
    let reply = block_on(ask(fresh().post(format!("{}/api/v1/auth/token", server.address)).form(&form)));
    let body = reply.unwrap().body;
    body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}

/// Some figure of the demo that this person sees.
pub fn some_submission(server: &Server, token: &str) -> String {
    let list = get(server, token, "/api/v1/submissions?limit=1").body;
    list["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{list}")).to_owned()
}

/// All comments on a submission, oldest first.
pub fn comments(server: &Server, token: &str, submission: &str) -> Vec<String> {
    let (mut texts, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/submissions/{submission}/comments?limit=200{cursor}");
        let page = get(server, token, &path).body;
        let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
        texts.extend(items.iter().map(|item| item["text"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return texts,
        }
    }
}

/// Verifies the audit chains of both wards of the demo.
pub fn verify_chains(server: &Server) {
    for username in ["auditor", "lb.leader"] {
        let report = get(server, &token(server, username), "/api/v1/audit-events/verify");
        assert_eq!(report.body["intact"], true, "{username}: {report:?}");
    }
}

/// Sends a signal to the process itself, from outside.
pub fn signal(name: &str, server: &Server) {
    let status = Command::new("kill").args([&format!("-{name}"), &server.child.id().to_string()]).status();
    assert!(status.unwrap().success(), "kill -{name}");
}

/// Memory that the process holds now, in KiB; none where the system does not tell.
pub fn memory(server: &Server) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A line of figures, for `--nocapture` and the table of `docs/reliability.md`.
pub fn tell(what: impl Display) {
    eprintln!("FIGURES: {what}");
}

/// Says plainly that a test was not run, past libtest, which would keep it to itself.
pub fn skip(why: impl Display) {
    std::io::stderr().write_all(format!("\nSKIPPED: {why}\n").as_bytes()).unwrap();
}
