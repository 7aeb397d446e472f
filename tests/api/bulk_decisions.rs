//! Promises about deciding on many figures at once, and about returns that say “this is no report” (RULES §3).

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

async fn batch(client: &Client, body: Value) -> Reply {
    client.post("/api/v1/decisions/batch", body).await
}

fn state(app: &App, submission: &str) -> String {
    app.sql_text(&format!("SELECT state AS value FROM submissions WHERE id = '{submission}'"))
}

/// Two endorsed figures of the half year, and a draft.
async fn two_endorsed_and_a_draft(app: &App) -> [String; 3] {
    let first = app.carry_free_figure_to("endorsed").await;
    let staff = app.sign_in("hcc.staff").await;
    let second = app.draft(&staff, "II.2.h", "2026-H1", json!({ "numerator": 10, "denominator": 10 })).await;
    let second = second.expect(201).id();
    for (who, action) in [("hcc.head", "submit"), ("vhxh.head", "endorse")] {
        let client = app.sign_in(who).await;
        app.decide(&client, &second, action).await.expect(201);
    }
    let staff = app.sign_in("ktht.staff").await;
    let third = app.draft(&staff, "II.6.b", "2026-H1", json!({ "numerator": 10, "denominator": 10 })).await;
    [first, second, third.expect(201).id()]
}

async fn one_bad_figure_neither_hides_nor_blocks_the_rest(app: App) {
    let [first, second, draft] = two_endorsed_and_a_draft(&app).await;
    let leader = app.sign_in("leader").await;
    let unknown = "01920000-0000-7000-8000-000000000000";
    let ids = json!([first, draft, unknown, second]);
    let reply = batch(&leader, json!({ "action": "approve", "submission_ids": ids })).await.expect(200);
    assert_eq!((&reply["done"], &reply["rejected"]), (&json!(2), &json!(2)), "{reply}");
    let results = reply["results"].as_array().expect("results");
    let outcomes: Vec<&Value> = results.iter().map(|result| &result["outcome"]).collect();
    assert_eq!(outcomes, ["done", "rejected", "rejected", "done"]);
    assert_eq!(results[0]["submission"]["state"], "approved");
    assert_eq!(results[1]["error"]["code"], "illegal_move");
    assert_eq!(results[2]["error"]["code"], "not_found");
    assert_eq!((state(&app, &first), state(&app, &draft)), ("approved".into(), "draft".into()));
}

async fn atomic_means_all_or_none(app: App) {
    let [first, second, draft] = two_endorsed_and_a_draft(&app).await;
    let leader = app.sign_in("leader").await;
    let body = |ids: Value| json!({ "action": "approve", "submission_ids": ids, "atomic": true });
    let refused = batch(&leader, body(json!([first, draft, second]))).await.refused(422, "batch_rejected");
    refused.at_field("/submission_ids/1", "illegal_move");
    assert_eq!((state(&app, &first), state(&app, &second)), ("endorsed".into(), "endorsed".into()));
    batch(&leader, body(json!([first, second]))).await.expect(200);
    assert_eq!((state(&app, &first), state(&app, &second)), ("approved".into(), "approved".into()));
}

async fn a_chairman_approves_a_field_or_a_unit_of_a_period_in_one_call(app: App) {
    let [first, second, _] = two_endorsed_and_a_draft(&app).await;
    let leader = app.sign_in("leader").await;
    let body = json!({ "action": "approve", "period": "2026-H1", "unit": "HCC" });
    let reply = batch(&leader, body).await.expect(200);
    assert!(
        reply["results"].as_array().expect("results").iter().any(|r| r["submission_id"] == json!(second))
    );
    assert_eq!((state(&app, &first), state(&app, &second)), ("endorsed".into(), "approved".into()));
    let body = json!({ "action": "approve", "period": "2026-H1", "field": "procedures" });
    batch(&leader, body).await.expect(200);
    assert_eq!(state(&app, &first), "approved");
    let again = json!({ "action": "approve", "period": "2026-H1", "field": "procedures" });
    assert_eq!(batch(&leader, again).await.expect(200)["done"], 0);
}

async fn a_batch_says_what_it_is_about(app: App) {
    let leader = app.sign_in("leader").await;
    batch(&leader, json!({ "action": "approve" })).await.refused(422, "nothing_selected");
    let whole = json!({ "action": "return", "period": "2026-H1", "reason": "Sai" });
    batch(&leader, whole).await.refused(422, "invalid").at_field("/submission_ids", "required");
    let id = "01920000-0000-7000-8000-000000000000";
    let silent = json!({ "action": "return", "submission_ids": [id] });
    batch(&leader, silent).await.refused(422, "invalid").at_field("/reason", "reason_required");
    let twice = json!({ "action": "approve", "submission_ids": [id, id] });
    batch(&leader, twice).await.refused(422, "invalid").at_field("/submission_ids", "duplicate_row");
}

async fn a_batch_reaches_no_further_than_the_caller(app: App) {
    let [first, ..] = two_endorsed_and_a_draft(&app).await;
    let stranger = app.sign_in("lb.leader").await;
    let body = json!({ "action": "approve", "submission_ids": [first] });
    let reply = batch(&stranger, body.clone()).await.expect(200);
    assert_eq!(reply["results"][0]["error"]["code"], "not_found", "{reply}");
    let school = app.sign_in("thcs.head").await;
    let reply = batch(&school, body.clone()).await.expect(200);
    assert_eq!(reply["results"][0]["error"]["code"], "not_found", "{reply}");
    batch(&app.sign_in("auditor").await, body).await.refused(403, "forbidden");
    assert_eq!(state(&app, &first), "endorsed");
}

async fn resubmission_keeps_the_first_stamp_unless_the_return_says_it_was_no_report(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let verifier = app.sign_in("hcc.staff").await;
    let path = format!("/api/v1/submissions/{submission}/decisions");
    let give_back = |not_a_report: bool| {
        json!({ "action": "return", "reason": "Gửi nhầm tệp trống", "reason_codes": ["wrong_figure"],
                "not_a_report": not_a_report })
    };
    let plain = verifier.post(&path, give_back(false)).await.expect(201);
    assert_eq!(plain["submission"]["on_time"], true, "an ordinary return keeps the stamp");
    let head = app.sign_in("ktht.head").await;
    let again = app.decide(&head, &submission, "submit").await.expect(201);
    let stamp = again["submission"]["first_submitted_at"].clone();
    assert_eq!(stamp, plain["submission"]["first_submitted_at"]);
    let voided = app.sign_in("hcc.head").await.post(&path, give_back(true)).await.expect(201);
    assert_eq!(voided["submission"]["on_time"], Value::Null, "{voided}");
    assert_eq!(voided["decision"]["not_a_report"], true);
    let third = app.decide(&head, &submission, "submit").await.expect(201);
    assert!(third["submission"]["first_submitted_at"] != stamp, "a new first time\n{third}");
    let approve = json!({ "action": "approve", "not_a_report": true });
    let refused = head.post(&path, approve).await;
    assert!(!refused.is_success(), "only a return says so");
}

both_databases!(
    one_bad_figure_neither_hides_nor_blocks_the_rest,
    atomic_means_all_or_none,
    a_chairman_approves_a_field_or_a_unit_of_a_period_in_one_call,
    a_batch_says_what_it_is_about,
    a_batch_reaches_no_further_than_the_caller,
    resubmission_keeps_the_first_stamp_unless_the_return_says_it_was_no_report,
);
