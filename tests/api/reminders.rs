//! Promises about reminding units of what they owe (plan V.2.a): only those who owe, counted wherever it matters.

use serde_json::{Value, json};

use super::tracking::app_at;
use crate::support::{App, Reply, both_databases};

/// One second after the half-year figures were due.
const LATE: &str = "2026-06-15T17:00:01+07:00";

fn path(app: &App) -> String {
    format!("/api/v1/periods/{}/reminders", app.period("2026-H1"))
}

async fn remind(app: &App, body: Value) -> Reply {
    app.sign_in("vhxh.staff").await.post(&path(app), body).await
}

fn sent(app: &App) -> usize {
    app.rows_of("reminders").len()
}

/// How often each overdue leaf of a unit was chased by this second.
async fn chased(app: &App, unit: &str, as_of: &str) -> Vec<(String, i64)> {
    let leader = app.sign_in("leader").await;
    let as_of = as_of.replace('+', "%2B");
    let list = format!("/api/v1/plans/{}/overdue?unit={unit}&limit=200&as_of={as_of}", app.plan());
    let rows = leader.get(&list).await.expect(200);
    let rows = rows.items().iter().filter(|row| row["period_code"] == "2026-H1");
    rows.map(|row| (row["item_code"].as_str().unwrap().to_owned(), row["times_chased"].as_i64().unwrap()))
        .collect()
}

async fn a_reminder_of_a_unit_counts_for_all_that_it_owes(app: App) {
    let app = app_at(&app, LATE);
    let body = json!({ "unit_ids": [app.unit("KTHTDT")], "message": "  Đề nghị nộp trước 9 giờ ngày 16/6 " });
    let owed = chased(&app, "KTHTDT", LATE).await;
    assert!(owed.len() > 3 && owed.iter().all(|(_, times)| *times == 0), "{owed:?}");
    let reply = remind(&app, body).await.expect(201);
    assert_eq!((&reply["figures"], &reply["sent_at"]), (&json!(owed.len()), &json!(LATE)));
    assert_eq!(reply["units"].as_array().unwrap().len(), 1);
    assert_eq!((&reply["units"][0]["unit_code"], sent(&app)), (&json!("KTHTDT"), 1));
    assert!(chased(&app, "KTHTDT", LATE).await.iter().all(|(_, times)| *times == 1));
    assert!(chased(&app, "VP", LATE).await.iter().all(|(_, times)| *times == 0));
    let list = app.sign_in("ktht.head").await.get("/api/v1/me/todo").await.expect(200);
    let rows = list["overdue"]["items"].as_array().unwrap();
    for row in rows {
        let (times, at) = if row["period_code"] == "2026-H1" { (1, json!(LATE)) } else { (0, Value::Null) };
        assert_eq!((&row["times_reminded"], &row["reminded_at"]), (&json!(times), &at), "{row}");
    }
    assert!(rows.iter().any(|row| row["times_reminded"] == 1));
    let events = app.sql_texts("SELECT changes AS value FROM audit_events WHERE kind = 'reminder.sent'");
    assert!(events.len() == 1 && events[0].contains("KTHTDT"), "{events:?}");
    let mine = app.sign_in("ktht.staff").await.get(&path(&app)).await.expect(200);
    assert_eq!(mine.items()[0]["message"], "Đề nghị nộp trước 9 giờ ngày 16/6");
}

async fn a_reminder_of_leaves_counts_for_those_alone(app: App) {
    let app = app_at(&app, LATE);
    let (one, two) = (app.item("II.2.k", "indicator"), app.item("II.2.a", "indicator"));
    let reply = remind(&app, json!({ "item_ids": [one, two] })).await.expect(201);
    // KTHTDT owes both, VP has a draft of the second, and the others sent theirs or were never asked.
    let figures: i64 =
        reply["units"].as_array().unwrap().iter().map(|unit| unit["figures"].as_i64().unwrap()).sum();
    assert_eq!((reply["figures"].as_i64(), sent(&app)), (Some(figures), usize::try_from(figures).unwrap()));
    let chased = chased(&app, "KTHTDT", LATE).await;
    let times = |item: &str| chased.iter().find(|(code, _)| code == item).map(|(_, times)| *times);
    assert_eq!((times("II.2.k"), times("II.2.a"), times("II.2.e")), (Some(1), Some(1), Some(0)));
    remind(&app, json!({ "unit_ids": [app.unit("KTHTDT")], "item_ids": [one] })).await.expect(201);
    let row = app.sign_in("leader").await.get(&path(&app)).await.expect(200).items()[0].clone();
    assert_eq!((&row["unit_code"], &row["item_code"]), (&json!("KTHTDT"), &json!("II.2.k")));
}

async fn nobody_is_chased_before_the_reminder_was_sent(app: App) {
    let app = app_at(&app, "2026-06-16T09:00:00+07:00");
    remind(&app, json!({})).await.expect(201);
    let times =
        async |as_of: &str| chased(&app, "KTHTDT", as_of).await.iter().map(|(_, times)| times).sum::<i64>();
    assert_eq!(times("2026-06-16T08:59:59+07:00").await, 0);
    assert!(times("2026-06-16T09:00:00+07:00").await > 0);
}

async fn without_names_all_that_owe_are_reminded(app: App) {
    let reply = remind(&app, json!({})).await.expect(201);
    let codes: Vec<&str> =
        reply["units"].as_array().unwrap().iter().map(|unit| unit["unit_code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["HCC", "KTHTDT", "TH-MN", "TH-THCS", "TYT", "VHXH", "VP"]);
    assert_eq!(sent(&app), codes.len());
}

async fn only_units_that_owe_something_unsubmitted_are_reminded(app: App) {
    let (owes, asked) = (app.unit("KTHTDT"), app.unit("MTTQ"));
    let refused = remind(&app, json!({ "unit_ids": [owes, asked] })).await.refused(422, "nothing_owed");
    refused.at_field("/unit_ids/1", "nothing_owed");
    let elsewhere = app.unit_in("long-binh", "HCC");
    let refused = remind(&app, json!({ "unit_ids": [elsewhere] })).await.refused(422, "nothing_owed");
    refused.at_field("/unit_ids/0", "nothing_owed");
    // Asked, not ordered: not chased in the year either, where the unit has figures.
    let year = format!("/api/v1/periods/{}/reminders", app.period("2026-Y"));
    let coordinator = app.sign_in("vhxh.head").await;
    coordinator.post(&year, json!({ "unit_ids": [asked] })).await.refused(422, "nothing_owed");
    // A figure that is in is not chased; that it was sent back is another matter.
    let item = app.item("II.2.k", "indicator");
    let only = json!({ "unit_ids": [owes], "item_ids": [item] });
    remind(&app, only.clone()).await.expect(201);
    app.carry_free_figure_to("submitted").await;
    let refused = remind(&app, only).await.refused(422, "nothing_owed");
    refused.at_field("/item_ids/0", "nothing_owed").at_field("/unit_ids/0", "nothing_owed");
    assert_eq!(sent(&app), 1);
}

async fn a_reminder_that_makes_no_sense_is_refused_by_field(app: App) {
    for (body, pointer, code) in [
        (json!({ "unit_ids": [] }), "/unit_ids", "required"),
        (json!({ "item_ids": [] }), "/item_ids", "required"),
        (json!({ "message": "  " }), "/message", "required"),
        (json!({ "message": "a".repeat(2001) }), "/message", "too_long"),
    ] {
        remind(&app, body).await.refused(422, "invalid").at_field(pointer, code);
    }
    remind(&app, json!({ "units": [] })).await.refused(400, "malformed_body");
    app.sql(&format!("UPDATE plans SET status = 'closed' WHERE id = '{}'", app.plan()));
    remind(&app, json!({})).await.refused(409, "plan_not_issued");
    assert_eq!(sent(&app), 0);
}

async fn coordinators_remind_and_each_reads_what_concerns_them(app: App) {
    for username in ["leader", "ktht.head", "thcs.head", "auditor", "supervisor", "admin"] {
        app.sign_in(username).await.post(&path(&app), json!({})).await.refused(403, "forbidden");
    }
    app.sign_in("lb.coordinator").await.post(&path(&app), json!({})).await.refused(404, "not_found");
    app.sign_in("lb.leader").await.get(&path(&app)).await.refused(404, "not_found");
    assert_eq!(sent(&app), 0);
    let tracked = app.item("II.2.k", "indicator");
    let (unit, school) = (app.unit("KTHTDT"), app.unit("TH-THCS"));
    remind(&app, json!({ "unit_ids": [school] })).await.expect(201);
    remind(&app, json!({ "unit_ids": [unit], "item_ids": [tracked] })).await.expect(201);
    for (username, expected) in [
        ("leader", vec!["KTHTDT", "TH-THCS"]),
        ("auditor", vec!["KTHTDT", "TH-THCS"]),
        ("thcs.staff", vec!["TH-THCS"]),
        ("ktht.staff", vec!["KTHTDT"]),
        ("hcc.staff", vec!["KTHTDT"]), // It tracks the leaf.
        ("mn.head", vec![]),
        ("supervisor", vec![]),
    ] {
        let list = app.sign_in(username).await.get(&path(&app)).await.expect(200);
        let codes: Vec<&str> = list.items().iter().map(|row| row["unit_code"].as_str().unwrap()).collect();
        assert_eq!(codes, expected, "{username}, newest first");
    }
    let first = app.sign_in("leader").await.get(&format!("{}?limit=1", path(&app))).await.expect(200);
    let next = format!("{}?cursor={}", path(&app), first.text_at("next_cursor"));
    let second = app.sign_in("leader").await.get(&next).await.expect(200);
    assert_eq!((second.items().len(), &second.items()[0]["unit_code"]), (1, &json!("TH-THCS")));
}

async fn a_repeated_call_reminds_once(app: App) {
    let coordinator = app.sign_in("vhxh.head").await;
    let body = json!({ "unit_ids": [app.unit("KTHTDT")] });
    let first = coordinator.post(&path(&app), body.clone()).key("chase-1").await.expect(201);
    let again = coordinator.post(&path(&app), body).key("chase-1").await.expect(201);
    assert_eq!((first.body, sent(&app)), (again.body, 1));
}

both_databases!(
    a_reminder_of_a_unit_counts_for_all_that_it_owes,
    a_reminder_of_leaves_counts_for_those_alone,
    nobody_is_chased_before_the_reminder_was_sent,
    without_names_all_that_owe_are_reminded,
    only_units_that_owe_something_unsubmitted_are_reminded,
    a_reminder_that_makes_no_sense_is_refused_by_field,
    coordinators_remind_and_each_reads_what_concerns_them,
    a_repeated_call_reminds_once,
);
