//! Promises about periods: how a year is cut, when figures are due, and who may move that.

use serde_json::{Value, json};

use super::plans::{NO_COORDINATORS, draft_plan};
use crate::support::{App, Client, both_databases};

fn list(plan: &str) -> String {
    format!("/api/v1/plans/{plan}/periods")
}

fn path(period: &str) -> String {
    format!("/api/v1/periods/{period}")
}

/// Long Bình's plan for 2026 before anybody built its calendar, and the coordinator who will.
async fn without_calendar(app: &App) -> (Client, String) {
    let plan = app.sql_text(&format!(
        "SELECT id AS value FROM plans WHERE ward_id = '{}' AND year = 2026",
        app.ward("long-binh")
    ));
    app.sql(&format!("DELETE FROM periods WHERE plan_id = '{plan}'"));
    app.sql(&format!("UPDATE plans SET basis = NULL WHERE id = '{plan}'"));
    (app.sign_in("lb.coordinator").await, plan)
}

async fn generate(client: &Client, plan: &str, body: Value) -> Vec<Value> {
    client.post(&format!("{}/generate", list(plan)), body).await.expect(201).items().to_vec()
}

fn named<'a>(periods: &'a [Value], code: &str) -> &'a Value {
    periods.iter().find(|period| period["code"] == code).unwrap_or_else(|| panic!("no {code} in {periods:?}"))
}

fn texts<'a>(period: &'a Value, fields: &[&str]) -> Vec<&'a str> {
    fields.iter().map(|field| period[*field].as_str().unwrap()).collect()
}

/// Adds an ad-hoc period that ends on this day and says until when it is on time.
async fn due_after(client: &Client, plan: &str, data_to: &str) -> String {
    let body = json!({ "code": format!("DX-{data_to}"), "data_from": "2026-01-01", "data_to": data_to });
    client.post(&list(plan), body).await.expect(201).text_at("due_at")
}

const TIMES: [&str; 5] = ["data_from", "data_to", "opens_at", "due_at", "hard_close_at"];

async fn decree09_cuts_2026_from_the_15th_to_the_14th(app: App) {
    let (coordinator, plan) = without_calendar(&app).await;
    let periods = generate(&coordinator, &plan, json!({ "basis": "decree09" })).await;
    let expected = [
        ("2026-Q1", "quarter", "2025-12-15", "2026-03-14", "2026-03-16", "2026-03-30"),
        ("2026-H1", "half_year", "2025-12-15", "2026-06-14", "2026-06-15", "2026-06-29"),
        ("2026-Q3", "quarter", "2026-06-15", "2026-09-14", "2026-09-15", "2026-09-29"),
        ("2026-Y", "year", "2025-12-15", "2026-12-14", "2026-12-15", "2026-12-29"),
    ];
    assert_eq!(periods.len(), expected.len());
    for (period, (code, kind, from, to, due, close)) in periods.iter().zip(expected) {
        assert_eq!(texts(period, &["code", "kind"]), [code, kind]);
        assert_eq!(period["mandatory"], true);
        let (opens, due) = (format!("{to}T07:00:00+07:00"), format!("{due}T17:00:00+07:00"));
        assert_eq!(texts(period, &TIMES), [from, to, &opens, &due, &format!("{close}T17:00:00+07:00")]);
        assert_eq!(coordinator.get(&path(period["id"].as_str().unwrap())).await.body, *period);
    }
    let stored = coordinator.get(&list(&plan)).await.expect(200);
    assert_eq!((stored.items(), &stored["next_cursor"]), (&periods[..], &Value::Null));
    assert_eq!(coordinator.get(&format!("/api/v1/plans/{plan}")).await["basis"], "decree09");
}

async fn the_demos_own_year_is_cut_the_same_way(app: App) {
    let (coordinator, plan) = without_calendar(&app).await;
    let fresh = generate(&coordinator, &plan, json!({ "basis": "decree09" })).await;
    let loaded = app.sign_in("thcs.staff").await.get(&list(&app.plan())).await.expect(200);
    for (one, other) in fresh.iter().zip(loaded.items()) {
        assert_eq!((texts(one, &TIMES), &one["code"]), (texts(other, &TIMES), &other["code"]));
    }
}

async fn optional_periods_are_made_when_asked_for(app: App) {
    let (coordinator, plan) = without_calendar(&app).await;
    let periods = generate(&coordinator, &plan, json!({ "basis": "decree09", "optional": true })).await;
    assert_eq!(periods.len(), 19);
    assert_eq!(periods.iter().filter(|period| period["mandatory"] == true).count(), 4);
    for (code, kind, from, to, due) in [
        ("2026-01", "month", "2025-12-15", "2026-01-14", "2026-01-15"),
        ("2026-12", "month", "2026-11-15", "2026-12-14", "2026-12-15"),
        ("2026-Q2", "quarter", "2026-03-15", "2026-06-14", "2026-06-15"),
        ("2026-9M", "nine_months", "2025-12-15", "2026-09-14", "2026-09-15"),
        ("2026-Q4", "quarter", "2026-09-15", "2026-12-14", "2026-12-15"),
    ] {
        let period = named(&periods, code);
        let due = format!("{due}T17:00:00+07:00");
        let fields = ["kind", "data_from", "data_to", "due_at"];
        assert_eq!(texts(period, &fields), [kind, from, to, &due], "{code}");
        assert_eq!(period["mandatory"], false, "{code}");
    }
    let ends: Vec<&str> = periods.iter().map(|period| period["data_to"].as_str().unwrap()).collect();
    assert!(ends.is_sorted(), "by cut-off: {ends:?}");
}

async fn each_frequency_owes_figures_in_its_own_periods(app: App) {
    let (client, plan) = without_calendar(&app).await;
    generate(&client, &plan, json!({ "basis": "decree09", "optional": true })).await;
    let find = format!(
        "SELECT item_id AS value FROM assignments a JOIN plan_items i ON i.id = a.item_id WHERE i.plan_id = '{plan}' LIMIT 1"
    );
    let item = app.sql_text(&find);
    let months = (1..=12).map(|month| format!("2026-{month:02}")).chain(["2026-Y".to_owned()]).collect();
    let named = |codes: &[&str]| codes.iter().map(|code| format!("2026-{code}")).collect();
    let table: [(&str, Vec<String>); 4] = [
        ("monthly", months),
        ("quarterly", named(&["H1", "Q1", "Q3", "Y"])),
        ("half_yearly", named(&["H1", "Y"])),
        ("yearly", named(&["Y"])),
    ];
    for (frequency, periods) in table {
        app.sql(&format!("UPDATE assignments SET frequency = '{frequency}' WHERE item_id = '{item}'"));
        let owed = app.sql_texts(&format!(
            "SELECT DISTINCT p.code AS value FROM owed_figures o JOIN periods p ON p.id = o.period_id \
             WHERE o.item_id = '{item}' ORDER BY 1"
        ));
        assert_eq!(owed, periods, "{frequency}");
    }
}

async fn due_days_keep_clear_of_holidays_and_use_swapped_days(app: App) {
    let (coordinator, plan) = without_calendar(&app).await;
    let periods = generate(&coordinator, &plan, json!({ "basis": "decree09", "optional": true })).await;
    let tet = named(&periods, "2026-02");
    assert_eq!(tet["due_at"], "2026-02-23T17:00:00+07:00", "14/02 is the Saturday before Tết");
    let swapped = named(&periods, "2026-08");
    let close = "2026-08-28T17:00:00+07:00";
    assert_eq!(texts(swapped, &["due_at", "hard_close_at"]), ["2026-08-17T17:00:00+07:00", close]);
    for (data_to, due) in [
        ("2026-08-21", "2026-08-22"), // A Saturday worked for 31/8.
        ("2026-08-28", "2026-09-03"), // Weekend, swapped day and National Day.
        ("2026-04-24", "2026-04-28"), // The Hung Kings' day made up for on a Monday.
        ("2026-04-29", "2026-05-04"),
        ("2026-01-09", "2026-01-10"), // A Saturday worked for 02/01.
        ("2026-12-31", "2027-01-04"),
    ] {
        assert_eq!(
            due_after(&coordinator, &plan, data_to).await,
            format!("{due}T17:00:00+07:00"),
            "{data_to}"
        );
    }
}

async fn building_a_calendar_again_keeps_what_is_there(app: App) {
    let (coordinator, plan) = without_calendar(&app).await;
    let first = generate(&coordinator, &plan, json!({ "basis": "decree09" })).await;
    let q1 = path(named(&first, "2026-Q1")["id"].as_str().unwrap());
    let moved = json!({ "due_at": "2026-03-18T11:30:00+07:00" });
    let edited = coordinator.patch(&q1, 1, moved).await.expect(200);
    let again = json!({ "basis": "decree09", "due_time": "16:00" });
    let second = generate(&coordinator, &plan, again).await;
    assert_eq!(second.len(), 4);
    assert_eq!(named(&second, "2026-Q1"), &edited.body);
    assert_eq!(second[1..], first[1..]);
    let more = generate(&coordinator, &plan, json!({ "basis": "decree09", "optional": true })).await;
    assert_eq!(more.len(), 19);
    assert!(second.iter().all(|period| more.contains(period)));
}

async fn the_bases_of_a_plan_are_never_mixed(app: App) {
    let (coordinator, plan) = without_calendar(&app).await;
    let before = generate(&coordinator, &plan, json!({ "basis": "decree09" })).await;
    let other = coordinator.post(&format!("{}/generate", list(&plan)), json!({ "basis": "calendar" })).await;
    other.refused(409, "periods_exist");
    assert_eq!(coordinator.get(&list(&plan)).await.items(), before);
    let next = draft_plan(&coordinator, 2027).await.id();
    let periods = generate(&coordinator, &next, json!({ "basis": "calendar", "optional": true })).await;
    for (code, from, to) in [
        ("2027-Q1", "2027-01-01", "2027-03-31"),
        ("2027-H1", "2027-01-01", "2027-06-30"),
        ("2027-Q3", "2027-07-01", "2027-09-30"),
        ("2027-Y", "2027-01-01", "2027-12-31"),
        ("2027-02", "2027-02-01", "2027-02-28"),
    ] {
        assert_eq!(texts(named(&periods, code), &["data_from", "data_to"]), [from, to], "{code}");
    }
    let back = coordinator.post(&format!("{}/generate", list(&next)), json!({ "basis": "decree09" })).await;
    back.refused(409, "periods_exist");
    assert_eq!(coordinator.get(&format!("/api/v1/plans/{next}")).await["basis"], "calendar");
}

async fn the_times_of_a_calendar_may_be_chosen_within_bounds(app: App) {
    let (coordinator, plan) = without_calendar(&app).await;
    let path = format!("{}/generate", list(&plan));
    for (body, pointer) in [
        (json!({ "basis": "decree09", "due_time": "5pm" }), "/due_time"),
        (json!({ "basis": "decree09", "opens_time": "25:00" }), "/opens_time"),
        (
            json!({ "basis": "decree09", "hard_close_after_working_days": 251 }),
            "/hard_close_after_working_days",
        ),
    ] {
        let refused = coordinator.post(&path, body).await;
        assert_eq!(refused.status, 422, "{refused}");
        refused.at_field(pointer, "out_of_range");
    }
    for (body, pointer, code) in [
        (json!({ "basis": "lunar" }), "/basis", "invalid_value"),
        (json!({}), "/basis", "missing_field"),
        (json!({ "basis": "decree09", "months": true }), "/months", "unknown_field"),
    ] {
        coordinator.post(&path, body).await.refused(400, "malformed_body").at_field(pointer, code);
    }
    assert_eq!(coordinator.get(&list(&plan)).await.items(), Vec::<Value>::new());
    let chosen = json!({ "basis": "decree09", "opens_time": "08:30", "due_time": "16:30",
        "hard_close_after_working_days": 0 });
    let periods = generate(&coordinator, &plan, chosen).await;
    let q1 = texts(&periods[0], &TIMES[2..]);
    assert_eq!(q1, ["2026-03-14T08:30:00+07:00", "2026-03-16T16:30:00+07:00", "2026-03-16T16:30:00+07:00"]);
}

async fn an_ad_hoc_period_has_its_own_window(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = list(&app.plan());
    let body = json!({ "code": "HDND-2026-07", "data_from": "2025-12-15", "data_to": "2026-06-30" });
    let made = coordinator.post(&plan, &body).await.expect(201);
    assert_eq!(made.header("Location"), path(&made.id()));
    assert_eq!((&made["kind"], &made["mandatory"]), (&json!("adhoc"), &json!(false)));
    let times = ["2026-06-30T07:00:00+07:00", "2026-07-01T17:00:00+07:00", "2026-07-15T17:00:00+07:00"];
    assert_eq!(texts(&made.body, &TIMES[2..]), times);
    assert_eq!(coordinator.get(&path(&made.id())).await.body, made.body);
    coordinator.post(&plan, &body).await.refused(409, "period_code_taken");
    for code in ["2026-q1", "2026-Q4", "2026-9M", "2026-07"] {
        let regular = json!({ "code": code, "data_from": "2026-01-01", "data_to": "2026-01-31" });
        coordinator.post(&plan, regular).await.refused(409, "period_code_taken");
    }
    let late = json!({ "code": "MUON", "data_from": "2026-01-01", "data_to": "2026-06-30",
        "opens_at": "2026-06-01T00:00:00Z", "due_at": "2026-12-01T10:00:00Z" });
    let late = coordinator.post(&plan, late).await.expect(201);
    let times = ["2026-06-01T07:00:00+07:00", "2026-12-01T17:00:00+07:00", "2026-12-01T17:00:00+07:00"];
    assert_eq!(texts(&late.body, &TIMES[2..]), times, "ward time, and the close is not before the due time");
    assert_eq!(coordinator.get(&plan).await.items().len(), 6);
}

async fn a_period_that_makes_no_sense_is_refused_by_field(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = list(&app.plan());
    let good = json!({ "code": "DX", "data_from": "2026-06-01", "data_to": "2026-06-30" });
    for (field, value, status, code, at) in [
        ("code", json!(""), 422, "invalid", "required"),
        ("code", json!("Đợt xuất 1"), 422, "invalid", "out_of_range"),
        ("code", json!("9".repeat(36)), 422, "invalid", "too_long"),
        ("data_to", json!("2026-05-31"), 422, "invalid", "out_of_range"),
        ("data_from", json!("0202-06-01"), 422, "invalid", "out_of_range"),
        ("opens_at", json!("2026-07-02T07:00:00+07:00"), 422, "invalid", "out_of_range"),
        ("hard_close_at", json!("2026-07-01T16:59:59+07:00"), 422, "invalid", "out_of_range"),
        ("due_at", json!("2026-06-30T23:59:59+07:00"), 422, "due_too_early", "due_too_early"),
        ("due_at", json!("2026-07-01 17:00"), 400, "malformed_body", "invalid_value"),
        ("data_to", json!("2026-06-31"), 400, "malformed_body", "invalid_value"),
        ("kind", json!("month"), 400, "malformed_body", "unknown_field"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        coordinator.post(&plan, body).await.refused(status, code).at_field(&format!("/{field}"), at);
    }
    assert_eq!(coordinator.get(&plan).await.items().len(), 4);
}

async fn a_due_time_leaves_one_working_day_after_the_cut_off(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let q1 = path(&app.period("2026-Q1"));
    let due = |day: &str| json!({ "due_at": format!("{day}T17:00:00+07:00") });
    coordinator.patch(&q1, None, due("2026-03-17")).await.refused(428, "if_match_required");
    coordinator.patch(&q1, 9, due("2026-03-17")).await.refused(412, "version_stale");
    for day in ["2026-03-14", "2026-03-15"] {
        let refused = coordinator.patch(&q1, 1, due(day)).await.refused(422, "due_too_early");
        refused.at_field("/due_at", "due_too_early");
    }
    let too_late = coordinator.patch(&q1, 1, due("2026-03-31")).await.refused(422, "invalid");
    too_late.at_field("/hard_close_at", "out_of_range");
    assert_eq!(coordinator.get(&q1).await.version(), 1);
    let changed = coordinator.patch(&q1, 1, due("2026-03-18")).await.expect(200);
    assert_eq!((&changed["due_at"], changed.version()), (&json!("2026-03-18T17:00:00+07:00"), 2));
    let kept = ["2026-03-14T07:00:00+07:00", "2026-03-30T17:00:00+07:00"];
    assert_eq!(texts(&changed.body, &["opens_at", "hard_close_at"]), kept);
    coordinator.patch(&q1, 1, due("2026-03-17")).await.refused(412, "version_stale");
}

async fn the_window_of_a_regular_period_is_fixed(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let q1 = path(&app.period("2026-Q1"));
    let window = json!({ "data_from": "2026-01-01", "data_to": "2026-03-13" });
    let refused = coordinator.patch(&q1, 1, window).await.refused(422, "invalid");
    refused.at_field("/data_from", "not_applicable_here").at_field("/data_to", "not_applicable_here");
    let renamed = coordinator.patch(&q1, 1, json!({ "code": "Q1" })).await.refused(400, "malformed_body");
    renamed.at_field("/code", "unknown_field");
    assert_eq!(coordinator.get(&q1).await["data_to"], "2026-03-14");
}

async fn the_window_of_an_ad_hoc_period_is_fixed_once_figures_were_submitted(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let body = json!({ "code": "DX-06", "data_from": "2026-05-01", "data_to": "2026-06-12" });
    let period = coordinator.post(&list(&app.plan()), body).await.expect(201).id();
    let staff = app.sign_in("ktht.staff").await;
    let figure = json!({ "numerator": 1190, "denominator": 1200 });
    let drafted = app.draft(&staff, "II.2.k", "DX-06", figure).await.expect(201).id();
    coordinator.patch(&path(&period), 1, json!({ "data_to": "2026-06-11" })).await.expect(200);
    app.decide(&app.sign_in("ktht.head").await, &drafted, "submit").await.expect(201);
    let window = json!({ "data_to": "2026-06-10" });
    coordinator.patch(&path(&period), 2, window).await.refused(409, "period_in_use");
    let same = json!({ "data_to": "2026-06-11", "due_at": "2026-06-16T17:00:00+07:00" });
    coordinator.patch(&path(&period), 2, same).await.expect(200);
    assert_eq!(coordinator.get(&path(&period)).await["data_to"], "2026-06-11");
}

async fn every_role_reads_periods_and_only_a_coordinator_writes_them(app: App) {
    let (plan, q1) = (list(&app.plan()), path(&app.period("2026-Q1")));
    let body = json!({ "code": "DX", "data_from": "2026-06-01", "data_to": "2026-06-30" });
    for name in NO_COORDINATORS {
        let client = app.sign_in(name).await;
        assert_eq!(client.get(&plan).await.expect(200).items().len(), 4, "{name}");
        client.get(&q1).await.expect(200);
        client.post(&plan, &body).await.refused(403, "forbidden");
        let generate = json!({ "basis": "decree09", "optional": true });
        client.post(&format!("{plan}/generate"), generate).await.refused(403, "forbidden");
        let later = json!({ "hard_close_at": "2026-12-31T17:00:00+07:00" });
        client.patch(&q1, 1, later).await.refused(403, "forbidden");
    }
    app.anonymous().get(&plan).await.refused(401, "unauthenticated");
    let tag = app.sign_in("mn.head").await.get(&q1).await.expect(200).header("ETag").to_owned();
    app.sign_in("mn.head").await.get(&q1).header("If-None-Match", &tag).await.expect(304);
    app.sign_in("vp.head").await.post(&plan, &body).await.expect(201);
}

async fn periods_of_another_ward_are_not_found(app: App) {
    let (plan, q1) = (list(&app.plan()), path(&app.period("2026-Q1")));
    let stranger = app.sign_in("lb.coordinator").await;
    stranger.get(&plan).await.refused(404, "not_found");
    stranger.get(&q1).await.refused(404, "not_found");
    stranger.patch(&q1, 1, json!({ "due_at": "2026-03-18T17:00:00+07:00" })).await.refused(404, "not_found");
    let body = json!({ "code": "DX", "data_from": "2026-06-01", "data_to": "2026-06-30" });
    stranger.post(&plan, body).await.refused(404, "not_found");
    stranger
        .post(&format!("{plan}/generate"), json!({ "basis": "decree09" }))
        .await
        .refused(404, "not_found");
}

async fn pages_of_periods_are_complete_and_by_cut_off(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let whole = generate(&coordinator, &app.plan(), json!({ "basis": "decree09", "optional": true })).await;
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = coordinator.get(&format!("{}?limit=3{cursor}", list(&app.plan()))).await.expect(200);
        paged.extend_from_slice(page.items());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, whole);
    let mistyped = coordinator.get(&format!("{}?code=2026-Q1", list(&app.plan()))).await;
    mistyped.refused(400, "malformed_query").at_field("?code", "unknown_field");
}

both_databases! {
    decree09_cuts_2026_from_the_15th_to_the_14th,
    the_demos_own_year_is_cut_the_same_way,
    optional_periods_are_made_when_asked_for,
    each_frequency_owes_figures_in_its_own_periods,
    due_days_keep_clear_of_holidays_and_use_swapped_days,
    building_a_calendar_again_keeps_what_is_there,
    the_bases_of_a_plan_are_never_mixed,
    the_times_of_a_calendar_may_be_chosen_within_bounds,
    an_ad_hoc_period_has_its_own_window,
    a_period_that_makes_no_sense_is_refused_by_field,
    a_due_time_leaves_one_working_day_after_the_cut_off,
    the_window_of_a_regular_period_is_fixed,
    the_window_of_an_ad_hoc_period_is_fixed_once_figures_were_submitted,
    every_role_reads_periods_and_only_a_coordinator_writes_them,
    periods_of_another_ward_are_not_found,
    pages_of_periods_are_complete_and_by_cut_off,
}
