//! Promises about submitting, reviewing and approving (RULES §3).

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

async fn try_action(app: &App, username: &str, submission: &str, action: &str) -> Reply {
    let client = app.sign_in(username).await;
    app.decide(&client, submission, action).await
}

async fn state_of(app: &App, submission: &str) -> Value {
    let leader = app.sign_in("leader").await;
    leader.get(&format!("/api/v1/submissions/{submission}")).await.expect(200)["state"].clone()
}

fn names(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|name| name.as_str().expect("a text")).collect()
}

async fn a_figure_goes_from_draft_to_approved_by_five_hands(app: App) {
    let submission = app.carry_free_figure_to("approved").await;
    let leader = app.sign_in("leader").await;
    let decisions = leader.get(&format!("/api/v1/submissions/{submission}/decisions")).await.expect(200);
    let actions: Vec<&str> = decisions.items().iter().map(|d| d["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["submit", "verify", "endorse", "approve"]);
    let mut people: Vec<&str> = decisions.items().iter().map(|d| d["decided_by"].as_str().unwrap()).collect();
    people.sort_unstable();
    people.dedup();
    assert_eq!(people.len(), 4, "each step has its own person\n{decisions}");
}

async fn submitter_cannot_verify_own_figures(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    try_action(&app, "ktht.head", &submission, "verify").await.refused(403, "not_your_step");
    // A figure of HCC itself has no verify step, and its head cannot endorse it either.
    try_action(&app, "ktht.head", &submission, "endorse").await.refused(403, "not_your_step");
    assert_eq!(state_of(&app, &submission).await, "submitted");
}

async fn verifier_cannot_endorse(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    // The one who verifies is given the coordinator's role as well: the person counts, not the role.
    app.sql(
        "UPDATE accounts SET roles = '[\"department_staff\",\"coordinator\"]' WHERE username = 'hcc.staff'",
    );
    try_action(&app, "hcc.staff", &submission, "verify").await.expect(201);
    try_action(&app, "hcc.staff", &submission, "endorse").await.refused(403, "acted_before");
    assert_eq!(state_of(&app, &submission).await, "verified");
}

async fn drafter_of_the_tracking_unit_cannot_verify(app: App) {
    // Whoever enters for another unit neither verifies nor endorses.
    let coordinator = app.sign_in("vhxh.staff").await;
    let content = json!({ "unit_id": app.unit("KTHTDT"), "numerator": 1190, "denominator": 1200 });
    let draft = app.draft(&coordinator, "II.2.k", "2026-H1", content).await.expect(201);
    let submission = draft.id();
    try_action(&app, "vhxh.staff", &submission, "submit").await.refused(403, "not_your_step");
    try_action(&app, "ktht.head", &submission, "submit").await.expect(201);
    try_action(&app, "hcc.head", &submission, "verify").await.expect(201);
    try_action(&app, "vhxh.staff", &submission, "endorse").await.refused(403, "acted_before");
    try_action(&app, "vhxh.head", &submission, "endorse").await.expect(201);
}

async fn only_the_head_signs(app: App) {
    let submission = app.draft_free_figure().await;
    try_action(&app, "ktht.staff", &submission, "submit").await.refused(403, "not_your_step");
    try_action(&app, "leader", &submission, "submit").await.refused(403, "not_your_step");
    try_action(&app, "ktht.head", &submission, "submit").await.expect(201);
}

async fn steps_fall_away_where_the_tracking_unit_is_the_owner_or_the_standing_office(app: App) {
    // HCC tracks its own II.2.h, the standing office tracks II.6.b: both go straight to endorsing.
    for (item, staff, head) in [("II.2.h", "hcc.staff", "hcc.head"), ("II.6.b", "ktht.staff", "ktht.head")] {
        let client = app.sign_in(staff).await;
        let draft = app.draft(&client, item, "2026-H1", json!({ "numerator": 10, "denominator": 10 })).await;
        let submission = draft.expect(201).id();
        let submitted = try_action(&app, head, &submission, "submit").await.expect(201);
        assert_eq!(submitted["submission"]["waiting_on"]["step"], "endorse");
        try_action(&app, head, &submission, "verify").await.refused(403, "not_your_step");
        try_action(&app, "vp.head", &submission, "endorse").await.expect(201);
    }
}

async fn the_standing_offices_own_figures_are_endorsed_by_another_unit(app: App) {
    let staff = app.sign_in("vhxh.staff").await;
    let draft = app.draft(&staff, "II.6.d", "2026-H1", json!({ "numerator": 9, "denominator": 9 })).await;
    let submission = draft.expect(201).id();
    try_action(&app, "vhxh.head", &submission, "submit").await.expect(201);
    try_action(&app, "vhxh.staff", &submission, "endorse").await.refused(403, "not_your_step");
    let endorsed = try_action(&app, "vp.head", &submission, "endorse").await.expect(201);
    assert_eq!(endorsed["submission"]["state"], "endorsed");
}

async fn an_illegal_move_answers_with_the_legal_ones(app: App) {
    let submission = app.draft_free_figure().await;
    let refused = try_action(&app, "leader", &submission, "approve").await.refused(409, "illegal_move");
    assert_eq!(names(&refused["allowed_actions"]), Vec::<&str>::new());
    try_action(&app, "ktht.head", &submission, "submit").await.expect(201);
    let refused = try_action(&app, "ktht.head", &submission, "submit").await.refused(409, "illegal_move");
    assert_eq!(names(&refused["allowed_actions"]), ["withdraw"]);
}

async fn a_withdrawn_submission_is_a_draft_again_and_its_next_submit_a_new_revision(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let withdrawn = try_action(&app, "ktht.head", &submission, "withdraw").await.expect(201);
    assert_eq!(withdrawn["submission"]["state"], "draft");
    let again = try_action(&app, "ktht.head", &submission, "submit").await.expect(201);
    assert_eq!(again["submission"]["revision"], 2);
    try_action(&app, "hcc.staff", &submission, "verify").await.expect(201);
    try_action(&app, "ktht.head", &submission, "withdraw").await.refused(409, "illegal_move");
}

async fn returning_needs_a_reason_and_known_codes(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let path = format!("/api/v1/submissions/{submission}/decisions");
    let hcc = app.sign_in("hcc.head").await;
    hcc.post(&path, json!({ "action": "return" }))
        .await
        .refused(422, "invalid")
        .at_field("/reason", "reason_required");
    let unknown = json!({ "action": "return", "reason": "Sai", "reason_codes": ["no_such_code"] });
    hcc.post(&path, unknown).await.refused(422, "invalid").at_field("/reason_codes/0", "unknown_reference");
    let good = json!({
        "action": "return", "reason": "Tử số chưa khớp", "reason_codes": ["wrong_figure"], "pointers": ["/numerator"]
    });
    let returned = hcc.post(&path, good).await.expect(201);
    assert_eq!(returned["submission"]["state"], "returned");
    assert_eq!(returned["decision"]["reason_codes"], json!(["wrong_figure"]));
    // The unit corrects and submits again: a second revision, the first stays as it was.
    let staff = app.sign_in("ktht.staff").await;
    let version = returned["submission"]["version"].as_i64().unwrap();
    staff
        .patch(&format!("/api/v1/submissions/{submission}"), version, json!({ "numerator": 1180 }))
        .await
        .expect(200);
    let again = try_action(&app, "ktht.head", &submission, "submit").await.expect(201);
    assert_eq!(again["submission"]["revision"], 2);
    let revisions = staff.get(&format!("/api/v1/submissions/{submission}/revisions")).await.expect(200);
    let numerators: Vec<i64> = revisions.items().iter().map(|r| r["numerator"].as_i64().unwrap()).collect();
    assert_eq!(numerators, [1180, 1176]);
    let first = staff.get(&format!("/api/v1/submissions/{submission}/revisions/1")).await.expect(200);
    assert_eq!(first["numerator"], 1176);
    staff.get(&format!("/api/v1/submissions/{submission}/revisions/3")).await.refused(404, "not_found");
}

async fn reopening_makes_revision_n_plus_one(app: App) {
    let submission = app.carry_free_figure_to("approved").await;
    try_action(&app, "ktht.head", &submission, "reopen").await.refused(403, "not_your_step");
    let reopened = try_action(&app, "leader.deputy", &submission, "reopen").await.expect(201);
    assert_eq!(reopened["submission"]["state"], "returned");
    assert_eq!(reopened["submission"]["revision"], 2);
    let again = try_action(&app, "ktht.head", &submission, "submit").await.expect(201);
    assert_eq!(again["submission"]["revision"], 2);
    // A new revision is a new life: the same people may act on it again.
    try_action(&app, "hcc.staff", &submission, "verify").await.expect(201);
    try_action(&app, "vhxh.head", &submission, "endorse").await.expect(201);
    try_action(&app, "leader", &submission, "approve").await.expect(201);
}

async fn a_decision_on_an_old_revision_or_version_is_refused(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let path = format!("/api/v1/submissions/{submission}/decisions");
    let hcc = app.sign_in("hcc.head").await;
    let stale = json!({ "action": "verify", "expected_revision": 7 });
    hcc.post(&path, stale).await.refused(409, "revision_stale");
    hcc.post(&path, json!({ "action": "verify" })).if_match(1).await.refused(412, "version_stale");
    hcc.post(&path, json!({ "action": "verify", "expected_revision": 1 })).if_match(2).await.expect(201);
}

async fn of_two_at_once_exactly_one_wins(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let (head, staff) = (app.sign_in("hcc.head").await, app.sign_in("hcc.staff").await);
    let body = json!({ "action": "return", "reason": "Kiểm tra lại" });
    let path = format!("/api/v1/submissions/{submission}/decisions");
    let race = |client: Client, body: Value| {
        let path = path.clone();
        tokio::spawn(async move { client.post(&path, body).await })
    };
    let (one, two) = (race(head, json!({ "action": "verify" })), race(staff, body));
    let mut statuses = [one.await.unwrap().status, two.await.unwrap().status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let decided = app.sql_texts(&format!(
        "SELECT action AS value FROM decisions WHERE submission_id = '{submission}' AND revision = 1"
    ));
    assert_eq!(decided.len(), 2, "the submit and one more: {decided:?}");
}

async fn the_steps_are_fixed_when_submitted(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    app.sql(&format!(
        "UPDATE plan_items SET tracking_unit_id = '{}' WHERE id = '{}'",
        app.unit("VP"),
        app.item("II.2.k", "indicator")
    ));
    try_action(&app, "vp.staff", &submission, "verify").await.refused(403, "not_your_step");
    try_action(&app, "hcc.staff", &submission, "verify").await.expect(201);
}

async fn machines_decide_nothing(app: App) {
    let submission = app.draft_free_figure().await;
    let scopes = [cchc::access::Scope::SubmissionsWrite];
    let machine = app.add_client("one-stop", Some("long-my"), Some("KTHTDT"), &scopes);
    app.decide(&machine, &submission, "submit").await.refused(403, "forbidden");
}

both_databases!(
    a_figure_goes_from_draft_to_approved_by_five_hands,
    submitter_cannot_verify_own_figures,
    verifier_cannot_endorse,
    drafter_of_the_tracking_unit_cannot_verify,
    only_the_head_signs,
    steps_fall_away_where_the_tracking_unit_is_the_owner_or_the_standing_office,
    the_standing_offices_own_figures_are_endorsed_by_another_unit,
    an_illegal_move_answers_with_the_legal_ones,
    a_withdrawn_submission_is_a_draft_again_and_its_next_submit_a_new_revision,
    returning_needs_a_reason_and_known_codes,
    reopening_makes_revision_n_plus_one,
    a_decision_on_an_old_revision_or_version_is_refused,
    of_two_at_once_exactly_one_wins,
    the_steps_are_fixed_when_submitted,
    machines_decide_nothing,
);
