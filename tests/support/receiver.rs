//! A receiver of webhooks: a small HTTP server that keeps what it gets and answers as it is told.

use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::locked;

/// A call that came in.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
    /// What it was answered with.
    pub status: u16,
}

impl Received {
    /// A header as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The id of the event.
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// The kind of event.
    pub fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    /// Whether an independent implementation of Standard Webhooks finds it genuine.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
        webhook.verify(self.body.as_bytes(), &self.headers).is_ok()
    }
}

#[derive(Debug)]
struct Shared {
    answer: Mutex<(u16, String)>,
    delay: Mutex<Duration>,
    received: Mutex<Vec<Received>>,
    running: Mutex<HashSet<String>>,
    doubled: AtomicBool,
    stopped: AtomicBool,
}

/// A running receiver on loopback; it ends with this value.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    /// Starts one that answers 204.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            answer: Mutex::new((204, String::new())),
            delay: Mutex::default(),
            received: Mutex::default(),
            running: Mutex::default(),
            doubled: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        });
        let inner = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if inner.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (stream, inner) = (stream.expect("a connection"), Arc::clone(&inner));
                thread::spawn(move || serve(&stream, &inner));
            }
        });
        Self { address, shared }
    }

    /// Its URL, with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it answers from now on: a status, and a location if it is not empty.
    pub fn answer(&self, status: u16, location: &str) {
        *locked(&self.shared.answer) = (status, location.to_owned());
    }

    /// How long it takes for each answer from now on.
    pub fn take_time(&self, delay: Duration) {
        *locked(&self.shared.delay) = delay;
    }

    /// All that came in so far.
    pub fn received(&self) -> Vec<Received> {
        locked(&self.shared.received).clone()
    }

    /// The kinds of what it took, in order.
    pub fn taken(&self) -> Vec<String> {
        let received = self.received().into_iter().filter(|call| call.status < 300);
        received.map(|call| call.kind()).collect()
    }

    /// Whether the same event came in on the same path twice at the same time.
    pub fn saw_double(&self) -> bool {
        self.shared.doubled.load(Ordering::SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(stream: &TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    while let Some((path, headers, body)) = read_call(&mut reader) {
        let call = format!("{path} {}", headers.get("webhook-id").map_or("", |id| id.to_str().unwrap_or("")));
        if !locked(&shared.running).insert(call.clone()) {
            shared.doubled.store(true, Ordering::SeqCst);
        }
        let delay = *locked(&shared.delay);
        thread::sleep(delay);
        locked(&shared.running).remove(&call);
        let (status, location) = locked(&shared.answer).clone();
        locked(&shared.received).push(Received { headers, body, status });
        let location = if location.is_empty() { location } else { format!("location: {location}\r\n") };
        let answer = format!("HTTP/1.1 {status} Answer\r\n{location}content-length: 0\r\n\r\n");
        if (&mut &*stream).write_all(answer.as_bytes()).is_err() {
            break;
        }
    }
}

fn read_call(reader: &mut impl BufRead) -> Option<(String, HeaderMap, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    let mut headers = HeaderMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    let length = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path, headers, String::from_utf8(body).ok()?))
}
