//! One request helper for every kind of caller, and answers that say what they are when a test fails.

use std::{
    fmt,
    future::{Future, IntoFuture},
    ops::Index,
    pin::Pin,
};

use reqwest::{Method, header::HeaderMap};
use serde::Serialize;
use serde_json::Value;

/// A caller: nobody, an account, or a machine client.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    address: String,
    token: Option<String>,
}

impl Client {
    pub(super) fn new(http: reqwest::Client, address: String, token: Option<String>) -> Self {
        Self { http, address, token }
    }

    /// The bearer token it shows.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// A call of any method on this path (with its query).
    pub fn call(&self, method: Method, path: &str) -> Call {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.address));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Call { request, name: format!("{method} {path}") }
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// `POST` with a JSON body.
    pub fn post(&self, path: &str, body: impl Serialize) -> Call {
        self.call(Method::POST, path).json(body)
    }

    /// `POST` without any body.
    pub fn post_empty(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    /// `POST` of a form, as OAuth 2 has it.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Call {
        let mut call = self.call(Method::POST, path);
        call.request = call.request.form(fields);
        call
    }

    /// `PATCH` over this version; `None` sends no `If-Match`.
    pub fn patch(&self, path: &str, version: impl Into<Option<i64>>, body: impl Serialize) -> Call {
        self.call(Method::PATCH, path).if_match(version).json(body)
    }

    /// `PUT` over this version; `None` sends no `If-Match`.
    pub fn put(&self, path: &str, version: impl Into<Option<i64>>, body: impl Serialize) -> Call {
        self.call(Method::PUT, path).if_match(version).json(body)
    }

    /// `DELETE` of this version; `None` sends no `If-Match`.
    pub fn delete(&self, path: &str, version: impl Into<Option<i64>>) -> Call {
        self.call(Method::DELETE, path).if_match(version)
    }
}

/// A request that is sent when it is awaited.
#[must_use = "a call is sent when it is awaited"]
pub struct Call {
    request: reqwest::RequestBuilder,
    name: String,
}

impl Call {
    /// With this header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With this header, whose value need not be text.
    pub fn header_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With this `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// With this `If-Match`, if there is one.
    pub fn if_match(self, version: impl Into<Option<i64>>) -> Self {
        match version.into() {
            Some(version) => self.header("If-Match", &format!("\"{version}\"")),
            None => self,
        }
    }

    /// With this JSON body.
    pub fn json(self, body: impl Serialize) -> Self {
        let text = serde_json::to_vec(&body).expect("a body that has a JSON form");
        self.raw("application/json", text)
    }

    /// With this body, whatever it is.
    pub fn raw(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.header("Content-Type", media_type).body(body.into());
        self
    }

    /// With this body and no word about what it is.
    pub fn untyped(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.body(body.into());
        self
    }

    async fn send(self) -> Reply {
        let response = self.request.send().await.unwrap_or_else(|error| panic!("{}: {error:?}", self.name));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap_or_else(|error| panic!("{}: {error:?}", self.name));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { call: self.name, status, headers, bytes: bytes.to_vec(), text, body }
    }
}

impl IntoFuture for Call {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The call it answers: `GET /api/v1/units`.
    pub call: String,
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Vec<u8>,
    /// The body as text.
    pub text: String,
    /// The body as JSON; `null` where it is none.
    pub body: Value,
}

impl Reply {
    /// The same answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert!(self.status == status, "expected {status}\n{self}");
        self
    }

    /// The same answer, if it is a refusal of this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert!(self.status == status && self.code() == code, "expected {status} {code}\n{self}");
        self
    }

    /// The same answer, if it names this code at this field.
    #[track_caller]
    pub fn at_field(self, pointer: &str, code: &str) -> Self {
        let fields = self.body["errors"].as_array().cloned().unwrap_or_default();
        let named = fields.iter().any(|field| field["pointer"] == pointer && field["code"] == code);
        assert!(named, "expected {code} at {pointer}\n{self}");
        self
    }

    /// Whether it is a success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The code of a refusal; empty if it is none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// A header as text; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `id` in the body.
    #[track_caller]
    pub fn id(&self) -> String {
        self.text_at("id")
    }

    /// A text in the body.
    #[track_caller]
    pub fn text_at(&self, field: &str) -> String {
        self.body[field].as_str().map(str::to_owned).unwrap_or_else(|| panic!("no text {field} in\n{self}"))
    }

    /// The `version` in the body, else the one in `ETag`.
    #[track_caller]
    pub fn version(&self) -> i64 {
        self.body["version"]
            .as_i64()
            .or_else(|| self.header("ETag").trim_matches('"').parse().ok())
            .unwrap_or_else(|| panic!("no version in\n{self}"))
    }

    /// The `items` of a list.
    #[track_caller]
    pub fn items(&self) -> &[Value] {
        self.body["items"].as_array().unwrap_or_else(|| panic!("no items in\n{self}"))
    }
}

impl Index<&str> for Reply {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        &self.body[field]
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.text.chars().take(4000).collect();
        write!(f, "{} answered {} {}\n{text}", self.call, self.status, self.header("Content-Type"))
    }
}
