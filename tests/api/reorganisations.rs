//! Promises about mergers of units: who owes what on either side of the day, and whose hands finish it (RULES §4).

use serde_json::{Value, json};

use crate::support::{App, Reply, both_databases};

const MERGE: &str = "/api/v1/units/merge";

pub fn unit_path(app: &App, code: &str) -> String {
    format!("/api/v1/units/{}", app.unit(code))
}

/// The rows of `owed_figures` of an item in a period, as codes of units.
pub fn owed(app: &App, item: &str, period: &str) -> Vec<String> {
    app.sql_texts(&format!(
        "SELECT u.code AS value FROM owed_figures o JOIN units u ON u.id = o.unit_id \
         WHERE o.item_id = '{}' AND o.period_id = '{}' ORDER BY 1",
        app.item(item, "indicator"),
        app.period(period)
    ))
}

pub async fn coverage(app: &App, item: &str, period: &str) -> Value {
    let leader = app.sign_in("leader").await;
    let path = format!("/api/v1/plans/{}/summary?period={period}&basis=submitted", app.plan());
    let summary = leader.get(&path).await.expect(200);
    summary.items().iter().find(|leaf| leaf["code"] == item).expect("the leaf")["coverage"].clone()
}

/// Merges KTHTDT into HCC from a day on.
pub async fn merge(app: &App, effective_on: &str) -> Reply {
    let admin = app.sign_in("admin").await;
    let body = json!({
        "from_unit_ids": [app.unit("KTHTDT")], "into_unit_id": app.unit("HCC"), "effective_on": effective_on,
        "decision": "Nghị quyết 12/NQ-HĐND ngày 20/6/2026"
    });
    admin.post(MERGE, body).await
}

async fn only_the_administrator_of_the_ward_reorganises_it(app: App) {
    let paths = [
        MERGE.to_owned(),
        format!("{}/split", unit_path(&app, "KTHTDT")),
        format!("{}/rename", unit_path(&app, "KTHTDT")),
    ];
    for username in ["leader", "vhxh.head", "ktht.head", "thcs.head", "supervisor", "auditor"] {
        let client = app.sign_in(username).await;
        for path in &paths {
            client.post(path, json!({})).await.refused(403, "forbidden");
        }
    }
    let admin = app.sign_in("admin").await;
    let foreign = app.unit_in("long-binh", "VP");
    let rename = json!({ "name": "Văn phòng", "effective_on": "2026-05-01" });
    admin.post(&format!("/api/v1/units/{foreign}/rename"), rename).await.refused(404, "not_found");
    admin.get(&format!("/api/v1/units/{foreign}/names")).await.refused(404, "not_found");
    let split = json!({ "into": [], "effective_on": "2026-07-01" });
    admin.post(&format!("/api/v1/units/{foreign}/split"), split).await.refused(404, "not_found");
    for (from, into, pointer) in [
        (app.unit("KTHTDT"), foreign.clone(), "/into_unit_id"),
        (foreign.clone(), app.unit("HCC"), "/from_unit_ids/0"),
    ] {
        let body = json!({ "from_unit_ids": [from], "into_unit_id": into, "effective_on": "2026-07-01" });
        admin.post(MERGE, body).await.refused(422, "invalid").at_field(pointer, "unknown_reference");
    }
}

async fn a_merged_unit_owes_what_ended_before_and_its_successor_the_rest(app: App) {
    assert_eq!(owed(&app, "II.2.k", "2026-Q3"), ["KTHTDT", "VHXH", "VP"]);
    let before = coverage(&app, "II.2.k", "2026-Q1").await;
    let merged = merge(&app, "2026-07-01").await.expect(200);
    let (unit, old) = (&merged["unit"], &merged["ended"][0]);
    assert_eq!((&unit["code"], &old["code"]), (&json!("HCC"), &json!("KTHTDT")));
    assert_eq!((&old["active_to"], &old["successor_id"]), (&json!("2026-06-30"), &unit["id"]));
    assert_eq!((&merged["moved_accounts"], &old["version"]), (&json!(2), &json!(2)));
    for (period, units) in [
        ("2026-Q1", ["KTHTDT", "VHXH", "VP"]),
        ("2026-H1", ["KTHTDT", "VHXH", "VP"]),
        ("2026-Q3", ["HCC", "VHXH", "VP"]),
        ("2026-Y", ["HCC", "VHXH", "VP"]),
    ] {
        assert_eq!(owed(&app, "II.2.k", period), units, "{period}");
    }
    // HCC reported it before: it owes it once, and since ever.
    assert_eq!(owed(&app, "II.2.a", "2026-Q3"), ["HCC", "VHXH", "VP"]);
    let leader = app.sign_in("leader").await;
    let rows = |item: &str| format!("/api/v1/items/{}/assignments", app.item(item, "indicator"));
    let begun = |reply: Reply, unit: &str| {
        let row = reply.items().iter().find(|row| row["unit_id"] == app.unit(unit)).cloned();
        row.unwrap_or_else(|| panic!("no line of {unit}\n{reply}"))["effective_from"].clone()
    };
    assert_eq!(begun(leader.get(&rows("II.2.k")).await, "HCC"), "2026-07-01");
    assert_eq!(begun(leader.get(&rows("II.2.a")).await, "HCC"), Value::Null);
    assert_eq!(begun(leader.get(&rows("II.2.k")).await, "KTHTDT"), Value::Null);
    assert_eq!(coverage(&app, "II.2.k", "2026-Q1").await, before);
    assert_eq!(coverage(&app, "II.2.k", "2026-H1").await["expected"], 3);
    assert_eq!(coverage(&app, "II.2.a", "2026-Q3").await["expected"], 3);
    merge(&app, "2026-07-01").await.refused(422, "invalid").at_field("/from_unit_ids/0", "unit_not_active");
}

async fn lead_and_tracking_pass_to_the_successor_and_running_work_keeps_its_verifier(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let verifier = app.sign_in("hcc.staff").await;
    let admin = app.sign_in("admin").await;
    let body = json!({
        "from_unit_ids": [app.unit("HCC")], "effective_on": "2026-06-15",
        "new_unit": { "code": "HCC-VP", "name": "Văn phòng và Hành chính công", "kind": "office" }
    });
    let old = app.unit("HCC");
    let merged = admin.post(MERGE, body).await.expect(200);
    let new = merged["unit"]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&merged["unit"]["active_from"], &merged["unit"]["version"]),
        (&json!("2026-06-15"), &json!(1))
    );
    let item =
        app.sign_in("leader").await.get(&format!("/api/v1/items/{}", app.item("II.2.k", "indicator"))).await;
    assert_eq!((&item["lead_unit_id"], &item["tracking_unit_id"]), (&json!(new), &json!(new)));
    assert_eq!(item.version(), 2);
    let stored =
        app.sql_text(&format!("SELECT verify_unit_id AS value FROM submissions WHERE id = '{submission}'"));
    assert_eq!(stored, old, "fixed when it was submitted");
    let path = format!("/api/v1/submissions/{submission}");
    let read = verifier.get(&path).await.expect(200);
    assert_eq!(read["waiting_on"], json!({ "step": "verify", "unit_id": new }));
    let mine = verifier.get("/api/v1/submissions?awaiting=me&limit=200").await.expect(200);
    assert!(mine.items().iter().any(|row| row["id"] == submission), "{mine}");
    let verified = app.decide(&verifier, &submission, "verify").await.expect(201);
    assert_eq!(verified["submission"]["state"], "verified");
}

async fn people_keep_their_sessions_and_finish_what_the_old_unit_left_open(app: App) {
    let head = app.sign_in("ktht.head").await;
    let draft = app.draft_free_figure().await;
    merge(&app, "2026-06-15").await.expect(200);
    let me = head.get("/api/v1/me").await.expect(200);
    assert_eq!((&me["unit"]["code"], &me["roles"]), (&json!("HCC"), &json!(["department_head"])));
    let listed = head.get("/api/v1/submissions?unit=KTHTDT&period=2026-H1").await.expect(200);
    assert!(listed.items().iter().any(|row| row["id"] == draft), "{listed}");
    let staff = app.sign_in("ktht.staff").await;
    let changed = json!({ "numerator": 1180 });
    staff.patch(&format!("/api/v1/submissions/{draft}"), 1, changed).await.expect(200);
    // Its tracking unit is now the one whose people sign for it, so that step falls away.
    let submitted = app.decide(&head, &draft, "submit").await.expect(201);
    assert_eq!(submitted["submission"]["waiting_on"]["step"], "endorse");
    assert_eq!(submitted["submission"]["unit_id"], app.unit("KTHTDT"));
    assert_eq!(submitted["submission"]["unit_name"], "Phòng Kinh tế, Hạ tầng và Đô thị");
    let coordinator = app.sign_in("vhxh.head").await;
    app.decide(&coordinator, &draft, "endorse").await.expect(201);
    let outsider = app.sign_in("vp.head").await;
    app.decide(&outsider, &draft, "withdraw").await.refused(403, "not_your_step");
}

async fn figures_of_periods_after_the_end_are_the_successors(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let figure = json!({ "numerator": 10, "denominator": 10 });
    let early = app.draft(&staff, "II.2.k", "2026-Q3", figure.clone()).await.expect(201).id();
    let (old, head) = (app.unit("KTHTDT"), app.sign_in("ktht.head").await);
    merge(&app, "2026-06-15").await.expect(200);
    app.sql("UPDATE periods SET opens_at = '2026-06-01 00:00:00' WHERE code = '2026-Q3'");
    let reply = app.decide(&head, &early, "submit").await;
    reply.refused(422, "unit_not_active");
    let read = head.get(&format!("/api/v1/submissions/{early}")).await.expect(200);
    assert_eq!((&read["allowed_actions"], &read["state"]), (&json!([]), &json!("draft")));
    let of = |unit: &str| json!({ "numerator": 10, "denominator": 10, "unit_id": unit });
    let refused = app.draft(&staff, "II.6.c", "2026-Q3", of(&old)).await.refused(422, "invalid");
    refused.at_field("/period_id", "unit_not_active");
    app.draft(&staff, "II.6.c", "2026-H1", of(&old)).await.expect(201);
    let new = app.unit("HCC");
    let not_yet = app.draft(&staff, "II.6.c", "2026-H1", of(&new)).await.refused(422, "invalid");
    not_yet.at_field("/item_id", "not_assigned");
    let own = app.draft(&staff, "II.2.k", "2026-Q3", figure).await.expect(201);
    assert_eq!(own["unit_id"], new);
    app.decide(&head, &own.id(), "submit").await.expect(201);
    assert_eq!(coverage(&app, "II.2.k", "2026-Q3").await, json!({ "reported": 1, "expected": 3 }));
}

async fn a_figure_signed_after_the_end_does_not_count_twice(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let counted = coverage(&app, "II.2.k", "2026-H1").await;
    assert_eq!(counted, json!({ "reported": 3, "expected": 3 }));
    // The decision comes late: it has been in force since May.
    merge(&app, "2026-05-01").await.expect(200);
    assert_eq!(coverage(&app, "II.2.k", "2026-H1").await, json!({ "reported": 2, "expected": 3 }));
    let leader = app.sign_in("leader").await;
    assert_eq!(
        leader.get(&format!("/api/v1/submissions/{submission}")).await.expect(200)["state"],
        "submitted"
    );
}

async fn people_whose_roles_do_not_fit_are_named_and_nothing_happens(app: App) {
    let admin = app.sign_in("admin").await;
    let body = json!({
        "from_unit_ids": [app.unit("TYT"), app.unit("TH-THCS")], "into_unit_id": app.unit("VHXH"),
        "effective_on": "2026-07-01"
    });
    let refused = admin.post(MERGE, &body).await.refused(422, "invalid");
    let refused = refused.at_field("/from_unit_ids/1", "role_not_for_unit");
    for username in ["thcs.head", "thcs.staff"] {
        assert!(refused.text.contains(username), "{username} is not named\n{refused}");
    }
    let school = admin.get(&unit_path(&app, "TH-THCS")).await.expect(200);
    assert_eq!((&school["active_to"], school.version()), (&Value::Null, 1));
    let schools = json!({
        "from_unit_ids": [app.unit("TH-THCS")], "into_unit_id": app.unit("TH-MN"), "effective_on": "2026-07-01"
    });
    admin.post(MERGE, schools).await.expect(200);
    let me = app.sign_in("thcs.head").await.get("/api/v1/me").await.expect(200);
    assert_eq!(me["unit"]["code"], "TH-MN");
}

async fn who_merges_with_whom_must_make_sense(app: App) {
    let admin = app.sign_in("admin").await;
    let (tyt, vp) = (app.unit("TYT"), app.unit("VP"));
    let new = json!({ "code": "MOI", "name": "Đơn vị mới", "kind": "office" });
    let day = "2026-07-01";
    for (body, pointer, code) in [
        (
            json!({ "from_unit_ids": [], "into_unit_id": vp, "effective_on": day }),
            "/from_unit_ids",
            "required",
        ),
        (json!({ "from_unit_ids": [tyt], "effective_on": day }), "/into_unit_id", "required"),
        (
            json!({ "from_unit_ids": [tyt], "into_unit_id": vp, "new_unit": new, "effective_on": day }),
            "/new_unit",
            "not_applicable_here",
        ),
        (
            json!({ "from_unit_ids": [tyt, vp], "into_unit_id": vp, "effective_on": day }),
            "/into_unit_id",
            "out_of_range",
        ),
        (
            json!({ "from_unit_ids": [tyt, tyt], "into_unit_id": vp, "effective_on": day }),
            "/from_unit_ids/1",
            "out_of_range",
        ),
        (
            json!({ "from_unit_ids": [tyt], "into_unit_id": vp, "effective_on": "2028-01-01" }),
            "/effective_on",
            "out_of_range",
        ),
        (
            json!({ "from_unit_ids": [tyt], "into_unit_id": vp, "effective_on": "2025-07-01" }),
            "/from_unit_ids/0",
            "unit_not_active",
        ),
        (
            json!({ "from_unit_ids": [tyt], "into_unit_id": vp, "effective_on": day, "decision": "" }),
            "/decision",
            "required",
        ),
    ] {
        admin.post(MERGE, &body).await.refused(422, "invalid").at_field(pointer, code);
    }
    let taken = json!({ "code": "VP", "name": "Văn phòng mới", "kind": "office" });
    let body = json!({ "from_unit_ids": [tyt], "new_unit": taken, "effective_on": day });
    admin.post(MERGE, &body).await.refused(409, "code_taken").at_field("/new_unit/code", "code_taken");
    assert_eq!(admin.get("/api/v1/units").await.items().len(), 10);
}

async fn a_successor_takes_the_strictest_duty_and_one_that_is_only_asked_is_asked(app: App) {
    let admin = app.sign_in("admin").await;
    let (k, own) = (app.item("II.2.k", "indicator"), app.item("II.3.b.2a", "indicator"));
    app.sql(&format!(
        "UPDATE assignments SET frequency = 'monthly' WHERE item_id = '{k}' AND unit_id = '{}'",
        app.unit("VP")
    ));
    for (from, into) in [(vec!["KTHTDT", "VP"], "HCC"), (vec!["TYT"], "MTTQ")] {
        let from: Vec<String> = from.into_iter().map(|code| app.unit(code)).collect();
        let body =
            json!({ "from_unit_ids": from, "into_unit_id": app.unit(into), "effective_on": "2026-07-01" });
        admin.post(MERGE, body).await.expect(200);
    }
    for (item, unit, frequency, obligation) in
        [(k, "HCC", "monthly", "must"), (own, "MTTQ", "yearly", "request")]
    {
        let rows = admin.get(&format!("/api/v1/items/{item}/assignments")).await.expect(200);
        let row = json!({
            "unit_id": app.unit(unit), "frequency": frequency, "obligation": obligation,
            "effective_from": "2026-07-01"
        });
        assert!(rows.items().contains(&row), "{rows}");
    }
}

async fn the_successor_of_the_standing_office_is_the_standing_office(app: App) {
    let admin = app.sign_in("admin").await;
    let machine = app.add_client(
        "vhxh-system",
        Some("long-my"),
        Some("VHXH"),
        &[cchc::access::Scope::SubmissionsWrite],
    );
    let body = json!({
        "from_unit_ids": [app.unit("VHXH"), app.unit("UBND")], "into_unit_id": app.unit("VP"),
        "effective_on": "2026-07-01"
    });
    let merged = admin.post(MERGE, body).await.expect(200);
    assert_eq!(
        (&merged["unit"]["is_standing_office"], &merged["unit"]["parent_id"]),
        (&json!(true), &Value::Null)
    );
    assert!(merged["ended"].as_array().unwrap().iter().all(|unit| unit["is_standing_office"] == false));
    let child = admin.get(&unit_path(&app, "HCC")).await.expect(200);
    assert_eq!(child["parent_id"], app.unit("VP"), "what belonged to an ended unit belongs to its successor");
    let unit = app.sql_text("SELECT unit_id AS value FROM clients WHERE client_id = 'vhxh-system'");
    assert_eq!(unit, app.unit("VP"));
    machine.get("/api/v1/units").await.expect(200);
    // Merged once more, the first unit's people are the last one's.
    let again = json!({
        "from_unit_ids": [app.unit("VP")], "into_unit_id": app.unit("HCC"), "effective_on": "2026-08-01"
    });
    admin.post(MERGE, again).await.expect(200);
    let acting = app.sql_text("SELECT h.code AS value FROM units u JOIN units h ON h.id = u.acting_unit_id WHERE u.code = 'VHXH' AND h.ward_id = u.ward_id");
    assert_eq!(acting, "HCC");
    let old = admin.get(&unit_path(&app, "VHXH")).await.expect(200);
    assert_eq!(old["successor_id"], app.unit("VP"), "history stays as it was");
}

async fn lists_of_work_show_the_successor_what_the_old_unit_left_open(app: App) {
    let question = json!({ "question": "Vì sao giảm?", "due_at": "2026-06-19T17:00:00+07:00" });
    let figure = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let leader = app.sign_in("leader").await;
    let path = format!("/api/v1/submissions/{figure}/explanation-requests");
    let request = leader.post(&path, question).await.expect(201).id();
    merge(&app, "2026-06-15").await.expect(200);
    let client = app.sign_in("hcc.head").await;
    let todo = client.get("/api/v1/me/todo").await.expect(200);
    let due = todo["due"]["items"].as_array().unwrap();
    let row = due.iter().find(|row| row["item_code"] == "II.2.k" && row["period_code"] == "2026-H1");
    assert_eq!(row.expect("the old unit's figure")["unit_code"], "KTHTDT", "{todo}");
    assert_eq!(todo["explanations"]["items"][0]["explanation_request_id"], request.as_str());
    let answer = json!({
        "cause": "objective", "what_happened": "Gián đoạn", "remedy": "Bổ sung trực", "new_date": "2026-09-30"
    });
    let path = format!("/api/v1/explanation-requests/{request}/answer");
    client.post(&path, answer).if_match(1).await.expect(200);

    let plan = app.plan();
    let completeness = format!("/api/v1/plans/{plan}/completeness?period=2026-H1");
    let overdue = format!("/api/v1/plans/{plan}/overdue?unit=KTHTDT&as_of=2026-06-20&limit=200");
    let of_old = |reply: &Reply| {
        reply["units"].as_array().unwrap().iter().find(|row| row["unit_code"] == "KTHTDT").cloned()
    };
    let (own, all) =
        (client.get(&completeness).await.expect(200), leader.get(&completeness).await.expect(200));
    assert_eq!(of_old(&own), of_old(&all), "all that the old unit owed");
    let (own, all) = (client.get(&overdue).await.expect(200), leader.get(&overdue).await.expect(200));
    assert!(all.items().len() > 1 && own.items() == all.items(), "{own}");
}

both_databases! {
    only_the_administrator_of_the_ward_reorganises_it,
    a_merged_unit_owes_what_ended_before_and_its_successor_the_rest,
    lead_and_tracking_pass_to_the_successor_and_running_work_keeps_its_verifier,
    people_keep_their_sessions_and_finish_what_the_old_unit_left_open,
    figures_of_periods_after_the_end_are_the_successors,
    a_figure_signed_after_the_end_does_not_count_twice,
    people_whose_roles_do_not_fit_are_named_and_nothing_happens,
    who_merges_with_whom_must_make_sense,
    a_successor_takes_the_strictest_duty_and_one_that_is_only_asked_is_asked,
    the_successor_of_the_standing_office_is_the_standing_office,
    lists_of_work_show_the_successor_what_the_old_unit_left_open,
}
