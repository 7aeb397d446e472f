//! Fresh databases, quickly: copies of a template that is migrated and filled once.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use cchc::{context::Services, db::Location};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection};
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::{
    app::services_on,
    locked,
    principals::{DEMO_PASSWORD, demo_clock},
};

/// The role that servers in tests connect as on PostgreSQL; one for the whole server, and its password.
pub const APP_ROLE: &str = "cchc_test_app";

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A database of one test, gone with it.
pub struct TestDatabase {
    /// As the program sees it: on PostgreSQL, as a role that does not own the tables.
    pub location: Location,
    /// As its owner sees it.
    pub owner: Location,
    _home: Home,
}

/// What must outlive the database, and is dropped with it.
#[expect(dead_code, reason = "kept for what their drops do")]
enum Home {
    Directory(tempfile::TempDir),
    Server(PostgresDatabase),
}

impl TestDatabase {
    /// A database with the demo's data.
    pub fn with_demo(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let (directory, file) = sqlite_file();
                std::fs::copy(sqlite_template(), &file).expect("a copy of the template");
                let location = Location::Sqlite(file);
                Self { owner: location.clone(), location, _home: Home::Directory(directory) }
            }
            Backend::Postgres => {
                let database = PostgresDatabase::create(Some(postgres_template()));
                let (location, owner) = (database.url_as_app(), database.url());
                Self {
                    location: Location::Postgres(location),
                    owner: Location::Postgres(owner),
                    _home: Home::Server(database),
                }
            }
        }
    }
}

/// A directory, and the path of a database in it that does not exist yet.
pub fn empty_sqlite() -> (tempfile::TempDir, PathBuf) {
    sqlite_file()
}

/// A PostgreSQL database without any table; it goes with the returned value.
pub fn empty_postgres() -> PostgresDatabase {
    make_app_role(&mut locked(server()));
    PostgresDatabase::create(None)
}

fn sqlite_file() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("test.sqlite");
    (directory, file)
}

/// Where tests find PostgreSQL: any database of a server on which they may create others.
pub fn postgres_url() -> Option<String> {
    std::env::var("CCHC_TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty())
}

/// The template, kept beside the build for as long as the test binary, and all that is built into it, is the same.
fn sqlite_template() -> &'static Path {
    static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let template = home.join(format!("{}.sqlite", template_name()));
        if !template.exists() {
            remove_old_templates(home);
            let (_directory, file) = sqlite_file();
            fill(Location::Sqlite(file.clone()));
            let mut connection = diesel::SqliteConnection::establish(file.to_str().expect("a Unicode path"))
                .expect("the filled database");
            connection
                .batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;")
                .expect("one file");
            drop(connection);
            let copy = template.with_extension(format!("{}", std::process::id()));
            std::fs::copy(&file, &copy).expect("a copy beside the build");
            std::fs::rename(&copy, &template).expect("the template in its place");
        }
        template
    })
}

fn remove_old_templates(home: &Path) {
    let prefix = template_prefix();
    for entry in std::fs::read_dir(home).expect("the build's directory").flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            std::fs::remove_file(entry.path()).expect("an old template removed");
        }
    }
}

/// Migrates an empty database and loads the demo.
pub fn fill(location: Location) {
    let services: Arc<Services> = Arc::new(services_on(location, demo_clock()));
    services.db.migrate().expect("migrations");
    cchc::demo::load(&services, &SecretString::from(DEMO_PASSWORD)).expect("the demo's data");
    if let Location::Postgres(_) = services.db.location() {
        services.db.grant_to(APP_ROLE).expect("the rights of the application role");
    }
}

fn template_prefix() -> String {
    let program = std::env::current_exe().expect("the test's own path");
    let digest = hex::encode(Sha256::digest(program.to_string_lossy().as_bytes()));
    format!("cchc_template_{}_", digest.get(..8).expect("long enough"))
}

/// Names the template after the test binary's content: migrations, data and code are all built into it.
fn template_name() -> String {
    let program = std::env::current_exe().expect("the test's own path");
    let metadata = std::fs::metadata(&program).expect("the test's own file");
    let stamp = format!("{:?} {}", metadata.modified().expect("a time"), metadata.len());
    let digest = hex::encode(Sha256::digest(stamp.as_bytes()));
    format!("{}{}", template_prefix(), digest.get(..16).expect("long enough"))
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn postgres_template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = template_name();
        let mut server = locked(server());
        // Another run of the same binary waits here until the template is whole.
        execute(&mut server, "SELECT pg_advisory_lock(7301927)");
        let found = names(&mut server, &format!("{}%", template_prefix()));
        if !found.contains(&name) {
            for old in found {
                execute(&mut server, &format!("DROP DATABASE IF EXISTS \"{old}\" WITH (FORCE)"));
            }
            make_app_role(&mut server);
            let filling = format!("cchc_filling_{}", std::process::id());
            execute(&mut server, &format!("CREATE DATABASE \"{filling}\" TEMPLATE template0"));
            fill(Location::Postgres(url_of(&filling)));
            execute(
                &mut server,
                &format!(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{filling}'"
                ),
            );
            execute(&mut server, &format!("ALTER DATABASE \"{filling}\" RENAME TO \"{name}\""));
        }
        execute(&mut server, "SELECT pg_advisory_unlock(7301927)");
        name
    })
}

fn make_app_role(server: &mut PgConnection) {
    let sql = format!(
        "DO $$ BEGIN CREATE ROLE {APP_ROLE} LOGIN PASSWORD '{APP_ROLE}'; \
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    );
    execute(server, &sql);
}

fn names(server: &mut PgConnection, pattern: &str) -> Vec<String> {
    let rows: Vec<Named> =
        diesel::sql_query("SELECT datname::text AS name FROM pg_database WHERE datname LIKE $1")
            .bind::<diesel::sql_types::Text, _>(pattern)
            .load(server)
            .expect("the server's databases");
    rows.into_iter().map(|row| row.name).collect()
}

/// The one connection on which databases are made and dropped.
fn server() -> &'static Mutex<PgConnection> {
    static SERVER: OnceLock<Mutex<PgConnection>> = OnceLock::new();
    SERVER.get_or_init(|| {
        let url = postgres_url().expect("CCHC_TEST_POSTGRES_URL");
        Mutex::new(PgConnection::establish(&url).expect("the PostgreSQL of CCHC_TEST_POSTGRES_URL"))
    })
}

fn execute(server: &mut PgConnection, sql: &str) {
    server.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The URL of another database on the same server.
fn url_of(database: &str) -> String {
    let url = postgres_url().expect("CCHC_TEST_POSTGRES_URL");
    let (address, query) = url
        .split_once('?')
        .map_or((url.as_str(), String::new()), |(address, query)| (address, format!("?{query}")));
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let end = address.get(after_scheme..).and_then(|rest| rest.find('/')).map(|at| at + after_scheme);
    let host = address.get(..end.unwrap_or(address.len())).unwrap_or(address);
    format!("{host}/{database}{query}")
}

/// A database on the server, dropped with this value.
pub struct PostgresDatabase(String);

impl PostgresDatabase {
    fn create(template: Option<&str>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("cchc_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let template = template.unwrap_or("template0");
        let mut server = locked(server());
        execute(&mut server, &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"));
        execute(&mut server, &format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\""));
        Self(name)
    }

    /// Its URL.
    pub fn url(&self) -> String {
        url_of(&self.0)
    }

    /// Its URL for the application role.
    pub fn url_as_app(&self) -> String {
        let url = self.url();
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let end = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        format!("{scheme}://{APP_ROLE}:{APP_ROLE}@{host}{path}")
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.0);
        // A test that failed already must not abort the others by a second panic.
        if let Err(error) = locked(server()).batch_execute(&sql) {
            eprintln!("{sql}: {error}");
        }
    }
}
