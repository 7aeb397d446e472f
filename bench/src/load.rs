//! Load: `wrk` for readings, and a client of our own for writings, each of which can be sent only once.

use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    Failure,
    http::{Connection, Reply, Request},
};

/// What one measurement found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Requests a second.
    pub rate: f64,
    /// Median, milliseconds.
    pub p50: f64,
    /// 99th percentile, milliseconds.
    pub p99: f64,
    /// Answers that were not what was asked for.
    pub errors: u64,
}

impl Sample {
    /// From the times of all requests, in microseconds.
    #[must_use]
    pub fn of(mut times: Vec<u32>, took: Duration, errors: u64) -> Self {
        times.sort_unstable();
        let at =
            |part: usize| times.get(times.len() * part / 100).map_or(0.0, |time| f64::from(*time) / 1000.0);
        let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
        Self { rate: f64::from(count) / took.as_secs_f64(), p50: at(50), p99: at(99), errors }
    }
}

/// The script that `wrk` runs: requests from a file, separated by a line of their own, each thread in its own order.
const SCRIPT: &str = r#"
local requests = {}
function init(args)
    local file = io.open(args[1], "r")
    local text = file:read("*a")
    file:close()
    for request in text:gmatch("(.-)\n====\n") do requests[#requests + 1] = request end
end
local at = 0
function request()
    at = at % #requests + 1
    return requests[at]
end
function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"#;

/// How hard to load.
#[derive(Clone, Copy, Debug)]
pub struct Strength {
    /// Connections at once.
    pub connections: usize,
    /// For how long.
    pub duration: Duration,
}

/// Sends readings round and round with `wrk`.
///
/// # Errors
/// When there is no `wrk`, or it says nothing.
pub fn wrk(
    address: SocketAddr,
    requests: &[Request],
    strength: Strength,
    scratch: &Path,
) -> Result<Sample, Failure> {
    let script = scratch.join("requests.lua");
    std::fs::write(&script, SCRIPT)?;
    let file = scratch.join("requests.txt");
    let texts: Vec<String> =
        requests.iter().map(|request| String::from_utf8(request.to_bytes())).collect::<Result<_, _>>()?;
    std::fs::write(&file, texts.iter().map(|text| format!("{text}\n====\n")).collect::<String>())?;
    let output = Command::new("wrk")
        .arg("--threads=1")
        .arg(format!("--connections={}", strength.connections))
        .arg(format!("--duration={}s", strength.duration.as_secs().max(1)))
        .arg("--latency")
        .arg("--script")
        .arg(&script)
        .arg(format!("http://{address}"))
        .arg("--")
        .arg(&file)
        .output()
        .map_err(|error| format!("wrk: {error}; install Debian's package wrk"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("RESULT "))
        .ok_or_else(|| format!("wrk said nothing: {text}{}", String::from_utf8_lossy(&output.stderr)))?;
    let numbers: Vec<u32> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [count, micros, p50, p99, errors] = numbers[..] else { return Err("wrk said something else".into()) };
    Ok(Sample {
        rate: f64::from(count) / (f64::from(micros) / 1e6),
        p50: f64::from(p50) / 1000.0,
        p99: f64::from(p99) / 1000.0,
        errors: errors.into(),
    })
}

/// Sends each request once, over so many connections, and keeps the answers in order.
///
/// # Errors
/// When a connection breaks.
pub fn send_once(
    address: SocketAddr,
    requests: &[Request],
    connections: usize,
    expected: u16,
) -> Result<(Sample, Vec<Reply>), Failure> {
    let bytes: Vec<Vec<u8>> = requests.iter().map(Request::to_bytes).collect();
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<(usize, u32, Reply)>> = Mutex::new(Vec::with_capacity(bytes.len()));
    let started = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(|| -> Result<(), Failure> {
                    let mut connection = Connection::open(address)?;
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(request) = bytes.get(at) else { return Ok(()) };
                        let begun = Instant::now();
                        let reply = connection.send(request)?;
                        let took = u32::try_from(begun.elapsed().as_micros())?;
                        answers.lock().unwrap_or_else(PoisonError::into_inner).push((at, took, reply));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a thread of the load broke")??;
        }
        Ok::<_, Failure>(())
    })?;
    let took = started.elapsed();
    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.sort_by_key(|(at, ..)| *at);
    let errors = answers.iter().filter(|(_, _, reply)| reply.status != expected).count();
    if let Some((.., reply)) = answers.iter().find(|(_, _, reply)| reply.status != expected) {
        eprintln!("a request got {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
    }
    let times = answers.iter().map(|(_, time, _)| *time).collect();
    let replies = answers.into_iter().map(|(_, _, reply)| reply).collect();
    Ok((Sample::of(times, took, u64::try_from(errors)?), replies))
}
