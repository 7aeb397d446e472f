//! Promises about a person's list of work: what is due, overdue, sent back or to be reviewed, and the next call.

use serde_json::{Value, json};

use super::tracking::{app_at, extend};
use crate::support::{App, Reply, both_databases};

async fn todo(app: &App, username: &str) -> Reply {
    app.sign_in(username).await.get("/api/v1/me/todo").await.expect(200)
}

/// The row of a leaf in the half-year of a section; null if it is not there.
fn half_year(todo: &Reply, section: &str, item: &str) -> Value {
    let rows = todo[section]["items"].as_array().expect("rows");
    let found = rows.iter().find(|row| row["item_code"] == item && row["period_code"] == "2026-H1");
    found.cloned().unwrap_or_default()
}

fn link(method: &str, href: &str) -> Value {
    json!({ "method": method, "href": href })
}

async fn the_next_call_of_a_figure_follows_its_way_to_the_signature(app: App) {
    let unbegun = half_year(&todo(&app, "ktht.staff").await, "due", "II.2.k");
    assert_eq!(unbegun["next"], link("POST", "/api/v1/submissions"));
    assert_eq!((&unbegun["days_left"], &unbegun["due_at"]), (&json!(0), &json!("2026-06-15T17:00:00+07:00")));
    assert_eq!((&unbegun["submission_id"], &unbegun["obligation"]), (&Value::Null, &json!("must")));

    let id = app.draft_free_figure().await;
    let path = format!("/api/v1/submissions/{id}");
    let staff = half_year(&todo(&app, "ktht.staff").await, "due", "II.2.k");
    assert_eq!((&staff["next"], &staff["ready_to_sign"]), (&link("PATCH", &path), &json!(false)));
    let head = half_year(&todo(&app, "ktht.head").await, "due", "II.2.k");
    let sign = link("POST", &format!("{path}/decisions"));
    assert_eq!((&head["next"], &head["ready_to_sign"]), (&sign, &json!(true)));
    // A draft that lacks something is not ready.
    let client = app.sign_in("ktht.staff").await;
    client.patch(&path, 1, json!({ "numerator": 600 })).await.expect(200);
    let head = half_year(&todo(&app, "ktht.head").await, "due", "II.2.k");
    assert_eq!((&head["next"], &head["ready_to_sign"]), (&link("PATCH", &path), &json!(false)));

    client.patch(&path, 2, json!({ "numerator": 1176 })).await.expect(200);
    app.decide(&app.sign_in("ktht.head").await, &id, "submit").await.expect(201);
    assert!(half_year(&todo(&app, "ktht.head").await, "due", "II.2.k").is_null(), "signed is done");
    // What the head takes back has to be signed again, and is not overdue.
    app.decide(&app.sign_in("ktht.head").await, &id, "withdraw").await.expect(201);
    assert_eq!(half_year(&todo(&app, "ktht.head").await, "due", "II.2.k")["submission_id"], id.as_str());
}

async fn a_figure_moves_from_due_to_overdue_one_second_after_its_due_time(app: App) {
    for (at, due, late, days) in [
        ("2026-06-15T17:00:00+07:00", true, false, 0),
        ("2026-06-15T17:00:01+07:00", false, true, 0),
        ("2026-06-17T00:00:00+07:00", false, true, -2),
    ] {
        let app = app_at(&app, at);
        let list = todo(&app, "ktht.head").await;
        let (in_due, in_overdue) = (half_year(&list, "due", "II.2.k"), half_year(&list, "overdue", "II.2.k"));
        assert_eq!((!in_due.is_null(), !in_overdue.is_null()), (due, late), "{at}");
        let row = if due { in_due } else { in_overdue };
        assert_eq!((&row["days_left"], &list["as_of"]), (&json!(days), &json!(at)));
    }
    // More time for one unit is more time on its list.
    let app = app_at(&app, "2026-06-15T17:00:01+07:00");
    extend(&app, "KTHTDT", "2026-H1", "2026-06-17 04:00:00", true);
    let row = half_year(&todo(&app, "ktht.head").await, "due", "II.2.k");
    assert_eq!((&row["due_at"], &row["days_left"]), (&json!("2026-06-17T11:00:00+07:00"), &json!(2)));
    assert!(!half_year(&todo(&app, "vp.head").await, "overdue", "II.2.a").is_null());
}

async fn figures_are_on_the_list_from_fourteen_days_before_they_are_due(app: App) {
    for (at, listed) in [("2026-06-01T16:59:59+07:00", false), ("2026-06-01T17:00:00+07:00", true)] {
        let app = app_at(&app, at);
        let list = todo(&app, "ktht.staff").await;
        assert_eq!(!half_year(&list, "due", "II.2.k").is_null(), listed, "{at}");
        let codes: Vec<&Value> =
            list["due"]["items"].as_array().unwrap().iter().map(|row| &row["period_code"]).collect();
        assert!(codes.iter().all(|code| **code == "2026-H1"), "nothing of later periods: {codes:?}");
    }
}

async fn a_draft_cannot_be_signed_before_its_period_opens(app: App) {
    let app = app_at(&app, "2026-06-12T08:00:00+07:00");
    app.draft_free_figure().await;
    let head = half_year(&todo(&app, "ktht.head").await, "due", "II.2.k");
    assert_eq!((&head["ready_to_sign"], &head["next"]["method"]), (&json!(false), &json!("PATCH")));
}

async fn what_was_sent_back_says_why_and_waits_for_a_change(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let path = format!("/api/v1/submissions/{submission}");
    let body = json!({
        "action": "return", "reason": "Tử số chưa khớp", "reason_codes": ["wrong_figure"], "pointers": ["/numerator"]
    });
    let returned = app.sign_in("hcc.head").await.post(&format!("{path}/decisions"), body).await.expect(201);
    let row = half_year(&todo(&app, "ktht.head").await, "returned", "II.2.k");
    assert_eq!((&row["action"], &row["reason"]), (&json!("return"), &json!("Tử số chưa khớp")));
    assert_eq!((&row["reason_codes"], &row["pointers"]), (&json!(["wrong_figure"]), &json!(["/numerator"])));
    assert_eq!(row["returned_at"], returned["decision"]["decided_at"]);
    assert_eq!((&row["next"], &row["ready_to_sign"]), (&link("PATCH", &path), &json!(false)));
    // The demo's own return of this unit is there too, and those of others are not.
    let list = todo(&app, "ktht.staff").await;
    assert_eq!(
        (&list["returned"]["total"], half_year(&list, "returned", "II.1.b")),
        (&json!(2), Value::Null)
    );
    assert!(half_year(&list, "due", "II.2.k").is_null(), "one figure stands in one section");

    let version = returned["submission"]["version"].as_i64().unwrap();
    let staff = app.sign_in("ktht.staff").await;
    staff.patch(&path, version, json!({ "numerator": 1180 })).await.expect(200);
    let row = half_year(&todo(&app, "ktht.head").await, "returned", "II.2.k");
    assert_eq!(row["next"], link("POST", &format!("{path}/decisions")));
    // A leader who opens an approved figure again sends it back as well.
    let approved = app.submission("II.6.e", "2026-H1", "HCC");
    app.decide(&app.sign_in("leader").await, &approved, "reopen").await.expect(201);
    assert_eq!(half_year(&todo(&app, "hcc.staff").await, "returned", "II.6.e")["action"], "reopen");
}

async fn awaiting_review_is_what_the_list_of_submissions_awaits_from_me(app: App) {
    for username in
        ["leader", "vhxh.head", "vhxh.staff", "vp.head", "vp.staff", "hcc.head", "ktht.staff", "thcs.head"]
    {
        let client = app.sign_in(username).await;
        let all = client.get("/api/v1/submissions?awaiting=me&limit=200").await.expect(200);
        let reviewed = all.items().iter().filter(|row| row["state"] != "draft" && row["state"] != "returned");
        let mut expected: Vec<&str> = reviewed.map(|row| row["id"].as_str().unwrap()).collect();
        let list = todo(&app, username).await;
        let rows = list["awaiting_review"]["items"].as_array().unwrap();
        let mut listed: Vec<&str> = rows.iter().map(|row| row["submission_id"].as_str().unwrap()).collect();
        expected.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, expected, "{username}");
        assert_eq!(list["awaiting_review"]["total"], rows.len(), "{username}");
        assert_eq!(
            listed.is_empty(),
            ["vp.staff", "ktht.staff", "thcs.head"].contains(&username),
            "{username}"
        );
        for row in rows {
            let actions = row["allowed_actions"].as_array().unwrap();
            assert!(actions.contains(&row["step"]), "{username} may do the step: {row}");
            assert_eq!((&row["days_left"], &row["next"]["method"]), (&json!(0), &json!("POST")));
        }
    }
}

async fn each_person_sees_the_work_of_their_own_unit(app: App) {
    let school = todo(&app, "thcs.head").await;
    let draft = half_year(&school, "due", "V.7-1");
    assert_eq!(draft["ready_to_sign"], true, "the demo's draft of the school\n{school}");
    for username in ["leader", "supervisor", "auditor", "admin"] {
        let list = todo(&app, username).await;
        for section in ["due", "overdue", "returned"] {
            assert_eq!(list[section], json!({ "total": 0, "items": [] }), "{section} of {username}");
        }
        assert_eq!(list["awaiting_review"]["total"] != 0, username == "leader", "{username}");
    }
    let other = todo(&app, "lb.staff").await;
    let text = other.text.clone();
    assert!(other["due"]["total"] != 0 && !text.contains("II.2.k"), "only of the other ward\n{other}");
}

async fn a_section_is_bounded_and_says_how_much_there_is(app: App) {
    let app = app_at(&app, "2026-12-15T08:00:00+07:00");
    let list = todo(&app, "vhxh.head").await;
    for section in ["due", "overdue"] {
        let rows = list[section]["items"].as_array().unwrap();
        assert!(
            rows.len() == 50 && list[section]["total"].as_i64().unwrap() > 50,
            "{section}: {}",
            rows.len()
        );
        let due: Vec<&str> = rows.iter().map(|row| row["due_at"].as_str().unwrap()).collect();
        assert!(due.is_sorted(), "by due time: {due:?}");
    }
}

async fn what_is_asked_for_is_on_the_list_until_it_is_taken_no_more(app: App) {
    for (at, total) in [
        ("2026-12-10T08:00:00+07:00", 11),
        ("2026-12-20T08:00:00+07:00", 11),
        ("2027-06-01T08:00:00+07:00", 0),
    ] {
        let app = app_at(&app, at);
        let list = todo(&app, "mttq.head").await;
        assert_eq!((&list["due"]["total"], &list["overdue"]["total"]), (&json!(total), &json!(0)), "{at}");
        assert!(list["due"]["items"].as_array().unwrap().iter().all(|row| row["obligation"] == "request"));
    }
}

async fn a_plan_that_is_not_in_force_asks_for_nothing(app: App) {
    assert_ne!(todo(&app, "ktht.head").await["due"]["total"], 0);
    app.sql(&format!("UPDATE plans SET status = 'closed' WHERE id = '{}'", app.plan()));
    let list = todo(&app, "ktht.head").await;
    assert_eq!((&list["due"]["total"], &list["returned"]["total"]), (&json!(0), &json!(0)));
}

/// The row of a section by its id; null if it is not there.
fn row_with(todo: &Reply, section: &str, field: &str, id: &str) -> Value {
    let rows = todo[section]["items"].as_array().expect("rows");
    rows.iter().find(|row| row[field] == id).cloned().unwrap_or_default()
}

async fn what_a_unit_is_asked_to_explain_is_on_its_list_until_it_is_answered(app: App) {
    let figure = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let body = json!({ "question": "Vì sao giảm?", "due_at": "2026-06-19T17:00:00+07:00" });
    let leader = app.sign_in("leader").await;
    let path = format!("/api/v1/submissions/{figure}/explanation-requests");
    let id = leader.post(&path, body).await.expect(201).id();
    let listed = async |username: &str| {
        row_with(&todo(&app, username).await, "explanations", "explanation_request_id", &id)
    };
    for username in ["ktht.staff", "ktht.head"] {
        let row = listed(username).await;
        let answer = link("POST", &format!("/api/v1/explanation-requests/{id}/answer"));
        assert_eq!((&row["next"], &row["days_left"]), (&answer, &json!(4)), "{username}");
        assert_eq!((&row["item_code"], &row["unit_code"]), (&json!("II.2.k"), &json!("KTHTDT")));
        assert_eq!(
            (&row["due_at"], &row["submission_id"]),
            (&json!("2026-06-19T17:00:00+07:00"), &json!(figure))
        );
    }
    assert_eq!(todo(&app, "ktht.head").await["explanations"]["total"], 1);
    for username in ["hcc.head", "vp.staff", "leader", "vhxh.head", "lb.staff"] {
        assert_eq!(listed(username).await, Value::Null, "{username}");
    }
    let answer = json!({
        "cause": "objective", "what_happened": "Gián đoạn", "remedy": "Bổ sung trực", "new_date": "2026-09-30"
    });
    let path = format!("/api/v1/explanation-requests/{id}/answer");
    app.sign_in("ktht.head").await.post(&path, answer).if_match(1).await.expect(200);
    assert_eq!(listed("ktht.head").await, Value::Null);
}

async fn an_obstacle_waits_for_the_standing_office_and_once_escalated_for_a_leader(app: App) {
    let body = json!({ "item_id": app.item("II.2.k", "indicator"), "description": "Máy quét hỏng" });
    let path = format!("/api/v1/plans/{}/obstacles", app.plan());
    let id = app.sign_in("ktht.staff").await.post(&path, body).await.expect(201).id();
    let path = format!("/api/v1/obstacles/{id}");
    let next = async |username: &str| {
        row_with(&todo(&app, username).await, "obstacles", "obstacle_id", &id)["next"].clone()
    };
    assert_eq!(next("vhxh.head").await, link("POST", &format!("{path}/answer")));
    for username in ["leader", "ktht.staff", "hcc.head", "lb.coordinator", "auditor"] {
        assert_eq!(next(username).await, Value::Null, "{username}");
    }
    let words = json!({ "text": "Vượt thẩm quyền" });
    app.sign_in("vhxh.head").await.post(&format!("{path}/escalate"), words.clone()).await.expect(200);
    assert_eq!(next("leader").await, link("POST", &format!("{path}/decide")));
    for username in ["vhxh.head", "lb.leader"] {
        assert_eq!(next(username).await, Value::Null, "{username}");
    }
    app.sign_in("leader").await.post(&format!("{path}/decide"), words).await.expect(200);
    assert_eq!(next("leader").await, Value::Null);
}

both_databases!(
    the_next_call_of_a_figure_follows_its_way_to_the_signature,
    a_figure_moves_from_due_to_overdue_one_second_after_its_due_time,
    figures_are_on_the_list_from_fourteen_days_before_they_are_due,
    a_draft_cannot_be_signed_before_its_period_opens,
    what_was_sent_back_says_why_and_waits_for_a_change,
    awaiting_review_is_what_the_list_of_submissions_awaits_from_me,
    each_person_sees_the_work_of_their_own_unit,
    a_section_is_bounded_and_says_how_much_there_is,
    what_is_asked_for_is_on_the_list_until_it_is_taken_no_more,
    a_plan_that_is_not_in_force_asks_for_nothing,
    what_a_unit_is_asked_to_explain_is_on_its_list_until_it_is_answered,
    an_obstacle_waits_for_the_standing_office_and_once_escalated_for_a_leader,
);
