//! Promises about closing a year.

use serde_json::json;

use crate::support::{App, both_databases};

async fn close(app: &App) {
    let leader = app.sign_in("leader").await;
    let closed = leader.post_empty(&format!("/api/v1/plans/{}/close", app.plan())).await.expect(200);
    assert_eq!(closed["status"], "closed");
}

async fn what_is_on_its_way_is_still_reviewed_after_the_close(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    close(&app).await;
    for (who, action) in [("hcc.staff", "verify"), ("vhxh.head", "endorse"), ("leader", "approve")] {
        let client = app.sign_in(who).await;
        app.decide(&client, &submission, action).await.expect(201);
    }
}

async fn after_the_close_nothing_is_drafted_or_submitted(app: App) {
    let draft = app.draft_free_figure().await;
    close(&app).await;
    app.decide(&app.sign_in("ktht.head").await, &draft, "submit").await.refused(409, "plan_not_issued");
    let staff = app.sign_in("ktht.staff").await;
    let content = json!({ "numerator": 1, "denominator": 1 });
    app.draft(&staff, "II.1.a", "2026-Y", content).await.refused(409, "plan_not_issued");
}

async fn a_published_figure_is_corrected_after_the_close_too(app: App) {
    let figure = app.carry_free_figure_to("approved").await;
    let leader = app.sign_in("leader").await;
    leader.post_empty(&format!("/api/v1/periods/{}/publications", app.period("2026-H1"))).await.expect(201);
    close(&app).await;
    app.decide(&leader, &figure, "correct").await.expect(201);
    let head = app.sign_in("ktht.head").await;
    let returned = async || {
        let todo = head.get("/api/v1/me/todo").await.expect(200);
        todo["returned"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["submission_id"] == figure.as_str())
    };
    let path = format!("/api/v1/submissions/{figure}");
    // A reviewer who sends the correction back does not end it.
    for numerator in [1180, 1181] {
        assert!(returned().await, "{numerator}");
        let staff = app.sign_in("ktht.staff").await;
        let version = staff.get(&path).await.expect(200).version();
        staff.patch(&path, version, json!({ "numerator": numerator })).await.expect(200);
        let seen = head.get(&path).await.expect(200);
        assert!(seen["allowed_actions"].as_array().unwrap().contains(&json!("submit")), "{seen}");
        app.decide(&head, &figure, "submit").await.expect(201);
        app.decide(&app.sign_in("hcc.staff").await, &figure, "return").await.expect(201);
    }
}

async fn what_cannot_be_submitted_after_the_close_is_not_offered(app: App) {
    let draft = app.draft_free_figure().await;
    let path = format!("/api/v1/submissions/{draft}");
    let head = app.sign_in("ktht.head").await;
    assert_eq!(head.get(&path).await.expect(200)["allowed_actions"], json!(["submit"]));
    close(&app).await;
    assert_eq!(head.get(&path).await.expect(200)["allowed_actions"], json!([]));
}

async fn who_reported_a_leaf_before_stays_on_record_when_others_are_assigned(app: App) {
    let (item, unit) = (app.item("II.2.k", "indicator"), app.unit("KTHTDT"));
    app.sql(&format!(
        "UPDATE assignments SET withdrawn_from = '2026-06-01' WHERE item_id = '{item}' AND unit_id = '{unit}'"
    ));
    let client = app.sign_in("vhxh.head").await;
    let path = format!("/api/v1/items/{item}");
    let version = client.get(&path).await.expect(200).version();
    let rows = json!([{ "unit_id": app.unit("VP"), "frequency": "quarterly", "obligation": "must" }]);
    client.put(&format!("{path}/assignments"), version, rows).await.expect(200);
    let kept = client.get(&format!("{path}/assignments")).await.expect(200);
    let row = kept.items().iter().find(|row| row["unit_id"] == unit.as_str()).cloned().unwrap_or_default();
    assert_eq!((&row["withdrawn_from"], kept.items().len()), (&json!("2026-06-01"), 2), "{kept}");
}

both_databases!(
    what_is_on_its_way_is_still_reviewed_after_the_close,
    after_the_close_nothing_is_drafted_or_submitted,
    a_published_figure_is_corrected_after_the_close_too,
    what_cannot_be_submitted_after_the_close_is_not_offered,
    who_reported_a_leaf_before_stays_on_record_when_others_are_assigned,
);
