//! Promises to another system of the ward: it drafts its unit's figures by codes alone, and learns what became of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{App, Client, Form, both_databases, pdf};

const BATCH: &str = "/api/v1/submissions/batch";

/// The system that drafts for KTHTDT, made and signed in as the ward does it.
async fn ward_system(app: &App) -> Client {
    let body = json!({
        "client_id": "one-stop-shop", "name": "Phần mềm một cửa", "scopes": ["submissions:write"],
        "unit_id": app.unit("KTHTDT"),
    });
    let created = app.sign_in("admin").await.post("/api/v1/clients", body).await.expect(201);
    app.sign_in_client("one-stop-shop", &created.text_at("client_secret")).await
}

fn rows(numerator: i64) -> Value {
    json!({ "rows": [{
        "plan": "2026", "item": "II.2.k", "period": "2026-H1", "numerator": numerator, "denominator": 1200
    }] })
}

/// Id of the drafted figure, found again by its codes.
async fn find(system: &Client) -> String {
    let found = system.get("/api/v1/submissions?plan=2026&period=2026-H1&item=II.2.k").await.expect(200);
    assert_eq!(found.items().len(), 1, "{found}");
    found.items()[0]["id"].as_str().unwrap().to_owned()
}

/// All pages of a list.
async fn read_all(system: &Client, path: &str) -> Vec<Value> {
    read_on(system, path, None).await
}

/// Those after a page that was read already.
async fn read_on(system: &Client, path: &str, cursor: Option<&str>) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), cursor.map(str::to_owned));
    loop {
        let more = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = system.get(&format!("{path}{more}")).await.expect(200);
        found.extend(page.items().to_vec());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return found,
        }
    }
}

fn key_of(row: &Value) -> (String, String) {
    (row["updated_at"].as_str().unwrap().to_owned(), row["id"].as_str().unwrap().to_owned())
}

async fn a_ward_system_drafts_by_codes_and_reads_what_became_of_it(app: App) {
    let system = ward_system(&app).await;
    let plans = system.get("/api/v1/plans?year=2026").await.expect(200);
    let plan = plans.items()[0]["id"].as_str().unwrap().to_owned();
    let periods = system.get(&format!("/api/v1/plans/{plan}/periods")).await.expect(200);
    assert!(periods.items().iter().any(|period| period["code"] == "2026-H1"), "{periods}");
    let items = system.get(&format!("/api/v1/plans/{plan}/items?unit=KTHTDT&limit=200")).await.expect(200);
    assert!(items.items().iter().any(|item| item["code"] == "II.2.k"), "{items}");

    let sent = system.post(BATCH, rows(1176)).key("2026-H1/1").await.expect(200);
    assert_eq!(
        (&sent["rows"][0]["outcome"], &sent["rows"][0]["unit"]),
        (&json!("created"), &json!("KTHTDT"))
    );
    let replay = system.post(BATCH, rows(1176)).key("2026-H1/1").await.expect(200);
    assert_eq!(replay.body, sent.body);
    system.post(BATCH, rows(1177)).key("2026-H1/1").await.refused(422, "idempotency_key_reused");
    let again = system.post(BATCH, rows(1176)).key("2026-H1/2").await.expect(200);
    assert_eq!(again["rows"][0]["outcome"], "unchanged");

    let id = find(&system).await;
    assert_eq!(sent["rows"][0]["submission_id"], id);
    let path = format!("/api/v1/submissions/{id}");
    let draft = system.get(&path).await.expect(200);
    let codes = ["item_code", "period_code", "unit_code", "state"].map(|field| draft.text_at(field));
    assert_eq!(codes, ["II.2.k", "2026-H1", "KTHTDT", "draft"]);
    assert_eq!((&draft["allowed_actions"], &draft["waiting_on"]["step"]), (&json!([]), &json!("submit")));

    returned_mended_and_approved(&app, &system, &id).await;
}

/// What follows the first draft, as the system reads it.
async fn returned_mended_and_approved(app: &App, system: &Client, id: &str) {
    let path = format!("/api/v1/submissions/{id}");
    let head = app.sign_in("ktht.head").await;
    app.decide(&head, id, "submit").await.expect(201);
    let back = json!({
        "action": "return", "reason": "Tử số chưa khớp với sổ theo dõi", "reason_codes": ["wrong_figure"],
        "pointers": ["/numerator"]
    });
    app.sign_in("hcc.staff").await.post(&format!("{path}/decisions"), back).await.expect(201);
    assert_eq!(system.get(&path).await.expect(200)["state"], "returned");
    let decisions = system.get(&format!("{path}/decisions")).await.expect(200);
    let last = decisions.items().last().unwrap();
    assert_eq!(last["action"], "return");
    assert_eq!(last["reason"], "Tử số chưa khớp với sổ theo dõi");
    assert_eq!(
        (&last["reason_codes"], &last["pointers"]),
        (&json!(["wrong_figure"]), &json!(["/numerator"]))
    );

    let mended = system.post(BATCH, rows(1180)).key("2026-H1/3").await.expect(200);
    assert_eq!(mended["rows"][0]["outcome"], "updated");
    app.decide(&head, id, "submit").await.expect(201);
    for (username, action) in [("hcc.staff", "verify"), ("vhxh.head", "endorse"), ("leader", "approve")] {
        app.decide(&app.sign_in(username).await, id, action).await.expect(201);
    }
    let approved = system.get(&path).await.expect(200);
    assert_eq!(
        (&approved["state"], &approved["numerator"], &approved["revision"]),
        (&json!("approved"), &json!(1180), &json!(2))
    );
    let late = system.post(BATCH, rows(1)).await.expect(200);
    assert_eq!(late["rows"][0]["outcome"], "rejected");
    assert_eq!(late["rows"][0]["errors"][0]["code"], "not_editable");
    for more in ["revisions", "comments", "explanation-requests", "assessments"] {
        system.get(&format!("{path}/{more}")).await.expect(200);
    }
}

async fn a_ward_system_brings_the_proof_along(app: App) {
    let system = ward_system(&app).await;
    system.post(BATCH, rows(1176)).await.expect(200);
    let path = format!("/api/v1/submissions/{}", find(&system).await);
    let document = system.upload(&Form::of("so-theo-doi.pdf", &pdf("sổ"))).await.expect(201).id();
    let cited = system.put(&format!("{path}/evidence/{document}"), 1, json!(null)).await.expect(200);
    assert_eq!(cited["evidence"][0]["document_id"], document);
    let content = system.get(&format!("/api/v1/documents/{document}/content")).await.expect(200);
    assert_eq!(content.bytes, pdf("sổ"));
    let staff = app.sign_in("ktht.staff").await;
    assert_eq!(staff.get(&path).await.expect(200)["evidence"][0]["name"], "so-theo-doi.pdf");
}

async fn only_a_person_submits_what_a_ward_system_drafted(app: App) {
    let system = ward_system(&app).await;
    system.post(BATCH, rows(1176)).await.expect(200);
    let id = find(&system).await;
    let refused = app.decide(&system, &id, "submit").await.refused(403, "forbidden");
    assert!(refused.text_at("detail").contains("trưởng đơn vị"), "{refused}");
    assert_eq!(system.get(&format!("/api/v1/submissions/{id}")).await.expect(200)["state"], "draft");
    app.decide(&app.sign_in("ktht.head").await, &id, "submit").await.expect(201);
}

async fn a_ward_system_learns_nothing_of_other_units(app: App) {
    let system = ward_system(&app).await;
    let all = read_all(&system, "/api/v1/submissions?limit=200").await;
    assert!(!all.is_empty() && all.iter().all(|row| row["unit_code"] == "KTHTDT"));
    for unit in ["VP", "VHXH", "TH-THCS"] {
        let path = format!("/api/v1/submissions?sort=updated_at&unit={unit}");
        assert_eq!(read_all(&system, &path).await, Vec::<Value>::new());
    }
    let leader = app.sign_in("leader").await;
    let foreign = leader.get("/api/v1/submissions?unit=VP").await.expect(200);
    let path = format!("/api/v1/submissions/{}", foreign.items()[0]["id"].as_str().unwrap());
    for more in ["", "/decisions", "/revisions", "/comments"] {
        system.get(&format!("{path}{more}")).await.refused(404, "not_found");
    }
    let before = app.rows_of("submissions");
    let row =
        json!({ "item": "II.2.k", "period": "2026-H1", "unit": "VP", "numerator": 1, "denominator": 1 });
    let reply = system.post(BATCH, json!({ "rows": [row] })).await.expect(200);
    assert_eq!(
        (&reply["rows"][0]["outcome"], &reply["rows"][0]["submission_id"]),
        (&json!("rejected"), &Value::Null)
    );
    assert_eq!(app.rows_of("submissions"), before);
}

async fn a_poller_misses_no_change_and_sees_none_twice(app: App) {
    let system = ward_system(&app).await;
    let path = "/api/v1/submissions?sort=updated_at&limit=2";
    let known = read_all(&system, path).await;
    let keys: Vec<_> = known.iter().map(key_of).collect();
    assert!(keys.len() > 4 && keys.is_sorted(), "{keys:?}");
    let newest_first = read_all(&system, "/api/v1/submissions?limit=2").await;
    assert_eq!(newest_first.len(), known.len());
    // Many that changed in one moment.
    app.sql("UPDATE submissions SET updated_at = '2026-06-14 01:02:03.000004'");
    let since = "2026-06-14T08:02:03.000004%2B07:00";
    let path = format!("{path}&updated_since={since}");
    let same = read_all(&system, &path).await;
    let ids: Vec<_> = same.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert!(
        ids.len() == known.len()
            && ids.is_sorted()
            && same[0]["updated_at"] == "2026-06-14T08:02:03.000004+07:00"
    );
    let later = "/api/v1/submissions?sort=updated_at&updated_since=2026-06-14T08:02:03.000005%2B07:00";
    assert_eq!(read_all(&system, later).await, Vec::<Value>::new());
    // One that was read already changes while the rest is read: it comes again, as it then is.
    let first = system.get(&path).await.expect(200);
    app.sql(&format!(
        "UPDATE submissions SET version = version + 1, updated_at = '2026-06-14 01:02:04' WHERE id = '{}'",
        ids[0]
    ));
    let rest = read_on(&system, &path, first["next_cursor"].as_str()).await;
    let mut seen: BTreeMap<String, i64> = BTreeMap::new();
    for row in first.items().iter().chain(&rest) {
        seen.insert(row["id"].as_str().unwrap().to_owned(), row["version"].as_i64().unwrap());
    }
    assert_eq!(seen.len(), known.len());
    assert_eq!(seen[&ids[0]], same[0]["version"].as_i64().unwrap() + 1);
    let mixed = format!("/api/v1/submissions?cursor={}", first["next_cursor"].as_str().unwrap());
    system.get(&mixed).await.refused(400, "invalid_cursor");
    system.get("/api/v1/submissions?sort=oldest").await.refused(400, "malformed_query");
}

both_databases!(
    a_ward_system_drafts_by_codes_and_reads_what_became_of_it,
    a_ward_system_brings_the_proof_along,
    only_a_person_submits_what_a_ward_system_drafted,
    a_ward_system_learns_nothing_of_other_units,
    a_poller_misses_no_change_and_sees_none_twice,
);
