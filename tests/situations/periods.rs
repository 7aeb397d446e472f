//! Situations 10 to 17: windows, due days, lateness (RULES §4).

use serde_json::{Value, json};

use crate::support::{App, Reply, both_databases};

async fn submit(app: &App, submission: &str) -> Reply {
    let head = app.sign_in("ktht.head").await;
    app.decide(&head, submission, "submit").await
}

async fn period(app: &App, code: &str) -> Value {
    let leader = app.sign_in("leader").await;
    leader.get(&format!("/api/v1/periods/{}", app.period(code))).await.expect(200).body.clone()
}

async fn situation_10_windows_run_from_the_15th_to_the_14th_and_bases_are_never_mixed(app: App) {
    for (code, from, to) in [
        ("2026-Q1", "2025-12-15", "2026-03-14"),
        ("2026-H1", "2025-12-15", "2026-06-14"),
        ("2026-Q3", "2026-06-15", "2026-09-14"),
        ("2026-Y", "2025-12-15", "2026-12-14"),
    ] {
        let period = period(&app, code).await;
        assert_eq!((&period["data_from"], &period["data_to"]), (&json!(from), &json!(to)), "{code}");
    }
    let coordinator = app.sign_in("vhxh.head").await;
    let generate = format!("/api/v1/plans/{}/periods/generate", app.plan());
    coordinator.post(&generate, json!({ "basis": "calendar" })).await.refused(409, "periods_exist");
}

async fn situation_11_the_due_time_is_at_least_one_working_day_after_the_cut_off(app: App) {
    let coordinator = app.sign_in("vhxh.head").await;
    let path = format!("/api/v1/plans/{}/periods", app.plan());
    // Cut-off on Friday: Saturday and Sunday are no working days.
    let body = |due: &str| {
        json!({ "code": "DX-2026-07", "data_from": "2026-07-01", "data_to": "2026-07-10",
                "opens_at": "2026-07-10T07:00:00+07:00", "due_at": due, "hard_close_at": "2026-07-31T17:00:00+07:00" })
    };
    let refused = coordinator.post(&path, body("2026-07-12T17:00:00+07:00")).await;
    refused.refused(422, "due_too_early").at_field("/due_at", "due_too_early");
    coordinator.post(&path, body("2026-07-13T17:00:00+07:00")).await.expect(201);
}

async fn situation_12_tet_and_swapped_days_move_the_due_day(app: App) {
    let coordinator = app.sign_in("vhxh.head").await;
    let path = format!("/api/v1/plans/{}/periods", app.plan());
    for (data_to, due) in [
        // The last day before Tết Bính Ngọ: the next working day is after it.
        ("2026-02-13", "2026-02-23"),
        // Friday the 2nd of January is off and made up on Saturday the 10th.
        ("2026-01-09", "2026-01-10"),
    ] {
        let body = json!({ "code": format!("DX-{data_to}"), "data_from": "2025-12-15", "data_to": data_to });
        let period = coordinator.post(&path, body).await.expect(201);
        assert_eq!(period.text_at("due_at"), format!("{due}T17:00:00+07:00"));
    }
}

async fn situation_13_the_half_year_covers_the_second_quarter_and_nobody_reports_twice(app: App) {
    let coordinator = app.sign_in("vhxh.head").await;
    let generate = format!("/api/v1/plans/{}/periods/generate", app.plan());
    coordinator.post(&generate, json!({ "basis": "decree09", "optional": true })).await.expect(201);
    let owed = |code: &str| {
        let find = format!(
            "SELECT item_id AS value FROM owed_figures WHERE period_id = '{}' AND unit_id = '{}'",
            app.period(code),
            app.unit("KTHTDT")
        );
        app.sql_texts(&find).len()
    };
    assert!(owed("2026-H1") > 0);
    assert_eq!((owed("2026-Q2"), owed("2026-9M"), owed("2026-Q4")), (0, 0, 0));
    let leader = app.sign_in("leader").await;
    let completeness = leader
        .get(&format!(
            "/api/v1/plans/{}/completeness?period=2026-Q2&as_of=2026-12-31T00:00:00%2B07:00",
            app.plan()
        ))
        .await
        .expect(200);
    assert_eq!(completeness["totals"]["missing"], 0, "{completeness}");
}

async fn situation_14_a_unit_created_in_mid_period_owes_from_its_first_day(app: App) {
    let admin = app.sign_in("admin").await;
    let unit = json!({ "code": "TH-MOI", "name": "Trường Tiểu học mới", "kind": "school", "active_from": "2026-07-01" });
    let unit = admin.post("/api/v1/units", unit).await.expect(201).id();
    app.sql(&format!(
        "INSERT INTO assignments (item_id, unit_id, frequency, obligation) VALUES ('{}', '{unit}', 'quarterly', 'must')",
        app.item("II.2.k", "indicator")
    ));
    let owed = app.sql_texts(&format!(
        "SELECT p.code AS value FROM owed_figures o JOIN periods p ON p.id = o.period_id \
         WHERE o.unit_id = '{unit}' ORDER BY 1"
    ));
    assert_eq!(owed, ["2026-Q3", "2026-Y"], "not the half year that ended before it began");
}

async fn situation_15_cumulative_in_period_and_point_in_time_figures_are_never_added_up_over_time(app: App) {
    let leader = app.sign_in("leader").await;
    let summary = |period: &str| {
        let path = format!("/api/v1/plans/{}/summary?period={period}&basis=submitted", app.plan());
        let leader = leader.clone();
        async move { leader.get(&path).await.expect(200) }
    };
    let (first, half) = (summary("2026-Q1").await, summary("2026-H1").await);
    let of = |reply: &Reply, code: &str| {
        let items = reply["items"].as_array().expect("items");
        items.iter().find(|item| item["code"] == code).expect("the leaf").clone()
    };
    // Cumulative (II.6.e) and point in time (II.2.b.1): the half year shows its own figures, not Q1's on top.
    assert_eq!(of(&half, "II.6.e")["denominator"], 4210);
    assert!(of(&first, "II.6.e")["denominator"].as_i64() < Some(4210));
    assert_eq!(of(&half, "II.2.b.1")["denominator"], 136);
    // A cumulative figure that falls is pointed at.
    let staff = app.sign_in("ktht.staff").await;
    let falling = app.draft(&staff, "II.2.k", "2026-H1", json!({ "numerator": 1, "denominator": 1 })).await;
    let falling = falling.expect(201);
    let codes: Vec<&str> =
        falling["warnings"].as_array().expect("warnings").iter().filter_map(|w| w["code"].as_str()).collect();
    assert!(codes.contains(&"cumulative_falls"), "{falling}");
}

async fn situation_16_an_extension_after_the_deadline_opens_the_period_but_late_stays_late(app: App) {
    let submission = app.draft_free_figure().await;
    let closed = app.at("2026-06-30T08:00:00+07:00");
    submit(&closed, &submission).await.refused(409, "period_closed");
    let coordinator = closed.sign_in("vhxh.head").await;
    let path = format!("/api/v1/periods/{}/extensions", app.period("2026-H1"));
    let more =
        json!({ "unit_id": app.unit("KTHTDT"), "until": "2026-07-01T17:00:00+07:00", "reason": "Mất điện" });
    coordinator.post(&path, more).await.expect(201);
    let submitted = submit(&closed, &submission).await.expect(201);
    assert_eq!(submitted["submission"]["on_time"], false);
}

async fn situation_17_an_ad_hoc_report_has_its_own_window_and_is_owed_by_nobody_else(app: App) {
    let coordinator = app.sign_in("vhxh.head").await;
    let body = json!({
        "code": "HDND-2026-06", "data_from": "2025-12-15", "data_to": "2026-06-11",
        "opens_at": "2026-06-11T07:00:00+07:00", "due_at": "2026-06-16T17:00:00+07:00",
        "hard_close_at": "2026-06-30T17:00:00+07:00"
    });
    coordinator.post(&format!("/api/v1/plans/{}/periods", app.plan()), body).await.expect(201);
    let staff = app.sign_in("ktht.staff").await;
    let content = json!({ "numerator": 1176, "denominator": 1200 });
    let submission = app.draft(&staff, "II.2.k", "HDND-2026-06", content).await.expect(201).id();
    let submitted = submit(&app, &submission).await.expect(201);
    assert_eq!(submitted["submission"]["on_time"], true);
    let leader = app.sign_in("leader").await;
    let overdue = leader
        .get(&format!("/api/v1/plans/{}/overdue?as_of=2026-12-01T00:00:00%2B07:00&limit=200", app.plan()))
        .await
        .expect(200);
    assert!(overdue.items().iter().all(|row| row["period_code"] != "HDND-2026-06"), "{overdue}");
}

both_databases!(
    situation_10_windows_run_from_the_15th_to_the_14th_and_bases_are_never_mixed,
    situation_11_the_due_time_is_at_least_one_working_day_after_the_cut_off,
    situation_12_tet_and_swapped_days_move_the_due_day,
    situation_13_the_half_year_covers_the_second_quarter_and_nobody_reports_twice,
    situation_14_a_unit_created_in_mid_period_owes_from_its_first_day,
    situation_15_cumulative_in_period_and_point_in_time_figures_are_never_added_up_over_time,
    situation_16_an_extension_after_the_deadline_opens_the_period_but_late_stays_late,
    situation_17_an_ad_hoc_report_has_its_own_window_and_is_owed_by_nobody_else,
);
