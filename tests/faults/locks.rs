//! Locks that somebody holds for long, until every connection waits.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};
use futures_util::future::join_all;

use crate::{
    rig::{
        Rig, ask, comment, comments, fresh, get, is_ready, some_submission, tell, token, verify_chains,
        wait_until,
    },
    server::{Server, block_on},
    servers::{Postgres, has_programs},
};

/// Writes that wait at the same time: more than any pool has connections.
const WRITERS: usize = 24;
/// Longest wait for an answer while the lock is held: for the lock, or for a connection behind those that wait.
const BOUND: Duration = Duration::from_secs(30);

/// The embedded database, past the server.
pub fn open(file: &Path) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).expect("the database");
    connection.batch_execute("PRAGMA busy_timeout = 10000").expect("patience");
    connection
}

/// Sends so many writes at once; every one is answered within [`BOUND`]. Gives texts and statuses.
fn write_all(server: &Server, token: &str, submission: &str, round: &str) -> Vec<(String, u16)> {
    let http = fresh();
    let texts: Vec<_> = (0..WRITERS).map(|number| format!("{round}-{number}")).collect();
    let begun = Instant::now();
    let asked = texts.iter().map(|text| ask(comment(&http, &server.address, (token, submission, text))));
    let replies = block_on(join_all(asked));
    assert!(begun.elapsed() < BOUND, "{:?}", begun.elapsed());
    tell(format_args!("{WRITERS} writes, {round}: answered within {} ms", begun.elapsed().as_millis()));
    let statuses = replies.into_iter().map(|reply| {
        let reply = reply.expect("an answer");
        assert!(reply.status != 503 || reply.retry_after.is_some(), "503 says when to come back");
        reply.status
    });
    texts.into_iter().zip(statuses).collect()
}

/// Holds the promise while `lock` holds, and after `release`.
fn try_lock(server: &Server, mut lock: impl SimpleConnection, statement: &str, reads_go_on: bool) {
    let leader = token(server, "leader");
    let submission = some_submission(server, &leader);
    lock.batch_execute(statement).expect("the lock");
    let told = std::thread::scope(|scope| {
        let writing = scope.spawn(|| write_all(server, &leader, &submission, "locked"));
        std::thread::sleep(Duration::from_millis(1500));
        if reads_go_on {
            assert_eq!(get(server, &leader, "/api/v1/submissions?limit=50").status, 200, "reads go on");
        }
        writing.join().expect("the writers")
    });
    assert!(told.iter().all(|(_, status)| *status == 503), "{told:?}");
    lock.batch_execute("ROLLBACK").expect("released");
    let back = wait_until("it is ready", || is_ready(server));
    let kept = write_all(server, &leader, &submission, "locked");
    assert!(kept.iter().all(|(_, status)| *status == 201), "the same keys again: {kept:?}");
    tell(format_args!("ready {} ms after the release", back.as_millis()));
    let mut stored = comments(server, &leader, &submission);
    stored.retain(|text| text.starts_with("locked-"));
    assert_eq!(stored.len(), WRITERS, "none twice, and none of those that were refused");
    verify_chains(server);
}

#[test]
fn writers_behind_a_lock_on_sqlite_are_told_to_come_back_and_readers_are_served() {
    let rig = Rig::sqlite();
    let server = rig.serve(&[]);
    try_lock(&server, open(&rig.file()), "BEGIN IMMEDIATE", true);
}

#[test]
fn a_pool_exhausted_by_a_lock_on_postgresql_answers_in_bounded_time_and_recovers() {
    if !has_programs() {
        return;
    }
    let database = Postgres::primary(&[]);
    let rig = Rig::postgres(&database);
    let server = rig.serve(&[("CCHC_DB_LOCK_TIMEOUT_SECONDS", "4"), ("CCHC_DB_WAIT_SECONDS", "3")]);
    let lock = PgConnection::establish(&database.url("postgres")).expect("a connection");
    // Readers share the pool with those who wait, so only the bound is promised to them.
    try_lock(&server, lock, "BEGIN; LOCK TABLE comments IN EXCLUSIVE MODE", false);
}
