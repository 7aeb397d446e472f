//! Promises about ten thousand rows in one call: bounded memory, and all or nothing when the server is killed.

use std::{path::Path, process::Command, time::Duration};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::BigInt};
use serde_json::Value;

use crate::server::{Server, block_on};

const ROWS: usize = 10_000;
/// Most memory of a debug build after ten thousand rows, in KiB; the release build needs less.
const MOST_MEMORY: u64 = 300 << 10;

/// A demo whose ward has ten thousand more units, each of which reports II.2.k.
fn crowded(directory: &Path) -> Server {
    let server = Server::demo(directory, &["--reset"]);
    let mut database = open(directory);
    let numbers = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {})",
        ROWS - 1
    );
    let id = "printf('00000000-0000-7000-8000-%012d', n)";
    for statement in [
        format!(
            "INSERT INTO units (id, ward_id, code, name, sort_key, name_lower, search_key, aliases, kind, \
             is_standing_office, active_from, version) {numbers} \
             SELECT {id}, w.id, 'DV-' || n, 'DV', 'DV', 'dv', 'dv', '[]', 'department', 0, '2025-07-01', 1 \
             FROM numbers JOIN wards w ON w.code = 'long-my'"
        ),
        format!(
            "INSERT INTO assignments (item_id, unit_id, frequency, obligation) {numbers} \
             SELECT i.id, {id}, 'quarterly', 'must' FROM numbers \
             JOIN plan_items i ON i.code = 'II.2.k' AND i.kind = 'indicator' JOIN wards w ON w.id = i.ward_id \
             WHERE w.code = 'long-my'"
        ),
    ] {
        assert_eq!(sql_query(statement).execute(&mut database).expect("more units"), ROWS);
    }
    server
}

/// The SQLite database in a directory.
pub fn open(directory: &Path) -> SqliteConnection {
    let file = std::fs::read_dir(directory)
        .expect("the demo's directory")
        .map(|entry| entry.expect("a file").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "db" || extension == "sqlite"))
        .expect("a database");
    let mut database =
        SqliteConnection::establish(file.to_str().expect("a Unicode path")).expect("the database");
    sql_query("PRAGMA busy_timeout = 10000").execute(&mut database).expect("patience");
    database
}

/// Ten thousand figures by code, as a file of another system has them.
fn file() -> String {
    let rows = (0..ROWS)
        .map(|n| format!("II.2.k;2026-H1;DV-{n};{};1200;Theo sổ theo dõi hồ sơ của đơn vị\n", n % 1200));
    format!("item;period;unit;numerator;denominator;note\n{}", rows.collect::<String>())
}

fn request(server: &Server, token: &str) -> reqwest::RequestBuilder {
    let url = format!("{}/api/v1/submissions/batch", server.address);
    server.http.post(url).bearer_auth(token).header("Content-Type", "text/csv").body(file())
}

/// The most memory that the process ever held, in KiB; none where the system does not tell.
fn peak_memory(server: &Server) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn ten_thousand_rows_are_drafted_in_one_call_within_bounded_memory() {
    let directory = tempfile::tempdir().unwrap();
    let server = crowded(directory.path());
    let (answer, elapsed) = block_on(async {
        let token = server.token("vhxh.staff").await;
        let started = std::time::Instant::now();
        let answer: Value = request(&server, &token).send().await.unwrap().json().await.unwrap();
        (answer, started.elapsed())
    });
    assert_eq!(answer["counts"]["created"], ROWS, "{}", answer["counts"]);
    // A debug build under load; by itself it takes about two seconds.
    assert!(elapsed < Duration::from_secs(60), "{elapsed:?}");
    if let Some(peak) = peak_memory(&server) {
        assert!(peak < MOST_MEMORY, "{} MiB", peak >> 10);
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many rows of a table are such.
pub fn count(database: &mut SqliteConnection, table: &str, which: &str) -> i64 {
    let found: Count = sql_query(format!("SELECT COUNT(*) AS count FROM {table} WHERE {which}"))
        .get_result(database)
        .expect("a count");
    found.count
}

#[test]
fn a_server_killed_during_a_batch_keeps_all_of_it_or_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut unanswered = 0;
    for delay in [60, 250, 700, 1500] {
        let server = crowded(directory.path());
        let answered = block_on(async {
            let token = server.token("vhxh.staff").await;
            let call = tokio::spawn(request(&server, &token).send());
            tokio::time::sleep(Duration::from_millis(delay)).await;
            // The kill comes from outside, in the middle of the write.
            Command::new("kill").args(["-9", &server.child.id().to_string()]).status().expect("kill");
            call.await.expect("the caller").is_ok_and(|answer| answer.status() == 200)
        });
        server.kill();
        unanswered += u32::from(!answered);
        let server = Server::demo(directory.path(), &[]);
        let mut database = open(directory.path());
        let drafts = count(&mut database, "submissions", "unit_id LIKE '00000000-0000-7000-8000-%'");
        let events = count(&mut database, "audit_events", "kind = 'batch.received'");
        let whole = i64::try_from(ROWS).unwrap();
        assert!(drafts == whole * events && events <= 1, "{drafts} drafts, {events} batches");
        assert!(!answered || drafts == whole, "what was answered is there");
        let report = block_on(async {
            let leader = server.token("leader").await;
            server.get(&leader, "/api/v1/audit-events/verify").await
        });
        assert_eq!(report["intact"], true, "{report}");
    }
    assert!(unanswered > 0, "no kill came in the middle of a batch");
}
