//! Promises to whoever keeps a copy of what is public: it ends as an exact one, whatever breaks on the way.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
    line::{Dice, Line},
    office::{Done, Office, give_the_second_ward_a_past},
    portal::{Copy, Portal},
    server::{Server, block_on, is_ready, key_in, serve},
};

/// Where the random numbers begin; any other must do as well.
const SEED: u64 = 20_261_125;
/// How often the copy is held against the server.
const PHASES: u64 = 3;
/// What the office does between; no multiple of the kinds of acts, so that each phase ends elsewhere.
const ACTS: u64 = 7;

#[test]
fn a_portal_ends_with_an_exact_copy_through_corrections_withdrawals_kills_and_cut_lines() {
    let (directory, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut server = Server::demo(directory.path(), &[]);
    give_the_second_ward_a_past(directory.path());
    block_on(async {
        let line = Line::to(&server.address, SEED);
        let mut office = Office::of(&server).await;
        let (mut dice, mut lives, mut seen) = (Dice::new(SEED + 1), 0, BTreeSet::new());
        for phase in 0..PHASES {
            let stop = Arc::new(AtomicBool::new(false));
            let portal = live_and_die(line.address.clone(), home.path().to_owned(), Arc::clone(&stop));
            let portal = tokio::spawn(portal);
            for number in phase * ACTS..(phase + 1) * ACTS {
                if number % 3 == 2 {
                    let kill_after = Duration::from_millis(dice.below(150));
                    let _ = join(act(&office, number), kill(&server, kill_after)).await;
                    server = Server::demo(directory.path(), &[]);
                    line.lead_to(&server.address);
                    office.address.clone_from(&server.address);
                } else {
                    act(&office, number).await.unwrap();
                }
            }
            stop.store(true, Ordering::SeqCst);
            lives += portal.await.unwrap();
            let copy = catch_up(&line.address, home.path()).await;
            let truth = truth(&office).await;
            assert_eq!(copy, truth, "after phase {phase}");
            seen.extend(truth.keys().cloned());
        }
        assert!(line.cuts() > 10 && lives > 10, "{} cuts, {lives} lives", line.cuts());
        assert_eq!(seen.len(), 3, "both periods of one ward and the one of the other were public: {seen:?}");
        let kinds = kinds(&office).await;
        assert_eq!(kinds, ["corrected", "published", "withdrawn"].map(str::to_owned).into());
    });
}

/// What the office does at its turn.
async fn act(office: &Office, number: u64) -> Done {
    match number % 8 {
        0 | 5 => office.correct(600 + number).await,
        1 => office.publish(0, "2026-H1").await,
        2 => office.publish(1, "2026-Q1").await,
        3 => office.withdraw(0, "2026-Q1").await,
        4 => office.publish(0, "2026-Q1").await,
        6 => office.withdraw(1, "2026-Q1").await,
        _ => office.withdraw(0, "2026-H1").await,
    }
}

async fn kill(server: &Server, after: Duration) {
    sleep(after).await;
    Command::new("kill").args(["-9", &server.child.id().to_string()]).status().unwrap();
}

/// One portal after the other, each killed at some moment; each goes on where its folder says. Tells how many.
async fn live_and_die(address: String, home: PathBuf, stop: Arc<AtomicBool>) -> usize {
    let (mut dice, mut lives) = (Dice::new(SEED + 2), 0);
    while !stop.load(Ordering::SeqCst) {
        let mut portal = Portal::open(&address, &home);
        portal.dies = dice.below(3) == 0;
        let life = Duration::from_millis(20 + dice.below(400));
        let _ = timeout(life, async {
            while portal.go_on(1).await.is_ok() || !portal.dies {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        lives += 1;
    }
    lives
}

/// The copy once there is nothing new. The line stays as bad as it is.
async fn catch_up(address: &str, home: &Path) -> Copy {
    let mut portal = Portal::open(address, home);
    for _ in 0..200 {
        if portal.go_on(0).await == Ok(false) {
            return portal.copy();
        }
    }
    panic!("the portal does not catch up");
}

/// What the server itself says under every path of results.
async fn truth(office: &Office) -> Copy {
    let mut truth = Copy::new();
    for path in office.result_paths() {
        let leader = if path.contains("long-binh") { "lb.leader" } else { "leader" };
        if let Some(results) = office.stands(leader, &path).await.unwrap() {
            truth.insert(path, results);
        }
    }
    truth
}

async fn kinds(office: &Office) -> BTreeSet<String> {
    let feed = office.get("leader", "/public/v1/changes?limit=200").await.unwrap();
    let kind = |item: &Value| item["kind"].as_str().unwrap().to_owned();
    feed["items"].as_array().unwrap().iter().map(kind).collect()
}

#[test]
fn a_stopping_server_lets_those_go_who_wait_for_changes() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}/cchc.db", directory.path().display());
    let (mut child, address) = serve(&database, &key_in(directory.path()));
    let (answer, waited) = block_on(async {
        assert!(is_ready(&address).await);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let waiting = tokio::spawn(http.get(format!("{address}/public/v1/changes?wait=25")).send());
        sleep(Duration::from_millis(700)).await;
        assert!(!waiting.is_finished());
        let started = Instant::now();
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        let answer: Value = waiting.await.unwrap().unwrap().json().await.unwrap();
        (answer, started.elapsed())
    });
    let status = child.wait().unwrap();
    assert!(status.success() && waited < Duration::from_secs(5), "{status} after {waited:?}");
    assert_eq!(answer["items"], serde_json::json!([]));
    assert!(answer["next_cursor"].is_string(), "{answer}");
}
