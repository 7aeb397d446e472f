//! The worker as a program of its own, beside a server that delivers nothing.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};

use crate::server::{PROGRAM, block_on, is_ready, key_in, run, said};

/// A receiver on loopback: its URL, and the bodies that it gets.
fn receiver() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (sender, bodies) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut line) = (0, String::new());
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            if sender.send(String::from_utf8(body).unwrap()).is_err() {
                break;
            }
        }
    });
    (url, bodies)
}

fn start(command: &str, directory: &Path, listen: &str) -> Child {
    Command::new(PROGRAM)
        .arg(command)
        .env("CCHC_DATABASE_URL", format!("sqlite:{}/cchc.db", directory.display()))
        .env("CCHC_SIGNING_KEY_FILE", directory.join("key.pem"))
        .env("CCHC_DOCUMENTS_URL", format!("file://{}/documents", directory.display()))
        .env("CCHC_LISTEN", listen)
        .env("CCHC_WEBHOOK_NETWORKS", "127.0.0.0/8")
        .env("CCHC_WEBHOOK_DELIVERY", "false")
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn stop(mut child: Child) -> bool {
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    child.wait().unwrap().success()
}

/// Subscribes the city's portal and asks for a ping.
async fn ask_for_ping(address: &str, secret: &str, url: &str) -> Value {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let form =
        [("grant_type", "client_credentials"), ("client_id", "city-portal"), ("client_secret", secret)];
    let tokens = http.post(format!("{address}/api/v1/auth/token")).form(&form).send().await.unwrap();
    let tokens: Value = tokens.json().await.unwrap();
    let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    let webhooks = format!("{address}/api/v1/webhooks");
    let body = json!({ "url": url, "kinds": ["publication.published"] });
    let webhook = http.post(&webhooks).bearer_auth(token).json(&body).send().await.unwrap();
    let webhook: Value = webhook.json().await.unwrap();
    let id = webhook["id"].as_str().unwrap_or_else(|| panic!("{webhook}"));
    let ping = http.post(format!("{webhooks}/{id}/ping")).bearer_auth(token).send().await.unwrap();
    ping.json().await.unwrap()
}

#[test]
fn a_worker_of_its_own_delivers_and_ends_when_told() {
    let directory = tempfile::tempdir().unwrap();
    key_in(directory.path());
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let server = start("serve", directory.path(), &listen);
    assert!(block_on(is_ready(&format!("http://{listen}"))));
    let database = format!("sqlite:{}/cchc.db", directory.path().display());
    let client = ["client", "create", "--client-id", "city-portal", "--name", "P", "--scope", "results:read"];
    let output = run(&client, &[("CCHC_DATABASE_URL", &database)]);
    let said = said(&output);
    let secret = said.split("client_secret").nth(1).and_then(|rest| {
        rest.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).find(|word| word.len() > 20)
    });
    let secret = secret.unwrap_or_else(|| panic!("{said}"));
    let (url, bodies) = receiver();
    let ping = block_on(ask_for_ping(&format!("http://{listen}"), secret, &url));
    assert_eq!(ping["state"], "pending", "{ping}");
    assert!(bodies.recv_timeout(Duration::from_secs(3)).is_err(), "the server was told to deliver nothing");
    let worker = start("work", directory.path(), &listen);
    let body = bodies.recv_timeout(Duration::from_secs(20));
    assert!(stop(worker), "the worker ends well");
    assert!(stop(server), "the server ends well");
    assert!(body.as_ref().is_ok_and(|body| body.contains("\"type\":\"ping\"")), "{body:?}");
}
