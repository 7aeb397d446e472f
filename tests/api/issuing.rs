//! Promises about closing a year.

use serde_json::json;

use crate::support::{App, both_databases};

/// Sends everything that is on its way back to its unit, past all rules.
pub fn settle_figures(app: &App) {
    app.sql("UPDATE submissions SET state = 'returned' WHERE state IN ('submitted', 'verified', 'endorsed')");
}

async fn a_year_is_not_closed_while_figures_are_on_their_way(app: App) {
    let close = format!("/api/v1/plans/{}/close", app.plan());
    let leader = app.sign_in("leader").await;
    let count =
        |states: &str| app.sql_texts(&format!("SELECT id AS value FROM submissions WHERE {states}")).len();
    let all = count("state IN ('submitted', 'verified', 'endorsed')");
    let endorsed = count("state = 'endorsed'");
    assert!(all > endorsed && endorsed > 0, "the sample has both");
    let refused = leader.post_empty(&close).await.refused(409, "figures_pending");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("Còn {all} báo cáo")), "{detail}");
    assert!(detail.contains(&format!("{endorsed} chờ lãnh đạo duyệt")), "{detail}");
    let plan = leader.get(&format!("/api/v1/plans/{}", app.plan())).await.expect(200);
    assert_eq!(plan["status"], "issued");
    app.sql("UPDATE submissions SET state = 'returned' WHERE state IN ('submitted', 'verified')");
    leader.post_empty(&close).await.refused(409, "figures_pending");
    settle_figures(&app);
    assert_eq!(leader.post_empty(&close).await.expect(200)["status"], "closed");
    assert!(count("state = 'draft'") > 0, "what was never signed stays as it is");
}

async fn after_the_close_nothing_is_drafted_or_submitted(app: App) {
    let draft = app.draft_free_figure().await;
    settle_figures(&app);
    let leader = app.sign_in("leader").await;
    leader.post_empty(&format!("/api/v1/plans/{}/close", app.plan())).await.expect(200);
    app.decide(&app.sign_in("ktht.head").await, &draft, "submit").await.refused(409, "plan_not_issued");
    let staff = app.sign_in("ktht.staff").await;
    let content = json!({ "numerator": 1, "denominator": 1 });
    app.draft(&staff, "II.1.a", "2026-Y", content).await.refused(409, "plan_not_issued");
}

both_databases!(
    a_year_is_not_closed_while_figures_are_on_their_way,
    after_the_close_nothing_is_drafted_or_submitted,
);
