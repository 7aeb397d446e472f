//! Callers that are slow, silent, or send without end.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    rig::{Rig, get, memory, skip, tell, token},
    server::Server,
};

/// How much more memory the server may hold, in KiB (a debug build).
const MORE_MEMORY: u64 = 50 << 10;
/// The same when it gathers a file of rows that does not say how large it is: three times the most it takes, 16 MiB.
const GATHERED_MEMORY: u64 = MORE_MEMORY + (48 << 10);
/// Longest life of a request whose head comes byte by byte.
const HEAD_BOUND: Duration = Duration::from_secs(30);
/// The same for a body of at most a megabyte, which is given 46 seconds.
const BODY_BOUND: Duration = Duration::from_secs(80);

fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address.trim_start_matches("http://")).expect("a connection")
}

/// Whether the server has answered or hung up.
fn is_over(line: &mut TcpStream) -> bool {
    line.set_nonblocking(true).unwrap();
    line.read(&mut [0; 512]).map_or_else(|error| error.kind() != ErrorKind::WouldBlock, |_read| true)
}

fn grown(server: &Server, before: Option<u64>, bound: u64) -> u64 {
    let growth = memory(server).zip(before).map_or(0, |(now, before)| now.saturating_sub(before));
    assert!(growth < bound, "{} MiB more", growth >> 10);
    growth >> 10
}

/// A hundred heads and a hundred bodies, a byte at a time, beside answers that nobody reads.
#[test]
fn two_hundred_slow_callers_are_cut_off_and_hinder_nobody() {
    let rig = Rig::sqlite();
    let server = rig.serve(&[]);
    let leader = token(&server, "leader");
    let before = memory(&server);
    let body = "POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    let mut readers: Vec<_> = (0..20).map(|_| connect(&server)).collect();
    for reader in &mut readers {
        reader.write_all(b"GET /api-docs/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    }
    let kinds = [("GET /health/live HTTP/1.1\r\nX-Slow: ", HEAD_BOUND, 1), (body, BODY_BOUND, body.len())];
    let begun = Instant::now();
    let mut lines: Vec<_> = kinds
        .iter()
        .flat_map(|(text, bound, at_once)| (0..100).map(move |_| (*text, *bound, *at_once)))
        .map(|(text, bound, at_once)| {
            let mut line = connect(&server);
            line.write_all(&text.as_bytes()[..at_once]).unwrap();
            (line, bound, text.as_bytes()[at_once..].to_vec())
        })
        .collect();
    let (mut slowest, mut longest) = (Duration::ZERO, [Duration::ZERO; 2]);
    let mut round = 0;
    while !lines.is_empty() {
        let asked = Instant::now();
        assert_eq!(get(&server, &leader, "/api/v1/submissions?limit=50").status, 200, "others are served");
        slowest = slowest.max(asked.elapsed());
        lines.retain_mut(|(line, bound, rest)| {
            let byte = rest.get(round).copied().unwrap_or(b'x');
            let over = is_over(line) || line.write_all(&[byte]).is_err();
            assert!(over || begun.elapsed() < *bound, "still open after {:?}", begun.elapsed());
            if over {
                longest[usize::from(*bound == BODY_BOUND)] = begun.elapsed();
            }
            !over
        });
        round += 1;
        sleep(Duration::from_millis(200));
    }
    let growth = grown(&server, before, MORE_MEMORY);
    tell(format_args!(
        "200 slow callers: heads cut after {} s, bodies after {} s; others waited {} ms at most; {growth} MiB more",
        longest[0].as_secs(),
        longest[1].as_secs(),
        slowest.as_millis()
    ));
}

/// Sends a gigabyte, or as much of it as the server takes: the status, and how many bytes that were.
fn send_gigabyte(server: &Server, head: &str, chunked: bool) -> (Option<u16>, usize) {
    const CHUNK: usize = 1 << 16;
    let mut line = connect(server);
    line.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    line.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut reading = line.try_clone().unwrap();
    let reader = std::thread::spawn(move || {
        let mut answer = [0; 64];
        let length = reading.read(&mut answer).unwrap_or(0);
        String::from_utf8_lossy(&answer[..length]).split(' ').nth(1).and_then(|status| status.parse().ok())
    });
    line.write_all(head.as_bytes()).unwrap();
    let data = vec![b'1'; CHUNK];
    let mut sent = 0;
    while sent < 1 << 30 && !reader.is_finished() {
        let framed = if chunked { write!(line, "{CHUNK:x}\r\n") } else { Ok(()) };
        if framed.and_then(|()| line.write_all(&data)).is_err() {
            break;
        }
        if chunked && line.write_all(b"\r\n").is_err() {
            break;
        }
        sent += CHUNK;
    }
    (reader.join().unwrap(), sent)
}

#[test]
fn a_body_of_a_gigabyte_is_refused_early_and_never_held() {
    let rig = Rig::sqlite();
    let server = rig.serve(&[]);
    let clerk = token(&server, "ktht.staff");
    let before = memory(&server);
    let part = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.7\n";
    for (path, media_type, begin, bound) in [
        ("/api/v1/submissions", "application/json", "[", MORE_MEMORY),
        ("/api/v1/documents", "multipart/form-data; boundary=x", part, MORE_MEMORY),
        ("/api/v1/submissions/batch", "application/json", "[", GATHERED_MEMORY),
    ] {
        for chunked in [false, true] {
            let (length, first) = if chunked {
                ("Transfer-Encoding: chunked".to_owned(), format!("{:x}\r\n{begin}\r\n", begin.len()))
            } else {
                (format!("Content-Length: {}", (1_usize << 30) + begin.len()), begin.to_owned())
            };
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {clerk}\r\nContent-Type: {media_type}\r\n\
                 {length}\r\n\r\n{first}"
            );
            let (status, sent) = send_gigabyte(&server, &head, chunked);
            assert_eq!(status, Some(413), "{path}, chunked: {chunked}");
            assert!(sent < 1 << 29, "it was read on: {sent}");
            let growth = grown(&server, before, bound);
            tell(format_args!(
                "a gigabyte to {path}, chunked: {chunked}: 413 after {} MiB; {growth} MiB more",
                sent >> 20
            ));
        }
    }
    assert_eq!(get(&server, &clerk, "/api/v1/me").status, 200);
}

/// Files that this process, and so the server, may have open.
fn open_files() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn a_thousand_idle_connections_hinder_nobody_and_are_closed() {
    if open_files().is_some_and(|files| files < 2500) {
        skip("the test of a thousand connections needs `ulimit -n 2500`");
        return;
    }
    let rig = Rig::sqlite();
    let server = rig.serve(&[]);
    let leader = token(&server, "leader");
    let before = memory(&server);
    let mut idle: Vec<_> = (0..1000).map(|_| connect(&server)).collect();
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let asked = Instant::now();
        assert_eq!(get(&server, &leader, "/api/v1/submissions?limit=50").status, 200, "others are served");
        slowest = slowest.max(asked.elapsed());
    }
    let growth = grown(&server, before, MORE_MEMORY);
    while !idle.is_empty() {
        idle.retain_mut(|line| !is_over(line));
        assert!(begun.elapsed() < HEAD_BOUND, "{} are still open", idle.len());
        sleep(Duration::from_millis(50));
    }
    tell(format_args!(
        "1000 idle connections: others waited {} ms at most; {growth} MiB more; all closed after {} s",
        slowest.as_millis(),
        begun.elapsed().as_secs()
    ));
}
