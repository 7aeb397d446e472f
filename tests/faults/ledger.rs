//! Clients that write all the while, each write under a key and a text of its own, and what they were told; and somebody
//! who asks for readiness meanwhile.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{JoinHandle, sleep},
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use crate::{
    rig::{PATIENCE, ask, comment, comments, fresh, some_submission, tell, token, verify_chains, wait_until},
    server::{Server, block_on},
};

/// Clients that write at the same time.
const CLIENTS: usize = 4;
/// Longest time for which an instance may call itself ready while no write gets through.
const LIE: Duration = Duration::from_secs(5);
/// Longest time that one try may take; it is then made again.
const TRY: Duration = Duration::from_secs(20);

/// What the clients know.
#[derive(Default)]
struct Known {
    /// Texts that were answered with 201, in the order of the answers.
    acknowledged: Mutex<Vec<(Instant, String)>>,
    /// Tries that had to be made again, by what was said: a status, or 0 for a connection that broke.
    again: Mutex<BTreeMap<u16, usize>>,
    /// What each instance said of its readiness.
    ready: Mutex<Vec<(Instant, String, bool)>>,
    stop: AtomicBool,
}

/// Clients at work.
pub struct Ledger {
    submission: String,
    known: Arc<Known>,
    threads: Vec<JoinHandle<()>>,
}

impl Ledger {
    /// Begins to write at these instances, and to ask each for its readiness.
    pub fn open(instances: &[&Server]) -> Self {
        let head = token(instances[0], "leader");
        let submission = some_submission(instances[0], &head);
        let addresses: Vec<_> = instances.iter().map(|instance| instance.address.clone()).collect();
        let known = Arc::new(Known::default());
        let mut threads: Vec<_> = addresses.iter().map(|address| watch(&known, address)).collect();
        let (writing, figure) = (Arc::clone(&known), submission.clone());
        threads.push(std::thread::spawn(move || {
            let clients = (0..CLIENTS).map(|client| write(&writing, &addresses, (&head, &figure), client));
            block_on(join_all(clients));
        }));
        let ledger = Self { submission, known, threads };
        ledger.wait_for_more(20);
        ledger
    }

    /// Waits until so many more writes were acknowledged; tells how long that took.
    pub fn wait_for_more(&self, number: usize) -> Duration {
        let count = || self.known.acknowledged.lock().unwrap().len();
        let wanted = count() + number;
        wait_until("writes are acknowledged", || count() >= wanted)
    }

    /// Ends the writing and holds what is stored against what was acknowledged.
    pub fn close(self, fault: &str, server: &Server) {
        self.known.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().expect("a client that was told nothing unexpected");
        }
        let acknowledged = self.known.acknowledged.lock().unwrap();
        let mut written: Vec<_> = acknowledged.iter().map(|(_, text)| text.clone()).collect();
        let mut stored = comments(server, &token(server, "leader"), &self.submission);
        stored.retain(|text| text.starts_with("so-"));
        written.sort_unstable();
        stored.sort_unstable();
        // Each client repeats until it is told 201, so that everything that was tried was acknowledged in the end.
        assert_eq!(stored, written, "each acknowledged write is there, once");
        verify_chains(server);
        let times: Vec<_> = acknowledged.iter().map(|(at, _)| *at).collect();
        let gap = times.windows(2).max_by_key(|pair| pair[1] - pair[0]).map(|pair| (pair[0], pair[1]));
        let (from, to) = gap.unwrap();
        let lie = longest_lie(&self.known.ready.lock().unwrap(), from, to);
        let again = self.known.again.lock().unwrap();
        tell(format_args!(
            "{fault}: {} writes, tried again {again:?} (0: broken line), longest without one {} ms, of it called \
             ready {} ms",
            written.len(),
            (to - from).as_millis(),
            lie.as_millis(),
        ));
        assert!(lie < LIE, "called itself ready for {lie:?} while no write got through");
    }
}

/// The longest run of `ready` of one instance between these moments.
fn longest_lie(said: &[(Instant, String, bool)], from: Instant, to: Instant) -> Duration {
    let mut began: BTreeMap<&str, Instant> = BTreeMap::new();
    let mut longest = Duration::ZERO;
    for (at, address, ready) in said.iter().filter(|(at, ..)| (from..to).contains(at)) {
        if *ready {
            let since = began.entry(address).or_insert(*at);
            longest = longest.max(*at - *since);
        } else {
            began.remove(address.as_str());
        }
    }
    longest
}

fn watch(known: &Arc<Known>, address: &str) -> JoinHandle<()> {
    let (known, address) = (Arc::clone(known), address.to_owned());
    std::thread::spawn(move || {
        let url = format!("{address}/health/ready");
        while !known.stop.load(Ordering::SeqCst) {
            let asked = Instant::now();
            let request = fresh().get(&url).timeout(Duration::from_secs(4));
            let ready = block_on(async { request.send().await }).is_ok_and(|answer| answer.status() == 200);
            known.ready.lock().unwrap().push((asked, address.clone(), ready));
            sleep(Duration::from_millis(100));
        }
    })
}

async fn write(known: &Known, addresses: &[String], (token, figure): (&str, &str), client: usize) {
    let http = fresh();
    let mut turn = client;
    for number in 0.. {
        if known.stop.load(Ordering::SeqCst) {
            return;
        }
        let (text, begun) = (format!("so-{client}-{number}"), Instant::now());
        loop {
            let address = &addresses[turn % addresses.len()];
            let outcome = ask(comment(&http, address, (token, figure, &text)).timeout(TRY)).await;
            let said = outcome.as_ref().map_or(0, |reply| reply.status);
            match said {
                201 => break,
                // Broken off, busy, or still being done under the same key: the same again, elsewhere.
                0 | 409 | 503 => *known.again.lock().unwrap().entry(said).or_default() += 1,
                _ => panic!("{outcome:?}"),
            }
            if let Ok(reply) = outcome {
                assert!(said != 503 || reply.retry_after.is_some(), "503 says when to come back");
                assert!(said != 409 || reply.body["code"] == "idempotency_in_progress", "{reply:?}");
            }
            assert!(begun.elapsed() < 2 * PATIENCE, "no answer to {text}");
            turn += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        known.acknowledged.lock().unwrap().push((Instant::now(), text));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
