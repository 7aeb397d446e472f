//! Promises about plans: a coordinator builds, a leader issues and closes, and what is issued does not change, but for
//! who reports it.

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

/// Accounts that hold every role but coordinator.
pub const NO_COORDINATORS: [&str; 9] = [
    "leader",
    "ktht.head",
    "ktht.staff",
    "mttq.head",
    "thcs.head",
    "thcs.staff",
    "supervisor",
    "auditor",
    "admin",
];

/// Adds a draft plan to the coordinator's ward.
pub async fn draft_plan(coordinator: &Client, year: i32) -> Reply {
    let body = json!({ "year": year, "title": format!("Kế hoạch cải cách hành chính năm {year}") });
    coordinator.post("/api/v1/plans", body).await.expect(201)
}

/// Adds an item to a draft plan; `more` holds the fields beside kind, code, title and position.
pub async fn add_item(coordinator: &Client, plan: &str, kind: &str, code: &str, more: Value) -> Reply {
    let mut body = json!({ "kind": kind, "code": code, "title": format!("Mục {code}"), "position": 1 });
    for (field, value) in more.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    coordinator.post(&format!("/api/v1/plans/{plan}/items"), body).await
}

fn path(plan: &str) -> String {
    format!("/api/v1/plans/{plan}")
}

fn item_path(app: &App, code: &str, kind: &str) -> String {
    format!("/api/v1/items/{}", app.item(code, kind))
}

/// A draft plan that lacks nothing: number, date and one task.
async fn complete_plan(coordinator: &Client, year: i32) -> String {
    let plan = draft_plan(coordinator, year).await.id();
    let named = json!({ "number": "15/KH-UBND", "issued_on": format!("{year}-01-15") });
    coordinator.patch(&path(&plan), 1, named).await.expect(200);
    add_item(coordinator, &plan, "task", "A", json!({})).await.expect(201);
    plan
}

async fn years(client: &Client, query: &str) -> Vec<i64> {
    let reply = client.get(&format!("/api/v1/plans{query}")).await.expect(200);
    reply.items().iter().map(|plan| plan["year"].as_i64().unwrap()).collect()
}

async fn a_coordinator_creates_a_draft_plan(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let body = json!({
        "year": 2027, "title": "  Kế hoạch cải cách hành chính năm 2027 ", "number": "15/KH-UBND",
        "issued_on": "2027-01-15", "legal_bases": ["Nghị quyết 76/NQ-CP"], "note": "Bản đầu"
    });
    let made = coordinator.post("/api/v1/plans", body).await.expect(201);
    assert_eq!(made.header("Location"), path(&made.id()));
    assert_eq!(made.header("ETag"), "\"1\"");
    assert_eq!(made["title"], "Kế hoạch cải cách hành chính năm 2027");
    assert_eq!(made["status"], "draft");
    assert_eq!(made["basis"], Value::Null);
    let read = app.sign_in("thcs.staff").await.get(&path(&made.id())).await.expect(200);
    assert_eq!(read.body, made.body);
    assert_eq!(read.header("Cache-Control"), "no-store");
}

async fn decomposed_and_zero_width_text_is_stored_composed(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let title = "Ke\u{302}\u{301} hoa\u{323}ch\u{200B} na\u{306}m 2027\u{FEFF}";
    let made = coordinator.post("/api/v1/plans", json!({ "year": 2027, "title": title })).await.expect(201);
    assert_eq!(made["title"], "Kế hoạch năm 2027");
}

async fn only_a_coordinator_builds_plans(app: App) {
    let draft = draft_plan(&app.sign_in("vp.head").await, 2027).await;
    for name in NO_COORDINATORS {
        let client = app.sign_in(name).await;
        let body = json!({ "year": 2028, "title": "Kế hoạch" });
        client.post("/api/v1/plans", body).await.refused(403, "forbidden");
        client.patch(&path(&draft.id()), 1, json!({ "note": "x" })).await.refused(403, "forbidden");
        assert_eq!(years(&client, "").await, [2027, 2026], "{name} reads all plans of the ward");
    }
    let nobody = app.anonymous();
    nobody.post("/api/v1/plans", json!({})).await.refused(401, "unauthenticated");
    nobody.get(&path(&draft.id())).await.refused(401, "unauthenticated");
    assert_eq!(app.sign_in("auditor").await.get(&path(&draft.id())).await.body, draft.body);
}

async fn a_ward_has_one_plan_a_year(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let again = json!({ "year": 2026, "title": "Kế hoạch" });
    let refused = coordinator.post("/api/v1/plans", again).await.refused(409, "plan_year_taken");
    refused.at_field("/year", "plan_year_taken");
    assert_eq!(years(&coordinator, "").await, [2026]);
    draft_plan(&coordinator, 2027).await;
    let other_ward = app.sign_in("lb.coordinator").await;
    draft_plan(&other_ward, 2027).await;
    assert_eq!(years(&other_ward, "").await, [2027, 2026]);
}

async fn every_faulty_field_of_a_plan_is_named(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let body = json!({
        "year": 2020, "title": " \u{200B} ", "number": "x".repeat(51),
        "legal_bases": ["Nghị quyết", ""], "note": "n".repeat(4001)
    });
    let refused = coordinator.post("/api/v1/plans", body).await.refused(422, "invalid");
    refused
        .at_field("/year", "out_of_range")
        .at_field("/title", "required")
        .at_field("/number", "too_long")
        .at_field("/legal_bases/1", "required")
        .at_field("/note", "too_long");
    assert_eq!(years(&coordinator, "").await, [2026]);
}

async fn a_body_that_does_not_fit_is_refused_by_field(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    for (body, pointer, code) in [
        (json!({ "year": 2027, "title": "x", "tittle": "x" }), "/tittle", "unknown_field"),
        (json!({ "year": 2027, "title": "x", "status": "issued" }), "/status", "unknown_field"),
        (json!({ "year": 2027 }), "/title", "missing_field"),
        (json!({ "year": "2027", "title": "x" }), "/year", "invalid_value"),
        (json!({ "year": 2027, "title": "x", "issued_on": "15/01/2027" }), "/issued_on", "invalid_value"),
        (json!({ "year": 2027, "title": "x", "legal_bases": [1] }), "/legal_bases/0", "invalid_value"),
    ] {
        let refused = coordinator.post("/api/v1/plans", body).await.refused(400, "malformed_body");
        refused.at_field(pointer, code);
    }
    assert_eq!(years(&coordinator, "").await, [2026]);
}

async fn a_change_names_the_version_it_was_made_from(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = path(&draft_plan(&coordinator, 2027).await.id());
    let change = json!({ "note": "Bản hai" });
    coordinator.patch(&plan, None, &change).await.refused(428, "if_match_required");
    coordinator.patch(&plan, 7, &change).await.refused(412, "version_stale");
    let weak = coordinator.patch(&plan, None, &change).header("If-Match", "W/\"1\"");
    weak.await.refused(412, "version_stale");
    assert_eq!(coordinator.get(&plan).await["note"], Value::Null);
    let changed = coordinator.patch(&plan, 1, &change).await.expect(200);
    assert_eq!((changed.version(), changed.header("ETag")), (2, "\"2\""));
    coordinator.patch(&plan, 1, &change).await.refused(412, "version_stale");
    coordinator.patch(&plan, None, &change).header("If-Match", "*").await.expect(200);
}

async fn a_patch_keeps_what_is_absent_and_clears_what_is_null(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = path(&draft_plan(&coordinator, 2027).await.id());
    let filled =
        json!({ "number": "15/KH-UBND", "issued_on": "2027-01-15", "note": "x", "legal_bases": ["a"] });
    coordinator.patch(&plan, 1, filled).await.expect(200);
    let merge = json!({ "number": null, "note": null, "legal_bases": [] }).to_string();
    let patch = coordinator.call(reqwest::Method::PATCH, &plan).if_match(2);
    patch.raw("application/merge-patch+json", merge).await.expect(200);
    let now = coordinator.get(&plan).await.expect(200);
    assert_eq!((&now["number"], &now["note"]), (&Value::Null, &Value::Null));
    assert_eq!((&now["issued_on"], &now["legal_bases"]), (&json!("2027-01-15"), &json!([])));
    assert_eq!(now["title"], "Kế hoạch cải cách hành chính năm 2027");
}

async fn year_basis_and_status_of_a_plan_are_not_patched(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = path(&draft_plan(&coordinator, 2027).await.id());
    for (field, value) in [("year", json!(2028)), ("status", json!("issued")), ("basis", json!("calendar"))] {
        let refused =
            coordinator.patch(&plan, 1, json!({ field: value })).await.refused(400, "malformed_body");
        refused.at_field(&format!("/{field}"), "unknown_field");
    }
    assert_eq!(coordinator.get(&plan).await.version(), 1);
}

async fn an_unchanged_plan_answers_304(app: App) {
    let reader = app.sign_in("thcs.staff").await;
    let plan = path(&app.plan());
    let tag = reader.get(&plan).await.expect(200).header("ETag").to_owned();
    let unchanged = reader.get(&plan).header("If-None-Match", &tag).await.expect(304);
    assert!(unchanged.text.is_empty());
    reader.get(&plan).header("If-None-Match", "\"999\"").await.expect(200);
}

async fn a_leader_issues_and_closes_and_a_coordinator_does_not(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = complete_plan(&coordinator, 2027).await;
    let (issue, close) = (format!("{}/issue", path(&plan)), format!("{}/close", path(&plan)));
    for name in ["vhxh.staff", "vp.head", "ktht.head", "thcs.head", "supervisor", "auditor", "admin"] {
        let client = app.sign_in(name).await;
        client.post_empty(&issue).await.refused(403, "forbidden");
        client.post_empty(&close).await.refused(403, "forbidden");
    }
    let leader = app.sign_in("leader.deputy").await;
    leader.post_empty(&close).await.refused(409, "plan_not_issued");
    leader.post_empty(&issue).if_match(1).await.refused(412, "version_stale");
    assert_eq!(leader.post_empty(&issue).if_match(2).await.expect(200)["status"], "issued");
    leader.post_empty(&issue).await.refused(409, "plan_not_draft");
    let closed = leader.post_empty(&close).await.expect(200);
    assert_eq!((closed["status"].as_str(), closed.version()), (Some("closed"), 4));
    leader.post_empty(&close).await.refused(409, "plan_not_issued");
    leader.post_empty(&issue).await.refused(409, "plan_not_draft");
    assert_eq!(coordinator.get(&path(&plan)).await.body, closed.body);
}

async fn an_incomplete_plan_is_not_issued_and_names_its_gaps(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let leader = app.sign_in("leader").await;
    let plan = draft_plan(&coordinator, 2027).await.id();
    let issue = format!("{}/issue", path(&plan));
    add_item(&coordinator, &plan, "section", "II", json!({})).await.expect(201);
    let empty = leader.post_empty(&issue).await.refused(422, "plan_incomplete");
    empty.at_field("/number", "required").at_field("/issued_on", "required").at_field("/items", "required");
    add_item(&coordinator, &plan, "indicator", "II.2.đ.1", json!({})).await.expect(201);
    let gaps = leader
        .post_empty(&issue)
        .await
        .refused(422, "plan_incomplete")
        .at_field("/items/II.2.đ.1", "required");
    let at_item = gaps["errors"].as_array().unwrap().iter().filter(|gap| gap["pointer"] == "/items/II.2.đ.1");
    let details: Vec<&str> = at_item.map(|gap| gap["detail"].as_str().unwrap()).collect();
    assert_eq!(details.len(), 2, "measure and target: {details:?}");
    let now = coordinator.get(&path(&plan)).await.expect(200);
    assert_eq!((now["status"].as_str(), now.version()), (Some("draft"), 1));
    coordinator.patch(&path(&plan), 1, json!({ "number": "15/KH-UBND" })).await.expect(200);
}

async fn an_issued_plan_does_not_change(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = app.plan();
    let item = item_path(&app, "II.2.k", "indicator");
    let rows = || ["plans", "plan_items", "item_targets"].map(|table| app.rows_of(table));
    let untouched = rows();
    let any = |call: crate::support::Call| call.header("If-Match", "*");
    any(coordinator.patch(&path(&plan), None, json!({ "title": "Khác" })))
        .await
        .refused(409, "plan_not_draft");
    any(coordinator.patch(&item, None, json!({ "title": "Khác" }))).await.refused(409, "plan_not_draft");
    any(coordinator.delete(&item, None)).await.refused(409, "plan_not_draft");
    let refused =
        add_item(&coordinator, &plan, "section", "IX", json!({})).await.refused(409, "plan_not_draft");
    assert!(refused["detail"].as_str().unwrap().contains("điều chỉnh"), "{refused}");
    assert_eq!(rows(), untouched);
}

async fn a_closed_plan_changes_in_nothing(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = path(&app.plan());
    app.sign_in("leader").await.post_empty(&format!("{plan}/close")).await.expect(200);
    let any = |call: crate::support::Call| call.header("If-Match", "*");
    any(coordinator.patch(&plan, None, json!({ "note": "x" }))).await.refused(409, "plan_not_draft");
    let assignments = format!("{}/assignments", item_path(&app, "II.2.k", "indicator"));
    let before = coordinator.get(&assignments).await.expect(200);
    any(coordinator.put(&assignments, None, json!([]))).await.refused(409, "plan_not_issued");
    assert_eq!(coordinator.get(&assignments).await.body, before.body);
    let generate = json!({ "basis": "decree09", "optional": true });
    coordinator.post(&format!("{plan}/periods/generate"), generate).await.refused(409, "plan_not_issued");
    let period = format!("/api/v1/periods/{}", app.period("2026-Q1"));
    let later = json!({ "hard_close_at": "2026-12-31T17:00:00+07:00" });
    any(coordinator.patch(&period, None, later)).await.refused(409, "plan_not_issued");
}

async fn plans_are_filtered_and_paged_latest_year_first(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    draft_plan(&coordinator, 2025).await;
    draft_plan(&coordinator, 2027).await;
    assert_eq!(years(&coordinator, "").await, [2027, 2026, 2025]);
    assert_eq!(years(&coordinator, "?status=draft").await, [2027, 2025]);
    assert_eq!(years(&coordinator, "?status=issued").await, [2026]);
    assert_eq!(years(&coordinator, "?year=2025").await, [2025]);
    assert_eq!(years(&coordinator, "?year=2025&status=issued").await, Vec::<i64>::new());
    let first = coordinator.get("/api/v1/plans?status=draft&limit=1").await.expect(200);
    let next = format!("?status=draft&limit=1&cursor={}", first.text_at("next_cursor"));
    assert_eq!(years(&coordinator, &next).await, [2025]);
    let last = coordinator.get(&format!("/api/v1/plans{next}")).await.expect(200);
    assert_eq!(last["next_cursor"], Value::Null);
}

async fn a_query_that_does_not_fit_is_refused(app: App) {
    let reader = app.sign_in("ktht.staff").await;
    let mistyped = reader.get("/api/v1/plans?yaer=2026").await.refused(400, "malformed_query");
    mistyped.at_field("?yaer", "unknown_field");
    reader.get("/api/v1/plans?status=open").await.refused(400, "malformed_query");
    reader.get("/api/v1/plans?year=abc").await.refused(400, "malformed_query");
    for page in ["limit=0", "limit=201", "cursor=bm9wZQ", "cursor=%00"] {
        assert_eq!(reader.get(&format!("/api/v1/plans?{page}")).await.status, 400, "{page}");
    }
}

async fn a_plan_of_another_ward_is_not_found(app: App) {
    let plan = path(&app.plan());
    let (coordinator, leader) = (app.sign_in("lb.coordinator").await, app.sign_in("lb.leader").await);
    coordinator.get(&plan).await.refused(404, "not_found");
    coordinator.get(&format!("{plan}/items")).await.refused(404, "not_found");
    coordinator.get(&format!("{plan}/periods")).await.refused(404, "not_found");
    coordinator.patch(&plan, 1, json!({ "note": "x" })).await.refused(404, "not_found");
    add_item(&coordinator, &app.plan(), "section", "X", json!({})).await.refused(404, "not_found");
    leader.post_empty(&format!("{plan}/close")).await.refused(404, "not_found");
    leader.post_empty(&format!("{plan}/issue")).await.refused(404, "not_found");
    leader.get("/api/v1/plans/khong-phai-id").await.refused(404, "not_found");
}

async fn the_same_key_makes_one_plan(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let body = json!({ "year": 2027, "title": "Kế hoạch" });
    let first = coordinator.post("/api/v1/plans", &body).key("ke-hoach-2027").await.expect(201);
    let again = coordinator.post("/api/v1/plans", &body).key("ke-hoach-2027").await.expect(201);
    assert_eq!((again.body, again.headers["ETag"].clone()), (first.body, first.headers["ETag"].clone()));
    let other = json!({ "year": 2028, "title": "Kế hoạch" });
    let reused = coordinator.post("/api/v1/plans", other).key("ke-hoach-2027").await;
    reused.refused(422, "idempotency_key_reused");
    assert_eq!(years(&coordinator, "").await, [2027, 2026]);
}

async fn assignments_are_replaced_under_the_version_of_the_item(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let item = item_path(&app, "II.6.e", "indicator");
    let list = format!("{item}/assignments");
    let before = app.sign_in("thcs.staff").await.get(&list).await.expect(200);
    assert_eq!(before.header("ETag"), "\"1\"");
    let hcc = json!({ "unit_id": app.unit("HCC"), "frequency": "monthly", "obligation": "must" });
    let mttq = json!({ "unit_id": app.unit("MTTQ"), "frequency": "yearly", "obligation": "request" });
    coordinator.put(&list, None, json!([hcc])).await.refused(428, "if_match_required");
    coordinator.put(&list, 9, json!([hcc])).await.refused(412, "version_stale");
    let replaced = coordinator.put(&list, 1, json!([hcc, mttq])).await.expect(200);
    assert!(
        replaced.items().len() == 2 && replaced.items().contains(&hcc) && replaced.items().contains(&mttq)
    );
    assert_eq!((replaced.header("ETag"), coordinator.get(&item).await.version()), ("\"2\"", 2));
    assert_eq!(coordinator.get(&list).await.body, replaced.body);
    coordinator.get(&list).header("If-None-Match", "\"2\"").await.expect(304);
    coordinator.put(&list, 1, json!([])).await.refused(412, "version_stale");
    assert_eq!(coordinator.put(&list, 2, json!([])).await.expect(200).items(), Vec::<Value>::new());
}

async fn only_fitting_units_are_assigned_and_only_to_leaves(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let list = format!("{}/assignments", item_path(&app, "II.6.e", "indicator"));
    let before = coordinator.get(&list).await.expect(200);
    let row = |unit: String, obligation: &str| json!({ "unit_id": unit, "frequency": "yearly", "obligation": obligation });
    for (rows, pointer, code) in [
        (json!([row(app.unit("MTTQ"), "must")]), "/0/obligation", "out_of_range"),
        (json!([row(app.unit_in("long-binh", "HCC"), "must")]), "/0/unit_id", "unknown_reference"),
        (json!([row(app.unit("VP"), "must"), row(app.unit("VP"), "request")]), "/1/unit_id", "out_of_range"),
    ] {
        coordinator.put(&list, 1, rows).await.refused(422, "invalid").at_field(pointer, code);
    }
    let daily = json!([{ "unit_id": app.unit("VP"), "frequency": "daily", "obligation": "must" }]);
    let refused = coordinator.put(&list, 1, daily).await.refused(400, "malformed_body");
    refused.at_field("/0/frequency", "invalid_value");
    let section = format!("{}/assignments", item_path(&app, "II.6", "section"));
    coordinator.put(&section, 1, json!([row(app.unit("VP"), "must")])).await.refused(422, "item_not_leaf");
    assert_eq!(coordinator.get(&list).await.body, before.body);
}

both_databases! {
    a_coordinator_creates_a_draft_plan,
    decomposed_and_zero_width_text_is_stored_composed,
    only_a_coordinator_builds_plans,
    a_ward_has_one_plan_a_year,
    every_faulty_field_of_a_plan_is_named,
    a_body_that_does_not_fit_is_refused_by_field,
    a_change_names_the_version_it_was_made_from,
    a_patch_keeps_what_is_absent_and_clears_what_is_null,
    year_basis_and_status_of_a_plan_are_not_patched,
    an_unchanged_plan_answers_304,
    a_leader_issues_and_closes_and_a_coordinator_does_not,
    an_incomplete_plan_is_not_issued_and_names_its_gaps,
    an_issued_plan_does_not_change,
    a_closed_plan_changes_in_nothing,
    plans_are_filtered_and_paged_latest_year_first,
    a_query_that_does_not_fit_is_refused,
    a_plan_of_another_ward_is_not_found,
    the_same_key_makes_one_plan,
    assignments_are_replaced_under_the_version_of_the_item,
    only_fitting_units_are_assigned_and_only_to_leaves,
}
