//! Promises about more time: who gives it, what it moves, and when it ends (RULES §4).

use serde_json::{Value, json};

use crate::support::{App, Reply, both_databases};

fn path(app: &App, period: &str) -> String {
    format!("/api/v1/periods/{}/extensions", app.period(period))
}

async fn grant(app: &App, period: &str, until: &str, more: Value) -> Reply {
    let coordinator = app.sign_in("vhxh.head").await;
    let mut body = json!({ "unit_id": app.unit("KTHTDT"), "until": until, "reason": "Phần mềm gián đoạn" });
    for (field, value) in more.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    coordinator.post(&path(app, period), body).await
}

async fn submit(app: &App, submission: &str) -> Reply {
    let head = app.sign_in("ktht.head").await;
    app.decide(&head, submission, "submit").await
}

async fn a_closed_period_takes_figures_again_only_while_the_extension_lasts(app: App) {
    let submission = app.draft_free_figure().await;
    let later = app.at("2026-07-01T08:00:00+07:00");
    let refused = submit(&later, &submission).await.refused(409, "period_closed");
    assert!(refused.text_at("detail").contains("29/06/2026"), "since when\n{refused}");
    grant(&later, "2026-H1", "2026-07-03T17:00:00+07:00", json!({})).await.expect(201);
    let ended = app.at("2026-07-03T17:00:02+07:00");
    submit(&ended, &submission).await.refused(409, "period_closed");
    let submitted = submit(&later, &submission).await.expect(201);
    assert_eq!(submitted["submission"]["on_time"], false, "granted after the due time\n{submitted}");
}

async fn granted_before_the_due_time_it_moves_the_due_time(app: App) {
    let submission = app.draft_free_figure().await;
    let granted = grant(&app, "2026-H1", "2026-06-22T17:00:00+07:00", json!({})).await.expect(201);
    assert_eq!(granted["moves_due"], true);
    let later = app.at("2026-06-22T16:59:00+07:00");
    let submitted = submit(&later, &submission).await.expect(201);
    assert_eq!(submitted["submission"]["on_time"], true, "{submitted}");
}

async fn granted_after_the_due_time_it_makes_late_on_time_only_if_it_says_so(app: App) {
    let submission = app.draft_free_figure().await;
    let later = app.at("2026-06-16T08:00:00+07:00");
    let until = "2026-06-18T17:00:00+07:00";
    let plain = grant(&later, "2026-H1", until, json!({})).await.expect(201);
    assert_eq!(plain["moves_due"], false, "{plain}");
    let waiver = json!({ "waives_lateness": true });
    let waived = grant(&later, "2026-H1", until, waiver).await.expect(201);
    assert_eq!(waived["moves_due"], true, "{waived}");
    let submitted = submit(&later, &submission).await.expect(201);
    assert_eq!(submitted["submission"]["on_time"], true, "{submitted}");
}

async fn an_extension_gives_time_and_says_why(app: App) {
    for until in ["2026-06-15T17:00:00+07:00", "2026-06-01T17:00:00+07:00"] {
        grant(&app, "2026-H1", until, json!({}))
            .await
            .refused(422, "invalid")
            .at_field("/until", "out_of_range");
    }
    let until = "2026-06-30T17:00:00+07:00";
    let silent = grant(&app, "2026-H1", until, json!({ "reason": " " })).await;
    silent.refused(422, "invalid").at_field("/reason", "required");
    let foreign =
        format!("SELECT id AS value FROM units WHERE ward_id = '{}' LIMIT 1", app.ward("long-binh"));
    let foreign = json!({ "unit_id": app.sql_text(&foreign) });
    let foreign = grant(&app, "2026-H1", until, foreign).await.refused(422, "invalid");
    foreign.at_field("/unit_id", "unknown_reference");
}

async fn only_coordinators_grant_and_each_unit_reads_its_own(app: App) {
    let until = "2026-06-30T17:00:00+07:00";
    grant(&app, "2026-H1", until, json!({})).await.expect(201);
    let body = json!({ "unit_id": app.unit("KTHTDT"), "until": until, "reason": "Thử" });
    for who in ["leader", "ktht.head", "thcs.head", "auditor", "admin"] {
        app.sign_in(who).await.post(&path(&app, "2026-H1"), &body).await.refused(403, "forbidden");
    }
    for (who, seen) in [("leader", 1), ("auditor", 1), ("ktht.staff", 1), ("thcs.head", 0), ("hcc.head", 0)] {
        let list = app.sign_in(who).await.get(&path(&app, "2026-H1")).await.expect(200);
        assert_eq!(list.items().len(), seen, "{who}\n{list}");
    }
    let stranger = app.sign_in("lb.coordinator").await;
    stranger.get(&path(&app, "2026-H1")).await.refused(404, "not_found");
    stranger.post(&path(&app, "2026-H1"), &body).await.refused(404, "not_found");
}

async fn the_view_of_what_is_owed_says_the_same_times(app: App) {
    let until = "2026-07-10T17:00:00+07:00";
    grant(&app, "2026-H1", until, json!({})).await.expect(201);
    let find = |column: &str, unit: &str| {
        format!(
            "SELECT DISTINCT CAST({column} AS TEXT) AS value FROM owed_figures \
             WHERE period_id = '{}' AND unit_id = '{}'",
            app.period("2026-H1"),
            app.unit(unit)
        )
    };
    assert!(app.sql_text(&find("due_at", "KTHTDT")).starts_with("2026-07-10 10:00:00"));
    assert!(app.sql_text(&find("closes_at", "KTHTDT")).starts_with("2026-07-10 10:00:00"));
    assert!(app.sql_text(&find("due_at", "HCC")).starts_with("2026-06-15 10:00:00"));
}

both_databases!(
    a_closed_period_takes_figures_again_only_while_the_extension_lasts,
    granted_before_the_due_time_it_moves_the_due_time,
    granted_after_the_due_time_it_makes_late_on_time_only_if_it_says_so,
    an_extension_gives_time_and_says_why,
    only_coordinators_grant_and_each_unit_reads_its_own,
    the_view_of_what_is_owed_says_the_same_times,
);
