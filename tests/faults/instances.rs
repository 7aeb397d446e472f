//! Instances that are killed or stopped.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread::sleep,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;
use futures_util::future::join_all;
use serde_json::json;

use crate::{
    ledger::Ledger,
    locks::open,
    rig::{Pair, Rig, ask, comment, fresh, signal, some_submission, tell, token, verify_chains, wait_until},
    server::{PROGRAM, block_on},
};

#[test]
fn one_of_two_instances_killed_in_mid_write_loses_nothing_and_the_other_goes_on() {
    let Some(Pair { ledger, first, second: _second, rig, database: _database }) = Pair::start() else {
        return;
    };
    let address = first.address.clone();
    first.kill();
    let on_the_other = ledger.wait_for_more(40);
    let first = rig.serve_at(&address, &[]);
    ledger.wait_for_more(40);
    tell(format_args!("40 writes at the instance that was left took {} ms", on_the_other.as_millis()));
    ledger.close("kill -9 of one of two instances, PostgreSQL", &first);
}

#[test]
fn the_only_instance_killed_in_mid_write_loses_nothing_and_is_back_when_started() {
    let rig = Rig::sqlite();
    let mut server = rig.serve(&[]);
    let ledger = Ledger::open(&[&server]);
    for _ in 0..3 {
        let address = server.address.clone();
        server.kill();
        server = rig.serve_at(&address, &[]);
        ledger.wait_for_more(20);
    }
    ledger.close("kill -9 of the only instance, three times, SQLite", &server);
}

#[test]
fn a_server_that_is_told_to_stop_breaks_no_running_request_off() {
    const WRITERS: usize = 8;
    let rig = Rig::sqlite();
    let mut server = rig.serve(&[]);
    let leader = token(&server, "leader");
    let submission = some_submission(&server, &leader);
    // All of them wait for the one lock when the server is told.
    let mut lock = open(&rig.file());
    lock.batch_execute("BEGIN IMMEDIATE").unwrap();
    let (address, writer) = (server.address.clone(), leader.clone());
    let figure = submission.clone();
    let writers = std::thread::spawn(move || {
        let http = fresh();
        let texts: Vec<_> = (0..WRITERS).map(|number| format!("last-{number}")).collect();
        let asked = texts.iter().map(|text| ask(comment(&http, &address, (&writer, &figure, text))));
        block_on(join_all(asked))
    });
    sleep(Duration::from_secs(1));
    signal("TERM", &server);
    sleep(Duration::from_secs(1));
    assert!(server.child.try_wait().unwrap().is_none(), "it waits for those who were there before");
    lock.batch_execute("ROLLBACK").unwrap();
    let released = Instant::now();
    let answers = writers.join().unwrap();
    let statuses: Vec<_> = answers.into_iter().map(|reply| reply.map(|reply| reply.status).ok()).collect();
    assert_eq!(statuses, [Some(201); WRITERS], "none was broken off");
    assert!(server.child.wait().unwrap().success());
    tell(format_args!(
        "SIGTERM with {WRITERS} requests running: all answered, gone {} ms later",
        released.elapsed().as_millis()
    ));
    let server = rig.serve(&[]);
    let stored = crate::rig::comments(&server, &token(&server, "leader"), &submission);
    assert_eq!(stored.iter().filter(|text| text.starts_with("last-")).count(), WRITERS);
    verify_chains(&server);
}

/// A receiver that keeps silent at the first call, so that its sender can be killed, and takes the others.
fn receiver() -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, calls) = channel();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut id, mut line) = (0, String::new(), String::new());
            while reader.read_line(&mut line).unwrap_or(0) > 2 {
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if let Some(value) = lower.strip_prefix("webhook-id:") {
                    value.trim().clone_into(&mut id);
                }
                line.clear();
            }
            let mut body = vec![0; length];
            if reader.read_exact(&mut body).is_err() {
                continue;
            }
            if silent.is_empty() {
                silent.push(stream);
            } else {
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
            }
            if sender.send((id, String::from_utf8(body).unwrap())).is_err() {
                break;
            }
        }
    });
    (url, calls)
}

fn work(rig: &Rig) -> Child {
    Command::new(PROGRAM)
        .arg("work")
        .env("CCHC_DATABASE_URL", &rig.database)
        .env("CCHC_SIGNING_KEY_FILE", rig.directory.join("key.pem"))
        .env("CCHC_DOCUMENTS_URL", format!("file://{}/documents", rig.directory.display()))
        .env("CCHC_WEBHOOK_NETWORKS", "127.0.0.0/8")
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn an_event_whose_worker_is_killed_in_mid_delivery_is_delivered_by_another_under_the_same_id() {
    let rig = Rig::sqlite();
    let quiet = [("CCHC_WEBHOOK_DELIVERY", "false"), ("CCHC_WEBHOOK_NETWORKS", "127.0.0.0/8")];
    let server = rig.serve(&quiet);
    let (url, calls) = receiver();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "city-portal"),
        ("client_secret", crate::server::PASSWORD),
    ];
    let api = |path: &str| format!("{}/api/v1{path}", server.address);
    let signed_in = block_on(ask(fresh().post(api("/auth/token")).form(&form))).unwrap().body;
    let portal = signed_in["access_token"].as_str().unwrap_or_else(|| panic!("{signed_in}"));
    let body = json!({ "url": url, "kinds": ["publication.published"] });
    let webhook = block_on(ask(fresh().post(api("/webhooks")).bearer_auth(portal).json(&body))).unwrap().body;
    let ping = format!("/webhooks/{}/ping", webhook["id"].as_str().unwrap_or_else(|| panic!("{webhook}")));
    block_on(ask(fresh().post(api(&ping)).bearer_auth(portal))).unwrap();
    let mut first = work(&rig);
    let begun = calls.recv_timeout(Duration::from_secs(30));
    first.kill().unwrap();
    first.wait().unwrap();
    let killed = Instant::now();
    let mut second = work(&rig);
    // The lease of the dead (60 s) must end first.
    let delivered = calls.recv_timeout(Duration::from_secs(120));
    let waited = killed.elapsed();
    let (begun, delivered) = (begun.unwrap(), delivered.unwrap());
    assert!(!begun.0.is_empty() && begun == delivered, "{begun:?} {delivered:?}");
    let attempts = format!("/api/v1/webhooks/{}/deliveries", webhook["id"].as_str().unwrap());
    wait_until("the delivery is noted", || {
        crate::rig::get(&server, portal, &attempts).body["items"][0]["state"] == "delivered"
    });
    second.kill().unwrap();
    second.wait().unwrap();
    tell(format_args!("kill -9 of a worker in mid-delivery: delivered after {} s", waited.as_secs()));
}
