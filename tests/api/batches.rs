//! Promises about many figures in one call (RULES §3, §5, §10).

use cchc::access::{Role, Scope};
use serde_json::{Value, json};

use crate::support::{App, Backend, Client, NewAccount, Reply, both_databases};

const PATH: &str = "/api/v1/submissions/batch";
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub async fn send(client: &Client, query: &str, rows: Value) -> Reply {
    client.post(&format!("{PATH}{query}"), json!({ "rows": rows })).await
}

async fn send_csv(client: &Client, query: &str, content: impl Into<Vec<u8>>) -> Reply {
    client
        .call(reqwest::Method::POST, &format!("{PATH}{query}"))
        .raw("text/csv; charset=utf-8", content)
        .await
}

pub fn outcomes(reply: &Reply) -> Vec<String> {
    let rows = reply["rows"].as_array().unwrap_or_else(|| panic!("no rows in\n{reply}"));
    rows.iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
}

/// Pointer and code of every fault.
pub fn faults(reply: &Reply) -> Vec<(String, String)> {
    let rows = reply["rows"].as_array().unwrap_or_else(|| panic!("no rows in\n{reply}"));
    let errors = rows.iter().flat_map(|row| row["errors"].as_array().unwrap());
    errors
        .map(|error| (error["pointer"].as_str().unwrap().into(), error["code"].as_str().unwrap().into()))
        .collect()
}

#[track_caller]
pub fn expect_faults(reply: &Reply, expected: &[(&str, &str)]) {
    let found = faults(reply);
    let found: Vec<(&str, &str)> =
        found.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
    assert_eq!(found, expected, "{reply}");
}

pub fn row(item: &str, numerator: i64, denominator: i64) -> Value {
    json!({ "item": item, "period": "2026-H1", "numerator": numerator, "denominator": denominator })
}

fn submissions(app: &App) -> Vec<String> {
    app.rows_of("submissions")
}

async fn each_row_is_created_updated_unchanged_or_rejected(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let first =
        send(&staff, "", json!([row("II.2.k", 1176, 1200), row("II.6.b", 13, 12), row("II.9", 1, 1)]));
    let first = first.await.expect(200);
    assert_eq!(outcomes(&first), ["created", "rejected", "rejected"]);
    assert_eq!(first["counts"], json!({ "created": 1, "updated": 0, "unchanged": 0, "rejected": 2 }));
    expect_faults(
        &first,
        &[("/rows/1/numerator", "numerator_exceeds_denominator"), ("/rows/2/item", "unknown_reference")],
    );
    let id = first["rows"][0]["submission_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/submissions/{id}");
    let draft = staff.get(&path).await.expect(200);
    assert_eq!(
        (&draft["numerator"], &draft["state"], &draft["unit_code"]),
        (&json!(1176), &json!("draft"), &json!("KTHTDT"))
    );
    // What a row leaves out stays; null clears, as in a single change.
    let second = json!([
        { "item": "II.2.k", "period": "2026-H1", "unit": "KTHTDT", "plan": "2026", "note": "Rà soát" },
        row("II.6.b", 12, 12),
    ]);
    let second = send(&staff, "", second).await.expect(200);
    assert_eq!(outcomes(&second), ["updated", "created"]);
    assert_eq!(second["rows"][0]["version"], 2);
    let draft = staff.get(&path).await.expect(200);
    assert_eq!((&draft["numerator"], &draft["note"], draft.version()), (&json!(1176), &json!("Rà soát"), 2));
    let third = json!([{ "item": "II.2.k", "period": "2026-H1", "note": null }, row("II.6.b", 12, 12)]);
    let third = send(&staff, "", third).await.expect(200);
    assert_eq!(outcomes(&third), ["updated", "unchanged"]);
    assert_eq!(staff.get(&path).await.expect(200)["note"], Value::Null);
}

async fn a_dry_run_says_what_a_real_run_does_and_keeps_nothing(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let rows =
        json!([row("II.2.k", 1176, 1200), row("II.6.b", 13, 12), { "item": "II.2.k", "period": "2026-Q1" }]);
    let before = app.rows(&[]);
    let dry = send(&staff, "?dry_run=true", rows.clone()).await.expect(200);
    assert_eq!(app.rows(&[]), before, "a dry run leaves no trace");
    assert_eq!((&dry["dry_run"], &dry["rows"][0]["submission_id"]), (&json!(true), &Value::Null));
    let real = send(&staff, "?dry_run=false", rows).await.expect(200);
    assert_eq!((outcomes(&dry), &dry["counts"]), (outcomes(&real), &real["counts"]));
    assert_eq!(faults(&dry), faults(&real));
    assert_eq!(outcomes(&real), ["created", "rejected", "unchanged"]);
}

async fn an_atomic_batch_is_kept_as_a_whole_or_not_at_all(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let before = submissions(&app);
    let rows = json!([row("II.2.k", 1176, 1200), row("II.6.b", 13, 12)]);
    let dry = send(&staff, "?atomic=true&dry_run=true", rows.clone()).await.expect(200);
    assert_eq!(outcomes(&dry), ["created", "rejected"], "a dry run shows every row");
    let refused = send(&staff, "?atomic=true", rows).await.refused(422, "batch_rejected");
    refused.at_field("/rows/1/numerator", "numerator_exceeds_denominator");
    assert_eq!(submissions(&app), before);
    let csv = "Mã;Kỳ báo cáo;Tử số;Mẫu số\nII.2.k;2026-H1;1.176;1200\n";
    let refused = send_csv(&staff, "?atomic=true", csv).await.refused(422, "batch_rejected");
    let detail = refused["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("Dòng 2, cột C “Tử số”: "), "{refused}");
    let kept = send(&staff, "?atomic=true", json!([row("II.2.k", 1176, 1200), row("II.6.b", 12, 12)])).await;
    assert_eq!(outcomes(&kept.expect(200)), ["created", "created"]);
}

async fn rights_are_those_of_a_single_draft(app: App) {
    let school = app.sign_in("thcs.staff").await;
    let foreign = json!([
        { "item": "II.4", "period": "2026-H1", "unit": "TH-MN", "checked": true },
        { "item": "II.4", "period": "2026-H1", "unit": "KHONG-CO", "checked": true },
        { "item": "II.2.k", "period": "2026-H1", "numerator": 1, "denominator": 1 },
        { "item": "II", "period": "2026-H1", "numerator": 1, "denominator": 1 },
        { "item": "II.4", "period": "2026-H1", "checked": true },
    ]);
    let reply = send(&school, "", foreign).await.expect(200);
    expect_faults(
        &reply,
        &[
            ("/rows/0/unit", "forbidden"),
            ("/rows/1/unit", "unknown_reference"),
            ("/rows/2/item", "not_assigned"),
            ("/rows/3/item", "item_not_leaf"),
        ],
    );
    assert_eq!(reply["rows"][4]["outcome"], "created");
    let denied = "SELECT changes AS value FROM audit_events WHERE kind = 'access.denied'";
    assert!(app.sql_text(denied).contains("create_batch"), "a denied attempt is recorded");
    let body = json!({ "item_id": app.item("II.4", "indicator"), "period_id": app.period("2026-H1"), "unit_id": app.unit("TH-MN") });
    school.post("/api/v1/submissions", body).await.refused(403, "forbidden");
    // A coordinator enters for any unit of the ward, and for none of another.
    let coordinator = app.sign_in("vhxh.staff").await;
    let rows = json!([
        { "item": "II.4", "period": "2026-H1", "unit": app.unit("TH-MN"), "checked": false },
        { "item": "II.4", "period": "2026-H1", "unit": app.unit_in("long-binh", "HCC"), "checked": true },
    ]);
    let reply = send(&coordinator, "", rows).await.expect(200);
    assert_eq!(outcomes(&reply), ["created", "rejected"]);
    expect_faults(&reply, &[("/rows/1/unit", "unknown_reference")]);
    let machine = app.add_client("one-stop", Some("long-my"), Some("KTHTDT"), &[Scope::SubmissionsWrite]);
    let rows = json!([row("II.2.k", 1176, 1200), { "item": "II.4", "period": "2026-H1", "unit": "TH-MN", "checked": true }]);
    let reply = send(&machine, "", rows).await.expect(200);
    assert_eq!(outcomes(&reply), ["created", "rejected"]);
}

async fn another_ward_learns_nothing(app: App) {
    let binh =
        NewAccount { username: "lb.coord", ward: "long-binh", unit: "HCC", roles: &[Role::Coordinator] };
    let binh = app.add_account(binh).await;
    let rows = json!([{ "item": "II.2.k", "period": "2026-H1", "unit": "KTHTDT", "plan": app.plan(), "numerator": 1 }]);
    let reply = send(&binh, "", rows).await.expect(200);
    assert_eq!(outcomes(&reply), ["rejected"]);
    assert!(faults(&reply).iter().all(|(_, code)| code == "unknown_reference"), "{reply}");
}

async fn what_was_submitted_is_left_alone(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let before = submissions(&app);
    let staff = app.sign_in("ktht.staff").await;
    let rows = json!([row("II.2.k", 1176, 1200)]);
    let same = send(&staff, "", rows).await.expect(200);
    assert_eq!(
        (outcomes(&same), &same["rows"][0]["submission_id"]),
        (vec!["unchanged".to_owned()], &json!(submission))
    );
    let other = send(&staff, "", json!([row("II.2.k", 1177, 1200)])).await.expect(200);
    expect_faults(&other, &[("/rows/0", "not_editable")]);
    assert_eq!(submissions(&app), before);
    // Once it is returned, the unit corrects it by the same way.
    let hcc = app.sign_in("hcc.head").await;
    app.decide(&hcc, &submission, "return").await.expect(201);
    assert_eq!(
        outcomes(&send(&staff, "", json!([row("II.2.k", 1177, 1200)])).await.expect(200)),
        ["updated"]
    );
}

async fn the_same_three_stand_once_in_a_batch(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let again = json!({ "item": app.item("II.2.k", "indicator"), "period": "2026-H1", "unit": "KTHTDT", "numerator": 2, "denominator": 3 });
    let reply = send(&staff, "", json!([row("II.2.k", 1, 2), again, row("II.2.k", 1, 2)])).await.expect(200);
    assert_eq!(outcomes(&reply), ["created", "rejected", "rejected"]);
    expect_faults(&reply, &[("/rows/1", "duplicate_row"), ("/rows/2", "duplicate_row")]);
    let hcc = app.sign_in("hcc.staff").await;
    let both = json!([
        { "item": "V.5-3", "kind": "task", "period": "2026-H1", "progress": { "state": "done", "percent": 100 } },
        { "item": "V.5-3", "kind": "indicator", "period": "2026-H1", "note": "Cùng mã, khác loại" },
    ]);
    let reply = send(&hcc, "", both).await.expect(200);
    assert!(faults(&reply).is_empty(), "an indicator and a task of one code are two\n{reply}");
}

async fn files_are_read_as_people_write_them(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    // A mark at the beginning, decomposed letters, semicolons, decimal commas, words for people above.
    let csv = "\u{feff}BIỂU SỐ LIỆU;;;;\nMã;Kỳ báo cáo;Tử số;Mẫu số;Ghi chú\n\
               II.2.k;2026-H1;1176,5;1200.5;Rà soa\u{301}t\nII.6.b;2026-H1;1.234;2000;\nII.2.đ.1;2026-H1;;;\n";
    let reply = send_csv(&staff, "", csv).await.expect(200);
    assert_eq!(outcomes(&reply)[..2], ["created", "rejected"]);
    let error = &reply["rows"][1]["errors"][0];
    assert_eq!(
        (&reply["rows"][1]["row"], &error["column"], &error["heading"]),
        (&json!(4), &json!("C"), &json!("Tử số"))
    );
    assert_eq!(
        (&error["pointer"], &error["code"]),
        (&json!("/rows/4/numerator"), &json!("ambiguous_number"))
    );
    assert!(error["detail"].as_str().unwrap().contains("1234"), "{reply}");
    let draft =
        staff.get(&format!("/api/v1/submissions/{}", reply["rows"][0]["submission_id"].as_str().unwrap()));
    let draft = draft.await.expect(200);
    assert_eq!((&draft["numerator"], &draft["note"]), (&json!(1176.5), &json!("Rà soát")));
}

async fn formulas_are_text_here(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let csv = "item,period,numerator,denominator,note\nII.2.k,2026-H1,1,2,\"=HYPERLINK(\"\"http://x\"\")\"\n\
               II.6.b,2026-H1,=1+1,2,\n";
    let reply = send_csv(&staff, "", csv).await.expect(200);
    assert_eq!(outcomes(&reply), ["created", "rejected"]);
    expect_faults(&reply, &[("/rows/3/numerator", "invalid_value")]);
    let draft =
        staff.get(&format!("/api/v1/submissions/{}", reply["rows"][0]["submission_id"].as_str().unwrap()));
    assert_eq!(draft.await.expect(200)["note"], "=HYPERLINK(\"http://x\")");
}

async fn workbooks_are_read_cell_by_cell(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in (0_u16..).zip(["item", "period", "numerator", "denominator", "rate"]) {
        sheet.write(4, column, heading).unwrap();
    }
    sheet.write(5, 0, "II.2.k").unwrap().write(5, 1, "2026-H1").unwrap();
    sheet.write(5, 2, 1.234).unwrap().write(5, 3, 3.702).unwrap().write(5, 4, 100.0 / 3.0).unwrap();
    sheet.write(6, 0, "II.6.b").unwrap().write(6, 1, "2026-H1").unwrap().write(6, 2, "chín").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let reply = staff.call(reqwest::Method::POST, PATH).raw(XLSX, bytes).await.expect(200);
    assert_eq!(outcomes(&reply), ["created", "rejected"]);
    assert_eq!(
        (&reply["rows"][1]["row"], &reply["rows"][1]["errors"][0]["column"]),
        (&json!(7), &json!("C"))
    );
}

async fn what_is_no_batch_is_refused_as_a_whole(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let before = submissions(&app);
    let call = || staff.call(reqwest::Method::POST, PATH);
    call().raw("text/plain", "item,period\n").await.refused(415, "unsupported_media_type");
    send_csv(&staff, "", "a,b\n1,2\n").await.refused(422, "unreadable_sheet");
    send_csv(&staff, "", b"item,period\n\xC2\xE9n,1\n".as_slice()).await.refused(422, "legacy_encoding");
    send_csv(&staff, "", "item,period,numeratr\nII.2.k,2026-H1,5\n")
        .await
        .refused(422, "invalid")
        .at_field("/columns/C", "unknown_column");
    call().raw(XLSX, "no workbook").await.refused(422, "unreadable_sheet");
    let unknown = json!([row("II.2.k", 1, 2), { "item": "II.6.b", "period": "2026-H1", "numeratr": 1 }]);
    send(&staff, "", unknown)
        .await
        .refused(400, "malformed_body")
        .at_field("/rows/1/numeratr", "unknown_field");
    let many = vec![json!({ "item": "II.2.k", "period": "2026-H1" }); 10_001];
    send(&staff, "", json!(many)).await.refused(422, "too_many_rows");
    // A value of the wrong kind is a fault of its row alone.
    let wrong =
        json!([{ "item": "II.2.k", "period": "2026-H1", "numerator": "1176" }, row("II.6.b", 12, 12)]);
    assert_eq!(submissions(&app), before);
    let reply = send(&staff, "", wrong).await.expect(200);
    assert_eq!(outcomes(&reply), ["rejected", "created"]);
    expect_faults(&reply, &[("/rows/0/numerator", "invalid_value")]);
}

async fn the_same_key_twice_at_once_makes_the_drafts_once(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let before = submissions(&app).len();
    let body = json!({ "rows": [row("II.2.k", 1176, 1200), row("II.6.b", 12, 12)] });
    let race = |client: Client| {
        let body = body.clone();
        tokio::spawn(async move { client.post(PATH, body).key("mot-lan").await })
    };
    let (one, two) = (race(staff.clone()), race(staff.clone()));
    let (one, two) = (one.await.unwrap().expect(200), two.await.unwrap().expect(200));
    assert_eq!(one.text, two.text);
    assert_eq!(outcomes(&one), ["created", "created"]);
    assert_eq!(submissions(&app).len(), before + 2);
    let drafted = "SELECT subject_id AS value FROM audit_events WHERE kind = 'batch.received'";
    assert_eq!(app.sql_texts(drafted).len(), 1);
    let other = json!({ "rows": [row("II.2.k", 1, 2)] });
    staff.post(PATH, other).key("mot-lan").await.refused(422, "idempotency_key_reused");
}

async fn a_batch_leaves_the_traces_of_single_drafts(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let reply = send(&staff, "", json!([row("II.2.k", 1176, 1200), row("II.6.b", 13, 12)])).await.expect(200);
    let id = reply["rows"][0]["submission_id"].as_str().unwrap().to_owned();
    // Somebody else changes it by a batch too: both have their hands in it.
    let head = app.sign_in("ktht.head").await;
    for numerator in [1177, 1178] {
        send(&head, "", json!([row("II.2.k", numerator, 1200)])).await.expect(200);
    }
    let drafters = format!(
        "SELECT a.username AS value FROM submission_drafters d JOIN accounts a ON a.id = d.principal_id \
         WHERE d.submission_id = '{id}' ORDER BY 1"
    );
    assert_eq!(app.sql_texts(&drafters), ["ktht.head", "ktht.staff"]);
    let auditor = app.sign_in("auditor").await;
    let events = auditor.get(&format!("/api/v1/audit-events?subject_id={id}")).await.expect(200);
    let kinds: Vec<&str> = events.items().iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["submission.changed", "submission.changed", "submission.drafted"]);
    assert_eq!(events.items()[0]["changes"], json!({ "numerator": { "before": 1177, "after": 1178 } }));
    let received = auditor.get("/api/v1/audit-events?kind=batch.received").await.expect(200);
    assert_eq!(received.items().len(), 3);
    assert_eq!(auditor.get("/api/v1/audit-events/verify").await.expect(200)["intact"], true);
}

/// Units that all report II.2.k, added past all rules. Gives their codes.
fn add_units(app: &App, count: usize) -> Vec<String> {
    let (ward, item) = (app.ward("long-my"), app.item("II.2.k", "indicator"));
    let codes: Vec<String> = (0..count).map(|n| format!("DV-{n}")).collect();
    let id = |n: usize| format!("00000000-0000-7000-8000-{n:012}");
    let yes = if app.backend == Backend::Postgres { "FALSE" } else { "0" };
    for (chunk, codes) in codes.chunks(500).enumerate() {
        let numbered = || (chunk * 500..).zip(codes);
        let units = numbered().map(|(n, code)| {
            format!("('{}', '{ward}', '{code}', '{code}', '{code}', '{code}', '{code}', '[]', 'department', {yes}, '2025-07-01', 1)", id(n))
        });
        app.sql(&format!(
            "INSERT INTO units (id, ward_id, code, name, sort_key, name_lower, search_key, aliases, kind, \
             is_standing_office, active_from, version) VALUES {}",
            units.collect::<Vec<_>>().join(", ")
        ));
        let assignments = numbered().map(|(n, _)| format!("('{item}', '{}', 'quarterly', 'must')", id(n)));
        app.sql(&format!(
            "INSERT INTO assignments (item_id, unit_id, frequency, obligation) VALUES {}",
            assignments.collect::<Vec<_>>().join(", ")
        ));
    }
    codes
}

async fn thousands_of_rows_are_one_call(app: App) {
    let codes = add_units(&app, 2500);
    let coordinator = app.sign_in("vhxh.staff").await;
    let rows = |numerator: i64| -> Value {
        codes
            .iter()
            .map(|unit| json!({ "item": "II.2.k", "period": "2026-H1", "unit": unit, "numerator": numerator, "denominator": 9 }))
            .collect()
    };
    for (numerator, outcome) in [(8, "created"), (9, "updated"), (9, "unchanged")] {
        let reply = send(&coordinator, "?atomic=true", rows(numerator)).await.expect(200);
        assert_eq!(reply["counts"][outcome], 2500, "{reply}");
    }
    let versions = app.sql_texts("SELECT DISTINCT CAST(version AS TEXT) AS value FROM submissions s WHERE content LIKE '%\"denominator\":9,%'");
    assert_eq!(versions, ["2"]);
    let auditor = app.sign_in("auditor").await;
    assert_eq!(auditor.get("/api/v1/audit-events/verify").await.expect(200)["intact"], true);
}

both_databases!(
    each_row_is_created_updated_unchanged_or_rejected,
    a_dry_run_says_what_a_real_run_does_and_keeps_nothing,
    an_atomic_batch_is_kept_as_a_whole_or_not_at_all,
    rights_are_those_of_a_single_draft,
    another_ward_learns_nothing,
    what_was_submitted_is_left_alone,
    the_same_three_stand_once_in_a_batch,
    files_are_read_as_people_write_them,
    formulas_are_text_here,
    workbooks_are_read_cell_by_cell,
    what_is_no_batch_is_refused_as_a_whole,
    the_same_key_twice_at_once_makes_the_drafts_once,
    a_batch_leaves_the_traces_of_single_drafts,
    thousands_of_rows_are_one_call,
);
