//! The processes that are measured.

use std::{
    collections::HashMap,
    fs::File,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use super::Options;
use crate::{
    Failure,
    bare::Recorded,
    http::{Connection, Request},
};

/// A server in a process of its own, which ends with it.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// How long it took until it was ready.
    pub ready: Duration,
    /// The most memory while it was loaded, bytes.
    pub load_peak: u64,
    /// The most memory while it took a batch, bytes.
    pub batch_peak: u64,
}

impl Process {
    /// Memory now, bytes.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn memory(&self) -> Result<u64, Failure> {
        self.status("VmRSS:")
    }

    /// The most memory since [`Process::forget_peak`], bytes.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn peak(&self) -> Result<u64, Failure> {
        self.status("VmHWM:")
    }

    /// Begins a new peak.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn forget_peak(&self) -> Result<(), Failure> {
        Ok(std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    fn status(&self, key: &str) -> Result<u64, Failure> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix(key)).ok_or("the kernel does not tell")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The cores of this machine.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Starts the program on a database, with what it does where nobody chose.
pub fn start_program(options: &Options, url: &str, name: &str) -> Result<Process, Failure> {
    let scratch = std::path::absolute(&options.scratch)?;
    let key = scratch.join("signing-key.pem");
    if !key.exists() {
        std::fs::write(&key, cchc::access::token::Tokens::generate_pem()?)?;
    }
    let address = free_address()?;
    let documents = scratch.join(format!("documents-{name}"));
    let mut command = Command::new(&options.program);
    command
        .arg("serve")
        .env("CCHC_DATABASE_URL", url)
        .env("CCHC_SIGNING_KEY_FILE", &key)
        .env("CCHC_LISTEN", address.to_string())
        .env("CCHC_DOCUMENTS_URL", format!("file://{}", documents.display()));
    start(command, address, "/health/ready", &scratch.join(format!("{name}.log")))
}

/// Starts the bare handler with these answers.
pub fn start_bare(options: &Options, answers: &HashMap<String, Recorded>) -> Result<Process, Failure> {
    let file = options.scratch.join("answers.json");
    std::fs::write(&file, serde_json::to_vec(answers)?)?;
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare").arg("--listen").arg(address.to_string());
    command.arg("--workers").arg(cores().to_string()).arg("--answers").arg(&file);
    start(command, address, "/", &options.scratch.join("bare.log"))
}

fn start(mut command: Command, address: SocketAddr, path: &str, log: &Path) -> Result<Process, Failure> {
    let log_file = File::create(log)?;
    command.stdout(log_file.try_clone()?).stderr(log_file);
    let started = Instant::now();
    let child = command.spawn()?;
    let mut process = Process { child, address, ready: Duration::ZERO, load_peak: 0, batch_peak: 0 };
    let request = Request { token: None, ..Request::get(path, "") };
    while started.elapsed() < Duration::from_secs(60) {
        // A server without that path is ready as well once it says so.
        let reply = Connection::open(address).and_then(|mut connection| connection.call(&request));
        if reply.is_ok_and(|reply| reply.status != 503) {
            process.ready = started.elapsed();
            return Ok(process);
        }
        if let Some(status) = process.child.try_wait()? {
            return Err(format!("it ended with {status}: {}", std::fs::read_to_string(log)?).into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(format!("it is not ready after a minute; see {}", log.display()).into())
}
