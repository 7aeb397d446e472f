//! Every reading operation as everybody who may, with each filter and order; every change; every job.

use std::collections::BTreeSet;

use cchc::{documents::filing, settings::Settings, webhooks::worker::Worker};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    callers::callers,
    calls,
    document::{self, Operation, operations},
    recipes,
    record::{self, Seen},
    support::{App, Client, DEMO_PASSWORD, Receiver, Reply},
};

/// What needs an identity provider; tests/process/sso.rs has one, and reads its rows by their keys.
const NEEDS_PROVIDER: &[&str] = &["/api/v1/auth/sso", "/api/v1/auth/sso/callback"];

/// How many statements a call needed.
pub struct Count {
    call: String,
    statements: usize,
    /// Of the same call for a page of two, where this one is of fifty.
    of_two: Option<usize>,
}

impl Count {
    /// What is wrong with it.
    pub fn fault(&self) -> Option<String> {
        let Self { call, statements, of_two } = self;
        let several = crate::SEVERAL_LISTS.iter().find(|(path, ..)| call.starts_with(path));
        if *statements > several.map_or(crate::MOST_STATEMENTS, |(_, most, _)| *most) {
            return Some(format!("{call}: {statements} statements"));
        }
        let few = of_two.filter(|few| few + crate::MORE_KINDS < *statements)?;
        Some(format!("{call}: {statements} statements, but {few} for a page of two"))
    }
}

/// One walk over all that only reads.
struct Walk<'a> {
    app: &'a App,
    seen: &'a mut Seen,
    counts: Vec<Count>,
    /// The calls that somebody was answered.
    shown: BTreeSet<String>,
    /// The calls that somebody was refused because it is not theirs to see, and who.
    hidden: Vec<(String, String)>,
    /// Refusals that show that the call is wrong, or the server.
    failed: Vec<String>,
}

/// Brings rows into being for which a call needs samples; gives the reading operations and their paths.
pub async fn lay_out(app: &App) -> Vec<(Operation, String)> {
    let mut reads = Vec::new();
    for operation in operations() {
        let path = calls::prepare(app, &operation).await.path;
        if operation.method == Method::GET && !NEEDS_PROVIDER.contains(&operation.path.as_str()) {
            reads.push((operation, path));
        }
    }
    reads
}

/// Makes every reading call; panics by name where nobody was answered, for it then shows nothing.
pub async fn read_everything(app: &App, reads: &[(Operation, String)], seen: &mut Seen) -> Vec<Count> {
    let (shown, hidden, failed) = Default::default();
    let mut walk = Walk { app, seen, counts: Vec::new(), shown, hidden, failed };
    for (operation, path) in reads {
        walk.read(operation, path).await;
    }
    let Walk { counts, shown, hidden, mut failed, .. } = walk;
    // What is not one caller's to see must be another's.
    failed.extend(hidden.into_iter().filter(|(path, _)| !shown.contains(path)).map(|(_, refusal)| refusal));
    assert!(failed.is_empty(), "calls that were refused:\n{}", failed.join("\n"));
    counts
}

impl Walk<'_> {
    async fn read(&mut self, operation: &Operation, path: &str) {
        let all = callers(self.app, operation).await;
        for (who, client) in &all {
            self.call(client, path, who).await;
        }
        let names = operation.query();
        // Who sees most, and who sees least; the others' queries are like one of theirs.
        for at in [0, all.len() - 1] {
            let (who, client) = &all[at];
            if names.contains(&"limit") {
                self.page(client, path, who, names.contains(&"cursor")).await;
            }
            for name in names.iter().filter(|name| !matches!(**name, "limit" | "cursor")) {
                for value in values(self.app, operation, name) {
                    let path = with(&without(path, name), name, &value);
                    self.call(client, &path, who).await;
                }
            }
        }
    }

    async fn call(&mut self, client: &Client, path: &str, who: &str) -> (Reply, usize) {
        record::take(self.app);
        let reply = client.get(path).await;
        let call = format!("GET {path} by {who}");
        let statements = self.seen.add(self.app, &call);
        let refusal = || format!("{call}: {} {}", reply.status, reply.text);
        match reply.status {
            403 | 404 => self.hidden.push((path.to_owned(), refusal())),
            400.. => self.failed.push(refusal()),
            _ => _ = self.shown.insert(path.to_owned()),
        }
        self.counts.push(Count { call, statements, of_two: None });
        (reply, statements)
    }

    async fn page(&mut self, client: &Client, path: &str, who: &str, has_cursor: bool) {
        let (few, of_two) = self.call(client, &with(path, "limit", "2"), who).await;
        self.call(client, &with(path, "limit", "50"), who).await;
        if let Some(last) = self.counts.last_mut() {
            last.of_two = Some(of_two);
        }
        if let (true, Some(cursor)) = (has_cursor, few["next_cursor"].as_str()) {
            self.call(client, &with(&with(path, "limit", "2"), "cursor", cursor), who).await;
        }
    }
}

fn with(path: &str, name: &str, value: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}{name}={value}")
}

/// The path without this parameter, for another value takes its place.
fn without(path: &str, name: &str) -> String {
    let Some((before, query)) = path.split_once('?') else { return path.to_owned() };
    let others = query.split('&').filter(|pair| pair.split('=').next() != Some(name));
    let others = others.collect::<Vec<_>>().join("&");
    if others.is_empty() { before.to_owned() } else { format!("{before}?{others}") }
}

/// What to send as this parameter.
fn values(app: &App, operation: &Operation, name: &str) -> Vec<String> {
    let is_public = operation.path.starts_with("/public/");
    let parameters = operation.raw["parameters"].as_array().into_iter().flatten();
    let mut named = parameters.filter(|one| one["name"] == name && one["in"] == "query");
    let schema = named.next().map_or(&Value::Null, |one| document::resolve(&one["schema"]));
    if let Some(all) = schema["enum"].as_array() {
        return all.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    if schema["type"] == "boolean" {
        return vec!["true".to_owned(), "false".to_owned()];
    }
    let value = match name {
        "q" => return vec!["ho".to_owned(), "h".to_owned()],
        "unit" => app.unit("KTHTDT"),
        "plan" => app.plan(),
        "item" if is_public => "II.2.k".to_owned(),
        "item" => app.item("II.2.k", "indicator"),
        "period" if is_public => "2026-Q1".to_owned(),
        "period" if operation.path.starts_with("/api/v1/plans/") => "2026-Q1".to_owned(),
        "period" => app.period("2026-Q1"),
        "submission" | "subject_id" => app.submission("II.2.k", "2026-Q1", "KTHTDT"),
        "actor_id" => app.account("leader"),
        "parent_id" => app.sql_text(&format!(
            "SELECT parent_id AS value FROM plan_items WHERE id = '{}'",
            app.item("II.2.k", "indicator")
        )),
        "kind" => "submission.submitted".to_owned(),
        "ward" => "long-my".to_owned(),
        "year" | "from_year" | "to_year" => "2026".to_owned(),
        "as_of" => "2026-06-15".to_owned(),
        "updated_since" => "2026-01-01T00:00:00Z".to_owned(),
        // These say nothing without another.
        "expected_denominator" => "20000&item=II.2.k".to_owned(),
        "number" => "1&period=2026-Q1".to_owned(),
        "wait" => "0".to_owned(),
        "after" => return Vec::new(),
        other => panic!("say in tests/plans/walk.rs what to send as ?{other}= to {}", operation.key()),
    };
    vec![value]
}

/// Makes every change once, each on a fresh database.
pub async fn make_changes(app: &App, seen: &mut Seen) {
    for operation in recipes::changes() {
        let app = app.another();
        let call = recipes::prepare_change(&app, &operation).await;
        record::take(&app);
        let send = || call.by(&call.client);
        let reply = if operation.is_oauth() { send().await } else { send().key("once").await };
        assert!(reply.is_success(), "{} must succeed for its recipe\n{reply}", operation.key());
        seen.add(&app, &operation.key());
        if !operation.is_oauth() && call.media_type.starts_with("application/json") {
            send().key("once").await;
            seen.add(&app, &format!("{} again", operation.key()));
        }
    }
}

/// The whole way of a figure, sessions, and what runs beside requests.
pub async fn run_jobs(app: &App, seen: &mut Seen) {
    let near = Settings {
        webhook_networks: vec!["127.0.0.0/8".parse().unwrap()],
        metrics_token: Some(SecretString::from("a-token-of-the-watching-kind".to_owned())),
        ..Settings::default()
    };
    let app = app.another().with_settings(near);
    let receiver = Receiver::start();
    let hook = json!({ "url": receiver.url("/"), "kinds": ["submission.submitted", "submission.approved"] });
    let system = app.add_client("plans-hook", Some("long-my"), Some("KTHTDT"), cchc::access::Scope::ALL);
    system.post("/api/v1/webhooks", hook).await.expect(201);
    record::take(&app);
    let submission = app.carry_free_figure_to("approved").await;
    seen.add(&app, "a figure's way to its approval");
    let leader = app.sign_in("leader").await;
    app.decide(&leader, &submission, "reopen").await;
    seen.add(&app, "a reopened figure");
    let worker = Worker::new(app.services.clone()).unwrap();
    while worker.deliver_due().await.unwrap() > 0 {}
    seen.add(&app, "the delivery of webhooks");
    assert_eq!(receiver.taken().len(), 2);
    worker.sweep().await.unwrap();
    filing::sweep(&app.services, 0).await.unwrap();
    seen.add(&app, "the sweeps");
    app.with_token("a-token-of-the-watching-kind").get("/metrics").await.expect(200);
    seen.add(&app, "GET /metrics");
    go_in_and_out(&app, seen).await;
}

async fn go_in_and_out(app: &App, seen: &mut Seen) {
    let nobody = app.anonymous();
    let sign_in = |password: &'static str| {
        let fields = [("grant_type", "password"), ("username", "ktht.staff"), ("password", password)];
        nobody.form("/api/v1/auth/token", &fields)
    };
    sign_in("sai-mat-khau").await.expect(400);
    let tokens = sign_in(DEMO_PASSWORD).await.expect(200);
    let refresh = tokens.text_at("refresh_token");
    for _ in 0..2 {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        nobody.form("/api/v1/auth/token", &fields).await;
    }
    app.city_portal().await;
    seen.add(app, "sessions");
}
