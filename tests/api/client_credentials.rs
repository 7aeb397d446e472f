//! Promises about what proves a machine client: its secrets, their change, its end, and where it calls from.

use cchc::{kernel::time::Clock, settings::Settings};
use serde_json::{Value, json};

use crate::support::{App, Call, Client, Reply, both_databases};

const CLIENTS: &str = "/api/v1/clients";
const NAME: &str = "one-stop-shop";

/// A client for KTHTDT with these fields more.
async fn create(app: &App, more: Value) -> Reply {
    let mut body = json!({
        "client_id": NAME, "name": "Phần mềm một cửa", "scopes": ["submissions:write"], "unit_id": app.unit("KTHTDT"),
    });
    for (field, value) in more.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    app.sign_in("admin").await.post(CLIENTS, body).await
}

fn ask_for_token(app: &App, secret: &str) -> Call {
    let fields = [("grant_type", "client_credentials"), ("client_id", NAME), ("client_secret", secret)];
    app.anonymous().form("/api/v1/auth/token", &fields)
}

async fn signed_in(app: &App, secret: &str) -> Client {
    app.with_token(ask_for_token(app, secret).await.expect(200).text_at("access_token"))
}

async fn rotate(app: &App, id: &str, body: Value) -> Reply {
    app.sign_in("admin").await.post(&format!("{CLIENTS}/{id}/rotate-secret"), body).await
}

async fn change(app: &App, id: &str, body: Value) -> Reply {
    let (admin, path) = (app.sign_in("admin").await, format!("{CLIENTS}/{id}"));
    let version = admin.get(&path).await.expect(200).version();
    admin.patch(&path, version, body).await
}

/// The newest event of a kind, as far as it says more than that.
fn last_event(app: &App, kind: &str) -> Value {
    let events = app
        .sql_texts(&format!("SELECT changes AS value FROM audit_events WHERE kind = '{kind}' ORDER BY id"));
    serde_json::from_str(events.last().expect("an event")).expect("JSON")
}

fn in_an_hour() -> String {
    Clock::real_now().plus_seconds(3600).to_string()
}

/// Every refusal at the token call reads like this one.
async fn expect_refused(app: &App, call: Call) {
    let wrong = ask_for_token(app, "wrong").await.expect(401);
    let refused = call.await.expect(401);
    assert_eq!((&refused.body, &refused["error"]), (&wrong.body, &json!("invalid_client")), "{refused}");
}

async fn an_ended_client_is_refused_at_once_and_looks_like_a_wrong_secret(app: App) {
    let created = create(&app, json!({ "expires_at": in_an_hour() })).await.expect(201);
    let secret = created.text_at("client_secret");
    let client = signed_in(&app, &secret).await;
    client.get("/api/v1/units").await.expect(200);
    let ended = change(&app, &created.id(), json!({ "expires_at": "2026-01-01T00:00:00+07:00" })).await;
    assert_eq!(ended.expect(200)["expires_at"], "2026-01-01T00:00:00+07:00");
    client.get("/api/v1/units").await.refused(401, "unauthenticated");
    expect_refused(&app, ask_for_token(&app, &secret)).await;
    ask_for_token(&app, &secret).await.expect(401);
    assert_eq!(last_event(&app, "session.refused")["refused_for"]["after"], "expired");
    let renewed = change(&app, &created.id(), json!({ "expires_at": null })).await.expect(200);
    assert_eq!(renewed["expires_at"], Value::Null);
    client.get("/api/v1/units").await.expect(200);
    ask_for_token(&app, &secret).await.expect(200);
}

async fn a_client_that_would_be_born_ended_is_refused(app: App) {
    let reply = create(&app, json!({ "expires_at": "2026-01-01T00:00:00+07:00" })).await;
    reply.refused(422, "invalid").at_field("/expires_at", "out_of_range");
    create(&app, json!({ "expires_at": "mai" })).await.refused(400, "malformed_body");
}

async fn a_client_calls_from_its_networks_only(app: App) {
    let created =
        create(&app, json!({ "allowed_networks": ["127.0.0.9/8", "2001:db8::7"] })).await.expect(201);
    assert_eq!(created["allowed_networks"], json!(["127.0.0.0/8", "2001:db8::7/128"]));
    let secret = created.text_at("client_secret");
    let client = signed_in(&app, &secret).await;
    client.get("/api/v1/units").await.expect(200);
    change(&app, &created.id(), json!({ "allowed_networks": ["192.0.2.0/24"] })).await.expect(200);
    let refused = client.get("/api/v1/units").await.refused(403, "network_not_allowed");
    assert!(refused.text_at("detail").contains("127.0.0.1"), "{refused}");
    let event = last_event(&app, "access.denied");
    assert_eq!(event["address"]["after"], "127.0.0.1", "{event}");
    expect_refused(&app, ask_for_token(&app, &secret)).await;
    ask_for_token(&app, &secret).await.expect(401);
    let event = last_event(&app, "session.refused");
    assert_eq!(
        (&event["refused_for"]["after"], &event["address"]["after"]),
        (&json!("network"), &json!("127.0.0.1"))
    );
    change(&app, &created.id(), json!({ "allowed_networks": [] })).await.expect(200);
    client.get("/api/v1/units").await.expect(200);
}

async fn what_a_caller_says_of_its_address_counts_only_from_a_trusted_proxy(app: App) {
    let created = create(&app, json!({ "allowed_networks": ["192.0.2.0/24"] })).await.expect(201);
    let secret = created.text_at("client_secret");
    // This server trusts no proxy: the header is the caller's own word.
    expect_refused(&app, ask_for_token(&app, &secret).header("X-Forwarded-For", "192.0.2.9")).await;
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let behind = app.with_settings(Settings { trusted_proxies, ..Settings::default() });
    let reply = ask_for_token(&behind, &secret).header("X-Forwarded-For", "10.0.0.1, 192.0.2.9").await;
    let token = reply.expect(200).text_at("access_token");
    let client = behind.with_token(&token);
    client.get("/api/v1/units").header("X-Forwarded-For", "192.0.2.9, 127.0.0.2").await.expect(200);
    for forged in ["192.0.2.9, 203.0.113.7", "203.0.113.7", "không rõ"] {
        let reply = client.get("/api/v1/units").header_bytes("X-Forwarded-For", forged.as_bytes()).await;
        reply.refused(403, "network_not_allowed");
        expect_refused(
            &behind,
            ask_for_token(&behind, &secret).header_bytes("X-Forwarded-For", forged.as_bytes()),
        )
        .await;
    }
    client.get("/api/v1/units").await.refused(403, "network_not_allowed");
    let direct = app.with_token(&token).get("/api/v1/units").header("X-Forwarded-For", "192.0.2.9").await;
    direct.refused(403, "network_not_allowed");
}

async fn networks_that_are_none_are_named(app: App) {
    let reply = create(&app, json!({ "allowed_networks": ["10.0.0.0/8", "10.0.0.0/40", "ở phường"] })).await;
    let reply = reply.refused(422, "invalid").at_field("/allowed_networks/1", "invalid_value");
    reply.at_field("/allowed_networks/2", "invalid_value");
    let many: Vec<String> = (0..51).map(|n| format!("10.0.{n}.0/24")).collect();
    let reply = create(&app, json!({ "allowed_networks": many })).await;
    reply.refused(422, "invalid").at_field("/allowed_networks", "out_of_range");
    assert_eq!(
        app.sql_texts("SELECT id AS value FROM clients WHERE ward_id IS NOT NULL"),
        Vec::<String>::new()
    );
}

async fn with_an_overlap_both_secrets_work_and_tokens_stay(app: App) {
    let created = create(&app, json!({})).await.expect(201);
    let (id, first) = (created.id(), created.text_at("client_secret"));
    assert_eq!(created["previous_secret_until"], Value::Null);
    let client = signed_in(&app, &first).await;
    let rotated = rotate(&app, &id, json!({ "overlap_seconds": 3600 })).await.expect(200);
    let second = rotated.text_at("client_secret");
    let until = rotated.text_at("previous_secret_until");
    assert!(until > Clock::real_now().plus_seconds(3500).to_string() && until <= in_an_hour(), "{until}");
    client.get("/api/v1/units").await.expect(200);
    for secret in [&first, &second] {
        signed_in(&app, secret).await.get("/api/v1/units").await.expect(200);
    }
    app.sql("UPDATE clients SET previous_secret_until = '2026-01-01 00:00:00' WHERE previous_secret_until IS NOT NULL");
    expect_refused(&app, ask_for_token(&app, &first)).await;
    signed_in(&app, &second).await;
    client.get("/api/v1/units").await.expect(200);
}

async fn a_further_rotation_ends_the_oldest_secret(app: App) {
    let created = create(&app, json!({})).await.expect(201);
    let (id, first) = (created.id(), created.text_at("client_secret"));
    let overlap = json!({ "overlap_seconds": 3600 });
    let second = rotate(&app, &id, overlap.clone()).await.expect(200).text_at("client_secret");
    let third = rotate(&app, &id, overlap).await.expect(200).text_at("client_secret");
    expect_refused(&app, ask_for_token(&app, &first)).await;
    let by_second = signed_in(&app, &second).await;
    signed_in(&app, &third).await;
    // The way out of an emergency: no secret and no token of before works on.
    let last = rotate(&app, &id, json!({})).await.expect(200);
    assert_eq!((&last["previous_secret_until"], last.version()), (&Value::Null, 4));
    by_second.get("/api/v1/units").await.refused(401, "unauthenticated");
    for secret in [&first, &second, &third] {
        expect_refused(&app, ask_for_token(&app, secret)).await;
    }
    signed_in(&app, &last.text_at("client_secret")).await.get("/api/v1/units").await.expect(200);
}

async fn a_rotation_says_what_is_wrong_with_its_overlap(app: App) {
    let created = create(&app, json!({})).await.expect(201);
    let (id, secret) = (created.id(), created.text_at("client_secret"));
    for seconds in [-1, 604_801] {
        let reply = rotate(&app, &id, json!({ "overlap_seconds": seconds })).await;
        reply.refused(422, "invalid").at_field("/overlap_seconds", "out_of_range");
    }
    rotate(&app, &id, json!({ "overlap": 1 })).await.refused(400, "malformed_body");
    let admin = app.sign_in("admin").await;
    let path = format!("{CLIENTS}/{id}/rotate-secret");
    admin.post_empty(&path).raw("text/plain", "3600").await.refused(415, "unsupported_media_type");
    ask_for_token(&app, &secret).await.expect(200);
    let first = admin.post(&path, json!({ "overlap_seconds": 604_800 })).key("k-1").await.expect(200);
    let replay = admin.post(&path, json!({ "overlap_seconds": 604_800 })).key("k-1").await.expect(200);
    assert_eq!((&replay["client_secret"], replay.version()), (&Value::Null, first.version()));
    admin
        .post(&path, json!({ "overlap_seconds": 1 }))
        .key("k-1")
        .await
        .refused(422, "idempotency_key_reused");
    // Sent as JSON with nothing in it, it is a call without a body.
    let rotated = admin.post_empty(&path).raw("application/json", "").await.expect(200);
    assert_eq!(rotated["previous_secret_until"], Value::Null);
}

async fn the_last_use_is_shown_and_is_no_change(app: App) {
    let created = create(&app, json!({})).await.expect(201);
    assert_eq!(created["last_used_at"], Value::Null);
    let (path, secret) = (format!("{CLIENTS}/{}", created.id()), created.text_at("client_secret"));
    let admin = app.sign_in("admin").await;
    ask_for_token(&app, "wrong").await.expect(401);
    assert_eq!(admin.get(&path).await.expect(200)["last_used_at"], Value::Null);
    let before = Clock::real_now();
    ask_for_token(&app, &secret).await.expect(200);
    let used = admin.get(&path).await.expect(200);
    assert!(used.text_at("last_used_at") >= before.to_string(), "{used}");
    assert_eq!((used.version(), used.header("ETag")), (1, "\"1\""));
    admin.get(&path).header("If-None-Match", "\"1\"").await.expect(304);
    assert_eq!(admin.get(CLIENTS).await.expect(200).items()[0]["last_used_at"], used["last_used_at"]);
    // A change that is made from an older reading keeps it.
    let changed = admin.patch(&path, 1, json!({ "name": "Một cửa" })).await.expect(200);
    assert_eq!(changed["last_used_at"], used["last_used_at"]);
}

both_databases!(
    an_ended_client_is_refused_at_once_and_looks_like_a_wrong_secret,
    a_client_that_would_be_born_ended_is_refused,
    a_client_calls_from_its_networks_only,
    what_a_caller_says_of_its_address_counts_only_from_a_trusted_proxy,
    networks_that_are_none_are_named,
    with_an_overlap_both_secrets_work_and_tokens_stay,
    a_further_rotation_ends_the_oldest_secret,
    a_rotation_says_what_is_wrong_with_its_overlap,
    the_last_use_is_shown_and_is_no_change,
);
