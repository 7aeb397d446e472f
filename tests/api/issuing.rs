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

both_databases!(
    what_is_on_its_way_is_still_reviewed_after_the_close,
    after_the_close_nothing_is_drafted_or_submitted,
);
