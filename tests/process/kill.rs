//! Promises about being killed in the middle of writes.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use serde_json::json;

use crate::server::{Server, block_on};

#[test]
fn a_killed_server_keeps_every_answered_write_and_no_half_one() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let server = Server::demo(directory.path(), if round == 0 { &[] } else { &["--reset"] });
        let (submission, answered) = block_on(async {
            let submission = server.draft().await;
            let answered = write_for_a_while(&server, &submission).await;
            (submission, answered)
        });
        server.kill();
        let server = Server::demo(directory.path(), &[]);
        block_on(check_after_the_kill(&server, &submission, answered));
    }
}

/// Submits and withdraws as fast as it goes, until the caller kills the server; tells how many were answered.
async fn write_for_a_while(server: &Server, submission: &str) -> i64 {
    let head = server.token("ktht.head").await;
    let url = format!("{}/api/v1/submissions/{submission}/decisions", server.address);
    let (answered, stop) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
    let writer = {
        let (http, answered, stop) = (server.http.clone(), Arc::clone(&answered), Arc::clone(&stop));
        tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let action = if answered.load(Ordering::SeqCst) % 2 == 0 { "submit" } else { "withdraw" };
                let request = http.post(&url).bearer_auth(&head).json(&json!({ "action": action }));
                match request.send().await {
                    Ok(answer) => assert_eq!(answer.status(), 201),
                    Err(_) => return,
                }
                answered.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    tokio::time::sleep(Duration::from_millis(700)).await;
    // The kill comes from outside, in the middle of a write.
    Command::new("kill").args(["-9", &server.child.id().to_string()]).status().expect("kill");
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.store(true, Ordering::SeqCst);
    writer.await.expect("the writer");
    answered.load(Ordering::SeqCst)
}

async fn check_after_the_kill(server: &Server, submission: &str, answered: i64) {
    assert!(answered > 3, "{answered} writes are too few to prove anything");
    let leader = server.token("leader").await;
    let path = format!("/api/v1/submissions/{submission}");
    let mut decisions = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.get(&leader, &format!("{path}/decisions?limit=200{cursor}")).await;
        decisions.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let kept = i64::try_from(decisions.len()).unwrap();
    assert!(kept == answered || kept == answered + 1, "{answered} were answered, {kept} are there");
    let figure = server.get(&leader, &path).await;
    assert_eq!(figure["state"], decisions.last().unwrap()["to_state"], "state and last decision agree");
    let submits = decisions.iter().filter(|decision| decision["action"] == "submit").count();
    assert_eq!(figure["revision"].as_u64().unwrap(), u64::try_from(submits).unwrap());
    let revisions = server.get(&leader, &format!("{path}/revisions")).await;
    assert_eq!(
        revisions["items"].as_array().unwrap().len(),
        submits.min(200),
        "one revision for each submit"
    );
    let report = server.get(&leader, "/api/v1/audit-events/verify").await;
    assert_eq!(report["intact"], true, "{report}");
}
