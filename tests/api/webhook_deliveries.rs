//! Promises about delivering: signed, in order, once each by id, again until it arrives, and never twice at once.

use std::{collections::BTreeMap, time::Duration};

use cchc::webhooks::worker::{Worker, deliver_until};
use serde_json::json;

use super::webhooks::{deliver, near, path_of, reader, subscribe, writer};
use crate::support::{App, Receiver, Reply, both_databases};

const MOVES: &[&str] =
    &["submission.submitted", "submission.verified", "submission.endorsed", "submission.approved"];

/// A webhook of KTHTDT's own system.
async fn listen(app: &App, receiver: &Receiver) -> Reply {
    subscribe(&writer(app, "KTHTDT"), &receiver.url("/"), MOVES).await.expect(201)
}

/// Its deliveries, oldest first.
async fn log(app: &App, webhook: &Reply) -> Vec<serde_json::Value> {
    let list = writer(app, "KTHTDT").get(&format!("{}/deliveries", path_of(webhook))).await.expect(200);
    list.items().iter().rev().cloned().collect()
}

async fn a_receiver_verifies_what_it_gets(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    let webhook = listen(&app, &receiver).await;
    let secret = webhook.text_at("secret");
    app.carry_free_figure_to("submitted").await;
    assert_eq!(deliver(&app).await, 1);
    let call = receiver.received().remove(0);
    assert!(call.is_signed_with(&secret));
    assert_eq!(call.header("content-type"), "application/json");
    let mut forged = call.clone();
    forged.body = forged.body.replace("submitted", "approved");
    assert!(!forged.is_signed_with(&secret));
    let entry = log(&app, &webhook).await.remove(0);
    assert_eq!((&entry["state"], &entry["attempts"]), (&json!("delivered"), &json!(1)));
    assert_eq!(entry["event_id"], call.id());
    let path = format!("/api/v1/webhook-deliveries/{}", entry["id"].as_str().unwrap());
    let detail = writer(&app, "KTHTDT").get(&path).await.expect(200);
    assert_eq!(detail["payload"], call.json());
    assert_eq!((&detail["log"][0]["status"], &detail["log"][0]["error"]), (&json!(204), &json!(null)));
    assert_eq!(deliver(&app).await, 0, "what was taken is not sent again");
}

async fn a_receiver_that_was_down_for_an_hour_gets_every_event_once_and_in_order(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    let webhook = listen(&app, &receiver).await;
    receiver.answer(503, "");
    app.carry_free_figure_to("approved").await;
    assert_eq!(deliver(&app).await, 1, "the first holds back the others of its queue");
    let entries = log(&app, &webhook).await;
    assert_eq!((&entries[0]["last_status"], &entries[0]["last_error"]), (&json!(503), &json!("status")));
    assert!(entries.iter().all(|entry| entry["state"] == "pending"), "{entries:?}");
    assert_eq!(deliver(&app).await, 0, "no hurry");
    deliver(&app.at("2026-06-15T08:10:00+07:00")).await;
    assert_eq!(receiver.taken(), Vec::<String>::new());
    receiver.answer(200, "");
    deliver(&app.at("2026-06-15T09:05:00+07:00")).await;
    assert_eq!(receiver.taken(), MOVES);
    let mut ids: Vec<String> = receiver.received().iter().map(|call| call.id().to_owned()).collect();
    let repeated = ids.remove(0);
    assert!(ids.contains(&repeated), "each retry has the id of the first attempt");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), MOVES.len());
    assert!(log(&app, &webhook).await.iter().all(|entry| entry["state"] == "delivered"));
}

async fn nobody_listening_is_a_failure_like_any_other(app: App) {
    let app = app.with_settings(near());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/");
    let webhook = subscribe(&writer(&app, "KTHTDT"), &url, MOVES).await.expect(201);
    app.carry_free_figure_to("submitted").await;
    assert_eq!(deliver(&app).await, 1);
    let entry = log(&app, &webhook).await.remove(0);
    assert_eq!((&entry["state"], &entry["last_error"]), (&json!("pending"), &json!("unreachable")));
}

async fn a_failing_receiver_holds_up_no_other(app: App) {
    let app = app.with_settings(near());
    let (bad, good) = (Receiver::start(), Receiver::start());
    listen(&app, &bad).await;
    listen(&app, &good).await;
    bad.answer(500, "");
    app.carry_free_figure_to("verified").await;
    deliver(&app).await;
    assert_eq!((bad.received().len(), good.taken().len()), (1, 2));
}

async fn two_workers_never_deliver_one_event_at_the_same_time(app: App) {
    let app = app.with_settings(near());
    let other = app.beside(app.services.clock);
    let receiver = Receiver::start();
    receiver.take_time(Duration::from_millis(30));
    let client = writer(&app, "KTHTDT");
    for n in 0..6 {
        subscribe(&client, &receiver.url(&format!("/{n}")), MOVES).await.expect(201);
    }
    app.carry_free_figure_to("approved").await;
    let (one, two) = tokio::join!(deliver(&app), deliver(&other));
    assert!(!receiver.saw_double(), "the same event twice at once");
    assert_eq!(one + two, 24, "{one} and {two}");
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for call in receiver.received() {
        *times.entry(call.id().to_owned()).or_default() += 1;
    }
    assert_eq!(times.values().copied().collect::<Vec<_>>(), [6; 4], "each event once for each webhook");
}

async fn the_lease_of_a_dead_worker_runs_out(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    listen(&app, &receiver).await;
    app.carry_free_figure_to("submitted").await;
    app.sql("UPDATE webhook_deliveries SET leased_by = 'a dead one', leased_until = '2099-01-01 00:00:00'");
    assert_eq!(deliver(&app).await, 0);
    app.sql("UPDATE webhook_deliveries SET leased_until = '2020-01-01 00:00:00'");
    assert_eq!((deliver(&app).await, receiver.taken().len()), (1, 1));
}

async fn redirects_are_not_followed(app: App) {
    let app = app.with_settings(near());
    let (receiver, inside) = (Receiver::start(), Receiver::start());
    let webhook = listen(&app, &receiver).await;
    receiver.answer(307, &inside.url("/"));
    app.carry_free_figure_to("submitted").await;
    deliver(&app).await;
    assert_eq!((receiver.received().len(), inside.received().len()), (1, 0));
    let entry = log(&app, &webhook).await.remove(0);
    assert_eq!((&entry["last_status"], &entry["last_error"]), (&json!(307), &json!("redirect")));
}

async fn the_address_is_judged_again_at_each_attempt(app: App) {
    let near = app.with_settings(near());
    let receiver = Receiver::start();
    let by_name = format!("http://localhost:{}/", receiver.port());
    let client = writer(&near, "KTHTDT");
    for url in [by_name, receiver.url("/")] {
        subscribe(&client, &url, MOVES).await.expect(201);
    }
    near.carry_free_figure_to("submitted").await;
    // The operator allows nothing any more.
    assert_eq!(deliver(&app).await, 2);
    assert_eq!(receiver.received().len(), 0);
    let errors = app.sql_texts("SELECT last_error AS value FROM webhook_deliveries");
    assert_eq!(errors, ["address_not_allowed"; 2]);
    deliver(&near.at("2026-06-15T08:05:00+07:00")).await;
    assert_eq!(receiver.taken().len(), 2);
}

async fn what_is_given_up_is_kept_and_sent_again_by_hand(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    let webhook = listen(&app, &receiver).await;
    let client = writer(&app, "KTHTDT");
    receiver.answer(500, "");
    app.carry_free_figure_to("verified").await;
    deliver(&app).await;
    // Three days on, the receiver is still down: what piled up is given up, one by one.
    let later = app.at("2026-06-18T09:00:00+07:00");
    assert_eq!(deliver(&later).await, 2);
    let dead = client.get(&format!("{}/deliveries?state=dead", path_of(&webhook))).await.expect(200);
    assert_eq!(dead.items().len(), 2, "{dead}");
    assert_eq!(log(&app, &webhook).await.len(), 2);
    receiver.answer(200, "");
    let first = log(&app, &webhook).await.remove(0);
    let path = format!("/api/v1/webhook-deliveries/{}", first["id"].as_str().unwrap());
    let again = writer(&later, "KTHTDT").post_empty(&format!("{path}/redeliver")).await.expect(200);
    assert_eq!((&again["state"], &again["attempts"]), (&json!("pending"), &json!(0)));
    assert_eq!(deliver(&later).await, 1);
    let calls = receiver.received();
    assert_eq!(calls.first().unwrap().id(), calls.last().unwrap().id(), "under its own id");
    let detail = client.get(&path).await.expect(200);
    assert_eq!((&detail["state"], detail["log"].as_array().unwrap().len()), (&json!("delivered"), 3));
    // What was delivered can be sent again too.
    client.post_empty(&format!("{path}/redeliver")).await.expect(200);
    assert_eq!((deliver(&later).await, receiver.taken().len()), (1, 2));
}

async fn a_receiver_that_is_gone_is_told_no_more(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    let webhook = listen(&app, &receiver).await;
    let client = writer(&app, "KTHTDT");
    receiver.answer(410, "");
    let submission = app.carry_free_figure_to("submitted").await;
    deliver(&app).await;
    let read = client.get(&path_of(&webhook)).await.expect(200);
    assert_eq!((&read["active"], &read["disabled_reason"]), (&json!(false), &json!("gone")));
    app.decide(&app.sign_in("hcc.staff").await, &submission, "verify").await.expect(201);
    assert_eq!((deliver(&app).await, receiver.received().len()), (0, 1));
    client.post_empty(&format!("{}/ping", path_of(&webhook))).await.refused(409, "webhook_inactive");
    let entry = log(&app, &webhook).await.remove(0);
    let path = format!("/api/v1/webhook-deliveries/{}/redeliver", entry["id"].as_str().unwrap());
    client.post_empty(&path).await.refused(409, "webhook_inactive");
    let back = client.patch(&path_of(&webhook), read.version(), json!({ "active": true })).await.expect(200);
    assert_eq!((&back["active"], &back["disabled_reason"]), (&json!(true), &json!(null)));
    receiver.answer(200, "");
    client.post_empty(&path).await.expect(200);
    assert_eq!(deliver(&app).await, 1);
}

async fn a_ping_passes_what_waits(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    let webhook = listen(&app, &receiver).await;
    receiver.answer(500, "");
    app.carry_free_figure_to("submitted").await;
    deliver(&app).await;
    receiver.answer(200, "");
    let client = writer(&app, "KTHTDT");
    let ping = client.post_empty(&format!("{}/ping", path_of(&webhook))).await.expect(201);
    deliver(&app).await;
    assert_eq!(receiver.taken(), ["ping"]);
    assert!(receiver.received().last().unwrap().is_signed_with(&webhook.text_at("secret")));
    assert_eq!(client.get(ping.header("Location")).await.expect(200)["state"], "delivered");
}

async fn a_long_backlog_drains_at_once(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    listen(&app, &receiver).await;
    app.carry_free_figure_to("submitted").await;
    let copy = |n: i32| {
        app.sql(&format!(
            "INSERT INTO webhook_deliveries (id, subscription_id, event_id, queue, seq, state, attempts, queued_at, \
             next_attempt_at) SELECT '00000000-0000-7000-8000-{n:012}', subscription_id, event_id, queue, seq + {n}, state, attempts, \
             queued_at, next_attempt_at FROM webhook_deliveries WHERE seq = 1"
        ))
    };
    assert!((1..250).all(|n| copy(n) == 1));
    let worker = Worker::new(app.services.clone()).unwrap();
    assert_eq!(worker.deliver_due().await.unwrap(), 100, "then others get their turn");
    assert_eq!(deliver(&app).await, 150);
}

async fn old_deliveries_are_swept_and_waiting_ones_are_not(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    listen(&app, &receiver).await;
    let submission = app.carry_free_figure_to("submitted").await;
    deliver(&app).await;
    receiver.answer(500, "");
    app.decide(&app.sign_in("hcc.staff").await, &submission, "verify").await.expect(201);
    deliver(&app).await;
    let sweep = async |time: &str| Worker::new(app.at(time).services.clone()).unwrap().sweep().await.unwrap();
    assert_eq!(sweep("2026-07-14T08:00:00+07:00").await, 0);
    assert_eq!(sweep("2026-07-16T08:00:00+07:00").await, 1);
    let left =
        ["webhook_deliveries", "outbox_events", "webhook_attempts"].map(|table| app.rows_of(table).len());
    assert_eq!(left, [1, 1, 1]);
    app.sql("DELETE FROM webhook_subscriptions");
    assert_eq!(sweep("2026-07-16T08:00:00+07:00").await, 1);
    assert_eq!((app.rows_of("webhook_deliveries").len(), app.rows_of("outbox_events").len()), (0, 0));
}

async fn a_running_worker_delivers_and_stops_when_told(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    listen(&app, &receiver).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let worker = tokio::spawn(deliver_until(app.services.clone(), stopped));
    app.carry_free_figure_to("submitted").await;
    for _ in 0..100 {
        if !receiver.received().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(receiver.taken(), ["submission.submitted"]);
    stop.send_replace(true);
    tokio::time::timeout(Duration::from_secs(15), worker).await.expect("it stops").unwrap();
}

async fn the_city_hears_each_ward_in_order_whatever_the_other_does(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    let url = receiver.url("/");
    let kinds = ["publication.published", "publication.withdrawn"];
    subscribe(&app.city_portal().await, &url, &kinds).await.expect(201);
    subscribe(&reader(&app), &url, &kinds).await.expect(201);
    app.carry_free_figure_to("approved").await;
    let leader = app.sign_in("leader").await;
    let path = format!("/api/v1/periods/{}/publications", app.period("2026-H1"));
    let publication = leader.post_empty(&path).await.expect(201).id();
    // Another ward's queue is held up; this one's is not.
    app.sql(&format!(
        "INSERT INTO webhook_deliveries (id, subscription_id, event_id, queue, seq, state, attempts, queued_at, \
         next_attempt_at) SELECT '00000000-0000-7000-8000-000000000000', subscription_id, event_id, '{}', 1, 'pending', 3, queued_at, \
         '2099-01-01 00:00:00' FROM webhook_deliveries ORDER BY id LIMIT 1",
        app.ward("long-binh")
    ));
    let withdraw = format!("/api/v1/publications/{publication}/withdraw");
    leader.post(&withdraw, json!({ "reason": "Công bố nhầm" })).await.expect(200);
    deliver(&app).await;
    let taken = receiver.taken();
    assert_eq!(taken.iter().filter(|kind| *kind == "publication.withdrawn").count(), 2, "{taken:?}");
    assert_eq!(taken.len(), 4);
}

both_databases!(
    a_receiver_verifies_what_it_gets,
    a_receiver_that_was_down_for_an_hour_gets_every_event_once_and_in_order,
    nobody_listening_is_a_failure_like_any_other,
    a_failing_receiver_holds_up_no_other,
    two_workers_never_deliver_one_event_at_the_same_time,
    the_lease_of_a_dead_worker_runs_out,
    redirects_are_not_followed,
    the_address_is_judged_again_at_each_attempt,
    what_is_given_up_is_kept_and_sent_again_by_hand,
    a_receiver_that_is_gone_is_told_no_more,
    a_ping_passes_what_waits,
    a_long_backlog_drains_at_once,
    old_deliveries_are_swept_and_waiting_ones_are_not,
    a_running_worker_delivers_and_stops_when_told,
    the_city_hears_each_ward_in_order_whatever_the_other_does,
);
