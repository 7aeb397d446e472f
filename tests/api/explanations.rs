//! Promises about asked explanations, and about findings and conclusions beside the unit's claim (RULES §5).

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

const REQUESTS: &str = "/api/v1/explanation-requests";

fn of(submission: &str, what: &str) -> String {
    format!("/api/v1/submissions/{submission}/{what}")
}

fn question() -> Value {
    json!({ "question": "Vì sao tỷ lệ dưới 90%?", "due_at": "2026-06-19T17:00:00+07:00" })
}

fn answer() -> Value {
    json!({
        "cause": "objective", "what_happened": "Hệ thống gián đoạn", "remedy": "Bổ sung trực", "new_date": "2026-09-30"
    })
}

fn figure(app: &App) -> String {
    app.submission("II.2.k", "2026-Q1", "KTHTDT")
}

async fn ask(app: &App, submission: &str) -> Reply {
    let leader = app.sign_in("leader").await;
    leader.post(&of(submission, "explanation-requests"), question()).await.expect(201)
}

fn answer_path(request: &Reply) -> String {
    format!("{REQUESTS}/{}/answer", request.id())
}

async fn ids(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("{REQUESTS}{query}")).await.expect(200);
    page.items().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

async fn a_leader_asks_and_the_units_head_answers_once(app: App) {
    let request = ask(&app, &figure(&app)).await;
    assert_eq!(request.header("Location"), format!("{REQUESTS}/{}", request.id()));
    assert_eq!((&request["state"], &request["answer"]), (&json!("open"), &Value::Null), "{request}");
    assert_eq!((&request["overdue"], &request["answered_late"]), (&json!(false), &Value::Null));
    assert_eq!(request["asked_position"], "Chủ tịch UBND");
    assert_eq!((request["revision"].as_i64(), request.version()), (Some(1), 1));
    let head = app.sign_in("ktht.head").await;
    let answered = head.post(&answer_path(&request), answer()).if_match(1).await.expect(200);
    assert_eq!((answered["state"].as_str(), answered.version()), (Some("answered"), 2));
    assert_eq!(answered["answered_late"], false);
    for (field, value) in answer().as_object().unwrap() {
        assert_eq!(&answered["answer"][field], value, "{answered}");
    }
    assert_eq!(answered["answer"]["answered_by"], app.account("ktht.head"));
    let second =
        json!({ "cause": "subjective", "what_happened": "Khác", "remedy": "Khác", "new_date": "2026-10-01" });
    head.post(&answer_path(&request), second).await.refused(409, "already_answered");
    let kept = head.get(request.header("Location")).await.expect(200);
    assert_eq!(kept["answer"], answered["answer"]);
    assert_eq!(kept.header("ETag"), "\"2\"");
    let events = app.sign_in("auditor").await.get("/api/v1/audit-events?kind=explanation.answered").await;
    assert_eq!(events.expect(200).items().len(), 1);
}

async fn only_what_was_submitted_is_explained_and_only_by_a_time_ahead(app: App) {
    let leader = app.sign_in("leader").await;
    let draft = app.submission("II.2.a", "2026-H1", "KTHTDT");
    leader.post(&of(&draft, "explanation-requests"), question()).await.refused(409, "never_submitted");
    let path = of(&figure(&app), "explanation-requests");
    // The ward's clock stands at 08:00 on 15/06/2026.
    for due_at in ["2026-06-15T07:59:59+07:00", "2026-06-15T08:00:00+07:00", "2025-12-31T17:00:00+07:00"] {
        let late = json!({ "question": "Vì sao?", "due_at": due_at });
        leader.post(&path, late).await.refused(422, "invalid").at_field("/due_at", "out_of_range");
    }
    let empty = json!({ "question": " ", "due_at": "2026-06-19T17:00:00+07:00" });
    leader.post(&path, empty).await.refused(422, "invalid").at_field("/question", "required");
    assert!(app.rows_of("explanation_requests").is_empty());
    let coordinator = app.sign_in("vhxh.staff").await;
    coordinator.post(&path, question()).await.expect(201);
    for user in ["ktht.head", "hcc.head", "thcs.head", "supervisor", "auditor"] {
        app.sign_in(user).await.post(&path, question()).await.refused(403, "forbidden");
    }
}

async fn only_a_head_of_the_owner_unit_answers(app: App) {
    let request = ask(&app, &figure(&app)).await;
    let path = answer_path(&request);
    for user in ["ktht.staff", "leader", "auditor", "supervisor"] {
        app.sign_in(user).await.post(&path, answer()).await.refused(403, "forbidden");
    }
    // HCC tracks the leaf and VHXH sees the whole ward, so they know of the request.
    for user in ["hcc.head", "vhxh.head"] {
        app.sign_in(user).await.post(&path, answer()).await.refused(403, "not_your_step");
    }
    app.sign_in("thcs.head").await.post(&path, answer()).await.refused(404, "not_found");
    let head = app.sign_in("ktht.head").await;
    head.post(&path, answer()).if_match(7).await.refused(412, "version_stale");
    let mut body = answer();
    body["what_happened"] = json!("");
    head.post(&path, &body).await.refused(422, "invalid").at_field("/what_happened", "required");
    body["new_date"] = json!("+12026-01-01");
    head.post(&path, &body).await.refused(422, "invalid").at_field("/new_date", "out_of_range");
    assert_eq!(ids(&head, "?state=open").await, [request.id()]);
}

async fn of_two_answers_at_once_exactly_one_is_kept(app: App) {
    let request = ask(&app, &figure(&app)).await;
    let roles = [cchc::access::Role::DepartmentHead];
    let second = crate::support::NewAccount {
        username: "ktht.second",
        ward: "long-my",
        unit: "KTHTDT",
        roles: &roles,
    };
    let (one, two) = (app.sign_in("ktht.head").await, app.add_account(second).await);
    let race = |client: Client| {
        let path = answer_path(&request);
        tokio::spawn(async move { client.post(&path, answer()).await })
    };
    let (one, two) = (race(one), race(two));
    let mut statuses = [one.await.unwrap().status, two.await.unwrap().status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

async fn a_late_answer_is_taken_and_marked(app: App) {
    let request = ask(&app, &figure(&app)).await;
    let due = cchc::kernel::time::Timestamp::parse("2026-06-15T08:00:00+07:00").unwrap();
    // The due time is moved past the demo's morning; one second late is late.
    let past = due.plus_seconds(-1).to_string();
    app.sql(&format!("UPDATE explanation_requests SET due_at = '{}'", sql_time(&past)));
    let leader = app.sign_in("leader").await;
    assert_eq!(ids(&leader, "?overdue=true").await, [request.id()]);
    assert!(ids(&leader, "?overdue=false").await.is_empty());
    let head = app.sign_in("ktht.head").await;
    let answered = head.post(&answer_path(&request), answer()).await.expect(200);
    assert_eq!(answered["answered_late"], true);
    assert!(ids(&leader, "?overdue=true").await.is_empty(), "what is answered is no longer overdue");
}

/// A time of the ward as the database keeps it.
fn sql_time(at: &str) -> String {
    let at = chrono::DateTime::parse_from_rfc3339(at).expect("a time").naive_utc();
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

async fn requests_are_listed_within_ones_scope(app: App) {
    let ktht = ask(&app, &figure(&app)).await.id();
    let vp = ask(&app, &app.submission("II.1.a", "2026-Q1", "VP")).await.id();
    for user in ["leader", "vhxh.staff", "auditor"] {
        let client = app.sign_in(user).await;
        assert_eq!(ids(&client, "").await, [vp.clone(), ktht.clone()], "{user}: newest first");
        assert_eq!(ids(&client, "?unit=KTHTDT").await, [ktht.as_str()]);
        assert_eq!(ids(&client, &format!("?unit={}&state=open", app.unit("VP"))).await, [vp.as_str()]);
        assert!(ids(&client, "?state=answered").await.is_empty());
    }
    assert_eq!(ids(&app.sign_in("ktht.staff").await, "").await, [ktht.as_str()]);
    assert_eq!(ids(&app.sign_in("hcc.staff").await, "").await, [ktht.as_str()], "HCC tracks II.2.k");
    for user in ["thcs.head", "lb.leader", "lb.coordinator"] {
        let client = app.sign_in(user).await;
        assert!(ids(&client, "").await.is_empty(), "{user}");
        client.get(&format!("{REQUESTS}/{ktht}")).await.refused(404, "not_found");
        client.get(&of(&figure(&app), "explanation-requests")).await.refused(404, "not_found");
    }
    let page = app.sign_in("leader").await.get(&format!("{REQUESTS}?limit=1")).await.expect(200);
    let leader = app.sign_in("leader").await;
    assert_eq!(ids(&leader, &format!("?cursor={}", page.text_at("next_cursor"))).await, [ktht.as_str()]);
    let own = leader.get(&of(&figure(&app), "explanation-requests")).await.expect(200);
    assert_eq!((own.items().len(), &own.items()[0]["id"]), (1, &json!(ktht)));
    leader.get(&format!("{REQUESTS}?stat=open")).await.refused(400, "malformed_query");
}

async fn finding_and_conclusion_stand_beside_the_claim_never_over_it(app: App) {
    let figure = figure(&app);
    let path = of(&figure, "assessments");
    let leader = app.sign_in("leader").await;
    let claimed = leader.get(&of(&figure, "revisions/1")).await.expect(200);
    let assess = |kind: &str, cause: &str, text: &str| json!({ "kind": kind, "cause": cause, "text": text });
    let office = app.sign_in("vhxh.head").await;
    office.post(&path, assess("finding", "objective", "Do hệ thống")).await.expect(201);
    let finding = office.post(&path, assess("finding", "subjective", "Do phân công")).await.expect(201);
    assert_eq!((finding["revision"].as_i64(), finding["position"].as_str()), (Some(1), Some("Trưởng phòng")));
    leader.post(&path, assess("conclusion", "subjective", "Thống nhất")).await.expect(201);
    let list = app.sign_in("ktht.staff").await.get(&path).await.expect(200);
    let rows: Vec<(&str, &str)> = list
        .items()
        .iter()
        .map(|row| (row["kind"].as_str().unwrap(), row["text"].as_str().unwrap()))
        .collect();
    assert_eq!(rows, [("conclusion", "Thống nhất"), ("finding", "Do phân công"), ("finding", "Do hệ thống")]);
    let after = leader.get(&of(&figure, "revisions/1")).await.expect(200);
    assert_eq!(after.body, claimed.body, "the unit's claim stays as it was");
}

async fn each_assessment_belongs_to_its_office(app: App) {
    let path = of(&figure(&app), "assessments");
    let finding = json!({ "kind": "finding", "cause": "subjective", "text": "Do phân công" });
    let conclusion = json!({ "kind": "conclusion", "cause": "subjective", "text": "Do phân công" });
    app.sign_in("leader").await.post(&path, &finding).await.refused(403, "not_your_step");
    app.sign_in("vhxh.staff").await.post(&path, &conclusion).await.refused(403, "not_your_step");
    for user in ["ktht.head", "hcc.head", "auditor", "supervisor"] {
        app.sign_in(user).await.post(&path, &finding).await.refused(403, "forbidden");
    }
    // VP's own figure is not found on by VP's coordinator, but by the standing office's.
    let own = of(&app.submission("II.1.a", "2026-Q1", "VP"), "assessments");
    app.sign_in("vp.head").await.post(&own, &finding).await.refused(403, "not_your_step");
    app.sign_in("vhxh.staff").await.post(&own, &finding).await.expect(201);
    app.sign_in("lb.leader").await.post(&path, &conclusion).await.refused(404, "not_found");
    app.sign_in("thcs.head").await.get(&path).await.refused(404, "not_found");
    let leader = app.sign_in("leader").await;
    let draft = of(&app.submission("II.2.a", "2026-H1", "KTHTDT"), "assessments");
    leader.post(&draft, &conclusion).await.refused(409, "never_submitted");
    let empty = json!({ "kind": "conclusion", "cause": "subjective", "text": "" });
    leader.post(&path, empty).await.refused(422, "invalid").at_field("/text", "required");
    let unknown = json!({ "kind": "verdict", "cause": "subjective", "text": "a" });
    leader.post(&path, unknown).await.refused(400, "malformed_body").at_field("/kind", "invalid_value");
}

async fn an_assessment_is_about_the_newest_signed_revision(app: App) {
    let submission = app.carry_free_figure_to("approved").await;
    let leader = app.sign_in("leader").await;
    app.decide(&leader, &submission, "reopen").await.expect(201);
    let path = of(&submission, "assessments");
    let body = json!({ "kind": "conclusion", "cause": "objective", "text": "Chờ số mới" });
    // Revision 2 was opened, but says nothing yet.
    assert_eq!(leader.post(&path, &body).await.expect(201)["revision"], 1);
    let head = app.sign_in("ktht.head").await;
    app.decide(&head, &submission, "submit").await.expect(201);
    assert_eq!(leader.post(&path, &body).await.expect(201)["revision"], 2);
}

both_databases!(
    a_leader_asks_and_the_units_head_answers_once,
    only_what_was_submitted_is_explained_and_only_by_a_time_ahead,
    only_a_head_of_the_owner_unit_answers,
    of_two_answers_at_once_exactly_one_is_kept,
    a_late_answer_is_taken_and_marked,
    requests_are_listed_within_ones_scope,
    finding_and_conclusion_stand_beside_the_claim_never_over_it,
    each_assessment_belongs_to_its_office,
    an_assessment_is_about_the_newest_signed_revision,
);
