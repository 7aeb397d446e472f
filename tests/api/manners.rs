//! Promises that hold for all calls: idempotency, versions, languages, request ids, caching.

use serde_json::json;

use crate::support::{App, both_databases};

fn draft_body(app: &App) -> serde_json::Value {
    json!({
        "item_id": app.item("II.2.k", "indicator"), "period_id": app.period("2026-H1"),
        "numerator": 1176, "denominator": 1200
    })
}

async fn the_same_key_and_body_replay_the_first_answer(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let body = draft_body(&app);
    let first = staff.post("/api/v1/submissions", &body).key("k-1").await.expect(201);
    let again = staff.post("/api/v1/submissions", &body).key("k-1").await.expect(201);
    assert_eq!((first.text, first.headers.get("location")), (again.text, again.headers.get("location")));
    staff.post("/api/v1/submissions", &body).key("k-2").await.refused(409, "submission_exists");
    let other = json!({ "item_id": app.item("II.2.g", "indicator"), "period_id": app.period("2026-H1") });
    staff.post("/api/v1/submissions", other).key("k-1").await.refused(422, "idempotency_key_reused");
    // Another person's key is another key.
    let head = app.sign_in("ktht.head").await;
    head.post("/api/v1/submissions", &body).key("k-1").await.refused(409, "submission_exists");
}

async fn the_same_move_repeated_answers_as_the_first_time(app: App) {
    let submission = app.draft_free_figure().await;
    let head = app.sign_in("ktht.head").await;
    let path = format!("/api/v1/submissions/{submission}/decisions");
    let first = head.post(&path, json!({ "action": "submit" })).key("submit-1").await.expect(201);
    let again = head.post(&path, json!({ "action": "submit" })).key("submit-1").await.expect(201);
    assert_eq!(first.text, again.text);
    let decisions = head.get(&path).await.expect(200);
    assert_eq!(decisions.items().len(), 1);
}

async fn the_same_key_at_the_same_moment_acts_once(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let body = draft_body(&app);
    let calls = (0..6).map(|_| {
        let (staff, body) = (staff.clone(), body.clone());
        tokio::spawn(async move { staff.post("/api/v1/submissions", body).key("at-once").await })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.unwrap().expect(201).text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

async fn single_resources_carry_a_version_and_answer_304(app: App) {
    let submission = app.draft_free_figure().await;
    let staff = app.sign_in("ktht.staff").await;
    let path = format!("/api/v1/submissions/{submission}");
    let read = staff.get(&path).await.expect(200);
    assert_eq!(read.header("ETag"), "\"1\"");
    assert_eq!(read.header("Cache-Control"), "no-store");
    staff.get(&path).header("If-None-Match", "\"1\"").await.expect(304);
    staff.get(&path).header("If-None-Match", "\"9\", W/\"1\"").await.expect(304);
    staff.get(&path).header("If-None-Match", "\"9\"").await.expect(200);
    staff
        .patch(&path, None, json!({ "note": "a" }))
        .header("If-Match", "W/\"1\"")
        .await
        .refused(412, "version_stale");
    staff.patch(&path, None, json!({ "note": "a" })).header("If-Match", "*").await.expect(200);
}

async fn refusals_speak_vietnamese_unless_english_is_preferred(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let path = "/api/v1/submissions/00000000-0000-7000-8000-000000000000";
    let vietnamese = staff.get(path).await.refused(404, "not_found");
    assert_eq!(vietnamese["title"], "Không tìm thấy");
    assert_eq!(vietnamese.header("Content-Type"), "application/problem+json");
    let english = staff.get(path).header("Accept-Language", "en-GB,vi;q=0.5").await.refused(404, "not_found");
    assert_eq!(english["title"], "Not found");
    let both = staff.get(path).header("Accept-Language", "vi,en;q=0.9").await.refused(404, "not_found");
    assert_eq!(both["title"], "Không tìm thấy");
}

async fn every_answer_carries_a_request_id(app: App) {
    let given = app.anonymous().get("/health/live").header("X-Request-Id", "abc-123").await.expect(200);
    assert_eq!(given.header("X-Request-Id"), "abc-123");
    let refused = app.anonymous().get("/api/v1/units").header("X-Request-Id", "abc-124").await.expect(401);
    assert_eq!(refused["request_id"], "abc-124");
    let made = app.anonymous().get("/health/live").header("X-Request-Id", "a b<c>").await.expect(200);
    assert_eq!(made.header("X-Request-Id").len(), 36);
}

async fn unknown_methods_and_paths_do_not_fall_through(app: App) {
    let leader = app.sign_in("leader").await;
    let refused = leader.put("/api/v1/units", None, json!({})).await.refused(405, "method_not_allowed");
    assert_eq!(refused.header("Allow"), "GET, POST");
    leader.get("/api/v1/nothing").await.refused(404, "not_found");
    leader.get("/api/v1/units/").await.refused(404, "not_found");
    leader.get("/api/v1/units/not-an-id").await.refused(404, "not_found");
}

async fn swagger_ui_comes_from_the_binary_with_a_strict_policy(app: App) {
    let page = app.anonymous().get("/swagger-ui/").await.expect(200);
    assert!(page.header("Content-Security-Policy").contains("default-src 'none'"));
    assert!(!page.text.contains("https://"), "nothing from another host");
    let document = app.anonymous().get("/api-docs/openapi.json").await.expect(200);
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json")).unwrap();
    assert!(document.text == committed, "served byte for byte as committed");
}

both_databases!(
    the_same_key_and_body_replay_the_first_answer,
    the_same_move_repeated_answers_as_the_first_time,
    the_same_key_at_the_same_moment_acts_once,
    single_resources_carry_a_version_and_answer_304,
    refusals_speak_vietnamese_unless_english_is_preferred,
    every_answer_carries_a_request_id,
    unknown_methods_and_paths_do_not_fall_through,
    swagger_ui_comes_from_the_binary_with_a_strict_policy,
);
