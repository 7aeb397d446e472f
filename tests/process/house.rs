//! A house to move: the demo's data with a figure and a document of its own, and databases to move it to.

use std::{path::Path, process::Command};

use cchc::kernel::id::RawId;
use diesel::{
    Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query,
};
use serde_json::{Value, json};

use crate::server::{PASSWORD, Server, block_on};

/// What is in the document.
pub const EVIDENCE: &[u8] =
    "%PDF-1.7\nBảng tổng hợp hồ sơ giải quyết trước hạn và đúng hạn\n%%EOF\n".as_bytes();

/// What must be found again wherever the house goes.
pub struct Treasures {
    pub submission: String,
    pub document: String,
}

/// Fills a directory with the demo, a drafted and submitted figure, and a document; nobody serves it afterwards.
pub fn furnish(directory: &Path) -> Treasures {
    let server = Server::demo(directory, &[]);
    let treasures = block_on(bring_in(&server));
    server.kill();
    treasures
}

/// The same, in a server that goes on.
pub async fn bring_in(server: &Server) -> Treasures {
    let submission = server.draft().await;
    decide(server, &server.token("ktht.head").await, &submission, "submit").await;
    let document = upload(server, EVIDENCE).await;
    Treasures { submission, document }
}

/// Decides, and insists on success.
pub async fn decide(server: &Server, token: &str, submission: &str, action: &str) {
    let url = format!("{}/api/v1/submissions/{submission}/decisions", server.address);
    let request = server.http.post(url).bearer_auth(token).json(&json!({ "action": action }));
    assert_eq!(request.send().await.unwrap().status(), 201, "{action}");
}

/// Uploads a document of KTHTDT and gives its id.
pub async fn upload(server: &Server, bytes: &[u8]) -> String {
    let head = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n";
    let body = [head.as_bytes(), bytes, b"\r\n--x--\r\n"].concat();
    let answer = server
        .http
        .post(format!("{}/api/v1/documents", server.address))
        .bearer_auth(server.token("ktht.staff").await)
        .header("Content-Type", "multipart/form-data; boundary=x")
        .body(body)
        .send()
        .await
        .unwrap();
    let made: Value = answer.json().await.unwrap();
    made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

/// What people of both wards read: lists, single figures, summaries, published results, a document's bytes.
pub async fn readings(address: &str, treasures: &Treasures) -> Vec<(String, Vec<u8>)> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut readings = Vec::new();
    for username in ["leader", "lb.leader"] {
        let token = sign_in(&http, address, username).await;
        let get = async |path: &str| {
            let answer = http.get(format!("{address}{path}")).bearer_auth(&token).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.bytes().await.unwrap().to_vec()
        };
        let plans: Value = serde_json::from_slice(&get("/api/v1/plans").await).unwrap();
        let plan = plans["items"][0]["id"].as_str().unwrap();
        let chain: Value = serde_json::from_slice(&get("/api/v1/audit-events/verify").await).unwrap();
        assert_eq!(chain["intact"], true, "{chain}");
        let mut paths = vec![
            "/api/v1/submissions?limit=200".to_owned(),
            "/api/v1/units?limit=200".to_owned(),
            "/api/v1/documents?limit=200".to_owned(),
            format!("/api/v1/plans/{plan}/items?limit=200"),
            format!("/api/v1/plans/{plan}/periods"),
        ];
        for period in ["2026-Q1", "2026-H1"] {
            paths.push(format!("/api/v1/plans/{plan}/summary?period={period}"));
            paths.push(format!("/api/v1/plans/{plan}/completeness?period={period}"));
        }
        if username == "leader" {
            paths.push("/public/v1/wards/long-my/results?year=2026&period=2026-Q1".to_owned());
            paths.push(format!("/api/v1/submissions/{}", treasures.submission));
            paths.push(format!("/api/v1/submissions/{}/decisions", treasures.submission));
            paths.push(format!("/api/v1/documents/{}/content", treasures.document));
        }
        for path in paths {
            let bytes = without_time(&get(&path).await);
            readings.push((format!("{username} {path}"), bytes));
        }
    }
    readings
}

/// The answer without the moment at which it was given.
fn without_time(bytes: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(bytes) else { return bytes.to_vec() };
    let Some((before, rest)) = text.split_once("\"as_of\":\"") else { return bytes.to_vec() };
    let after = rest.split_once('"').map_or("", |(_, after)| after);
    format!("{before}{after}").into_bytes()
}

pub async fn sign_in(http: &reqwest::Client, address: &str, username: &str) -> String {
    let form = [("grant_type", "password"), ("username", username), ("password", PASSWORD)];
    let answer = http.post(format!("{address}/api/v1/auth/token")).form(&form).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Says which readings differ, in few words.
pub fn compare(before: &[(String, Vec<u8>)], after: &[(String, Vec<u8>)]) {
    assert_eq!(before.len(), after.len());
    for ((name, old), (_, new)) in before.iter().zip(after) {
        assert!(
            old == new,
            "{name} changed from\n{}\nto\n{}",
            String::from_utf8_lossy(old),
            String::from_utf8_lossy(new)
        );
    }
}

/// Changes a database past the program, and past what keeps others from that.
pub fn tamper(file: &Path, sql: &str) {
    let mut database = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    #[derive(diesel::QueryableByName)]
    struct Trigger {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let triggers: Vec<Trigger> =
        sql_query("SELECT name FROM sqlite_master WHERE type = 'trigger'").load(&mut database).unwrap();
    for trigger in triggers {
        sql_query(format!("DROP TRIGGER {}", trigger.name)).execute(&mut database).unwrap();
    }
    assert!(sql_query(sql).execute(&mut database).unwrap() > 0, "{sql}");
}

/// An empty database on the tests' PostgreSQL, dropped with the value.
pub struct Database {
    server: PgConnection,
    name: String,
    pub url: String,
}

impl Database {
    /// `None`, and a word about it, where there is no PostgreSQL to test on.
    pub fn create() -> Option<Self> {
        let Ok(url) = std::env::var("CCHC_TEST_POSTGRES_URL") else {
            assert!(
                std::env::var("CCHC_TEST_REQUIRE_POSTGRES").is_err(),
                "CCHC_TEST_POSTGRES_URL is not set"
            );
            eprintln!("\nSKIPPED: a test needs CCHC_TEST_POSTGRES_URL");
            return None;
        };
        let name = format!("cchc_move_{}", RawId::generate().as_str().replace('-', ""));
        let mut server = PgConnection::establish(&url).unwrap();
        server.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
        let url = format!("{}/{name}", url.rsplit_once('/').unwrap().0);
        Some(Self { server, name, url })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.server.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Runs a program that comes with PostgreSQL and insists on success.
pub fn run_tool(name: &str, arguments: &[&str]) {
    let tools = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut tools: Vec<_> = tools.map(|version| version.path().join("bin").join(name)).collect();
    tools.retain(|tool| tool.is_file());
    tools.sort();
    let tool = tools.pop().unwrap_or_else(|| name.into());
    let output =
        Command::new(&tool).args(arguments).output().unwrap_or_else(|e| panic!("{}: {e}", tool.display()));
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}
