//! A clock that is set back while the server runs. Needs Debian's `faketime`.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::{
    rig::{Rig, ask, comment, fresh, get, skip, some_submission, tell, token, verify_chains},
    server::{Server, block_on},
};

/// How far the clock is set back, in seconds: further than an access token lives.
const BACK: &str = "-3600";

/// The library that a process is started with.
fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten();
    folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.exists())
}

/// Writes five comments; gives the answers.
fn write(server: &Server, token: &str, submission: &str, when: &str) -> Vec<Value> {
    let one = |number| {
        let text = format!("{when}-{number}");
        let reply = block_on(ask(comment(&fresh(), &server.address, (token, submission, &text)))).unwrap();
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body
    };
    (0..5).map(one).collect()
}

/// All comments page by page, three at a time, as a client reads them that keeps a cursor.
fn read_by_threes(server: &Server, token: &str, submission: &str) -> Vec<Value> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/submissions/{submission}/comments?limit=3{cursor}");
        let page = get(server, token, &path).body;
        ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

fn assert_each_once(mut read: Vec<Value>, mut expected: Vec<Value>) {
    read.retain(|id| expected.contains(id));
    read.sort_unstable_by_key(Value::to_string);
    expected.sort_unstable_by_key(Value::to_string);
    assert_eq!(read, expected, "each once");
}

#[test]
fn a_clock_set_back_by_an_hour_loses_nothing_and_locks_nobody_out() {
    let Some(library) = library() else {
        skip("the test of a clock that is set back needs Debian's package faketime");
        return;
    };
    let rig = Rig::sqlite();
    let clock = rig.directory.join("clock");
    let (library, named) = (library.display().to_string(), clock.display().to_string());
    fs::write(&clock, "+0").unwrap();
    let environment = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME_TIMESTAMP_FILE", &named),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let server = rig.serve(&environment);
    let early = token(&server, "leader");
    let submission = some_submission(&server, &early);
    let mut written = write(&server, &early, &submission, "before");
    fs::write(&clock, BACK).unwrap();
    let status = get(&server, &early, "/api/v1/me").status;
    assert!([200, 401].contains(&status), "{status}");
    let late = token(&server, "leader");
    assert_eq!(get(&server, &late, "/api/v1/me").status, 200, "who signs in now is let in");
    written.extend(write(&server, &late, &submission, "after"));
    let times: Vec<_> =
        written.iter().map(|comment| comment["created_at"].as_str().unwrap().to_owned()).collect();
    assert!(times[5] < times[4], "the clock went back: {times:?}");
    // The same key as before: answered from what was stored, not done again.
    assert_eq!(write(&server, &late, &submission, "before"), written[..5]);
    let ids = |written: &[Value]| written.iter().map(|comment| comment["id"].clone()).collect::<Vec<_>>();
    let read = read_by_threes(&server, &late, &submission);
    assert!(read.ends_with(&ids(&written)), "one process gives its ids in order, whatever the clock does");
    // A process that starts in the past knows nothing of the ids that were given in the future.
    let address = server.address.clone();
    server.kill();
    let server = rig.serve_at(&address, &environment);
    written.extend(write(&server, &late, &submission, "restarted"));
    let read = read_by_threes(&server, &late, &submission);
    let in_order = read.ends_with(&ids(&written));
    assert_each_once(read, ids(&written));
    verify_chains(&server);
    fs::write(&clock, "+0").unwrap();
    write(&server, &token(&server, "leader"), &submission, "right");
    verify_chains(&server);
    tell(format_args!(
        "clock set back by an hour: the token of before got {status}; lists in the order of writing: {in_order}"
    ));
}
