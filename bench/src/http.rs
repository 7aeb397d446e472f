//! A small HTTP/1.1 client over one kept connection: writes must be sent once each, in order, which `wrk` cannot do.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Failure, city::PASSWORD};

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST`.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// The token of who asks.
    pub token: Option<String>,
    /// One more header.
    pub header: Option<(&'static str, String)>,
    /// Media type and body.
    pub body: Option<(&'static str, Vec<u8>)>,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The same answer, if it has this status.
    ///
    /// # Errors
    /// With the body, if it has another.
    pub fn expect(self, status: u16) -> Result<Self, Failure> {
        if self.status == status {
            return Ok(self);
        }
        Err(format!("expected {status}, got {}: {}", self.status, String::from_utf8_lossy(&self.body)).into())
    }
}

impl Request {
    /// A reading.
    #[must_use]
    pub fn get(path: impl Into<String>, token: &str) -> Self {
        Self { method: "GET", path: path.into(), token: Some(token.to_owned()), header: None, body: None }
    }

    /// A writing.
    #[must_use]
    pub fn post(path: impl Into<String>, token: &str, body: &Value) -> Self {
        let body = Some(("application/json", body.to_string().into_bytes()));
        Self { method: "POST", path: path.into(), token: Some(token.to_owned()), header: None, body }
    }

    /// A sign-in.
    #[must_use]
    pub fn sign_in(username: &str) -> Self {
        let form = format!("grant_type=password&username={username}&password={PASSWORD}");
        let body = Some(("application/x-www-form-urlencoded", form.into_bytes()));
        Self { method: "POST", path: "/api/v1/auth/token".to_owned(), token: None, header: None, body }
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: bench\r\n", self.method, self.path);
        if let Some(token) = &self.token {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        if let Some((name, value)) = &self.header {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some((kind, body)) = &self.body {
            head += &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        } else if self.method == "POST" {
            head += "Content-Length: 0\r\n";
        }
        head += "\r\n";
        let mut bytes = head.into_bytes();
        bytes.extend(self.body.iter().flat_map(|(_, body)| body));
        bytes
    }
}

/// Servers close a connection on which nothing was asked for some seconds (actix-web: five).
const IDLE: Duration = Duration::from_secs(2);

/// A kept connection, made anew after a pause.
pub struct Connection {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    used: Instant,
}

fn connect(address: SocketAddr) -> Result<BufReader<TcpStream>, Failure> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(120)))?;
    Ok(BufReader::with_capacity(64 << 10, stream))
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn open(address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self { address, stream: connect(address)?, used: Instant::now() })
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn call(&mut self, request: &Request) -> Result<Reply, Failure> {
        self.send(&request.to_bytes())
    }

    /// [`Connection::call`] with a request that is bytes already.
    ///
    /// # Errors
    /// When the connection breaks.
    pub fn send(&mut self, request: &[u8]) -> Result<Reply, Failure> {
        if self.used.elapsed() > IDLE {
            self.stream = connect(self.address)?;
        }
        self.stream.get_mut().write_all(request)?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("no HTTP answer")?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut reply = Reply { status, headers, body: Vec::new() };
        if let Some(length) = reply.header("content-length").and_then(|text| text.parse().ok()) {
            reply.body.resize(length, 0);
            self.stream.read_exact(&mut reply.body)?;
        } else if reply.header("transfer-encoding").is_some() {
            self.read_chunks(&mut reply.body)?;
        }
        self.used = Instant::now();
        Ok(reply)
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> Result<(), Failure> {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim(), 16)?;
            let begin = body.len();
            body.resize(begin + length, 0);
            self.stream.read_exact(&mut body[begin..])?;
            line.clear();
            self.stream.read_line(&mut line)?;
            if length == 0 {
                return Ok(());
            }
        }
    }

    /// Signs in.
    ///
    /// # Errors
    /// When that is refused.
    pub fn sign_in(&mut self, username: &str) -> Result<String, Failure> {
        let reply = self.call(&Request::sign_in(username))?.expect(200)?;
        Ok(reply.json()["access_token"].as_str().ok_or("no token")?.to_owned())
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// When the answer is not 200.
    pub fn read(&mut self, path: &str, token: &str) -> Result<Value, Failure> {
        let reply = self.call(&Request::get(path, token))?;
        Ok(reply.expect(200).map_err(|error| format!("GET {path}: {error}"))?.json())
    }
}
