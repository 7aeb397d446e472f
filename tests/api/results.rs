//! Promises about the ward's summary (RULES §5, §7).

use serde_json::{Value, json};

use crate::support::{App, Reply, both_databases};

async fn summary(app: &App, user: &str, query: &str) -> Reply {
    let client = app.sign_in(user).await;
    client.get(&format!("/api/v1/plans/{}/summary?{query}", app.plan())).await
}

fn leaf<'r>(summary: &'r Reply, code: &str) -> &'r Value {
    summary.items().iter().find(|item| item["code"] == code).expect("the leaf")
}

async fn ratios_are_sums_of_cases_never_averages(app: App) {
    let reply = summary(&app, "leader", "period=2026-Q1").await.expect(200);
    let on_time = leaf(&reply, "II.2.k");
    let sums = app.sql_text(
        "SELECT CAST(SUM(r.numerator) / 10000 AS TEXT) || '/' || CAST(SUM(r.denominator) / 10000 AS TEXT) AS value \
         FROM submission_revisions r JOIN submissions s ON s.id = r.submission_id AND s.approved_revision = r.number \
         JOIN plan_items i ON i.id = s.item_id JOIN periods p ON p.id = s.period_id \
         WHERE i.code = 'II.2.k' AND p.code = '2026-Q1'",
    );
    let clean = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
    let (numerator, denominator) = sums.split_once('/').unwrap();
    assert_eq!(on_time["numerator"].to_string(), clean(numerator));
    assert_eq!(on_time["denominator"].to_string(), clean(denominator));
    assert_eq!(on_time["coverage"], json!({ "reported": 3, "expected": 3 }));
    assert_eq!(on_time["verdicts"][0]["verdict"], "met");
    assert_eq!(on_time["verdicts"][1]["verdict"], "near");
    assert_eq!(reply.items().len(), 34);
    assert!(reply["as_of"].as_str().unwrap().starts_with("2026-06-15T08:0"));
}

async fn what_is_not_due_is_not_missing(app: App) {
    let reply = summary(&app, "leader", "period=2026-Q1").await.expect(200);
    let yearly = leaf(&reply, "II.3.b.1");
    assert_eq!(yearly["verdicts"][0]["verdict"], "not_due");
    assert_eq!(yearly["coverage"], json!({ "reported": 0, "expected": 0 }));
    let year = summary(&app, "leader", "period=2026-Y").await.expect(200);
    assert_eq!(leaf(&year, "II.3.b.1")["verdicts"][0]["verdict"], "no_data");
    assert_eq!(leaf(&year, "II.3.a.1")["verdicts"][0]["verdict"], "no_baseline");
    let totals = reply["totals"].as_object().unwrap();
    let sum: i64 = totals.values().map(|count| count.as_i64().unwrap()).sum();
    assert_eq!(sum, 34);
}

async fn approved_is_the_basis_and_more_is_for_those_who_see_the_ward(app: App) {
    app.carry_free_figure_to("submitted").await;
    let approved = summary(&app, "leader", "period=2026-H1").await.expect(200);
    assert_eq!(approved["basis"], "approved");
    assert_eq!(leaf(&approved, "II.2.k")["coverage"]["reported"], 0);
    let all = summary(&app, "vhxh.head", "period=2026-H1&basis=submitted").await.expect(200);
    assert_eq!(leaf(&all, "II.2.k")["coverage"]["reported"], 3);
    for (user, basis) in [("supervisor", "submitted"), ("ktht.head", "approved"), ("thcs.staff", "submitted")]
    {
        summary(&app, user, &format!("period=2026-H1&basis={basis}")).await.refused(403, "forbidden");
    }
    let published = summary(&app, "thcs.staff", "period=2026-H1").await.expect(200);
    assert_eq!(published["basis"], "published");
    assert!(
        published.items().iter().all(|item| item["coverage"]["reported"] == 0),
        "nothing of H1 is published"
    );
    assert_eq!(summary(&app, "thcs.staff", "period=2026-Q1").await.expect(200)["basis"], "published");
}

async fn a_corrected_figure_counts_as_it_was_until_it_is_approved_again(app: App) {
    let before = leaf(&summary(&app, "leader", "period=2026-Q1").await.expect(200), "II.2.k").clone();
    let submission = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let leader = app.sign_in("leader").await;
    app.decide(&leader, &submission, "correct").await.expect(201);
    let during = summary(&app, "leader", "period=2026-Q1").await.expect(200);
    assert_eq!(leaf(&during, "II.2.k")["numerator"], before["numerator"]);
}

async fn headings_are_met_only_if_all_their_leaves_are(app: App) {
    let reply = summary(&app, "leader", "period=2026-Q1").await.expect(200);
    let sections = reply["sections"].as_array().unwrap();
    let of =
        |code: &str| sections.iter().find(|section| section["code"] == code).expect("the heading").clone();
    let parts: Vec<&Value> =
        ["II.2.b.1", "II.2.b.2"].iter().map(|code| &leaf(&reply, code)["verdicts"][0]["verdict"]).collect();
    assert_eq!(of("II.2.b")["verdict"] == "met", parts.iter().all(|verdict| **verdict == "met"), "{parts:?}");
    assert_eq!(of("II.2")["verdict"], "near", "one leaf of the field is short of its target");
}

async fn an_unknown_period_is_a_fault_of_the_parameter(app: App) {
    summary(&app, "leader", "period=2031-Q1")
        .await
        .refused(422, "invalid")
        .at_field("?period", "unknown_reference");
    summary(&app, "leader", "").await.refused(400, "malformed_query");
    let foreign = app.sign_in("lb.leader").await;
    foreign
        .get(&format!("/api/v1/plans/{}/summary?period=2026-Q1", app.plan()))
        .await
        .refused(404, "not_found");
}

both_databases!(
    ratios_are_sums_of_cases_never_averages,
    what_is_not_due_is_not_missing,
    approved_is_the_basis_and_more_is_for_those_who_see_the_ward,
    a_corrected_figure_counts_as_it_was_until_it_is_approved_again,
    headings_are_met_only_if_all_their_leaves_are,
    an_unknown_period_is_a_fault_of_the_parameter,
);
