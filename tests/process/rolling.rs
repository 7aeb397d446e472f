//! Promises about an upgrade from the last release while requests run.

use std::{
    collections::BTreeMap,
    io::Write,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use diesel::{Connection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query};
use serde_json::{Value, json};

use crate::server::{PASSWORD, PROGRAM, block_on, free_address, is_ready, key_in};

/// The program of the last release; without one it says so, and fails where one is insisted on.
fn released() -> Option<PathBuf> {
    let path = std::env::var("CCHC_TEST_RELEASED_BINARY").ok().filter(|path| !path.is_empty());
    if path.is_none() {
        assert!(std::env::var("CCHC_TEST_REQUIRE_RELEASED").is_err(), "CCHC_TEST_RELEASED_BINARY is not set");
        std::io::stderr().write_all(b"\nSKIPPED: an upgrade needs CCHC_TEST_RELEASED_BINARY\n").unwrap();
    }
    path.map(PathBuf::from)
}

/// A ward's system: one database, one key, and programs of any version over them.
struct Site {
    directory: tempfile::TempDir,
    database: String,
}

/// One running program, killed when it is dropped.
struct Instance {
    child: Child,
    address: String,
}

impl Instance {
    /// Stops it as a service manager does.
    async fn stop(mut self) {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        assert!(status.success(), "{} did not end well", self.address);
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Site {
    fn new(database: impl Fn(&Path) -> String) -> Self {
        let directory = tempfile::tempdir().unwrap();
        key_in(directory.path());
        let database = database(directory.path());
        Self { directory, database }
    }

    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let home = self.directory.path();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("CCHC_DATABASE_URL", &self.database)
            .env("CCHC_SIGNING_KEY_FILE", home.join("key.pem"))
            .env("CCHC_DOCUMENTS_URL", format!("file://{}", home.join("documents").display()))
            .env("CCHC_PASSWORD", PASSWORD)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, program: &Path, arguments: &[&str]) {
        let output = self.command(program, arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    async fn serve(&self, program: &Path) -> Instance {
        let address = free_address();
        let mut command = self.command(program, &["serve"]);
        let child = command.env("CCHC_LISTEN", &address).stderr(Stdio::null()).spawn().unwrap();
        let instance = Instance { child, address: format!("http://{address}") };
        assert!(is_ready(&instance.address).await, "{} is not ready", program.display());
        instance
    }

    fn set_up(&self, program: &Path) {
        let ward = format!("{}/data/long-my/ward.json", env!("CARGO_MANIFEST_DIR"));
        self.run(program, &["migrate"]);
        self.run(program, &["import", &ward]);
        let account = ["account", "create", "--ward", "long-my", "--unit", "UBND", "--full-name", "A"];
        for (name, role) in [("admin", "admin"), ("auditor", "auditor")] {
            self.run(program, &[&account[..], &["--username", name, "--role", role]].concat());
        }
    }
}

/// A proxy's view: which instances there are, and whose turn it is. It repeats what may be repeated.
#[derive(Clone)]
struct Proxy {
    http: reqwest::Client,
    instances: Arc<Mutex<Vec<String>>>,
    turn: Arc<AtomicUsize>,
    retries: Arc<AtomicUsize>,
}

impl Proxy {
    fn new(instances: &[&Instance]) -> Self {
        Self {
            http: reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap(),
            instances: Arc::new(Mutex::new(instances.iter().map(|one| one.address.clone()).collect())),
            turn: Arc::default(),
            retries: Arc::default(),
        }
    }

    fn replace(&self, old: &str, new: Option<&str>) {
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        instances.retain(|one| one != old);
        instances.extend(new.map(str::to_owned));
    }

    fn next(&self) -> String {
        let instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        instances[self.turn.fetch_add(1, Ordering::Relaxed) % instances.len()].clone()
    }

    /// The answer, from whichever instance gives one; the same key makes a repeated write the same write.
    async fn ask(&self, build: impl Fn(&reqwest::Client, &str) -> reqwest::RequestBuilder) -> (u16, Value) {
        for _ in 0..200 {
            match build(&self.http, &self.next()).send().await {
                Ok(answer) if answer.status().as_u16() < 500 && answer.status() != 409 => {
                    let status = answer.status().as_u16();
                    if let Ok(body) = answer.json().await {
                        return (status, body);
                    }
                }
                _ => {}
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no instance answered in twenty seconds");
    }

    async fn token(&self, username: &str) -> String {
        let form = [("grant_type", "password"), ("username", username), ("password", PASSWORD)];
        let (status, tokens) =
            self.ask(|http, address| http.post(format!("{address}/api/v1/auth/token")).form(&form)).await;
        assert_eq!(status, 200, "{tokens}");
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    async fn get(&self, token: &str, path: &str) -> Value {
        let (status, body) =
            self.ask(|http, address| http.get(format!("{address}{path}")).bearer_auth(token)).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Adds units and reads them, until told to stop; gives the code of each that was acknowledged, with its id.
    async fn keep_busy(self, name: &'static str, stop: Arc<AtomicBool>) -> BTreeMap<String, String> {
        let token = self.token("admin").await;
        let mut acknowledged = BTreeMap::new();
        for n in 0.. {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            let code = format!("{name}-{n}");
            let body = json!({
                "code": code, "name": format!("Đơn vị {code}"), "kind": "department", "active_from": "2026-01-01"
            });
            let (status, unit) = self
                .ask(|http, address| {
                    let request = http.post(format!("{address}/api/v1/units")).bearer_auth(&token);
                    request.header("Idempotency-Key", &code).json(&body)
                })
                .await;
            assert_eq!(status, 201, "{unit}");
            let id = unit["id"].as_str().unwrap().to_owned();
            let read = self.get(&token, &format!("/api/v1/units/{id}")).await;
            assert_eq!(read["code"], code.as_str());
            self.get(&token, "/api/v1/units?limit=50").await;
            acknowledged.insert(code, id);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        acknowledged
    }

    async fn check(&self, acknowledged: &BTreeMap<String, String>) {
        let token = self.token("admin").await;
        let (mut found, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let page = self.get(&token, &format!("/api/v1/units?limit=200{cursor}")).await;
            for unit in page["items"].as_array().unwrap() {
                let text = |field: &str| unit[field].as_str().unwrap().to_owned();
                assert!(found.insert(text("code"), text("id")).is_none(), "{unit} is there twice");
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        for (code, id) in acknowledged {
            assert_eq!(found.get(code), Some(id), "an acknowledged write is lost");
        }
        let written = found.keys().filter(|code| code.starts_with("a-") || code.starts_with("b-")).count();
        assert_eq!(written, acknowledged.len(), "what was not acknowledged was not asked for either");
        let auditor = self.token("auditor").await;
        let report = self.get(&auditor, "/api/v1/audit-events/verify").await;
        assert_eq!(report["intact"], true, "{report}");
    }
}

/// Two instances of the release serve, the new program migrates, and one after the other is replaced.
async fn roll(site: &Site, old: &Path) {
    let new = Path::new(PROGRAM);
    let (first, second) = (site.serve(old).await, site.serve(old).await);
    let proxy = Proxy::new(&[&first, &second]);
    let stop = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> =
        ["a", "b"].map(|name| tokio::spawn(proxy.clone().keep_busy(name, Arc::clone(&stop)))).into();
    let pause = || tokio::time::sleep(Duration::from_millis(1500));
    pause().await;
    let mut migrating = site.command(new, &["migrate"]).stderr(Stdio::null()).spawn().unwrap();
    while migrating.try_wait().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(migrating.wait().unwrap().success(), "the migration failed");
    // The release goes on over the new schema, also after a restart.
    pause().await;
    let again = site.serve(old).await;
    proxy.replace(&first.address, Some(&again.address));
    first.stop().await;
    pause().await;
    let mut now = Vec::new();
    for old in [second, again] {
        let fresh = site.serve(new).await;
        proxy.replace("", Some(&fresh.address));
        proxy.replace(&old.address, None);
        old.stop().await;
        now.push(fresh);
        pause().await;
    }
    stop.store(true, Ordering::SeqCst);
    let mut acknowledged = BTreeMap::new();
    for one in busy {
        acknowledged.extend(one.await.expect("no call failed for good"));
    }
    assert!(acknowledged.len() > 20, "only {} writes", acknowledged.len());
    proxy.check(&acknowledged).await;
    let retries = proxy.retries.load(Ordering::Relaxed);
    eprintln!("{} writes while the program was replaced, {retries} calls repeated", acknowledged.len());
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

const NEWEST: &str = "SELECT max(version) AS version FROM __diesel_schema_migrations";

/// The newest migration of this program, as the database names it.
fn newest() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let last = names.map(|name| name.to_string_lossy().into_owned()).max().unwrap();
    last.split('_').next().unwrap().replace('-', "")
}

#[test]
fn two_instances_are_upgraded_one_after_the_other_and_no_request_fails_for_good() {
    let Some(old) = released() else { return };
    let Ok(url) = std::env::var("CCHC_TEST_POSTGRES_URL") else {
        assert!(std::env::var("CCHC_TEST_REQUIRE_POSTGRES").is_err(), "CCHC_TEST_POSTGRES_URL is not set");
        std::io::stderr().write_all(b"\nSKIPPED: a test needs CCHC_TEST_POSTGRES_URL\n").unwrap();
        return;
    };
    let name = format!("cchc_rolling_{}", std::process::id());
    let mut server = diesel::PgConnection::establish(&url).unwrap();
    server.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
    let database = format!("{}/{name}", url.rsplit_once('/').unwrap().0);
    let site = Site::new(|_| database.clone());
    site.set_up(&old);
    let run = std::panic::catch_unwind(AssertUnwindSafe(|| block_on(roll(&site, &old))));
    let version = diesel::PgConnection::establish(&database)
        .map(|mut c| sql_query(NEWEST).get_result::<Version>(&mut c).unwrap().version);
    server.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    run.unwrap_or_else(|cause| std::panic::resume_unwind(cause));
    assert_eq!(version.unwrap(), newest());
}

#[test]
fn the_embedded_database_is_upgraded_by_a_restart() {
    let Some(old) = released() else { return };
    let site = Site::new(|home| format!("sqlite:{}/cchc.db", home.display()));
    site.set_up(&old);
    block_on(async {
        let instance = site.serve(&old).await;
        let proxy = Proxy::new(&[&instance]);
        let stop = Arc::new(AtomicBool::new(false));
        let busy = tokio::spawn(proxy.clone().keep_busy("a", Arc::clone(&stop)));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = instance.address.clone();
        instance.stop().await;
        let instance = site.serve(Path::new(PROGRAM)).await;
        proxy.replace("", Some(&instance.address));
        proxy.replace(&before, None);
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.store(true, Ordering::SeqCst);
        let acknowledged = busy.await.expect("no call failed for good");
        proxy.check(&acknowledged).await;
    });
    let file = site.database.trim_start_matches("sqlite:");
    let mut connection = diesel::SqliteConnection::establish(file).unwrap();
    assert_eq!(sql_query(NEWEST).get_result::<Version>(&mut connection).unwrap().version, newest());
}
