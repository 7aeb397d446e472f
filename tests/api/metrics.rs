//! Promises about the figures for operators: who may read them, what they count, and that a scrape is always answered.

use std::sync::mpsc;

use cchc::{db::Scope, settings::Settings};
use secrecy::SecretString;
use serde_json::json;

use super::webhooks::{deliver, near, subscribe, writer};
use crate::support::{App, Receiver, both_databases};

const TOKEN: &str = "a-token-of-the-watching-kind";

fn watched(settings: Settings) -> Settings {
    Settings { metrics_token: Some(SecretString::from(TOKEN.to_owned())), ..settings }
}

async fn scrape(app: &App) -> String {
    let page = app.with_token(TOKEN).get("/metrics").await.expect(200);
    assert_eq!(page.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    page.text
}

#[track_caller]
fn has(page: &str, line: &str) {
    assert!(page.lines().any(|one| one == line), "no {line} in\n{page}");
}

async fn metrics_are_for_whoever_holds_their_token(app: App) {
    app.with_token(TOKEN).get("/metrics").await.refused(404, "not_found");
    let app = app.with_settings(watched(Settings::default()));
    let refused = app.anonymous().get("/metrics").await.refused(401, "unauthenticated");
    assert!(!refused.header("WWW-Authenticate").is_empty());
    for wrong in ["", "a-token-of-the-watching-kin", "a-token-of-the-watching-kind2"] {
        app.with_token(wrong).get("/metrics").await.refused(401, "unauthenticated");
    }
    app.sign_in("leader").await.get("/metrics").await.refused(401, "unauthenticated");
    let basic = format!("Basic {TOKEN}");
    app.anonymous().get("/metrics").header("Authorization", &basic).await.refused(401, "unauthenticated");
    app.with_token(TOKEN).post("/metrics", json!({})).await.refused(404, "not_found");
    assert!(scrape(&app).await.contains("# TYPE http_requests_total counter"));
}

async fn requests_are_counted_by_route_never_by_path(app: App) {
    let app = app.with_settings(watched(Settings::default()));
    let leader = app.sign_in("leader").await;
    let unit = leader.get("/api/v1/units").await.expect(200).items()[0]["id"].as_str().unwrap().to_owned();
    leader.get(&format!("/api/v1/units/{unit}")).await.expect(200);
    for number in 0..3 {
        app.anonymous().get(&format!("/wp-admin/{number}.php")).await.refused(404, "not_found");
    }
    leader.post_empty("/api/v1/me").await.refused(405, "method_not_allowed");
    app.anonymous().get("/swagger-ui/").await.expect(200);
    let page = scrape(&app).await;
    has(&page, "http_requests_total{method=\"GET\",route=\"/api/v1/units/{id}\",status=\"200\"} 1");
    has(&page, "http_request_duration_seconds_count{method=\"GET\",route=\"/api/v1/units/{id}\"} 1");
    has(&page, "http_requests_total{method=\"ANY\",route=\"unknown\",status=\"404\"} 3");
    has(&page, "http_requests_total{method=\"ANY\",route=\"unknown\",status=\"405\"} 1");
    has(&page, "http_requests_total{method=\"GET\",route=\"pages\",status=\"200\"} 1");
    has(&page, "http_requests_in_flight 1");
    assert!(!page.contains("wp-admin") && !page.contains(&unit), "{page}");
}

async fn sign_ins_are_counted_by_outcome_and_name_nobody(app: App) {
    let app = app.with_settings(watched(Settings::default()));
    let form = |fields: Vec<(&'static str, &'static str)>| {
        let caller = app.anonymous();
        async move { caller.form("/api/v1/auth/token", &fields).await }
    };
    app.sign_in("ktht.staff").await;
    let wrong = vec![("grant_type", "password"), ("username", "ktht.head"), ("password", "wrong")];
    form(wrong).await.expect(400);
    form(vec![("grant_type", "telepathy")]).await.expect(400);
    let page = scrape(&app).await;
    has(&page, "cchc_sign_ins_total{grant=\"password\",outcome=\"granted\"} 1");
    has(&page, "cchc_sign_ins_total{grant=\"password\",outcome=\"refused\"} 1");
    has(&page, "cchc_sign_ins_total{grant=\"other\",outcome=\"refused\"} 1");
    for secret in ["ktht", "telepathy", "wrong"] {
        assert!(!page.contains(secret), "{secret} in\n{page}");
    }
}

async fn the_outbox_shows_what_waits_and_what_was_delivered(app: App) {
    let app = app.with_settings(watched(near()));
    let receiver = Receiver::start();
    let client = writer(&app, "KTHTDT");
    let kinds = ["submission.submitted", "submission.verified"];
    subscribe(&client, &receiver.url("/"), &kinds).await.expect(201);
    receiver.answer(503, "");
    app.carry_free_figure_to("verified").await;
    assert_eq!(deliver(&app).await, 1);
    let page = scrape(&app).await;
    has(&page, "cchc_db_up 1");
    has(&page, "cchc_outbox_waiting 2");
    has(&page, "cchc_outbox_dead 0");
    has(&page, "cchc_webhook_attempts_total{outcome=\"retried\"} 1");
    let events: u64 = page
        .lines()
        .find_map(|line| line.strip_prefix("cchc_audit_events_total "))
        .and_then(|count| count.parse().ok())
        .unwrap_or_default();
    assert_eq!(events, u64::try_from(app.rows_of("audit_events").len()).unwrap());
    receiver.answer(204, "");
    let later = app.at("2026-06-15T09:00:00+07:00");
    deliver(&later).await;
    // Another server reads anew, with counters of its own.
    let page = scrape(&later).await;
    has(&page, "cchc_outbox_waiting 0");
    has(&page, "cchc_outbox_oldest_seconds 0");
    has(&page, "cchc_webhook_attempts_total{outcome=\"delivered\"} 2");
}

async fn a_scrape_is_answered_when_no_connection_is_free(app: App) {
    let app = app.with_settings(watched(Settings::default()));
    let (let_go, held) = (mpsc::channel::<()>(), mpsc::channel::<()>());
    let (let_go, wait) = let_go;
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let pool = app.services.db.state().pools.pop().unwrap();
    let holders: Vec<_> = (0..pool.max)
        .map(|_| {
            let (db, wait, taken) = (app.services.db.clone(), wait.clone(), held.0.clone());
            std::thread::spawn(move || {
                db.read_blocking(Scope::All, |_| {
                    taken.send(()).unwrap();
                    // Ends when the other end is dropped.
                    let _ = wait.lock().unwrap().recv();
                    Ok(())
                })
            })
        })
        .collect();
    for _ in 0..pool.max {
        held.1.recv().unwrap();
    }
    let page = scrape(&app).await;
    has(&page, "cchc_db_up 0");
    has(&page, &format!("cchc_db_connections{{pool=\"{}\",state=\"busy\"}} {}", pool.name, pool.max));
    has(&page, &format!("cchc_db_waiting{{pool=\"{}\"}} 1", pool.name));
    assert!(!page.contains("\ncchc_outbox_waiting "), "what is not known is not told\n{page}");
    drop(let_go);
    for holder in holders {
        holder.join().unwrap().unwrap();
    }
}

both_databases!(
    metrics_are_for_whoever_holds_their_token,
    requests_are_counted_by_route_never_by_path,
    sign_ins_are_counted_by_outcome_and_name_nobody,
    the_outbox_shows_what_waits_and_what_was_delivered,
    a_scrape_is_answered_when_no_connection_is_free,
);
