//! Promises about a database that falls, hangs or moves, and about a server that stops: who asks is told the truth.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    postgres::fill,
    server::{Server, block_on, free_address, is_ready, key_in, serve_on},
    servers::{Postgres, has_programs},
};

/// Longest wait for what takes a few seconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An instance over this database, ready.
pub fn instance(directory: &Path, database: &str, environment: &[(&str, &str)]) -> Server {
    let address = free_address();
    let child = serve_on(&address, database, &key_in_once(directory), environment);
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    let server = Server { child, address: format!("http://{address}"), http };
    assert!(block_on(is_ready(&server.address)), "not ready");
    server
}

/// Instances share their key.
fn key_in_once(directory: &Path) -> std::path::PathBuf {
    let key = directory.join("key.pem");
    if key.exists() { key } else { key_in(directory) }
}

async fn status(server: &Server, path: &str) -> u16 {
    server.http.get(format!("{}{path}", server.address)).send().await.unwrap().status().as_u16()
}

async fn until_ready(server: &Server, ready: bool) {
    let (end, wanted) = (Instant::now() + PATIENCE, if ready { 200 } else { 503 });
    while status(server, "/health/ready").await != wanted {
        assert!(Instant::now() < end, "never answered {wanted}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Creates a unit, as the administrator may: the status, and how long to wait before the next try.
async fn create(server: &Server, token: &str, code: &str) -> (u16, Option<String>) {
    let body = json!({ "code": code, "name": format!("Phòng {code}"), "kind": "department", "active_from": "2026-01-01" });
    let request = server.http.post(format!("{}/api/v1/units", server.address)).bearer_auth(token).json(&body);
    let answer = request.send().await.unwrap();
    let retry = answer.headers().get("Retry-After").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), retry)
}

#[test]
fn a_fallen_primary_is_followed_to_the_next_and_no_answered_write_is_lost() {
    if !has_programs() {
        return;
    }
    let old = Postgres::primary(&[]);
    fill(&old);
    let new = old.replica();
    // What is answered is on both.
    old.psql("ALTER SYSTEM SET synchronous_standby_names = '*'");
    old.psql("SELECT pg_reload_conf()");
    let directory = tempfile::tempdir().unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres", old.port, new.port);
    let server = instance(directory.path(), &url, &[]);
    let answered = block_on(async {
        let admin = server.token("admin").await;
        let (mut answered, mut after) = (Vec::new(), 0);
        let end = Instant::now() + PATIENCE;
        for number in 0.. {
            assert!(Instant::now() < end, "service does not return");
            if number == 5 {
                old.kill();
                until_ready(&server, false).await;
                assert_eq!(status(&server, "/health/live").await, 200);
                new.promote();
            }
            let code = format!("P{number}");
            match create(&server, &admin, &code).await {
                (201, _) => {
                    answered.push(code);
                    after += u32::from(number >= 5);
                }
                (503, retry) => assert!(retry.is_some(), "503 says when to come back"),
                (other, _) => panic!("{other} while the primary changes"),
            }
            if after == 5 {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        until_ready(&server, true).await;
        let report = server.get(&server.token("auditor").await, "/api/v1/audit-events/verify").await;
        assert_eq!(report["intact"], true, "{report}");
        answered
    });
    for code in answered {
        assert_eq!(new.psql(&format!("SELECT count(*) FROM units WHERE code = '{code}'")), "1", "{code}");
    }
}

#[test]
fn readiness_is_answered_at_once_while_the_database_hangs_under_hundreds_of_requests() {
    if !has_programs() {
        return;
    }
    let database = Postgres::primary(&[]);
    fill(&database);
    let directory = tempfile::tempdir().unwrap();
    let server = instance(directory.path(), &database.url("postgres"), &[("CCHC_DB_WAIT_SECONDS", "1")]);
    block_on(async {
        let admin = server.token("admin").await;
        database.freeze();
        let asked = (0..600).map(|_| {
            let request = server.http.get(format!("{}/api/v1/me", server.address)).bearer_auth(&admin);
            async move { request.send().await.unwrap().status().as_u16() }
        });
        let storm = tokio::spawn(futures_util::future::join_all(asked));
        until_ready(&server, false).await;
        for _ in 0..3 {
            assert_eq!(status(&server, "/health/ready").await, 503);
            assert_eq!(status(&server, "/health/live").await, 200);
        }
        database.thaw();
        until_ready(&server, true).await;
        let answers = storm.await.unwrap();
        assert!(answers.iter().all(|status| matches!(status, 200 | 503)), "{answers:?}");
        assert!(answers.contains(&503), "who waits too long is told to come back");
        let me: Value = server.get(&admin, "/api/v1/me").await;
        assert_eq!(me["account"]["username"], "admin", "{me}");
    });
}

#[test]
fn a_server_that_is_told_to_stop_is_not_ready_but_serves_until_it_stops() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}/cchc.db", directory.path().display());
    let mut server = instance(directory.path(), &database, &[("CCHC_DRAIN_SECONDS", "60")]);
    let tell = |id: u32| Command::new("kill").args(["-TERM", &id.to_string()]).status().unwrap();
    tell(server.child.id());
    block_on(async {
        until_ready(&server, false).await;
        // A new connection, and another kind of request.
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.get(format!("{}/api-docs/openapi.json", server.address)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let answer = http.get(format!("{}/health/ready", server.address)).send().await.unwrap();
        assert!(answer.status() == 503 && answer.headers().contains_key("Retry-After"));
    });
    // Told twice, it waits no longer.
    tell(server.child.id());
    assert!(server.child.wait().unwrap().success());
}
