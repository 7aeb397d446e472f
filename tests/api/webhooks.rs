//! Promises about webhooks themselves: who has them, where they may lead, and what their secrets are.

use cchc::{access::actor::Scope, settings::Settings, webhooks::worker::Worker};
use serde_json::{Value, json};

use crate::support::{App, Client, Receiver, Reply, both_databases};

pub const WEBHOOKS: &str = "/api/v1/webhooks";

/// The operator lets receivers be on loopback, where those of tests are.
pub fn near() -> Settings {
    Settings { webhook_networks: vec!["127.0.0.0/8".parse().unwrap()], ..Settings::default() }
}

/// A client that drafts for this unit of Long Mỹ.
pub fn writer(app: &App, unit: &str) -> Client {
    let name = format!("writer-{}", unit.to_lowercase());
    app.add_client(&name, Some("long-my"), Some(unit), &[Scope::SubmissionsWrite])
}

/// A client that reads the published figures of Long Mỹ.
pub fn reader(app: &App) -> Client {
    app.add_client("ward-dashboard", Some("long-my"), None, &[Scope::ResultsRead])
}

pub async fn subscribe(client: &Client, url: &str, kinds: &[&str]) -> Reply {
    client.post(WEBHOOKS, json!({ "url": url, "kinds": kinds })).await
}

/// Delivers until nothing is due; says how many attempts that took.
pub async fn deliver(app: &App) -> usize {
    let worker = Worker::new(app.services.clone()).unwrap();
    let mut attempts = 0;
    loop {
        match worker.deliver_due().await.unwrap() {
            0 => return attempts,
            more => attempts += more,
        }
    }
}

/// The path of a webhook that was just made.
pub fn path_of(webhook: &Reply) -> String {
    format!("{WEBHOOKS}/{}", webhook.id())
}

async fn a_client_manages_its_own_webhooks_and_sees_the_secret_once(app: App) {
    let app = app.with_settings(near());
    let client = writer(&app, "KTHTDT");
    let made = subscribe(&client, "http://127.0.0.1:9/x", &["submission.approved"]).await.expect(201);
    let secret = made.text_at("secret");
    assert!(secret.starts_with("whsec_"), "{made}");
    assert_eq!((made.version(), made.header("Location")), (1, path_of(&made).as_str()));
    let read = client.get(&path_of(&made)).await.expect(200);
    assert!(read.body.get("secret").is_none(), "{read}");
    assert_eq!(client.get(WEBHOOKS).await.expect(200).items().len(), 1);
    for (table, rows) in app.rows(&[]) {
        assert!(!rows.join("").contains(&secret), "{table} keeps the secret");
    }
    client.patch(&path_of(&made), None, json!({ "active": false })).await.refused(428, "if_match_required");
    client.patch(&path_of(&made), 7, json!({ "active": false })).await.refused(412, "version_stale");
    let change = json!({ "active": false, "kinds": ["plan.issued"] });
    let changed = client.patch(&path_of(&made), 1, change).await.expect(200);
    assert_eq!((&changed["active"], &changed["kinds"]), (&json!(false), &json!(["plan.issued"])));
    client.delete(&path_of(&made), 1).await.refused(412, "version_stale");
    client.delete(&path_of(&made), 2).await.expect(204);
    client.get(&path_of(&made)).await.refused(404, "not_found");
    let kinds =
        app.sql_texts("SELECT kind AS value FROM audit_events WHERE kind LIKE 'webhook.%' ORDER BY seq");
    assert_eq!(kinds, ["webhook.created", "webhook.changed", "webhook.deleted"]);
}

async fn a_replay_of_the_creation_has_no_secret(app: App) {
    let client = reader(&app);
    let body = json!({ "url": "https://1.1.1.1/x", "kinds": ["publication.published"] });
    let first = client.post(WEBHOOKS, &body).key("k-1").await.expect(201);
    let replay = client.post(WEBHOOKS, &body).key("k-1").await.expect(201);
    assert_eq!((replay.id(), &replay["secret"]), (first.id(), &Value::Null));
    assert_eq!(client.get(WEBHOOKS).await.expect(200).items().len(), 1);
}

async fn the_administrator_makes_them_for_clients_of_the_ward(app: App) {
    let (admin, client) = (app.sign_in("admin").await, reader(&app));
    let find = "SELECT id AS value FROM clients WHERE client_id = 'ward-dashboard'";
    let mut body = json!({ "url": "https://1.1.1.1/x", "kinds": ["plan.closed"] });
    admin.post(WEBHOOKS, &body).await.refused(422, "invalid").at_field("/client_id", "required");
    body["client_id"] =
        json!(app.sql_text("SELECT id AS value FROM clients WHERE client_id = 'city-portal'"));
    admin.post(WEBHOOKS, &body).await.refused(422, "invalid").at_field("/client_id", "unknown_reference");
    body["client_id"] = json!(app.sql_text(find));
    let made = admin.post(WEBHOOKS, &body).await.expect(201);
    client.get(&path_of(&made)).await.expect(200);
    // A client makes none for others.
    writer(&app, "HCC").post(WEBHOOKS, &body).await.refused(422, "invalid");
    let auditor = app.sign_in("auditor").await;
    auditor.get(&path_of(&made)).await.expect(200);
    auditor.post_empty(&format!("{}/ping", path_of(&made))).await.refused(403, "forbidden");
    app.sign_in("leader").await.get(WEBHOOKS).await.refused(403, "forbidden");
}

async fn a_webhook_is_known_to_its_client_and_its_ward_alone(app: App) {
    let city = app.city_portal().await;
    let (one, other) = (writer(&app, "KTHTDT"), writer(&app, "HCC"));
    let url = "https://1.1.1.1/x";
    let ours = subscribe(&one, url, &["submission.approved"]).await.expect(201);
    let citys = subscribe(&city, url, &["publication.published"]).await.expect(201);
    let ping = one.post_empty(&format!("{}/ping", path_of(&ours))).await.expect(201);
    let delivery = ping.header("Location").to_owned();
    let foreigner = app.add_client("foreign", Some("long-binh"), None, &[Scope::ResultsRead]);
    for client in [&other, &city, &foreigner] {
        client.get(&path_of(&ours)).await.refused(404, "not_found");
        client.get(&format!("{}/deliveries", path_of(&ours))).await.refused(404, "not_found");
        client.get(&delivery).await.refused(404, "not_found");
        client.post_empty(&format!("{delivery}/redeliver")).await.refused(404, "not_found");
        client.post_empty(&format!("{}/ping", path_of(&ours))).await.refused(404, "not_found");
        client.delete(&path_of(&ours), 1).await.refused(404, "not_found");
        assert!(!client.get(WEBHOOKS).await.expect(200).text.contains(&ours.id()));
    }
    let admin = app.sign_in("admin").await;
    assert_eq!(admin.get(WEBHOOKS).await.expect(200).items().len(), 1);
    admin.get(&delivery).await.expect(200);
    admin.get(&path_of(&citys)).await.refused(404, "not_found");
}

async fn nobody_asks_for_what_the_scopes_do_not_open(app: App) {
    let url = "https://1.1.1.1/x";
    let city = app.city_portal().await;
    for (client, kinds) in [
        (&city, json!(["publication.published", "plan.issued"])),
        (&reader(&app), json!(["plan.issued", "submission.approved"])),
        (&writer(&app, "KTHTDT"), json!(["submission.approved", "publication.published"])),
        (&city, json!(["publication.withdrawn", "ping"])),
    ] {
        let reply = client.post(WEBHOOKS, json!({ "url": url, "kinds": kinds })).await;
        reply.refused(422, "invalid").at_field("/kinds/1", "not_applicable_here");
    }
    subscribe(&city, url, &[]).await.refused(422, "invalid").at_field("/kinds", "required");
    let twice = ["publication.published", "publication.published"];
    subscribe(&city, url, &twice).await.refused(422, "invalid").at_field("/kinds/1", "duplicate_row");
    subscribe(&city, url, &["everything"]).await.refused(400, "malformed_body");
}

async fn receivers_in_private_networks_are_refused(app: App) {
    let client = reader(&app);
    let kinds = ["publication.published"];
    for (url, code) in [
        ("https://127.0.0.1/x", "address_not_allowed"),
        ("https://2130706433/x", "address_not_allowed"),
        ("https://[::ffff:10.0.0.1]/x", "address_not_allowed"),
        ("https://169.254.169.254/latest/meta-data", "address_not_allowed"),
        // By the answer of the name service.
        ("https://localhost/x", "address_not_allowed"),
        ("http://1.1.1.1/x", "invalid_url"),
        ("https://user:secret@1.1.1.1/x", "invalid_url"),
        ("ftp://1.1.1.1/x", "invalid_url"),
        ("1.1.1.1", "invalid_url"),
    ] {
        subscribe(&client, url, &kinds).await.refused(422, "invalid").at_field("/url", code);
    }
    let made = subscribe(&client, "https://1.1.1.1/x", &kinds).await.expect(201);
    let change = json!({ "url": "https://192.168.1.1/x" });
    let reply = client.patch(&path_of(&made), 1, change).await;
    reply.refused(422, "invalid").at_field("/url", "address_not_allowed");
    // What the operator allows is allowed, and nothing else.
    let near = app.with_settings(near());
    let client = reader(&near);
    subscribe(&client, "http://localhost:9/x", &kinds).await.expect(201);
    let reply = subscribe(&client, "http://10.0.0.1/x", &kinds).await;
    reply.refused(422, "invalid").at_field("/url", "address_not_allowed");
}

async fn a_client_has_a_bounded_number(app: App) {
    let client = reader(&app);
    for n in 0..20 {
        let url = format!("https://1.1.1.1/{n}");
        subscribe(&client, &url, &["plan.issued"]).await.expect(201);
    }
    let reply = subscribe(&client, "https://1.1.1.1/more", &["plan.issued"]).await;
    reply.refused(409, "too_many_webhooks");
    let page = client.get(&format!("{WEBHOOKS}?limit=15")).await.expect(200);
    let cursor = page.text_at("next_cursor");
    let rest = client.get(&format!("{WEBHOOKS}?limit=15&cursor={cursor}")).await.expect(200);
    assert_eq!((page.items().len(), rest.items().len()), (15, 5));
}

async fn a_deleted_client_takes_its_webhooks_along(app: App) {
    let app = app.with_settings(near());
    let (client, receiver) = (reader(&app), Receiver::start());
    let made = subscribe(&client, &receiver.url("/"), &["publication.published"]).await.expect(201);
    client.post_empty(&format!("{}/ping", path_of(&made))).await.expect(201);
    let id = app.sql_text("SELECT id AS value FROM clients WHERE client_id = 'ward-dashboard'");
    let admin = app.sign_in("admin").await;
    admin.delete(&format!("/api/v1/clients/{id}"), 1).await.expect(204);
    admin.get(&path_of(&made)).await.refused(404, "not_found");
    assert_eq!((deliver(&app).await, receiver.received().len()), (0, 0));
}

async fn both_secrets_sign_during_the_overlap(app: App) {
    let app = app.with_settings(near());
    let (client, receiver) = (reader(&app), Receiver::start());
    let made = subscribe(&client, &receiver.url("/"), &["plan.issued"]).await.expect(201);
    let (path, old) = (path_of(&made), made.text_at("secret"));
    let ping = |app: &App| reader(app).post_empty(&format!("{path}/ping"));
    let rotate = format!("{path}/rotate-secret");
    let too_long = json!({ "overlap_seconds": 604_801 });
    let reply = client.post(&rotate, too_long).await;
    reply.refused(422, "invalid").at_field("/overlap_seconds", "out_of_range");
    client.post(&rotate, json!({})).if_match(9).await.refused(412, "version_stale");
    let rotated = client.post(&rotate, json!({})).key("k-1").await.expect(200);
    let new = rotated.text_at("secret");
    assert_ne!(old, new);
    assert_eq!(client.post(&rotate, json!({})).key("k-1").await.expect(200)["secret"], Value::Null);
    ping(&app).await.expect(201);
    deliver(&app).await;
    // A day later the old one has run out.
    let later = app.at("2026-06-16T08:05:00+07:00");
    ping(&later).await.expect(201);
    deliver(&later).await;
    // What leaked ends at once.
    let last = client.post(&rotate, json!({ "overlap_seconds": 0 })).await.expect(200).text_at("secret");
    ping(&app).await.expect(201);
    deliver(&app).await;
    let signed: Vec<_> = receiver
        .received()
        .iter()
        .map(|call| [&old, &new, &last].map(|secret| call.is_signed_with(secret)))
        .collect();
    assert_eq!(signed, [[true, true, false], [false, true, false], [false, false, true]]);
}

both_databases!(
    a_client_manages_its_own_webhooks_and_sees_the_secret_once,
    a_replay_of_the_creation_has_no_secret,
    the_administrator_makes_them_for_clients_of_the_ward,
    a_webhook_is_known_to_its_client_and_its_ward_alone,
    nobody_asks_for_what_the_scopes_do_not_open,
    receivers_in_private_networks_are_refused,
    a_client_has_a_bounded_number,
    a_deleted_client_takes_its_webhooks_along,
    both_secrets_sign_during_the_overlap,
);
