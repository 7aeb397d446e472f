//! PostgreSQL servers of a test's own: a primary, streaming replicas, and ways to stop, kill, freeze and promote them.
//!
//! Needs PostgreSQL's programs (Debian: `postgresql`), not a running server; as root they run as user `postgres`.

#![allow(dead_code, reason = "each suite of tests uses a part")]

use std::{
    fmt::Display,
    fs,
    io::Write,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Once,
    thread::sleep,
    time::{Duration, Instant},
};

/// Longest wait for a server to do what it is told, such as to start or to follow.
const PATIENCE: Duration = Duration::from_secs(60);

/// Folder of PostgreSQL's programs, the newest there is.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let bins = versions.map(|version| version.path().join("bin"));
    let version = |bin: &PathBuf| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    bins.filter(|bin| bin.join("initdb").exists()).max_by_key(version)
}

/// Whether there are PostgreSQL's programs. Without them it says so once, and fails where they are insisted on.
pub fn has_programs() -> bool {
    static SAY: Once = Once::new();
    if programs().is_some() {
        return true;
    }
    assert!(
        std::env::var("CCHC_TEST_REQUIRE_POSTGRES").as_deref() != Ok("1"),
        "CCHC_TEST_REQUIRE_POSTGRES=1, but PostgreSQL's programs are not on this machine"
    );
    SAY.call_once(|| {
        let line = "\nSKIPPED: tests with PostgreSQL servers of their own (install PostgreSQL to run them)\n";
        std::io::stderr().write_all(line.as_bytes()).expect("stderr");
    });
    false
}

/// A server of this test, stopped and removed with this value.
pub struct Postgres {
    home: tempfile::TempDir,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    options: Vec<String>,
}

impl Postgres {
    /// A new, empty server that runs, with more settings such as `max_connections=20`.
    pub fn primary(options: &[&str]) -> Self {
        let server = Self::new(options.iter().map(|option| (*option).to_owned()).collect());
        let data = server.data();
        server.tool(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
        );
        server.start();
        server
    }

    /// A streaming replica of this server that runs, with the same settings and all that was committed so far.
    pub fn replica(&self) -> Self {
        let replica = Self::new(self.options.clone());
        let (data, port) = (replica.data(), self.port.to_string());
        replica.tool(
            "pg_basebackup",
            &[
                "-D",
                &data,
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                "postgres",
                "-R",
                "-X",
                "stream",
                "-c",
                "fast",
                "-N",
            ],
        );
        replica.start();
        replica.follow(self);
        replica
    }

    fn new(options: Vec<String>) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        if is_root() {
            let status = Command::new("chown").arg("postgres").arg(home.path()).status().expect("chown");
            assert!(status.success(), "chown postgres");
        }
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        Self { home, port, options }
    }

    /// Its URL for a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Starts it again where it was, after [`Postgres::stop`] or [`Postgres::kill`].
    pub fn start(&self) {
        let data = self.data();
        let log = self.file("log");
        let mut options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories='' -c fsync=off -c autovacuum=off",
            self.port
        );
        for option in &self.options {
            options.push_str(&format!(" -c {option}"));
        }
        self.tool("pg_ctl", &["-D", &data, "-l", &log, "-w", "-t", "60", "-o", &options, "start"]);
    }

    /// Stops it: `fast`, or `immediate` as if the power failed.
    pub fn stop(&self, mode: &str) {
        self.tool("pg_ctl", &["-D", &self.data(), "-m", mode, "-w", "stop"]);
    }

    /// Kills all of its processes at once (SIGKILL).
    pub fn kill(&self) {
        let processes = self.processes();
        signal("KILL", &processes);
        wait_until("the killed processes are gone", || processes.iter().all(|process| !lives(*process)));
        // The number of a killed process may stay taken for a while, which would keep the server from starting.
        let _ = fs::remove_file(self.home.path().join("data/postmaster.pid"));
    }

    /// Makes it hang: connections stay open, nothing is answered (SIGSTOP).
    pub fn freeze(&self) {
        signal("STOP", &self.processes());
    }

    /// Ends [`Postgres::freeze`].
    pub fn thaw(&self) {
        signal("CONT", &self.processes());
    }

    /// Makes a replica the primary, and waits until it takes writes.
    pub fn promote(&self) {
        self.tool("pg_ctl", &["-D", &self.data(), "-w", "-t", "60", "promote"]);
        wait_until("the promoted server takes writes", || self.psql("SELECT pg_is_in_recovery()") == "f");
    }

    /// Waits until a replica has all that the primary has committed by now.
    pub fn follow(&self, primary: &Self) {
        let position = primary.psql("SELECT pg_current_wal_lsn()");
        let reached = format!("SELECT pg_last_wal_replay_lsn() >= '{position}'");
        wait_until("the replica follows", || self.psql(&reached) == "t");
    }

    /// What this SQL answers in database `postgres`: columns separated by `|`.
    pub fn psql(&self, sql: &str) -> String {
        self.psql_in("postgres", sql)
    }

    /// [`Postgres::psql`] in another database.
    pub fn psql_in(&self, database: &str, sql: &str) -> String {
        self.tool("psql", &["-AtXq", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", sql])
    }

    /// Writes a file that only the server may read; gives its path.
    pub fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.home.path().join(name);
        fs::write(&path, content).expect("a file of the server");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
        if is_root() {
            let status = Command::new("chown").arg("postgres").arg(&path).status().expect("chown");
            assert!(status.success(), "chown postgres");
        }
        path
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    fn data(&self) -> String {
        self.file("data")
    }

    fn file(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    /// The server's process and its children; none when it does not run.
    fn processes(&self) -> Vec<u32> {
        let file = fs::read_to_string(self.home.path().join("data/postmaster.pid")).unwrap_or_default();
        let Some(first) = file.lines().next().and_then(|line| line.trim().parse::<u32>().ok()) else {
            return Vec::new();
        };
        let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        std::iter::once(first).chain(children).collect()
    }

    fn tool(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.try_tool(program, arguments);
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {said}{complained}\n{}", self.log());
        said
    }

    /// PostgreSQL refuses to run as root.
    fn try_tool(&self, program: &str, arguments: &[&str]) -> Output {
        let program = programs().expect("PostgreSQL's programs").join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(&program);
            command
        } else {
            Command::new(&program)
        };
        command.current_dir(self.home.path()).args(arguments);
        // A server that stays keeps the pipes it was given; so pg_ctl gets none.
        if program.ends_with("pg_ctl") {
            let said = self.home.path().join("pg_ctl.said");
            let file = || fs::File::create(&said).expect("a file for what is said");
            let status = command.stdout(file()).stderr(file()).status().expect("it runs");
            return Output { status, stdout: fs::read(&said).unwrap_or_default(), stderr: Vec::new() };
        }
        command.output().expect("it runs")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let processes = self.processes();
        signal("KILL", &processes);
        // Their directory goes next, and must not be written to any more.
        let end = Instant::now() + PATIENCE;
        while processes.iter().any(|process| lives(*process)) && Instant::now() < end {
            sleep(Duration::from_millis(10));
        }
    }
}

/// Waits for something that takes a moment; fails, naming it, when it takes too long.
pub fn wait_until(what: impl Display, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited too long until {what}");
        sleep(Duration::from_millis(50));
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}

fn signal(name: &str, processes: &[u32]) {
    if processes.is_empty() {
        return;
    }
    let ids = processes.iter().map(u32::to_string);
    // One that ended by itself meanwhile is no fault.
    let _ = Command::new("kill").arg(format!("-{name}")).args(ids).output();
}

/// Whether a process runs; one that waits to be reaped does not.
fn lives(process: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
    stat.is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with(['Z', 'X']))
}
