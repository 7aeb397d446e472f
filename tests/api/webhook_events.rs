//! Promises about what webhooks tell: to whom, in which words, and nothing that did not happen.

use serde_json::json;

use super::webhooks::{deliver, near, reader, subscribe, writer};
use crate::support::{App, Receiver, both_databases};

const MOVES: &[&str] =
    &["submission.submitted", "submission.verified", "submission.endorsed", "submission.approved"];

async fn publish(app: &App, period: &str) -> String {
    let leader = app.sign_in("leader").await;
    let path = format!("/api/v1/periods/{}/publications", app.period(period));
    leader.post_empty(&path).await.expect(201).id()
}

async fn a_unit_is_told_of_each_step_of_its_own_figures(app: App) {
    let app = app.with_settings(near());
    let (own, other) = (Receiver::start(), Receiver::start());
    subscribe(&writer(&app, "KTHTDT"), &own.url("/"), MOVES).await.expect(201);
    subscribe(&writer(&app, "HCC"), &other.url("/"), MOVES).await.expect(201);
    let submission = app.carry_free_figure_to("approved").await;
    deliver(&app).await;
    assert_eq!(own.taken(), MOVES);
    assert_eq!(other.received().len(), 0, "another unit's figures");
    let data = &own.received()[0].json()["data"];
    let expected = json!({
        "ward": "long-my", "sequence": 1, "submission_id": submission, "plan_id": app.plan(), "period": "2026-H1",
        "item": "II.2.k", "unit": "KTHTDT", "state": "submitted", "revision": 1,
        "links": { "submission": format!("/api/v1/submissions/{submission}") },
    });
    assert_eq!(data, &expected);
}

async fn decisions_in_bulk_are_told_one_by_one(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    subscribe(&writer(&app, "KTHTDT"), &receiver.url("/"), MOVES).await.expect(201);
    let submission = app.draft_free_figure().await;
    let head = app.sign_in("ktht.head").await;
    let body = json!({ "action": "submit", "submission_ids": [submission] });
    head.post("/api/v1/decisions/batch", body).await.expect(200);
    deliver(&app).await;
    assert_eq!(receiver.taken(), ["submission.submitted"]);
}

async fn what_was_rolled_back_is_not_told(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    subscribe(&writer(&app, "KTHTDT"), &receiver.url("/"), MOVES).await.expect(201);
    let (draft, done) = (app.draft_free_figure().await, app.submission("II.2.k", "2026-Q1", "KTHTDT"));
    let head = app.sign_in("ktht.head").await;
    let mut body = json!({ "action": "submit", "submission_ids": [draft, done], "atomic": true });
    head.post("/api/v1/decisions/batch", &body).await.refused(422, "batch_rejected");
    assert_eq!((app.rows_of("outbox_events").len(), deliver(&app).await), (0, 0));
    // Without `atomic` the one that went through is told, so it was the rollback that kept it quiet.
    body["atomic"] = json!(false);
    head.post("/api/v1/decisions/batch", &body).await.expect(200);
    assert_eq!((app.rows_of("outbox_events").len(), deliver(&app).await), (1, 1));
}

async fn the_city_is_told_of_publications_of_all_wards_and_of_nothing_else(app: App) {
    let app = app.with_settings(near());
    let (city, near) = (Receiver::start(), Receiver::start());
    let all = ["publication.published", "publication.corrected", "publication.withdrawn"];
    subscribe(&app.city_portal().await, &city.url("/"), &all).await.expect(201);
    subscribe(&reader(&app), &near.url("/"), &["publication.published", "plan.closed"]).await.expect(201);
    app.carry_free_figure_to("approved").await;
    let publication = publish(&app, "2026-H1").await;
    let leader = app.sign_in("leader").await;
    let withdraw = format!("/api/v1/publications/{publication}/withdraw");
    leader.post(&withdraw, json!({ "reason": "Công bố nhầm" })).await.expect(200);
    publish(&app, "2026-H1").await;
    let close = format!("/api/v1/plans/{}/close", app.plan());
    leader.post_empty(&close).await.expect(200);
    deliver(&app).await;
    assert_eq!(city.taken(), ["publication.published", "publication.withdrawn", "publication.published"]);
    assert_eq!(near.taken(), ["publication.published", "publication.published", "plan.closed"]);
    let told = city.received()[1].json();
    assert!(!told.to_string().contains("nhầm"), "the reason is read where the link leads");
    assert_eq!(told["data"]["publication"]["id"], publication.as_str());
    assert!(told["data"]["publication"]["withdrawn_at"].is_string());
    let link = told["data"]["links"]["results"].as_str().unwrap();
    let reply = app.city_portal().await.get(link).await.expect(200);
    assert_eq!(reply["publication"]["number"], 2);
}

async fn a_correction_is_told_as_one(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    let kinds = ["publication.published", "publication.corrected"];
    subscribe(&reader(&app), &receiver.url("/"), &kinds).await.expect(201);
    let submission = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let leader = app.sign_in("leader").await;
    app.decide(&leader, &submission, "correct").await.expect(201);
    let path = format!("/api/v1/submissions/{submission}");
    let staff = app.sign_in("ktht.staff").await;
    let before = staff.get(&path).await.expect(200);
    let numerator = before["numerator"].as_i64().unwrap() - 1;
    staff.patch(&path, before.version(), json!({ "numerator": numerator })).await.expect(200);
    for (user, action) in [
        ("ktht.head", "submit"),
        ("hcc.staff", "verify"),
        ("vhxh.head", "endorse"),
        ("leader.deputy", "approve"),
    ] {
        app.decide(&app.sign_in(user).await, &submission, action).await.expect(201);
    }
    publish(&app, "2026-Q1").await;
    deliver(&app).await;
    assert_eq!(receiver.taken(), ["publication.corrected"]);
    assert_eq!(receiver.received()[0].json()["data"]["publication"]["number"], 2);
}

async fn bodies_name_no_person_no_reason_and_no_figure(app: App) {
    let app = app.with_settings(near());
    let receiver = Receiver::start();
    let kinds = [MOVES, &["submission.returned", "submission.withdrawn"]].concat();
    subscribe(&writer(&app, "KTHTDT"), &receiver.url("/"), &kinds).await.expect(201);
    let submission = app.carry_free_figure_to("verified").await;
    app.decide(&app.sign_in("vhxh.head").await, &submission, "return").await.expect(201);
    deliver(&app).await;
    let received = receiver.received();
    assert_eq!(received.last().unwrap().kind(), "submission.returned");
    let people = app.sql_texts("SELECT full_name AS value FROM accounts");
    let accounts = app.sql_texts("SELECT id AS value FROM accounts");
    for call in received {
        for word in people.iter().chain(&accounts).map(String::as_str).chain(["1176", "1200", "sổ theo dõi"])
        {
            assert!(!call.body.contains(word), "{word} in {}", call.body);
        }
    }
}

async fn what_nobody_asked_for_is_not_kept(app: App) {
    app.carry_free_figure_to("approved").await;
    assert_eq!(app.rows_of("outbox_events").len(), 0);
}

async fn a_paused_webhook_misses_what_happens_meanwhile(app: App) {
    let app = app.with_settings(near());
    let (receiver, client) = (Receiver::start(), writer(&app, "KTHTDT"));
    let made = subscribe(&client, &receiver.url("/"), MOVES).await.expect(201);
    let path = super::webhooks::path_of(&made);
    client.patch(&path, 1, json!({ "active": false })).await.expect(200);
    let submission = app.carry_free_figure_to("submitted").await;
    client.patch(&path, 2, json!({ "active": true })).await.expect(200);
    app.decide(&app.sign_in("hcc.staff").await, &submission, "verify").await.expect(201);
    deliver(&app).await;
    assert_eq!(receiver.taken(), ["submission.verified"]);
}

both_databases!(
    a_unit_is_told_of_each_step_of_its_own_figures,
    decisions_in_bulk_are_told_one_by_one,
    what_was_rolled_back_is_not_told,
    the_city_is_told_of_publications_of_all_wards_and_of_nothing_else,
    a_correction_is_told_as_one,
    bodies_name_no_person_no_reason_and_no_figure,
    what_nobody_asked_for_is_not_kept,
    a_paused_webhook_misses_what_happens_meanwhile,
);
