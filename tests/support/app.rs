//! A real server in a thread of its own, over a database of its own; both end with the `App`.

use std::{
    collections::{BTreeMap, HashMap},
    net::TcpListener,
    sync::{Arc, Mutex, OnceLock, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use actix_web::dev::ServerHandle;
use cchc::{
    access::{password::Hasher, token::Tokens},
    context::{Recent, Services},
    db::{Db, DbOptions, Location, Scope},
    kernel::time::{Clock, Timestamp},
    server::{self, Running, ServerOptions},
    settings::Settings,
    storage::{Place, Storage},
    telemetry::Metrics,
};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};

use super::{
    client::Client,
    database::{Backend, TestDatabase},
    principals::demo_clock,
};

/// Who signs the tokens in tests.
pub const ISSUER: &str = "http://cchc.test";

/// A running server and its database.
pub struct App {
    /// Which database it runs on.
    pub backend: Backend,
    /// What the server's requests share; the test may look behind the curtain with it.
    pub services: Services,
    /// `http://127.0.0.1:port`
    pub address: String,
    pub(super) http: reqwest::Client,
    pub(super) tokens: Mutex<HashMap<String, String>>,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    database: Arc<TestDatabase>,
    owner: OnceLock<Db>,
    files: Arc<tempfile::TempDir>,
}

/// The most bytes of a document in tests.
pub const MAX_DOCUMENT_BYTES: u64 = 2 << 20;

/// The parts of a server on this database; hashing passwords costs next to nothing, and files are forgotten.
pub fn services_on(location: Location, clock: Clock) -> Services {
    Services {
        documents: Storage::in_memory(),
        settings: Arc::default(),
        metrics: Metrics::default(),
        recent: Recent::default(),
        db: Db::open(location, &DbOptions::of(3)).expect("the database opens"),
        clock,
        hasher: Hasher::new(8, 1).expect("a hasher"),
        tokens: Tokens::from_pem(signing_key(), ISSUER).expect("a signing key"),
    }
}

/// The key of this process, so that tests can sign tokens of their own.
pub fn signing_key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| Tokens::generate_pem().expect("a key"))
}

impl App {
    /// Starts a server over a fresh database with the demo's data, at the demo's time.
    pub fn start(backend: Backend) -> Self {
        Self::start_at(backend, demo_clock())
    }

    /// Like [`App::start`], with another clock.
    pub fn start_at(backend: Backend, clock: Clock) -> Self {
        let files = tempfile::tempdir().expect("a directory");
        let place = Place::Directory(files.path().to_owned());
        let documents = Storage::open(&place, MAX_DOCUMENT_BYTES).expect("a place for files");
        let database = Arc::new(TestDatabase::with_demo(backend));
        Self::over(database, backend, clock, documents, Arc::new(files), Arc::default())
    }

    /// Like [`App::start`], with its files elsewhere.
    pub fn start_over(backend: Backend, documents: Storage) -> Self {
        let files = Arc::new(tempfile::tempdir().expect("a directory"));
        let database = Arc::new(TestDatabase::with_demo(backend));
        Self::over(database, backend, demo_clock(), documents, files, Arc::default())
    }

    /// One more server over the same database and files, with another clock.
    pub fn beside(&self, clock: Clock) -> Self {
        self.beside_with(clock, Arc::clone(&self.services.settings))
    }

    /// One more server over the same database and files, with other settings of the operator's.
    pub fn with_settings(&self, settings: Settings) -> Self {
        self.beside_with(self.services.clock, Arc::new(settings))
    }

    fn beside_with(&self, clock: Clock, settings: Arc<Settings>) -> Self {
        let (database, files) = (Arc::clone(&self.database), Arc::clone(&self.files));
        Self::over(database, self.backend, clock, self.services.documents.clone(), files, settings)
    }

    /// One more server over the same database and files, at this time.
    pub fn at(&self, time: &str) -> Self {
        let time = Timestamp::parse(time).expect("a time");
        self.beside(Clock::shifted(Clock::shift_to(time)))
    }

    fn over(
        database: Arc<TestDatabase>,
        backend: Backend,
        clock: Clock,
        documents: Storage,
        files: Arc<tempfile::TempDir>,
        settings: Arc<Settings>,
    ) -> Self {
        let services = Services { documents, settings, ..services_on(database.location.clone(), clock) };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (handle, thread) = serve(services.clone(), listener);
        Self {
            backend,
            services,
            address,
            http: http_client(),
            tokens: Mutex::default(),
            handle,
            thread: Some(thread),
            database,
            owner: OnceLock::new(),
            files,
        }
    }

    /// Where the files of documents are.
    pub fn files(&self) -> &std::path::Path {
        self.files.path()
    }

    /// One more server on the same kind of database, with data of its own.
    pub fn another(&self) -> Self {
        Self::start(self.backend)
    }

    /// A caller without credentials.
    pub fn anonymous(&self) -> Client {
        Client::new(self.http.clone(), self.address.clone(), None)
    }

    /// A caller with this text as bearer token.
    pub fn with_token(&self, token: impl Into<String>) -> Client {
        Client::new(self.http.clone(), self.address.clone(), Some(token.into()))
    }

    /// The database as its owner has it, past all walls.
    pub fn owner(&self) -> &Db {
        match self.backend {
            Backend::Sqlite => &self.services.db,
            Backend::Postgres => self.owner.get_or_init(|| {
                Db::open(self.database.owner.clone(), &DbOptions::of(1)).expect("the owner connects")
            }),
        }
    }

    /// The URL of its PostgreSQL as the program connects to it.
    pub fn postgres_url(&self) -> &str {
        match &self.database.location {
            Location::Postgres(url) => url,
            Location::Sqlite(path) => panic!("{} is no PostgreSQL", path.display()),
        }
    }

    /// Runs SQL on the test's database, past all rules; says how many rows it changed.
    pub fn sql(&self, statement: &str) -> usize {
        self.owner()
            .write_blocking(Scope::All, |connection| Ok(sql_query(statement).execute(connection)?))
            .unwrap_or_else(|error| panic!("{statement}: {error}"))
    }

    /// The text column named `value` of all rows that this SQL finds.
    pub fn sql_texts(&self, statement: &str) -> Vec<String> {
        let rows: Vec<Row> = self
            .owner()
            .read_blocking(Scope::All, |connection| Ok(sql_query(statement).load(connection)?))
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
        rows.into_iter().map(|row| row.value).collect()
    }

    /// Removes what keeps the database from changing audit events, for tests that tamper with them.
    pub fn unlock_audit(&self) {
        let table = if self.backend == Backend::Postgres { " ON audit_events" } else { "" };
        let triggers = match self.backend {
            Backend::Postgres => self.sql_texts(
                "SELECT tgname::text AS value FROM pg_trigger \
                 WHERE tgrelid = 'audit_events'::regclass AND NOT tgisinternal",
            ),
            Backend::Sqlite => self.sql_texts(
                "SELECT name AS value FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events'",
            ),
        };
        for trigger in triggers {
            self.sql(&format!("DROP TRIGGER {trigger}{table}"));
        }
    }

    /// The names of all tables but the migrations' own.
    pub fn tables(&self) -> Vec<String> {
        match self.backend {
            Backend::Postgres => self.sql_texts(
                "SELECT tablename::text AS value FROM pg_tables \
                 WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_diesel%' ORDER BY 1",
            ),
            Backend::Sqlite => self.sql_texts(
                "SELECT name AS value FROM sqlite_master WHERE type = 'table' \
                 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY 1",
            ),
        }
    }

    /// All rows of all tables as text, sorted, without these tables.
    pub fn rows(&self, without: &[&str]) -> BTreeMap<String, Vec<String>> {
        let tables = self.tables().into_iter().filter(|table| !without.contains(&table.as_str()));
        tables.map(|table| (table.clone(), self.rows_of(&table))).collect()
    }

    /// All rows of one table as text, sorted.
    pub fn rows_of(&self, table: &str) -> Vec<String> {
        let mut rows = match self.backend {
            Backend::Postgres => {
                self.sql_texts(&format!("SELECT row_to_json(t)::text AS value FROM {table} t"))
            }
            Backend::Sqlite => {
                let columns =
                    self.sql_texts(&format!("SELECT name AS value FROM pragma_table_info('{table}')"));
                let pairs: Vec<String> = columns.iter().map(|name| format!("'{name}', \"{name}\"")).collect();
                self.sql_texts(&format!("SELECT json_object({}) AS value FROM {table}", pairs.join(", ")))
            }
        };
        rows.sort();
        rows
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // The order to stop is sent by the call; its future only waits, as does the join.
        drop(self.handle.stop(false));
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            eprintln!("the server's thread panicked");
        }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

fn serve(services: Services, listener: TcpListener) -> (ServerHandle, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let options =
                ServerOptions { workers: 1, shutdown_seconds: 1, drain_seconds: 0, handle_signals: false };
            let Running { server, handle } =
                server::start(services, listener, &options).expect("the server starts");
            sender.send(handle).expect("the test waits");
            server.await.expect("the server ends well");
        });
    });
    (receiver.recv().expect("the server started"), thread)
}

/// One that shows a redirect as it is, and lets go of a connection before the server does.
fn http_client() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.pool_idle_timeout(Duration::from_secs(2)).build().expect("an HTTP client")
}
