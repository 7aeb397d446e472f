//! A bad line between a portal and the server: it breaks off at random bytes, in an order that a seed fixes.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Random numbers of which the same seed gives the same (xorshift).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// A number below this one.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// The line: connections to its address go to wherever it leads.
pub struct Line {
    pub address: String,
    end: Arc<Mutex<String>>,
    cuts: Arc<AtomicUsize>,
}

impl Line {
    pub fn to(address: &str, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            end: Arc::default(),
            cuts: Arc::default(),
        };
        line.lead_to(address);
        let (end, cuts) = (Arc::clone(&line.end), Arc::clone(&line.cuts));
        std::thread::spawn(move || {
            let mut dice = Dice::new(seed);
            for client in listener.incoming().flatten() {
                // One in three breaks off, as often within the first bytes as far into the answer.
                let scale = dice.below(15);
                let cut = dice.below(1 << scale);
                let budget = (dice.below(3) == 0).then(|| usize::try_from(cut).unwrap());
                let (end, cuts) = (end.lock().unwrap().clone(), Arc::clone(&cuts));
                std::thread::spawn(move || carry(&client, &end, budget, &cuts));
            }
        });
        line
    }

    /// From now on it leads there.
    pub fn lead_to(&self, address: &str) {
        *self.end.lock().unwrap() = address.trim_start_matches("http://").to_owned();
    }

    /// How many answers broke off.
    pub fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }
}

/// Carries one connection; of the answer at most `budget` bytes.
fn carry(mut client: &TcpStream, end: &str, budget: Option<usize>, cuts: &AtomicUsize) {
    let Ok(mut server) = TcpStream::connect(end) else { return };
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    let (mut left, mut buffer) = (budget.unwrap_or(usize::MAX), [0; 4096]);
    while let Ok(read) = server.read(&mut buffer) {
        let carried = read.min(left);
        if carried == 0 || client.write_all(&buffer[..carried]).is_err() {
            break;
        }
        left -= carried;
    }
    if left == 0 {
        cuts.fetch_add(1, Ordering::SeqCst);
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
}
