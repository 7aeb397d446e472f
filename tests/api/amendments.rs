//! Promises about what an amendment does: closed periods stay as they were, the year shows old and new (RULES §6).

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

/// The body of an amendment with these changes.
pub fn amendment(effective_on: &str, changes: Value) -> Value {
    json!({
        "number": "87/QĐ-UBND", "decided_on": "2026-06-10", "effective_on": effective_on,
        "reason": "Thành phố giao lại chỉ tiêu sáu tháng cuối năm", "changes": changes
    })
}

/// Drafts an amendment of Long Mỹ's plan as its coordinator.
pub async fn draft_amendment(app: &App, effective_on: &str, changes: Value) -> Reply {
    let coordinator = app.sign_in("vhxh.staff").await;
    let path = format!("/api/v1/plans/{}/amendments", app.plan());
    coordinator.post(&path, amendment(effective_on, changes)).await
}

/// Drafts an amendment, and has a leader approve it.
pub async fn amend(app: &App, effective_on: &str, changes: Value) -> Reply {
    let draft = draft_amendment(app, effective_on, changes).await.expect(201);
    let leader = app.sign_in("leader").await;
    leader.post_empty(&format!("/api/v1/amendments/{}/approve", draft.id())).await.expect(200)
}

/// A retarget of II.2.k to 95 %.
pub fn retarget() -> Value {
    let target =
        json!({ "tier": "plan", "comparator": "at_least", "value": 95, "unit": "percent", "band": null });
    json!([{ "op": "retarget", "item_id": "II.2.k", "targets": [target] }])
}

async fn summary(app: &App, period: &str) -> Reply {
    let leader = app.sign_in("leader").await;
    let query = format!("period={period}&basis=submitted");
    leader.get(&format!("/api/v1/plans/{}/summary?{query}", app.plan())).await.expect(200)
}

fn leaf(summary: &Reply, code: &str) -> Value {
    summary.items().iter().find(|item| item["code"] == code).expect("the leaf").clone()
}

async fn result(app: &App, period: &str, code: &str) -> Value {
    leaf(&summary(app, period).await, code)
}

fn verdict(result: &Value) -> (&Value, &Value) {
    (&result["verdicts"][0]["verdict"], &result["verdicts"][0]["target"]["value"])
}

fn counted(summary: &Reply) -> i64 {
    let totals = summary["totals"].as_object().unwrap();
    totals.values().map(|count| count.as_i64().unwrap()).sum()
}

/// Opens the year's period early, so that its figures can be signed now.
async fn open_the_year(app: &App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let path = format!("/api/v1/periods/{}", app.period("2026-Y"));
    let version = coordinator.get(&path).await.expect(200).version();
    let opens = json!({ "opens_at": "2026-06-01T07:00:00+07:00" });
    coordinator.patch(&path, version, opens).await.expect(200);
}

async fn item(app: &App, client: &Client, code: &str) -> Reply {
    client.get(&format!("/api/v1/items/{}", app.item(code, "indicator"))).await.expect(200)
}

async fn a_closed_period_keeps_its_verdict_and_the_year_shows_old_and_new_target(app: App) {
    let before = result(&app, "2026-Q1", "II.2.k").await;
    assert_eq!(verdict(&before), (&json!("met"), &json!(90)));
    assert_eq!(before["targets_history"], json!([]));
    amend(&app, "2026-07-01", retarget()).await;
    assert_eq!(result(&app, "2026-Q1", "II.2.k").await, before);
    let half = result(&app, "2026-H1", "II.2.k").await;
    assert_eq!((verdict(&half).1, &half["targets_history"]), (&json!(90), &json!([])));
    open_the_year(&app).await;
    let staff = app.sign_in("ktht.staff").await;
    let remedy = json!({
        "cause": "subjective", "what_happened": "Hồ sơ đất đai trễ hạn", "remedy": "Phân công lại",
        "new_date": "2027-03-31"
    });
    let content = json!({ "numerator": 94, "denominator": 100, "explanation": remedy });
    let figure = app.draft(&staff, "II.2.k", "2026-Y", content).await.expect(201);
    assert_eq!(figure["verdicts"][0]["verdict"], "near", "the year is held against the new target");
    app.decide(&app.sign_in("ktht.head").await, &figure.id(), "submit").await.expect(201);
    let year = result(&app, "2026-Y", "II.2.k").await;
    assert_eq!(verdict(&year), (&json!("near"), &json!(95)));
    let history = year["targets_history"].as_array().unwrap();
    let spans: Vec<Value> = history
        .iter()
        .map(|span| json!([span["target"]["value"], span["effective_from"], span["effective_to"]]))
        .collect();
    assert_eq!(
        json!(spans),
        json!([[90, "2026-01-01", "2026-06-30"], [95, "2026-07-01", null]]),
        "the other tier has one target, which is not listed"
    );
    let both = item(&app, &staff, "II.2.k").await;
    let values: Vec<&Value> =
        both["targets"].as_array().unwrap().iter().map(|target| &target["value"]).collect();
    assert_eq!(values, [&json!(90), &json!(98), &json!(95)]);
}

async fn a_target_that_changes_before_an_open_period_ends_counts_in_it(app: App) {
    amend(&app, "2026-06-01", retarget()).await;
    let half = result(&app, "2026-H1", "II.2.k").await;
    assert_eq!(verdict(&half).1, &json!(95));
    assert_eq!(half["targets_history"].as_array().unwrap().len(), 2);
    assert_eq!(verdict(&result(&app, "2026-Q1", "II.2.k").await), (&json!("met"), &json!(90)));
}

async fn a_withdrawn_leaf_leaves_the_rankings_and_its_data_stay_readable(app: App) {
    let free = app.draft_free_figure().await;
    let before = summary(&app, "2026-H1").await;
    let was = leaf(&before, "II.2.k");
    assert_eq!(was["coverage"], json!({ "reported": 2, "expected": 3 }));
    amend(&app, "2026-06-12", json!([{ "op": "withdraw", "item_id": "II.2.k" }])).await;
    let after = summary(&app, "2026-H1").await;
    let now = leaf(&after, "II.2.k");
    assert_eq!((&now["withdrawn_from"], &now["verdicts"]), (&json!("2026-06-12"), &json!([])));
    assert_eq!(now["coverage"], json!({ "reported": 0, "expected": 0 }));
    assert_eq!((&now["numerator"], &now["rate"]), (&was["numerator"], &was["rate"]), "its data stay");
    assert_eq!(counted(&after), counted(&before) - 1);
    let covered = |summary: &Reply, name: &str| summary["coverage"][name].as_i64().unwrap();
    assert_eq!(covered(&after, "reported"), covered(&before, "reported") - 2);
    assert_eq!(covered(&after, "expected"), covered(&before, "expected") - 3);
    let closed = result(&app, "2026-Q1", "II.2.k").await;
    assert_eq!((verdict(&closed).0, &closed["withdrawn_from"]), (&json!("met"), &Value::Null));
    let head = app.sign_in("ktht.head").await;
    assert_eq!(item(&app, &head, "II.2.k").await["withdrawn_from"], "2026-06-12");
    head.get(&format!("/api/v1/submissions/{free}")).await.expect(200);
    app.decide(&head, &free, "submit").await.refused(422, "item_withdrawn");
    let content = json!({ "numerator": 1, "denominator": 1 });
    let refused = app.draft(&head, "II.2.k", "2026-Y", content).await.refused(422, "invalid");
    refused.at_field("/item_id", "item_withdrawn");
}

async fn a_publication_leaves_withdrawn_leaves_out(app: App) {
    amend(&app, "2026-06-12", json!([{ "op": "withdraw", "item_id": "II.2.h" }])).await;
    let leader = app.sign_in("leader").await;
    leader.post_empty(&format!("/api/v1/periods/{}/publications", app.period("2026-H1"))).await.expect(201);
    let portal = app.city_portal().await;
    for (period, shown) in [("2026-H1", false), ("2026-Q1", true)] {
        let path = format!("/public/v1/wards/long-my/results?year=2026&period={period}");
        let results = portal.get(&path).await.expect(200);
        assert_eq!(results.items().iter().any(|item| item["code"] == "II.2.h"), shown, "{period}");
    }
}

async fn a_withdrawn_heading_takes_all_below_along(app: App) {
    let heading = app.item("V.2-VH", "section");
    amend(&app, "2026-07-01", json!([{ "op": "withdraw", "item_id": heading }])).await;
    let reader = app.sign_in("ktht.staff").await;
    for (code, kind) in [("V.2-VH", "section"), ("V.2-VH.a", "task"), ("V.2-VH.d", "task")] {
        let item = reader.get(&format!("/api/v1/items/{}", app.item(code, kind))).await.expect(200);
        assert_eq!(item["withdrawn_from"], "2026-07-01", "{code}");
    }
    let other = reader.get(&format!("/api/v1/items/{}", app.item("V.2-KH.a", "task"))).await.expect(200);
    assert_eq!(other["withdrawn_from"], Value::Null);
}

/// II.2.h counted instead of measured as a share, with a target that goes with it.
pub fn redefinition() -> Value {
    let measure = json!({ "kind": "count", "numerator_label": null, "unit": "hồ sơ", "aggregation": "sum" });
    let target = json!({ "tier": "plan", "comparator": "at_least", "value": 500, "unit": "hồ sơ" });
    json!([
        { "op": "redefine", "item_id": "II.2.h", "measure": measure },
        { "op": "retarget", "item_id": "II.2.h", "targets": [target] },
    ])
}

async fn a_changed_definition_makes_a_version_and_the_series_shows_the_break(app: App) {
    let before = result(&app, "2026-Q1", "II.2.h").await;
    let old = app.submission("II.2.h", "2026-Q1", "HCC");
    let staff = app.sign_in("hcc.staff").await;
    let was = staff.get(&format!("/api/v1/submissions/{old}")).await.expect(200);
    amend(&app, "2026-06-12", redefinition()).await;
    assert_eq!(result(&app, "2026-Q1", "II.2.h").await, before, "put together as it was meant then");
    let still = staff.get(&format!("/api/v1/submissions/{old}")).await.expect(200);
    assert_eq!((&still["rate"], &still["verdicts"]), (&was["rate"], &was["verdicts"]));
    let ratio = json!({ "numerator": 1, "denominator": 2 });
    let refused = app.draft(&staff, "II.2.h", "2026-H1", ratio).await.refused(422, "invalid");
    refused.at_field("/numerator", "not_applicable_here");
    let figure = app.draft(&staff, "II.2.h", "2026-H1", json!({ "value": 700 })).await.expect(201);
    app.decide(&app.sign_in("hcc.head").await, &figure.id(), "submit").await.expect(201);
    let half = result(&app, "2026-H1", "II.2.h").await;
    assert_eq!((verdict(&half), &half["value"]), ((&json!("met"), &json!(500)), &json!(700)));
    assert_eq!((&half["series_break"], &half["trend"]), (&json!(true), &Value::Null));
    assert_eq!(half["previous_rate"], before["rate"], "the figure before is shown as it was");
    assert_eq!(result(&app, "2026-H1", "II.2.b.2").await["series_break"], false);
    let path = format!("/api/v1/items/{}/versions", app.item("II.2.h", "indicator"));
    let versions = staff.get(&path).await.expect(200);
    let lines: Vec<Value> = versions
        .items()
        .iter()
        .map(|v| json!([v["number"], v["measure"]["kind"], v["effective_from"], v["effective_to"]]))
        .collect();
    let expected = json!([[2, "count", "2026-06-12", null], [1, "ratio", null, "2026-06-11"]]);
    assert_eq!(json!(lines), expected);
    assert_eq!(item(&app, &staff, "II.2.h").await["definition_version"], 2);
    let foreign = app.sign_in("lb.leader").await;
    foreign.get(&path).await.refused(404, "not_found");
}

/// A new heading and an indicator below it, which KTHTDT reports.
fn additions(app: &App) -> Value {
    let indicator = json!({
        "kind": "indicator", "code": "II.9.a", "title": "Hồ sơ số hóa", "position": 1, "field": "procedures",
        "measure": { "kind": "ratio", "unit": "hồ sơ", "aggregation": "ratio_of_sums" },
        "targets": [{
            "tier": "plan", "comparator": "at_least", "value": 70, "unit": "percent", "effective_from": "2026-01-01"
        }]
    });
    let reporter = json!({ "unit_id": app.unit("KTHTDT"), "frequency": "quarterly", "obligation": "must" });
    json!([
        { "op": "add", "parent_code": "II",
          "item": { "kind": "section", "code": "II.9", "title": "Số hóa", "position": 9 } },
        { "op": "add", "parent_code": "II.9", "item": indicator, "assignments": [reporter] },
    ])
}

async fn an_added_item_counts_from_its_date_on(app: App) {
    amend(&app, "2026-06-12", additions(&app)).await;
    let half = result(&app, "2026-H1", "II.9.a").await;
    assert_eq!(half["coverage"], json!({ "reported": 0, "expected": 1 }));
    assert_eq!(verdict(&half), (&json!("no_data"), &json!(70)));
    let closed = summary(&app, "2026-Q1").await;
    assert_eq!((closed.items().len(), counted(&closed)), (34, 34), "it was no part of the first quarter");
    let staff = app.sign_in("ktht.staff").await;
    let added = item(&app, &staff, "II.9.a").await;
    assert_eq!(added["effective_from"], "2026-06-12");
    assert_eq!(added["targets"][0]["effective_from"], "2026-06-12");
    assert_eq!(added["parent_id"], app.item("II.9", "section"));
    let content = json!({ "numerator": 80, "denominator": 100 });
    app.draft(&staff, "II.9.a", "2026-H1", content.clone()).await.expect(201);
    let early = app.draft(&staff, "II.9.a", "2026-Q1", content).await.refused(422, "invalid");
    early.at_field("/item_id", "not_assigned");
}

async fn who_reports_changes_from_the_date_on_and_what_was_owed_before_stays_owed(app: App) {
    let reporters = json!([
        { "unit_id": app.unit("VP"), "frequency": "quarterly", "obligation": "must" },
        { "unit_id": app.unit("HCC"), "frequency": "quarterly", "obligation": "must" },
    ]);
    let change = json!([{ "op": "assign", "item_id": "II.2.k", "assignments": reporters }]);
    amend(&app, "2026-06-12", change).await;
    let coverage = |result: Value| result["coverage"].clone();
    let closed = coverage(result(&app, "2026-Q1", "II.2.k").await);
    assert_eq!(closed, json!({ "reported": 3, "expected": 3 }));
    assert_eq!(coverage(result(&app, "2026-H1", "II.2.k").await)["expected"], 2);
    let content = json!({ "numerator": 99, "denominator": 100 });
    let left = app.sign_in("ktht.staff").await;
    let refused = app.draft(&left, "II.2.k", "2026-H1", content.clone()).await.refused(422, "invalid");
    refused.at_field("/item_id", "not_assigned");
    let came = app.sign_in("hcc.staff").await;
    app.draft(&came, "II.2.k", "2026-H1", content).await.expect(201);
    let path = format!("/api/v1/items/{}/assignments", app.item("II.2.k", "indicator"));
    let rows = came.get(&path).await.expect(200);
    let of = |unit: &str| {
        let id = app.unit(unit);
        let row = rows.items().iter().find(|row| row["unit_id"] == id).expect("the unit");
        json!([row["effective_from"], row["withdrawn_from"]])
    };
    assert_eq!(of("VP"), json!([null, null]));
    assert_eq!(of("HCC"), json!(["2026-06-12", null]));
    assert_eq!(of("KTHTDT"), json!([null, "2026-06-12"]));
}

async fn what_an_amendment_did_is_in_the_audit_trail(app: App) {
    let mut changes = redefinition();
    let more = [json!({ "op": "withdraw", "item_id": "V.2.i" }), additions(&app)[0].clone()];
    changes.as_array_mut().unwrap().extend(more);
    let approved = amend(&app, "2026-07-01", changes).await;
    let request = approved.header("X-Request-Id");
    let kinds = app.sql_texts(&format!(
        "SELECT kind AS value FROM audit_events WHERE request_id = '{request}' ORDER BY seq"
    ));
    let expected =
        ["item.redefined", "item.retargeted", "item.withdrawn", "item.added", "amendment.approved"];
    assert_eq!(kinds, expected);
    let reason = app.sql_text(
        "SELECT reason AS value FROM audit_events WHERE kind = 'amendment.approved' ORDER BY seq DESC LIMIT 1",
    );
    assert_eq!(reason, "Thành phố giao lại chỉ tiêu sáu tháng cuối năm");
}

both_databases!(
    a_closed_period_keeps_its_verdict_and_the_year_shows_old_and_new_target,
    a_target_that_changes_before_an_open_period_ends_counts_in_it,
    a_withdrawn_leaf_leaves_the_rankings_and_its_data_stay_readable,
    a_publication_leaves_withdrawn_leaves_out,
    a_withdrawn_heading_takes_all_below_along,
    a_changed_definition_makes_a_version_and_the_series_shows_the_break,
    an_added_item_counts_from_its_date_on,
    who_reports_changes_from_the_date_on_and_what_was_owed_before_stays_owed,
    what_an_amendment_did_is_in_the_audit_trail,
);
