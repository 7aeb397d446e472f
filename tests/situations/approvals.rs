//! Situations 1 to 9: figures on their way through the hands (RULES §3).

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

fn path(submission: &str) -> String {
    format!("/api/v1/submissions/{submission}")
}

async fn by(app: &App, who: &str, submission: &str, action: &str) -> Reply {
    let client = app.sign_in(who).await;
    app.decide(&client, submission, action).await
}

/// What the portal shows of II.2.k in the first quarter.
async fn public_numerator(app: &App) -> Value {
    let portal = app.city_portal().await;
    let results = portal.get("/public/v1/wards/long-my/results?year=2026&period=2026-Q1").await.expect(200);
    let items = results["items"].as_array().expect("items").iter();
    items.clone().find(|item| item["code"] == "II.2.k").expect("II.2.k")["numerator"].clone()
}

async fn publish(app: &App, period: &str) -> Reply {
    let leader = app.sign_in("leader").await;
    leader.post(&format!("/api/v1/periods/{}/publications", app.period(period)), json!({})).await
}

async fn situation_01_edit_after_submit_is_refused_until_it_is_taken_back(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let head = app.sign_in("ktht.head").await;
    let version = head.get(&path(&submission)).await.expect(200).version();
    let change = json!({ "numerator": 1180 });
    let refused = head.patch(&path(&submission), version, &change).await.refused(409, "not_editable");
    assert_eq!(refused["allowed_actions"], json!(["withdraw"]), "what may be done instead");
    by(&app, "ktht.head", &submission, "withdraw").await.expect(201);
    head.patch(&path(&submission), version + 1, &change).await.expect(200);
    let again = by(&app, "ktht.head", &submission, "submit").await.expect(201);
    assert_eq!(
        (&again["submission"]["revision"], &again["submission"]["numerator"]),
        (&json!(2), &json!(1180))
    );
    let first = head.get(&format!("{}/revisions/1", path(&submission))).await.expect(200);
    assert_eq!(first["numerator"], 1176, "the first revision stays as it was signed");
}

async fn situation_02_a_correction_after_publication_leaves_the_old_figure_public_until_it_is_published(
    app: App,
) {
    let submission = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let before = public_numerator(&app).await;
    by(&app, "leader", &submission, "reopen").await.refused(409, "illegal_move");
    let opened = by(&app, "leader", &submission, "correct").await.expect(201);
    assert_eq!(opened["submission"]["state"], "returned");
    let (revision, version) = (opened["submission"]["revision"].clone(), &opened["submission"]["version"]);
    let staff = app.sign_in("ktht.staff").await;
    let more = opened["submission"]["denominator"].as_i64().expect("cases");
    let change = json!({ "numerator": more });
    staff.patch(&path(&submission), version.as_i64(), change).await.expect(200);
    for (who, action) in
        [("ktht.head", "submit"), ("hcc.staff", "verify"), ("vhxh.staff", "endorse"), ("leader", "approve")]
    {
        let decided = by(&app, who, &submission, action).await.expect(201);
        assert_eq!(decided["submission"]["revision"], revision);
        assert_eq!(public_numerator(&app).await, before, "public after {action}");
    }
    let published = publish(&app, "2026-Q1").await.expect(201);
    assert!(published["corrections"].as_array().is_some_and(|all| !all.is_empty()), "{published}");
    assert!(public_numerator(&app).await != before);
}

async fn situation_03_reopening_an_approved_figure_under_a_published_period_changes_nothing_public(app: App) {
    // Approved after the publication: it is not public yet, and its reopening does not touch what is.
    let staff = app.sign_in("vp.staff").await;
    let content = json!({ "numerator": 10, "denominator": 10 });
    app.sql(&format!(
        "UPDATE periods SET hard_close_at = '2026-12-31 00:00:00' WHERE id = '{}'",
        app.period("2026-Q1")
    ));
    let free = "SELECT i.code AS value FROM owed_figures o JOIN plan_items i ON i.id = o.item_id \
                JOIN units u ON u.id = o.unit_id JOIN periods p ON p.id = o.period_id \
                WHERE u.code = 'VP' AND p.code = '2026-Q1' AND i.measure_kind = 'ratio' AND NOT EXISTS \
                (SELECT 1 FROM submissions s WHERE s.item_id = i.id AND s.unit_id = u.id AND s.period_id = p.id) \
                ORDER BY 1 LIMIT 1";
    let free = app.sql_text(free);
    let submission = app.draft(&staff, &free, "2026-Q1", content).await.expect(201).id();
    let before = public_numerator(&app).await;
    by(&app, "vp.head", &submission, "submit").await.expect(201);
    let verifier =
        format!("SELECT COALESCE(verify_unit_id, '') AS value FROM submissions WHERE id = '{submission}'");
    if !app.sql_text(&verifier).is_empty() {
        by(&app, "hcc.staff", &submission, "verify").await.expect(201);
    }
    by(&app, "vhxh.staff", &submission, "endorse").await.expect(201);
    by(&app, "leader", &submission, "approve").await.expect(201);
    by(&app, "leader", &submission, "correct").await.refused(409, "illegal_move");
    let reopened = by(&app, "leader", &submission, "reopen").await.expect(201);
    assert_eq!(
        (&reopened["submission"]["state"], &reopened["submission"]["revision"]),
        (&json!("returned"), &json!(2))
    );
    assert_eq!(public_numerator(&app).await, before);
    publish(&app, "2026-Q1").await.refused(409, "nothing_to_publish");
}

async fn situation_04_of_approve_and_return_at_once_exactly_one_wins(app: App) {
    let submission = app.carry_free_figure_to("endorsed").await;
    let (one, two) = (app.sign_in("leader").await, app.sign_in("leader.deputy").await);
    let decide = |client: Client, action: &'static str| {
        let (app, submission) = (&app, submission.clone());
        async move { app.decide(&client, &submission, action).await }
    };
    let (approved, returned) = tokio::join!(decide(one, "approve"), decide(two, "return"));
    let won = [&approved, &returned].into_iter().filter(|reply| reply.is_success()).count();
    assert_eq!(won, 1, "{approved}\n{returned}");
    let loser = if approved.is_success() { returned } else { approved };
    assert!(matches!(loser.status, 409 | 412), "{loser}");
    let decisions = app.sign_in("leader").await.get(&format!("{}/decisions", path(&submission))).await;
    assert_eq!(decisions.expect(200).items().len(), 4, "nothing is half done");
}

async fn situation_05_an_absent_approver_delegates_and_neither_expired_nor_own_work_counts(app: App) {
    let submission = app.carry_free_figure_to("endorsed").await;
    let leader = app.sign_in("leader").await;
    let give = |who: &str| json!({ "delegate_id": app.account(who), "ends_at": "2026-06-16T17:00:00+07:00", "reason": "Đi công tác" });
    for who in ["ktht.staff", "hcc.head"] {
        leader.post("/api/v1/delegations", give(who)).await.expect(201);
    }
    by(&app, "ktht.staff", &submission, "approve").await.refused(403, "acted_before");
    app.sql("UPDATE accounts SET unit_id = (SELECT unit_id FROM accounts WHERE username = 'ktht.head') WHERE username = 'hcc.head'");
    by(&app, "hcc.head", &submission, "approve").await.refused(403, "own_work");
    app.sql(&format!("UPDATE accounts SET unit_id = '{}' WHERE username = 'hcc.head'", app.unit("HCC")));
    let over = app.at("2026-06-16T17:00:02+07:00");
    by(&over, "hcc.head", &submission, "approve").await.refused(403, "delegation_expired");
    let approved = by(&app, "hcc.head", &submission, "approve").await.expect(201);
    assert_eq!(approved["decision"]["on_behalf_of"], json!(app.account("leader")));
}

async fn situation_06_who_changes_unit_in_mid_review_still_acts_only_once(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    // The head who signed moves to the unit that verifies.
    app.sql(&format!("UPDATE accounts SET unit_id = '{}' WHERE username = 'ktht.head'", app.unit("HCC")));
    by(&app, "ktht.head", &submission, "verify").await.refused(403, "acted_before");
    by(&app, "ktht.head", &submission, "withdraw").await.refused(403, "not_your_step");
    by(&app, "hcc.staff", &submission, "verify").await.expect(201);
    let decisions =
        app.sign_in("leader").await.get(&format!("{}/decisions", path(&submission))).await.expect(200);
    assert_eq!(decisions.items()[0]["unit_id"], json!(app.unit("KTHTDT")), "the unit at that moment");
}

async fn situation_07_in_bulk_one_bad_figure_neither_hides_nor_blocks_the_rest(app: App) {
    let good = app.carry_free_figure_to("endorsed").await;
    let bad = app.submission("II.2.a", "2026-H1", "KTHTDT");
    let leader = app.sign_in("leader").await;
    let body = json!({ "action": "approve", "submission_ids": [bad, good] });
    let reply = leader.post("/api/v1/decisions/batch", body).await.expect(200);
    assert_eq!(reply["results"][0]["error"]["code"], "illegal_move");
    assert_eq!(reply["results"][1]["submission"]["state"], "approved");
}

async fn situation_08_resubmission_keeps_the_first_stamp_and_a_return_as_no_report_voids_it(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    by(&app, "hcc.staff", &submission, "return").await.expect(201);
    let late = app.at("2026-06-17T08:00:00+07:00");
    let again = by(&late, "ktht.head", &submission, "submit").await.expect(201);
    assert_eq!(again["submission"]["on_time"], true, "it was on time the first time");
    let void = json!({ "action": "return", "reason": "Tệp trống", "not_a_report": true });
    let verifier = late.sign_in("hcc.head").await;
    verifier.post(&format!("{}/decisions", path(&submission)), void).await.expect(201);
    let third = by(&late, "ktht.head", &submission, "submit").await.expect(201);
    assert_eq!(third["submission"]["on_time"], false, "what was no report was not on time\n{third}");
}

both_databases!(
    situation_01_edit_after_submit_is_refused_until_it_is_taken_back,
    situation_02_a_correction_after_publication_leaves_the_old_figure_public_until_it_is_published,
    situation_03_reopening_an_approved_figure_under_a_published_period_changes_nothing_public,
    situation_04_of_approve_and_return_at_once_exactly_one_wins,
    situation_05_an_absent_approver_delegates_and_neither_expired_nor_own_work_counts,
    situation_06_who_changes_unit_in_mid_review_still_acts_only_once,
    situation_07_in_bulk_one_bad_figure_neither_hides_nor_blocks_the_rest,
    situation_08_resubmission_keeps_the_first_stamp_and_a_return_as_no_report_voids_it,
);
