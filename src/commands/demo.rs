//! `cchc demo`: everything in one directory, on loopback, with sample data.

use std::{
    fs,
    io::{ErrorKind, Write},
    net::{IpAddr, Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use cchc::{
    access::{password::Hasher, token::Tokens},
    context::{Recent, Services},
    db::{Db, DbOptions, Location, Scope},
    demo,
    kernel::time::{Clock, Timestamp},
    server::ServerOptions,
    settings::Settings,
    storage::{Place, Storage},
    telemetry::{Metrics, start_logs},
};
use clap::Args;
use ipnet::IpNet;
use secrecy::SecretString;

use super::{Failure, serve::serve};

/// Options of the demo.
#[derive(Args)]
pub struct Options {
    /// Port on 127.0.0.1.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Directory for database, files, key and clock.
    #[arg(long, default_value = "cchc-data")]
    data_dir: PathBuf,
    /// Time at which the demo's clock starts [default on the first start: 2026-06-15T08:00:00+07:00].
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Begin anew: deletes the demo's files in the directory.
    #[arg(long)]
    reset: bool,
}

/// The morning on which the half-year figures are due.
const FIRST_START: &str = "2026-06-15T08:00:00+07:00";
const DEFAULT_PASSWORD: &str = "long-my-2026";
const DATABASE: &str = "cchc.db";
const KEY: &str = "signing-key.pem";
const CLOCK: &str = "clock.json";
const DOCUMENTS: &str = "documents";
/// The most bytes of one file, as `cchc serve` has it by default.
const MAX_DOCUMENT_BYTES: u64 = 20 << 20;

/// Prepares the directory and serves.
pub fn run(options: &Options) -> Result<(), Failure> {
    let metrics = Metrics::default();
    let _observers = start_logs("warn", None, &metrics)?;
    let directory = &options.data_dir;
    if options.reset {
        reset(directory)?;
    }
    fs::create_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    // The port first: a directory that nobody will serve from is not filled.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .map_err(|error| format!("Port {} is taken ({error}). Choose another with --port.", options.port))?;
    let port = listener.local_addr()?.port();
    let password = std::env::var("CCHC_DEMO_PASSWORD").unwrap_or_else(|_| DEFAULT_PASSWORD.to_owned());
    let services = prepare(directory, options.at.as_deref(), &password, metrics)?;
    print!("{}", welcome(port, directory, &password, services.clock.now())?);
    std::io::stdout().flush()?;
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let options = ServerOptions { workers, shutdown_seconds: 5, drain_seconds: 0, handle_signals: true };
    serve(services, listener, &options, true, None)
}

fn prepare(
    directory: &Path,
    at: Option<&str>,
    password: &str,
    metrics: Metrics,
) -> Result<Services, Failure> {
    let db = Db::open(Location::Sqlite(directory.join(DATABASE)), &DbOptions::of(4))?;
    db.migrate()?;
    let services = Services {
        db,
        clock: clock(directory, at)?,
        hasher: Hasher::new(19 * 1024, 2)?,
        tokens: Tokens::from_pem(&signing_key(directory)?, "cchc-demo")?,
        documents: Storage::open(&Place::Directory(directory.join(DOCUMENTS)), MAX_DOCUMENT_BYTES)?,
        settings: Arc::new(settings()?),
        metrics,
        recent: Recent::default(),
    };
    if services.db.read_blocking(Scope::All, cchc::wards::actions::is_empty)? {
        demo::load(&Arc::new(services.clone()), &SecretString::from(password.to_owned()))?;
    }
    Ok(services)
}

/// The demo's clock goes on where it was, unless told otherwise.
fn clock(directory: &Path, at: Option<&str>) -> Result<Clock, Failure> {
    let path = directory.join(CLOCK);
    if at.is_none()
        && let Ok(text) = fs::read_to_string(&path)
        && let Ok(shift) = text.trim().parse()
    {
        return Ok(Clock::shifted(shift));
    }
    let at = at.unwrap_or(FIRST_START);
    let at = Timestamp::parse(at)
        .ok_or_else(|| format!("--at {at}: write a time with its offset, such as {FIRST_START}."))?;
    let shift = Clock::shift_to(at);
    fs::write(path, format!("{shift}\n"))?;
    Ok(Clock::shifted(shift))
}

/// Closed as `serve` is, but that receivers of webhooks may be on this machine, where whoever tries them out has them.
fn settings() -> Result<Settings, Failure> {
    let loopback = IpNet::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8)?;
    Ok(Settings { webhook_networks: vec![loopback], ..Settings::default() })
}

fn signing_key(directory: &Path) -> Result<String, Failure> {
    let path = directory.join(KEY);
    match fs::read_to_string(&path) {
        Ok(pem) => Ok(pem),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let pem = Tokens::generate_pem()?;
            write_private(&path, &pem)?;
            Ok(pem)
        }
        Err(error) => Err(error.into()),
    }
}

fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())?;
    Ok(())
}

/// Deletes the files that the demo makes, and nothing else.
fn reset(directory: &Path) -> Result<(), Failure> {
    let database = [DATABASE.to_owned(), format!("{DATABASE}-wal"), format!("{DATABASE}-shm")];
    for name in database.iter().map(String::as_str).chain([KEY, CLOCK]) {
        match fs::remove_file(directory.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    match fs::remove_dir_all(directory.join(DOCUMENTS)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn welcome(port: u16, directory: &Path, password: &str, now: Timestamp) -> Result<String, Failure> {
    use std::fmt::Write as _;
    let mut text = String::new();
    writeln!(text, "cchc demo · phường Long Mỹ, kế hoạch CCHC 2026")?;
    writeln!(text, "  Swagger UI   http://127.0.0.1:{port}/swagger-ui/")?;
    writeln!(text, "  Đồng hồ      {}", now.in_words())?;
    writeln!(text, "  Dữ liệu      {}", directory.display())?;
    writeln!(
        text,
        "  Mật khẩu     {password}  (mọi tài khoản, và client_secret của city-portal, city-operator)"
    )?;
    writeln!(text)?;
    for account in demo::list_accounts()? {
        let roles: Vec<&str> = account.roles.iter().map(|role| role.as_str()).collect();
        writeln!(text, "  {:<15} {:<9} {}", account.username, account.unit, roles.join(", "))?;
    }
    writeln!(text)?;
    Ok(text)
}
