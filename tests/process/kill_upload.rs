//! Promises about being killed in the middle of an upload.

use std::{
    fs,
    io::Write,
    net::TcpStream,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use serde_json::Value;

use crate::server::{Server, block_on};

const BOUNDARY: &str = "----long-my-2026";

fn form(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n%PDF-1.7\n"
    );
    [head.as_bytes(), bytes, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

/// All files below a folder.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        found.extend(if path.is_dir() { files_in(&path) } else { vec![path] });
    }
    found
}

/// Waits until so many files are there, or tells how many there are instead.
fn wait_for(folder: &Path, expected: usize) -> usize {
    for _ in 0..300 {
        if files_in(folder).len() == expected {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    files_in(folder).len()
}

/// Makes all files look as if they had been left two hours ago: a sweep spares what somebody may still be writing.
fn age(folder: &Path) {
    for file in files_in(folder) {
        let long_ago = SystemTime::now() - Duration::from_secs(7200);
        fs::File::options().write(true).open(file).unwrap().set_modified(long_ago).unwrap();
    }
}

#[test]
fn half_an_upload_is_gone_after_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let documents = directory.path().join("documents");
    let server = Server::demo(directory.path(), &[]);
    let token = block_on(server.token("ktht.staff"));
    let body = form("lon.pdf", &vec![b'x'; 8 << 20]);
    let head = format!(
        "POST /api/v1/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut line = TcpStream::connect(server.address.trim_start_matches("http://")).unwrap();
    line.write_all(head.as_bytes()).unwrap();
    line.write_all(&body[..4 << 20]).unwrap();
    assert_eq!(wait_for(&documents, 1), 1, "the upload has begun");
    server.kill();
    assert_eq!(files_in(&documents).len(), 1, "nobody was there to remove it");
    let server = Server::demo(directory.path(), &[]);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(files_in(&documents).len(), 1, "it may be another instance's");
    server.kill();
    age(&documents);
    let _server = Server::demo(directory.path(), &[]);
    assert_eq!(wait_for(&documents, 0), 0);
}

#[test]
fn a_killed_server_keeps_every_answered_document_and_no_file_without_one() {
    let directory = tempfile::tempdir().unwrap();
    let documents = directory.path().join("documents");
    let server = Server::demo(directory.path(), &[]);
    let answered = block_on(upload_until_killed(&server));
    server.kill();
    age(&documents);
    let server = Server::demo(directory.path(), &[]);
    block_on(async {
        let leader = server.token("leader").await;
        let list = server.get(&leader, "/api/v1/documents?limit=200").await;
        let kept = list["items"].as_array().unwrap();
        assert!(answered.len() > 3, "{} uploads are too few to prove anything", answered.len());
        assert!(kept.len() >= answered.len(), "{} were answered, {} are there", answered.len(), kept.len());
        for id in answered {
            let url = format!("{}/api/v1/documents/{id}/content", server.address);
            let file = server.http.get(url).bearer_auth(&leader).send().await.unwrap();
            assert_eq!(file.status(), 200);
            assert!(file.bytes().await.unwrap().starts_with(b"%PDF-1.7\n"));
        }
        assert_eq!(wait_for(&documents, kept.len()), kept.len(), "one file for each document");
        let report = server.get(&leader, "/api/v1/audit-events/verify").await;
        assert_eq!(report["intact"], true, "{report}");
    });
}

/// Brings in files, three at a time and each another, until the kill; gives the ids of those that were answered.
async fn upload_until_killed(server: &Server) -> Vec<String> {
    let token = server.token("ktht.staff").await;
    let (answered, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let (http, url) = (server.http.clone(), format!("{}/api/v1/documents", server.address));
            let (token, answered, stop) = (token.clone(), Arc::clone(&answered), Arc::clone(&stop));
            tokio::spawn(async move {
                for number in 0..60 {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let bytes = format!("{writer} {number} ").repeat(20_000);
                    let request = http
                        .post(&url)
                        .bearer_auth(&token)
                        .header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"))
                        .body(form("a.pdf", bytes.as_bytes()));
                    let Ok(answer) = request.send().await else { return };
                    assert_eq!(answer.status(), 201);
                    let Ok(made) = answer.json::<Value>().await else { return };
                    answered.lock().unwrap().push(made["id"].as_str().unwrap().to_owned());
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(900)).await;
    std::process::Command::new("kill").args(["-9", &server.child.id().to_string()]).status().expect("kill");
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.expect("a writer");
    }
    let answered = answered.lock().unwrap();
    answered.clone()
}
