//! Sending an event to its receiver: where it may go, how long that may take, and what is kept of the answer.

use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
    time::{Duration, Instant},
};

use ipnet::IpNet;
use reqwest::{
    Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

use super::{model::Failure, networks, rules};
use crate::error::{Code, Error, Result};

/// Longest time for one attempt, from the name to the end of the answer.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time for looking up a name while somebody waits who writes a webhook.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(3);
/// Bytes of an answer that are read, only to keep the connection; none is kept.
const MAX_ANSWER: usize = 4096;

/// What is sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// Where to.
    pub url: String,
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`, in seconds.
    pub unix_seconds: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// The JSON text that was signed.
    pub body: String,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Status of the answer.
    pub status: Option<i32>,
    /// Why it failed; none if the receiver took it.
    pub failure: Option<Failure>,
    /// How long it took, in milliseconds.
    pub millis: i64,
}

/// The name or address leads where no receiver may be.
#[derive(Debug, thiserror::Error)]
#[error("the address is in a private or reserved network")]
struct NotAllowed;

/// Lets addresses pass at which a receiver may be. It sits in the client's own look-up, so that the address that was
/// checked is the address that is called, whatever the name said a moment ago.
#[derive(Clone, Debug)]
struct Guard {
    networks: Arc<[IpNet]>,
    /// Whether only the operator's networks will do: plain http does not leave them.
    inside_only: bool,
}

impl Guard {
    fn of(url: &Url, networks: &[IpNet]) -> Self {
        Self { networks: networks.into(), inside_only: url.scheme() != "https" }
    }

    fn lets_pass(&self, address: IpAddr) -> bool {
        if self.inside_only {
            networks::is_inside(address, &self.networks)
        } else {
            networks::is_allowed(address, &self.networks)
        }
    }

    /// Those addresses of a name that may be called; an error if there are none.
    fn filter(&self, found: &[SocketAddr]) -> std::result::Result<Vec<SocketAddr>, NotAllowed> {
        let found: Vec<SocketAddr> =
            found.iter().copied().filter(|address| self.lets_pass(address.ip())).collect();
        if found.is_empty() { Err(NotAllowed) } else { Ok(found) }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = look_up(name.as_str().to_owned()).await?;
            let passed: Addrs = Box::new(guard.filter(&found)?.into_iter());
            Ok(passed)
        })
    }
}

async fn look_up(name: String) -> std::io::Result<Vec<SocketAddr>> {
    let work = move || (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

/// The host, where it is an address and no name. The parser has turned all spellings into one.
fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Checks where a webhook leads, while it is written. A name that leads nowhere yet may lead somewhere later; every
/// attempt looks again.
///
/// # Errors
/// `invalid_url`, `address_not_allowed` at `/url`; `invalid_url` for plain http to a name that leads nowhere.
pub async fn check_url(url: &str, networks: &[IpNet]) -> Result<String> {
    let url = rules::parse_url(url)?;
    let guard = Guard::of(&url, networks);
    let refused = |code| Err(Error::field("/url", code));
    // Without a network of the operator's, plain http leads nowhere.
    if guard.inside_only && networks.is_empty() {
        return refused(Code::InvalidUrl);
    }
    if let Some(address) = literal(&url) {
        return if guard.lets_pass(address) { Ok(url.into()) } else { refused(Code::AddressNotAllowed) };
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    match tokio::time::timeout(LOOKUP_TIMEOUT, look_up(host)).await {
        Ok(Ok(found)) if guard.filter(&found).is_err() => refused(Code::AddressNotAllowed),
        Ok(Ok(_)) => Ok(url.into()),
        _ if guard.inside_only => refused(Code::InvalidUrl),
        _ => Ok(url.into()),
    }
}

/// Sends events, one client for https to the public internet and one for plain http inside.
#[derive(Clone, Debug)]
pub struct Sender {
    networks: Arc<[IpNet]>,
    secure: Client,
    plain: Client,
}

impl Sender {
    /// With these networks of the operator's.
    ///
    /// # Errors
    /// Internal, when there are no certificates to trust.
    pub fn new(networks: &[IpNet]) -> Result<Self> {
        let networks: Arc<[IpNet]> = networks.into();
        let client = |inside_only: bool| {
            Client::builder()
                .user_agent(concat!("cchc/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .no_proxy()
                .https_only(!inside_only)
                .timeout(ATTEMPT_TIMEOUT)
                .dns_resolver(Arc::new(Guard { networks: Arc::clone(&networks), inside_only }))
                .build()
                .map_err(Error::internal)
        };
        Ok(Self { secure: client(false)?, plain: client(true)?, networks })
    }

    /// Sends one message, once.
    pub async fn send(&self, message: &Message) -> Outcome {
        let started = Instant::now();
        let answer = self.attempt(message).await;
        let millis = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        match answer {
            Ok(status) => Outcome { status: Some(i32::from(status)), failure: failure_of(status), millis },
            Err(failure) => Outcome { status: None, failure: Some(failure), millis },
        }
    }

    async fn attempt(&self, message: &Message) -> std::result::Result<u16, Failure> {
        let url = rules::parse_url(&message.url).map_err(|_| Failure::AddressNotAllowed)?;
        let guard = Guard::of(&url, &self.networks);
        // The client looks up names only; an address is called as it stands.
        if literal(&url).is_some_and(|address| !guard.lets_pass(address)) {
            return Err(Failure::AddressNotAllowed);
        }
        let client = if guard.inside_only { &self.plain } else { &self.secure };
        let request = client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", message.unix_seconds.to_string())
            .header("webhook-signature", &message.signature)
            .body(message.body.clone());
        match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                drain(answer).await;
                Ok(status)
            }
            Err(error) => Err(why(&error)),
        }
    }
}

/// Reads a short answer to its end, so that the connection can be used again.
async fn drain(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > MAX_ANSWER {
            break;
        }
    }
}

const fn failure_of(status: u16) -> Option<Failure> {
    match status {
        200..=299 => None,
        300..=399 => Some(Failure::Redirect),
        410 => Some(Failure::Gone),
        _ => Some(Failure::Status),
    }
}

fn why(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.is::<NotAllowed>() {
            return Failure::AddressNotAllowed;
        }
        cause = one.source();
    }
    if error.is_timeout() { Failure::TimedOut } else { Failure::Unreachable }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_runtime<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
    }

    fn refusal(url: &str, networks: &[&str]) -> Option<Code> {
        let networks: Vec<IpNet> = networks.iter().map(|text| text.parse().expect("a network")).collect();
        let refused = in_runtime(check_url(url, &networks)).err()?;
        refused.fields.first().map(|fault| fault.code)
    }

    #[test]
    fn every_spelling_of_an_inner_address_is_refused() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://192.168.0.1:8443/",
            "https://localhost/",
            "https://１２７.0.0.1/",
            "https://[64:ff9b::a9fe:a9fe]/",
        ] {
            assert_eq!(refusal(url, &[]), Some(Code::AddressNotAllowed), "{url}");
        }
    }

    #[test]
    fn plain_http_stays_in_the_networks_of_the_operator() {
        assert_eq!(refusal("http://1.1.1.1/", &[]), Some(Code::InvalidUrl));
        assert_eq!(refusal("http://1.1.1.1/", &["127.0.0.0/8"]), Some(Code::AddressNotAllowed));
        assert_eq!(refusal("http://127.0.0.1:9/", &["127.0.0.0/8"]), None);
        assert_eq!(refusal("http://localhost:9/", &["127.0.0.0/8"]), None);
        assert_eq!(refusal("http://receiver.invalid/", &["127.0.0.0/8"]), Some(Code::InvalidUrl));
        assert_eq!(refusal("https://1.1.1.1/", &[]), None);
        assert_eq!(refusal("https://receiver.invalid/", &[]), None);
    }

    #[test]
    fn the_address_is_looked_at_again_when_a_message_is_sent() {
        let message = |url: &str| Message {
            url: url.to_owned(),
            id: "1".to_owned(),
            unix_seconds: 0,
            signature: String::new(),
            body: "{}".to_owned(),
        };
        let sender = Sender::new(&[]).expect("a sender");
        for url in
            ["https://localhost:9/", "https://127.0.0.1:9/", "http://127.0.0.1:9/", "http://localhost:9/"]
        {
            let outcome = in_runtime(sender.send(&message(url)));
            assert_eq!(outcome.failure, Some(Failure::AddressNotAllowed), "{url}");
        }
        let outcome = in_runtime(sender.send(&message("https://receiver.invalid/")));
        assert_eq!(outcome.failure, Some(Failure::Unreachable));
    }
}
