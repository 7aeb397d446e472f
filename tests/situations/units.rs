//! Situations 30 and 31: units change, and lateness falls on who was late (RULES §4).

use serde_json::{Value, json};

use crate::support::{App, Reply, both_databases};

async fn completeness(app: &App, period: &str, as_of: &str) -> Reply {
    let leader = app.sign_in("leader").await;
    let as_of = as_of.replace('+', "%2B");
    leader
        .get(&format!("/api/v1/plans/{}/completeness?period={period}&as_of={as_of}", app.plan()))
        .await
        .expect(200)
}

fn row<'a>(reply: &'a Reply, unit: &str) -> Option<&'a Value> {
    reply["units"].as_array().expect("units").iter().find(|row| row["unit_code"] == unit)
}

fn owing(app: &App, unit: &str) -> Vec<String> {
    app.sql_texts(&format!(
        "SELECT DISTINCT p.code AS value FROM owed_figures o JOIN periods p ON p.id = o.period_id \
         WHERE o.unit_id = '{unit}' ORDER BY 1"
    ))
}

async fn situation_30_renamed_merged_and_split_units_keep_their_history(app: App) {
    let admin = app.sign_in("admin").await;
    let ktht = app.unit("KTHTDT");
    let rename = json!({ "name": "Phòng Kinh tế và Đô thị", "effective_on": "2026-05-01" });
    admin.post(&format!("/api/v1/units/{ktht}/rename"), rename).await.expect(200);
    let leader = app.sign_in("leader").await;
    let name_in = |period: &'static str| {
        let (leader, id) = (leader.clone(), app.submission("II.2.c", period, "KTHTDT"));
        async move { leader.get(&format!("/api/v1/submissions/{id}")).await.expect(200).text_at("unit_name") }
    };
    assert_eq!(name_in("2026-Q1").await, "Phòng Kinh tế, Hạ tầng và Đô thị", "the name of that time");
    assert_eq!(name_in("2026-H1").await, "Phòng Kinh tế và Đô thị");
    // The kindergarten goes up in the secondary school on the first of July.
    let (from, into) = (app.unit("TH-MN"), app.unit("TH-THCS"));
    let merge = json!({ "from_unit_ids": [from], "into_unit_id": into, "effective_on": "2026-07-01" });
    admin.post("/api/v1/units/merge", merge).await.expect(200);
    assert!(owing(&app, &from).contains(&"2026-H1".to_owned()), "what was due before stays its own");
    assert!(!owing(&app, &from).contains(&"2026-Y".to_owned()));
    assert!(owing(&app, &into).contains(&"2026-Y".to_owned()), "the successor owes from then on");
    // The department splits in two for the last quarter.
    let split = json!({ "effective_on": "2026-10-01", "into": [
        { "code": "KT", "name": "Phòng Kinh tế", "kind": "department" },
        { "code": "DT", "name": "Phòng Đô thị", "kind": "department" }
    ] });
    admin.post(&format!("/api/v1/units/{ktht}/split"), split).await.expect(200);
    assert!(
        owing(&app, &ktht).contains(&"2026-Q3".to_owned())
            && !owing(&app, &ktht).contains(&"2026-Y".to_owned())
    );
    assert_eq!(owing(&app, &app.unit("KT")), ["2026-Y"]);
    assert_eq!(name_in("2026-Q1").await, "Phòng Kinh tế, Hạ tầng và Đô thị", "history keeps its names");
}

async fn situation_31_lateness_falls_on_the_unit_that_owed_the_data_not_on_the_lead(app: App) {
    // II.2.k is led and tracked by HCC, which reports no figure of it; KTHTDT does, and is late.
    let submission = app.draft_free_figure().await;
    let before = completeness(&app, "2026-H1", "2026-06-16T09:00:00+07:00").await;
    let late = |reply: &Reply, unit: &str| row(reply, unit).map(|row| row["late"].as_i64().expect("late"));
    let late_app = app.at("2026-06-16T08:00:00+07:00");
    let head = late_app.sign_in("ktht.head").await;
    let submitted = app_decide(&late_app, &head, &submission).await;
    assert_eq!(submitted["submission"]["on_time"], false);
    let after = completeness(&app, "2026-H1", "2026-06-16T09:00:00+07:00").await;
    assert_eq!(late(&after, "KTHTDT"), late(&before, "KTHTDT").map(|n| n + 1));
    assert_eq!(late(&after, "HCC"), late(&before, "HCC"));
}

async fn app_decide(app: &App, client: &crate::support::Client, submission: &str) -> Reply {
    app.decide(client, submission, "submit").await.expect(201)
}

both_databases!(
    situation_30_renamed_merged_and_split_units_keep_their_history,
    situation_31_lateness_falls_on_the_unit_that_owed_the_data_not_on_the_lead,
);
