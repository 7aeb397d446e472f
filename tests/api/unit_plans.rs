//! Promises about unit plans: each unit makes its own from the ward's, and the ward sees what nobody took up (plan V.1.a).

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

fn list(app: &App) -> String {
    format!("/api/v1/plans/{}/unit-plans", app.plan())
}

fn path(id: &str) -> String {
    format!("/api/v1/unit-plans/{id}")
}

/// The draft that the demo holds: HCC's.
fn draft_of_hcc(app: &App) -> String {
    app.sql_text("SELECT id AS value FROM unit_plans WHERE status = 'draft'")
}

/// The issued plan that the demo holds: that of the Office.
fn issued_of_office(app: &App) -> String {
    app.sql_text("SELECT id AS value FROM unit_plans WHERE number = '03/KH-VP'")
}

async fn units_seen(app: &App, username: &str) -> Vec<String> {
    let page = app.sign_in(username).await.get(&list(app)).await.expect(200);
    let mut units: Vec<String> =
        page.items().iter().map(|plan| plan["unit_id"].as_str().unwrap().to_owned()).collect();
    for unit in &mut units {
        *unit = app.sql_text(&format!("SELECT code AS value FROM units WHERE id = '{unit}'"));
    }
    units.sort();
    units
}

async fn add(client: &Client, plan: &str, leaves: Value) -> Reply {
    let body = json!({
        "title": "Rà soát quy trình nội bộ", "contributes_to": leaves, "deliverable": "Quy trình đã sửa",
        "starts_on": "2026-06-20", "due_on": "2026-09-30", "person_position": "Phó Trưởng phòng"
    });
    client.post(&format!("{}/items", path(plan)), body).await
}

/// Codes of the leaves that nobody serves, page by page.
async fn unserved(client: &Client, app: &App, query: &str) -> Vec<String> {
    let (mut codes, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = format!("/api/v1/plans/{}/unserved-items?limit=7{query}{cursor}", app.plan());
        let page = client.get(&page).await.expect(200);
        codes.extend(page.items().iter().map(|leaf| leaf["code"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return codes,
        }
    }
}

async fn a_unit_drafts_fills_and_its_head_issues_its_plan(app: App) {
    let (staff, head) = (app.sign_in("ktht.staff").await, app.sign_in("ktht.head").await);
    let body = json!({ "title": "  Kế hoạch của Phòng Kinh tế, Hạ tầng và Đô thị " });
    let made = staff.post(&list(&app), &body).await.expect(201);
    let plan = made.id();
    assert_eq!((made.header("Location"), made.header("ETag")), (path(&plan).as_str(), "\"1\""));
    assert_eq!(made["title"], "Kế hoạch của Phòng Kinh tế, Hạ tầng và Đô thị");
    assert_eq!((&made["unit_id"], &made["status"]), (&json!(app.unit("KTHTDT")), &json!("draft")));
    let second = head.post(&list(&app), &body).await.refused(409, "unit_plan_exists");
    assert!(second.text.contains(&path(&plan)), "{second}");
    staff.patch(&path(&plan), None, json!({ "number": "12/KH" })).await.refused(428, "if_match_required");
    staff.patch(&path(&plan), 9, json!({ "number": "12/KH" })).await.refused(412, "version_stale");
    let changed = staff.patch(&path(&plan), 1, json!({ "number": "12/KH" })).await.expect(200);
    assert_eq!((&changed["number"], changed.version()), (&json!("12/KH"), 2));
    head.post_empty(&format!("{}/issue", path(&plan))).await.refused(422, "plan_incomplete");
    let leaves =
        json!([app.item("II.2.k", "indicator"), app.item("V.4.a", "task"), app.item("II.2.k", "indicator")]);
    let item = add(&staff, &plan, leaves).await.expect(201);
    assert_eq!(item["contributes_to"].as_array().unwrap().len(), 2, "each leaf once");
    assert_eq!(staff.get(item.header("Location")).await.expect(200).body, item.body);
    assert_eq!(staff.get(&format!("{}/items", path(&plan))).await.expect(200).items(), [item.body]);
    staff.post_empty(&format!("{}/issue", path(&plan))).await.refused(403, "forbidden");
    head.post_empty(&format!("{}/issue", path(&plan))).if_match(1).await.refused(412, "version_stale");
    let issued = head.post_empty(&format!("{}/issue", path(&plan))).if_match(2).await.expect(200);
    assert_eq!((&issued["status"], &issued["issued_on"]), (&json!("issued"), &json!("2026-06-15")));
    assert_eq!(issued["issued_by"], app.account("ktht.head"));
    let kinds =
        app.sql_texts("SELECT kind AS value FROM audit_events WHERE kind LIKE 'unit_plan%' ORDER BY seq");
    assert_eq!(
        kinds[kinds.len() - 4..],
        ["unit_plan.created", "unit_plan.changed", "unit_plan_item.created", "unit_plan.issued"]
    );
}

async fn an_issued_plan_is_fixed(app: App) {
    let plan = issued_of_office(&app);
    let item =
        app.sql_text(&format!("SELECT min(id) AS value FROM unit_plan_items WHERE unit_plan_id = '{plan}'"));
    let (item, version) = (format!("/api/v1/unit-plan-items/{item}"), 2);
    let head = app.sign_in("vp.head").await;
    let before = app.rows(&["audit_events", "audit_chains"]);
    head.patch(&path(&plan), version, json!({ "title": "Khác" })).await.refused(409, "unit_plan_issued");
    head.post_empty(&format!("{}/issue", path(&plan))).await.refused(409, "unit_plan_issued");
    add(&head, &plan, json!([app.item("II.1.b", "indicator")])).await.refused(409, "unit_plan_issued");
    head.patch(&item, 1, json!({ "title": "Khác" })).await.refused(409, "unit_plan_issued");
    head.delete(&item, 1).await.refused(409, "unit_plan_issued");
    assert!(app.rows(&["audit_events", "audit_chains"])["unit_plans"] == before["unit_plans"]);
    assert!(app.rows(&["audit_events", "audit_chains"])["unit_plan_items"] == before["unit_plan_items"]);
}

async fn items_change_and_go_while_the_plan_is_a_draft(app: App) {
    let plan = draft_of_hcc(&app);
    let staff = app.sign_in("hcc.staff").await;
    let item = add(&staff, &plan, json!([app.item("II.2.h", "indicator")])).await.expect(201);
    let at = item.header("Location").to_owned();
    staff.patch(&at, None, json!({ "due_on": null })).await.refused(428, "if_match_required");
    let moved = json!({ "due_on": null, "contributes_to": [app.item("II.6.a", "indicator")] });
    let changed = staff.patch(&at, 1, moved).await.expect(200);
    assert_eq!((&changed["due_on"], &changed["title"]), (&Value::Null, &item["title"]));
    assert_eq!(changed["contributes_to"], json!([app.item("II.6.a", "indicator")]));
    staff.delete(&at, 1).await.refused(412, "version_stale");
    staff.delete(&at, 2).await.expect(204);
    staff.get(&at).await.refused(404, "not_found");
    assert_eq!(app.rows_of("unit_plan_links").iter().filter(|row| row.contains(&item.id())).count(), 0);
}

async fn an_item_contributes_to_leaves_of_the_wards_plan_and_nothing_else(app: App) {
    let plan = draft_of_hcc(&app);
    let staff = app.sign_in("hcc.staff").await;
    let leaf = app.item("II.2.h", "indicator");
    let foreign = app.sql_text(&format!(
        "SELECT min(id) AS value FROM plan_items WHERE ward_id = '{}' AND kind = 'indicator'",
        app.ward("long-binh")
    ));
    for (leaves, pointer, code) in [
        (json!([]), "/contributes_to", "required"),
        (json!([app.item("II.2", "section")]), "/contributes_to/0", "unknown_reference"),
        (json!([leaf, foreign]), "/contributes_to/1", "unknown_reference"),
        (json!([app.unit("HCC")]), "/contributes_to/0", "unknown_reference"),
        (json!(vec![leaf.clone(); 101]), "/contributes_to", "out_of_range"),
    ] {
        add(&staff, &plan, leaves).await.refused(422, "invalid").at_field(pointer, code);
    }
    let items = format!("{}/items", path(&plan));
    for (field, value, code) in [
        ("title", json!(""), "required"),
        ("title", json!("a".repeat(501)), "too_long"),
        ("due_on", json!("2026-05-31"), "out_of_range"),
        ("starts_on", json!("0206-05-31"), "out_of_range"),
        ("person_position", json!(""), "required"),
    ] {
        let mut body = json!({ "title": "Việc", "contributes_to": [leaf], "starts_on": "2026-06-01" });
        body[field] = value;
        staff.post(&items, body).await.refused(422, "invalid").at_field(&format!("/{field}"), code);
    }
    assert_eq!(staff.get(&items).await.items().len(), 1);
}

async fn drafts_show_to_their_unit_and_to_those_who_see_the_ward(app: App) {
    for (username, units) in [
        ("leader", vec!["HCC", "VP"]),
        ("vhxh.head", vec!["HCC", "VP"]),
        ("auditor", vec!["HCC", "VP"]),
        ("hcc.staff", vec!["HCC", "VP"]),
        ("ktht.head", vec!["VP"]),
        ("supervisor", vec!["VP"]),
        ("admin", vec!["VP"]),
        ("thcs.head", vec![]),
    ] {
        assert_eq!(units_seen(&app, username).await, units, "{username}");
    }
    let (draft, issued) = (draft_of_hcc(&app), issued_of_office(&app));
    for username in ["ktht.head", "supervisor", "thcs.staff"] {
        let client = app.sign_in(username).await;
        client.get(&path(&draft)).await.refused(404, "not_found");
        client.get(&format!("{}/items", path(&draft))).await.refused(404, "not_found");
    }
    app.sign_in("thcs.staff").await.get(&path(&issued)).await.refused(404, "not_found");
    let tag = app.sign_in("ktht.head").await.get(&path(&issued)).await.expect(200).header("ETag").to_owned();
    app.sign_in("ktht.head").await.get(&path(&issued)).header("If-None-Match", &tag).await.expect(304);
    let stranger = app.sign_in("lb.leader").await;
    stranger.get(&path(&issued)).await.refused(404, "not_found");
    stranger.get(&list(&app)).await.refused(404, "not_found");
    let leader = app.sign_in("leader").await;
    let filtered = leader.get(&format!("{}?unit=HCC&status=draft", list(&app))).await.expect(200);
    assert_eq!(filtered.items().len(), 1);
    assert_eq!(leader.get(&format!("{}?unit=HCC&status=issued", list(&app))).await.items().len(), 0);
    let first = leader.get(&format!("{}?limit=1", list(&app))).await.expect(200);
    let next = first["next_cursor"].as_str().expect("more follows");
    let second = leader.get(&format!("{}?limit=1&cursor={next}", list(&app))).await.expect(200);
    assert_ne!(first.items()[0]["id"], second.items()[0]["id"]);
}

async fn a_unit_writes_its_own_plan_and_a_coordinator_any(app: App) {
    let of = |unit: &str| json!({ "title": "Kế hoạch", "unit_id": app.unit(unit) });
    let school = app.sign_in("thcs.staff").await;
    school.post(&list(&app), of("TH-MN")).await.refused(403, "forbidden");
    app.sign_in("ktht.head").await.post(&list(&app), of("TYT")).await.refused(403, "forbidden");
    app.sign_in("leader").await.post(&list(&app), of("TYT")).await.refused(403, "forbidden");
    let coordinator = app.sign_in("vhxh.staff").await;
    let foreign = json!({ "title": "Kế hoạch", "unit_id": app.unit_in("long-binh", "VP") });
    let refused = coordinator.post(&list(&app), foreign).await.refused(422, "invalid");
    refused.at_field("/unit_id", "unknown_reference");
    let entered = coordinator.post(&list(&app), of("TH-MN")).await.expect(201).id();
    add(&coordinator, &entered, json!([app.item("V.7-1", "task")])).await.expect(201);
    coordinator.post_empty(&format!("{}/issue", path(&entered))).await.refused(403, "forbidden");
    school.get(&path(&entered)).await.refused(404, "not_found");
    let head = app.sign_in("mn.head").await;
    assert_eq!(head.post_empty(&format!("{}/issue", path(&entered))).await.expect(200)["status"], "issued");
    let office = app.sign_in("vhxh.head").await;
    let draft = draft_of_hcc(&app);
    office.patch(&path(&draft), 1, json!({ "title": "Sửa hộ" })).await.expect(200);
    let department = app.sign_in("ktht.head").await;
    let issued = issued_of_office(&app);
    department.patch(&path(&issued), 2, json!({ "title": "Khác" })).await.refused(403, "forbidden");
    department.post_empty(&format!("{}/issue", path(&issued))).await.refused(403, "forbidden");
}

async fn unit_plans_follow_a_plan_in_force(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let body = json!({ "title": "Kế hoạch" });
    let coordinator = app.sign_in("vhxh.staff").await;
    let next = super::plans::draft_plan(&coordinator, 2027).await.id();
    let early = staff.post(&format!("/api/v1/plans/{next}/unit-plans"), &body).await;
    early.refused(409, "plan_not_issued");
    let draft = draft_of_hcc(&app);
    let closed = format!("/api/v1/plans/{}/close", app.plan());
    app.sign_in("leader").await.post_empty(&closed).await.expect(200);
    staff.post(&list(&app), &body).await.refused(409, "plan_not_issued");
    let hcc = app.sign_in("hcc.head").await;
    hcc.patch(&path(&draft), 1, json!({ "title": "Muộn" })).await.refused(409, "plan_not_issued");
    hcc.post_empty(&format!("{}/issue", path(&draft))).await.refused(409, "plan_not_issued");
}

async fn the_ward_sees_which_leaves_no_issued_plan_serves(app: App) {
    let leader = app.sign_in("leader").await;
    let before = unserved(&leader, &app, "").await;
    let leaves = app.sql_texts(&format!(
        "SELECT code AS value FROM plan_items WHERE plan_id = '{}' AND kind <> 'section' \
         AND code NOT IN ('II.6.c', 'II.1.a', 'II.1.b') ORDER BY sort_path, id",
        app.plan()
    ));
    assert_eq!(before, leaves, "all but what the Office's issued plan serves, in the order of the plan");
    assert!(before.contains(&"II.2.b.1".to_owned()), "HCC's plan is only a draft");
    let issue = format!("{}/issue", path(&draft_of_hcc(&app)));
    app.sign_in("hcc.head").await.post_empty(&issue).await.expect(200);
    let after = unserved(&leader, &app, "").await;
    assert_eq!(after.len(), before.len() - 2);
    // II.1.a is served by the Office, but KTHTDT reports it too and has no plan that serves it.
    let own = unserved(&app.sign_in("auditor").await, &app, "&unit=KTHTDT").await;
    assert!(own.contains(&"II.1.a".to_owned()) && own.contains(&"V.4.b".to_owned()), "{own:?}");
    assert!(!own.contains(&"II.1.b".to_owned()), "KTHTDT does not report it");
    let office = unserved(&app.sign_in("vhxh.head").await, &app, "&unit=VP").await;
    assert!(office.contains(&"II.2.k".to_owned()) && !office.contains(&"II.1.a".to_owned()), "{office:?}");
    app.sql("UPDATE plan_items SET withdrawn_from = '2026-06-01' WHERE code = 'II.2.k'");
    assert!(!unserved(&leader, &app, "").await.contains(&"II.2.k".to_owned()), "withdrawn");
    let path = format!("/api/v1/plans/{}/unserved-items", app.plan());
    leader
        .get(&format!("{path}?unit=KHONG"))
        .await
        .refused(422, "invalid")
        .at_field("?unit", "unknown_reference");
    for username in ["ktht.head", "thcs.head", "supervisor", "admin"] {
        app.sign_in(username).await.get(&path).await.refused(403, "forbidden");
    }
    app.sign_in("lb.leader").await.get(&path).await.refused(404, "not_found");
}

async fn a_merged_units_plan_passes_to_its_successor(app: App) {
    let admin = app.sign_in("admin").await;
    let draft = draft_of_hcc(&app);
    let merge = |from: &str, into: &str| json!({ "from_unit_ids": [app.unit(from)], "into_unit_id": app.unit(into), "effective_on": "2026-06-15" });
    admin.post("/api/v1/units/merge", merge("HCC", "TYT")).await.expect(200);
    let head = app.sign_in("hcc.head").await;
    let passed = head.get(&path(&draft)).await.expect(200);
    assert_eq!((&passed["unit_id"], passed.version()), (&json!(app.unit("TYT")), 2));
    head.post_empty(&format!("{}/issue", path(&draft))).await.expect(200);
    // The Office has a plan of its own: this one stays with the unit that ended, and serves nothing any more.
    let leader = app.sign_in("leader").await;
    assert!(!unserved(&leader, &app, "").await.contains(&"II.2.b.1".to_owned()));
    admin.post("/api/v1/units/merge", merge("TYT", "VP")).await.expect(200);
    let stayed = head.get(&path(&draft)).await.expect(200);
    assert_eq!(stayed["unit_id"], app.unit("TYT"));
    assert!(unserved(&leader, &app, "").await.contains(&"II.2.b.1".to_owned()));
    let late = json!({ "title": "Kế hoạch", "unit_id": app.unit("HCC") });
    let refused = app.sign_in("vhxh.staff").await.post(&list(&app), late).await.refused(422, "invalid");
    refused.at_field("/unit_id", "unit_not_active");
}

async fn the_same_key_makes_one_unit_plan(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let body = json!({ "title": "Kế hoạch" });
    let one = staff.post(&list(&app), &body).key("unit-plan-1").await.expect(201);
    let two = staff.post(&list(&app), &body).key("unit-plan-1").await.expect(201);
    assert_eq!(one.body, two.body);
}

both_databases! {
    a_unit_drafts_fills_and_its_head_issues_its_plan,
    an_issued_plan_is_fixed,
    items_change_and_go_while_the_plan_is_a_draft,
    an_item_contributes_to_leaves_of_the_wards_plan_and_nothing_else,
    drafts_show_to_their_unit_and_to_those_who_see_the_ward,
    a_unit_writes_its_own_plan_and_a_coordinator_any,
    unit_plans_follow_a_plan_in_force,
    the_ward_sees_which_leaves_no_issued_plan_serves,
    a_merged_units_plan_passes_to_its_successor,
    the_same_key_makes_one_unit_plan,
}
