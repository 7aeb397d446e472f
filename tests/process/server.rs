//! The program as a child process, and ways to ask it.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_cchc");
pub const PASSWORD: &str = "long-my-2026";

/// A running `cchc`, killed when it is dropped.
pub struct Server {
    pub child: Child,
    pub address: String,
    pub http: reqwest::Client,
}

impl Server {
    pub fn demo(directory: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["demo", "--port", "0", "--data-dir"])
            .arg(directory)
            .args(more)
            .env_remove("CCHC_DEMO_PASSWORD")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = lines
            .find_map(|line| {
                let line = line.expect("text");
                line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
            })
            .expect("the address of Swagger UI");
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.trim_end_matches("/swagger-ui/").to_owned();
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Self { child, address, http }
    }

    pub async fn token(&self, username: &str) -> String {
        let form = [("grant_type", "password"), ("username", username), ("password", PASSWORD)];
        let url = format!("{}/api/v1/auth/token", self.address);
        let answer: Value = self.http.post(url).form(&form).send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub async fn get(&self, token: &str, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.address)).bearer_auth(token);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// The figure that the demo leaves free, drafted by its clerk.
    pub async fn draft(&self) -> String {
        let staff = self.token("ktht.staff").await;
        let plan = self.get(&staff, "/api/v1/plans").await["items"][0]["id"].as_str().unwrap().to_owned();
        let items = self.get(&staff, &format!("/api/v1/plans/{plan}/items?kind=indicator&q=II.2.k")).await;
        let periods = self.get(&staff, &format!("/api/v1/plans/{plan}/periods")).await;
        let periods = periods["items"].as_array().unwrap();
        let half_year = periods.iter().find(|period| period["code"] == "2026-H1").unwrap();
        let body = json!({
            "item_id": items["items"][0]["id"], "period_id": half_year["id"],
            "numerator": 1190, "denominator": 1200
        });
        let request = self.http.post(format!("{}/api/v1/submissions", self.address)).bearer_auth(&staff);
        let draft: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        draft["id"].as_str().unwrap_or_else(|| panic!("{draft}")).to_owned()
    }

    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// Whether a program is on this machine; says so plainly where not, and fails where it is insisted on.
pub fn has(program: &str) -> bool {
    if Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        return true;
    }
    assert!(std::env::var("CCHC_TEST_REQUIRE_TOOLS").is_err(), "{program} is not on this machine");
    let line = format!("\nSKIPPED: a test needs {program}, which is not on this machine\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr");
    false
}

/// Runs a command with nothing of ours in its environment but this.
pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CCHC_")) {
        command.env_remove(name);
    }
    command.args(arguments).envs(environment.iter().copied()).stdin(Stdio::null()).output().expect("it runs")
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Starts `serve` on a free port and waits until it is ready.
pub fn serve(database: &str, key: &Path) -> (Child, String) {
    let address = free_address();
    let child = serve_on(&address, database, key, &[]);
    (child, format!("http://{address}"))
}

/// An address of this machine on which nothing listens.
pub fn free_address() -> String {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("127.0.0.1:{port}")
}

/// Starts `serve` on this address, with more in its environment.
pub fn serve_on(address: &str, database: &str, key: &Path, environment: &[(&str, &str)]) -> Child {
    Command::new(PROGRAM)
        .arg("serve")
        .env("CCHC_DATABASE_URL", database)
        .env("CCHC_SIGNING_KEY_FILE", key)
        .env("CCHC_LISTEN", address)
        .env("CCHC_DOCUMENTS_URL", format!("file://{}", key.with_file_name("documents").display()))
        .envs(environment.iter().copied())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

pub async fn is_ready(address: &str) -> bool {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..100 {
        let answer = http.get(format!("{address}/health/ready")).send().await;
        if answer.is_ok_and(|answer| answer.status() == 200) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}

pub fn key_in(directory: &Path) -> std::path::PathBuf {
    let key = directory.join("key.pem");
    std::fs::write(&key, cchc::access::token::Tokens::generate_pem().unwrap()).unwrap();
    key
}
