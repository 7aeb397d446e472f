//! Promises about the ward's calendar of working days: data that a coordinator keeps, a year at a time.

use serde_json::json;

use crate::support::{App, both_databases};

async fn a_coordinator_keeps_the_calendar_and_new_periods_follow_it(app: App) {
    let coordinator = app.sign_in("vhxh.head").await;
    let before = coordinator.get("/api/v1/calendar/2026").await.expect(200);
    assert!(before["days"].as_array().is_some_and(|days| days.len() > 5), "the law's holidays\n{before}");
    let days = json!({ "days": [
        { "date": "2026-10-05", "working": false, "name": "Nghỉ bù" },
        { "date": "2026-10-10", "working": true, "name": "Làm bù" }
    ] });
    let after = coordinator.put("/api/v1/calendar/2026", None, &days).await.expect(200);
    assert_eq!(after["days"], days["days"]);
    // Cut-off on Friday the 2nd: Monday is off, so figures are due on Tuesday; on Friday the 9th they are due on Saturday.
    for (data_to, due) in [("2026-10-02", "2026-10-06"), ("2026-10-09", "2026-10-10")] {
        let body = json!({ "code": format!("DX-{data_to}"), "data_from": "2026-09-15", "data_to": data_to });
        let period =
            coordinator.post(&format!("/api/v1/plans/{}/periods", app.plan()), body).await.expect(201);
        assert_eq!(period.text_at("due_at"), format!("{due}T17:00:00+07:00"));
    }
    let audited = "SELECT kind AS value FROM audit_events \
                   WHERE kind = 'ward.calendar_replaced' AND actor_name = 'vhxh.head'";
    assert_eq!(app.sql_texts(audited).len(), 1);
}

async fn a_calendar_that_makes_no_sense_is_refused_by_field(app: App) {
    let coordinator = app.sign_in("vhxh.head").await;
    let twice = json!({ "days": [
        { "date": "2026-10-05", "working": false, "name": "Nghỉ bù" },
        { "date": "2026-10-05", "working": true, "name": "Làm bù" }
    ] });
    let refused = coordinator.put("/api/v1/calendar/2026", None, twice).await.refused(422, "invalid");
    refused.at_field("/days/1/date", "out_of_range");
    let other_year =
        json!({ "days": [{ "date": "2027-01-01", "working": false, "name": "Tết Dương lịch" }] });
    let refused = coordinator.put("/api/v1/calendar/2026", None, other_year).await.refused(422, "invalid");
    refused.at_field("/days/0/date", "out_of_range");
    coordinator.get("/api/v1/calendar/99999").await.refused(404, "not_found");
}

async fn everybody_reads_the_calendar_and_wards_do_not_share_it(app: App) {
    for who in ["leader", "thcs.staff", "admin"] {
        let client = app.sign_in(who).await;
        client.get("/api/v1/calendar/2026").await.expect(200);
        client.put("/api/v1/calendar/2026", None, json!({ "days": [] })).await.refused(403, "forbidden");
    }
    let other = app.sign_in("lb.coordinator").await;
    other.put("/api/v1/calendar/2026", None, json!({ "days": [] })).await.expect(200);
    let ours = app.sign_in("leader").await.get("/api/v1/calendar/2026").await.expect(200);
    assert!(ours["days"].as_array().is_some_and(|days| !days.is_empty()));
}

both_databases!(
    a_coordinator_keeps_the_calendar_and_new_periods_follow_it,
    a_calendar_that_makes_no_sense_is_refused_by_field,
    everybody_reads_the_calendar_and_wards_do_not_share_it,
);
