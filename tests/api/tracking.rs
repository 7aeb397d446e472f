//! Promises about who owes what, to the second (RULES §4): completeness of a period, and the list of overdue figures.

use cchc::kernel::time::{Clock, Timestamp};
use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

/// The second at which the half-year figures are due.
const DUE: &str = "2026-06-15T17:00:00+07:00";
const ONE_SECOND_LATER: &str = "2026-06-15T17:00:01+07:00";
const ONE_SECOND_EARLIER: &str = "2026-06-15T16:59:59+07:00";

/// A server whose clock stands still at this time.
pub fn app_at(app: &App, time: &str) -> App {
    App::start_at(app.backend, Clock::Fixed(Timestamp::parse(time).expect("a time")))
}

/// Gives a unit more time in a period; `until` is UTC as the database writes it.
pub fn extend(app: &App, unit: &str, period: &str, until: &str, moves_due: bool) {
    app.sql(&format!(
        "INSERT INTO extensions (id, ward_id, period_id, unit_id, until, reason, waives_lateness, moves_due, granted_by, \
         granted_at) VALUES ('{id}', '{ward}', '{period}', '{unit}', '{until}', 'Mất điện', FALSE, {moves_due}, '{by}', \
         '2026-06-15 01:00:00')",
        id = cchc::kernel::id::RawId::generate(),
        ward = app.ward("long-my"),
        period = app.period(period),
        unit = app.unit(unit),
        by = app.account("vhxh.head"),
    ));
}

async fn completeness(app: &App, client: &Client, period: &str, as_of: &str) -> Reply {
    let path = format!("/api/v1/plans/{}/completeness?period={period}&as_of={}", app.plan(), encoded(as_of));
    client.get(&path).await.expect(200)
}

/// The row of a unit; null if it has none.
fn row_of(reply: &Reply, unit: &str) -> Value {
    let rows = reply["units"].as_array().expect("units");
    rows.iter().find(|row| row["unit_code"] == unit).cloned().unwrap_or_default()
}

fn counts(row: &Value, fields: &[&str]) -> Vec<i64> {
    fields.iter().map(|field| row[*field].as_i64().unwrap_or_else(|| panic!("{field} of {row}"))).collect()
}

fn encoded(time: &str) -> String {
    time.replace('+', "%2B")
}

async fn overdue(app: &App, client: &Client, query: &str) -> Vec<Value> {
    let reply = client.get(&overdue_path(app, query)).await.expect(200);
    assert!(reply["next_cursor"].is_null(), "more than a page\n{reply}");
    reply.items().to_vec()
}

fn overdue_path(app: &App, query: &str) -> String {
    format!("/api/v1/plans/{}/overdue?limit=200&{query}", app.plan())
}

/// Overdue figures of a unit in a period, as of this second.
async fn late_in(app: &App, unit: &str, period: &str, as_of: &str) -> Vec<Value> {
    let leader = app.sign_in("leader").await;
    let rows = overdue(app, &leader, &format!("unit={unit}&as_of={}", encoded(as_of))).await;
    rows.into_iter().filter(|row| row["period_code"] == period).collect()
}

fn codes(rows: &[Value], field: &str) -> Vec<String> {
    let mut all: Vec<String> = rows.iter().map(|row| row[field].as_str().unwrap().to_owned()).collect();
    all.sort();
    all.dedup();
    all
}

async fn a_figure_counts_from_the_second_in_which_it_was_submitted(app: App) {
    for (at, before, on_time) in [(DUE, ONE_SECOND_EARLIER, 1), (ONE_SECOND_LATER, DUE, 0)] {
        let app = app_at(&app, at);
        app.carry_free_figure_to("submitted").await;
        let leader = app.sign_in("leader").await;
        let then = row_of(&completeness(&app, &leader, "2026-H1", before).await, "KTHTDT");
        let now = row_of(&completeness(&app, &leader, "2026-H1", at).await, "KTHTDT");
        let fields = ["expected", "submitted", "on_time", "late"];
        let [expected, submitted, in_time, late] = counts(&then, &fields)[..] else { unreachable!() };
        assert!(expected > submitted + 1, "others are still out: {then}");
        let after = vec![expected, submitted + 1, in_time + on_time, late + 1 - on_time];
        assert_eq!(counts(&now, &fields), after, "submitted at {at}");
    }
}

async fn missing_begins_one_second_after_the_due_time(app: App) {
    let leader = app.sign_in("leader").await;
    let at_due = completeness(&app, &leader, "2026-H1", DUE).await;
    let after = completeness(&app, &leader, "2026-H1", ONE_SECOND_LATER).await;
    let fields = ["expected", "submitted", "missing", "open"];
    let [expected, submitted, missing, open] = counts(&at_due["totals"], &fields)[..] else { unreachable!() };
    assert_eq!((missing, open), (0, expected - submitted));
    assert!(submitted > 0 && open > 0);
    assert_eq!(counts(&after["totals"], &fields), [expected, submitted, open, 0]);
    for reply in [&at_due, &after] {
        for row in reply["units"].as_array().unwrap() {
            let [expected, submitted, missing, open] = counts(row, &fields)[..] else { unreachable!() };
            assert_eq!(expected, submitted + missing + open, "{row}");
        }
    }
}

async fn approved_is_what_was_approved_then(app: App) {
    let leader = app.sign_in("leader").await;
    let approved = async |as_of: &str| {
        counts(&row_of(&completeness(&app, &leader, "2026-H1", as_of).await, "HCC"), &["approved"])[0]
    };
    assert_eq!(approved("2026-06-14T16:29:59+07:00").await, 0);
    assert_eq!(approved("2026-06-14T16:30:00+07:00").await, 1);
    assert_eq!(approved("2026-06-15T07:59:59+07:00").await, 2);
    // A figure that is opened again is approved no more from then on, and still was before.
    let submission = app.submission("II.6.e", "2026-H1", "HCC");
    app.decide(&app.sign_in("leader.deputy").await, &submission, "reopen").await.expect(201);
    assert_eq!(approved("2026-06-16").await, 1);
    assert_eq!(approved("2026-06-15T07:59:59+07:00").await, 2);
}

async fn returns_are_counted_per_unit_period_and_reason(app: App) {
    let submission = app.carry_free_figure_to("submitted").await;
    let body = json!({ "action": "return", "reason": "Sai số", "reason_codes": ["wrong_figure", "missing_evidence"] });
    let hcc = app.sign_in("hcc.head").await;
    hcc.post(&format!("/api/v1/submissions/{submission}/decisions"), body).await.expect(201);
    let leader = app.sign_in("leader").await;
    let now = completeness(&app, &leader, "2026-H1", "2026-06-16").await;
    // The demo has one return of KTHTDT for a wrong figure, and one of VP for missing evidence.
    let two = json!({ "total": 2, "reason_codes": { "missing_evidence": 1, "wrong_figure": 2 } });
    assert_eq!(row_of(&now, "KTHTDT")["returns"], two);
    let three = json!({ "total": 3, "reason_codes": { "missing_evidence": 2, "wrong_figure": 2 } });
    assert_eq!(now["totals"]["returns"], three);
    let before = completeness(&app, &leader, "2026-H1", "2026-06-14T20:09:59+07:00").await;
    assert_eq!(before["totals"]["returns"], json!({ "total": 0, "reason_codes": {} }));
    let q1 = completeness(&app, &leader, "2026-Q1", "2026-06-16").await;
    assert_eq!(q1["totals"]["returns"]["total"], 0);
}

async fn a_figure_is_overdue_from_the_first_second_after_its_due_time(app: App) {
    assert_eq!(late_in(&app, "KTHTDT", "2026-H1", DUE).await, Vec::<Value>::new());
    let late = late_in(&app, "KTHTDT", "2026-H1", ONE_SECOND_LATER).await;
    let leader = app.sign_in("leader").await;
    let missing = counts(
        &row_of(&completeness(&app, &leader, "2026-H1", ONE_SECOND_LATER).await, "KTHTDT"),
        &["missing"],
    );
    assert_eq!(missing, [i64::try_from(late.len()).unwrap()], "both lists agree");
    let free = late.iter().find(|row| row["item_code"] == "II.2.k").expect("the free figure");
    assert_eq!((&free["due_at"], &free["days_late"]), (&json!(DUE), &json!(1)));
    assert_eq!((&free["has_draft"], &free["submission_id"]), (&json!(false), &Value::Null));
    let draft = late.iter().find(|row| row["item_code"] == "II.2.a").expect("the demo's draft");
    assert_eq!((&draft["has_draft"], &draft["state"]), (&json!(true), &json!("draft")));
    // A date means the end of that day.
    for (date, days) in [("2026-06-15", 1), ("2026-06-16", 1), ("2026-06-18", 3)] {
        let rows = late_in(&app, "KTHTDT", "2026-H1", date).await;
        assert!(
            rows.len() == late.len() && rows.iter().all(|row| row["days_late"] == days),
            "{date}: {rows:?}"
        );
    }
}

async fn a_figure_is_no_longer_overdue_from_the_second_in_which_it_comes_in(app: App) {
    let app = app_at(&app, "2026-06-16T09:00:00+07:00");
    let submission = app.carry_free_figure_to("submitted").await;
    let find = async |as_of: &str| {
        let late = late_in(&app, "KTHTDT", "2026-H1", as_of).await;
        late.into_iter().find(|row| row["item_code"] == "II.2.k")
    };
    assert_eq!(find("2026-06-16T09:00:00+07:00").await, None);
    let before = find("2026-06-16T08:59:59+07:00").await.expect("overdue");
    assert_eq!(before["submission_id"], submission.as_str());
    assert_eq!(before["first_submitted_at"], "2026-06-16T09:00:00+07:00");
    assert_eq!(before["has_draft"], false, "the draft was begun later");
    let row =
        row_of(&completeness(&app, &app.sign_in("leader").await, "2026-H1", "2026-06-16").await, "KTHTDT");
    assert_eq!(row["late"], 1);
}

async fn an_extension_moves_the_due_time_of_its_unit_alone(app: App) {
    extend(&app, "KTHTDT", "2026-H1", "2026-06-17 04:00:00", true);
    // Only a later close: late work is taken longer, and stays late.
    extend(&app, "VP", "2026-H1", "2026-07-31 10:00:00", false);
    assert!(late_in(&app, "KTHTDT", "2026-H1", "2026-06-17T11:00:00+07:00").await.is_empty());
    let late = late_in(&app, "KTHTDT", "2026-H1", "2026-06-17T11:00:01+07:00").await;
    assert!(late.iter().all(|row| row["due_at"] == "2026-06-17T11:00:00+07:00" && row["days_late"] == 1));
    assert!(!late.is_empty());
    let office = late_in(&app, "VP", "2026-H1", ONE_SECOND_LATER).await;
    assert!(office.iter().all(|row| row["due_at"] == DUE && row["closes_at"] == "2026-07-31T17:00:00+07:00"));
    assert!(!office.is_empty() && !late_in(&app, "HCC", "2026-H1", ONE_SECOND_LATER).await.is_empty());
    let leader = app.sign_in("leader").await;
    let counted = completeness(&app, &leader, "2026-H1", ONE_SECOND_LATER).await;
    assert_eq!(row_of(&counted, "KTHTDT")["missing"], 0);
    assert_eq!(row_of(&counted, "VP")["open"], 0);
}

async fn a_unit_created_after_the_cut_off_owes_nothing(app: App) {
    let leader = app.sign_in("leader").await;
    let after = "2026-06-16";
    assert!(!late_in(&app, "TH-THCS", "2026-H1", after).await.is_empty());
    let school = app.unit("TH-THCS");
    for (active_from, owes) in [("2026-06-15", false), ("2026-06-14", true)] {
        app.sql(&format!("UPDATE units SET active_from = '{active_from}' WHERE id = '{school}'"));
        assert_eq!(!late_in(&app, "TH-THCS", "2026-H1", after).await.is_empty(), owes, "{active_from}");
        let row = row_of(&completeness(&app, &leader, "2026-H1", after).await, "TH-THCS");
        assert_eq!(!row.is_null(), owes, "{active_from}: {row}");
    }
}

async fn units_that_are_asked_are_never_overdue(app: App) {
    let leader = app.sign_in("leader").await;
    let long_after = "2027-02-01";
    assert!(late_in(&app, "MTTQ", "2026-Y", long_after).await.is_empty());
    assert!(!late_in(&app, "VHXH", "2026-Y", long_after).await.is_empty());
    let front = row_of(&completeness(&app, &leader, "2026-Y", long_after).await, "MTTQ");
    assert_eq!(counts(&front, &["expected", "submitted", "missing", "open", "approved"]), [0; 5]);
    assert_eq!(front["asked"], json!({ "total": 11, "submitted": 0, "approved": 0 }));
}

async fn what_is_not_due_is_not_missing_and_nobody_reports_twice(app: App) {
    let coordinator = app.sign_in("vhxh.head").await;
    let optional = json!({ "basis": "decree09", "optional": true });
    coordinator.post(&format!("/api/v1/plans/{}/periods/generate", app.plan()), optional).await.expect(201);
    let leader = app.sign_in("leader").await;
    let mut rows = Vec::new();
    for unit in ["VP", "VHXH", "KTHTDT", "HCC", "TYT", "TH-THCS", "TH-MN"] {
        rows.extend(overdue(&app, &leader, &format!("unit={unit}&as_of=2027-02-01")).await);
    }
    // The half-year covers the second quarter, and the year the fourth.
    let mut periods = codes(&rows, "period_code");
    periods.retain(|code| !code.starts_with("2026-0") && !code.starts_with("2026-1"));
    assert_eq!(periods, ["2026-H1", "2026-Q1", "2026-Q3", "2026-Y"]);
    let q2 = completeness(&app, &leader, "2026-Q2", "2027-02-01").await;
    assert_eq!((&q2["units"], &q2["totals"]["expected"]), (&json!([]), &json!(0)));
    // A yearly survey owes nothing in a quarter or half.
    let yearly: Vec<&Value> = rows.iter().filter(|row| row["item_code"] == "II.5.a").collect();
    assert!(!yearly.is_empty() && yearly.iter().all(|row| row["period_code"] == "2026-Y"), "{yearly:?}");
}

async fn each_role_reads_the_lists_as_far_as_it_reads_figures(app: App) {
    let units = async |user: &str, period: &str| {
        let client = app.sign_in(user).await;
        let reply = completeness(&app, &client, period, "2027-02-01").await;
        codes(reply["units"].as_array().unwrap(), "unit_code")
    };
    let all = ["HCC", "KTHTDT", "MTTQ", "TH-MN", "TH-THCS", "TYT", "VHXH", "VP"];
    for reader in ["leader", "vp.head", "auditor", "supervisor"] {
        assert_eq!(units(reader, "2026-H1").await, all, "{reader}");
    }
    assert_eq!(units("thcs.head", "2026-H1").await, ["TH-THCS"]);
    // KTHTDT tracks II.5.a, which others report by the year, and of those units it reads nothing else.
    assert_eq!(units("ktht.staff", "2026-H1").await, ["KTHTDT"]);
    assert_eq!(units("ktht.staff", "2026-Y").await, ["KTHTDT", "TH-MN", "TH-THCS", "TYT", "VHXH"]);
    let staff = app.sign_in("ktht.staff").await;
    let year = completeness(&app, &staff, "2026-Y", "2027-02-01").await;
    assert_eq!(row_of(&year, "TYT")["expected"], 1);
    let seen = overdue(&app, &staff, "unit=TYT&as_of=2027-02-01").await;
    assert_eq!(codes(&seen, "item_code"), ["II.5.a"]);
    let school = app.sign_in("thcs.head").await;
    assert_eq!(codes(&overdue(&app, &school, "as_of=2027-02-01").await, "unit_code"), ["TH-THCS"]);
    assert!(overdue(&app, &school, "unit=HCC&as_of=2027-02-01").await.is_empty());
}

async fn supervisors_read_what_is_expected_and_approved_and_nothing_of_work_under_way(app: App) {
    let supervisor = app.sign_in("supervisor").await;
    let reply = completeness(&app, &supervisor, "2026-H1", "2026-06-16").await;
    let center = row_of(&reply, "HCC");
    let leader = app.sign_in("leader").await;
    let whole = row_of(&completeness(&app, &leader, "2026-H1", "2026-06-16").await, "HCC");
    assert_eq!((&center["expected"], &center["approved"]), (&whole["expected"], &json!(2)));
    for row in [&center, &reply["totals"]] {
        for hidden in ["submitted", "on_time", "late", "missing", "open", "asked", "returns"] {
            assert!(row[hidden].is_null(), "{hidden} of {row}");
        }
    }
    assert!(overdue(&app, &supervisor, "as_of=2027-02-01").await.is_empty());
}

async fn another_ward_learns_nothing(app: App) {
    let plan = app.plan();
    for username in ["lb.leader", "lb.coordinator"] {
        let other = app.sign_in(username).await;
        let path = format!("/api/v1/plans/{plan}");
        other.get(&format!("{path}/completeness?period=2026-H1")).await.refused(404, "not_found");
        other.get(&format!("{path}/overdue")).await.refused(404, "not_found");
    }
    app.sign_in("admin").await.get(&format!("/api/v1/plans/{plan}/overdue")).await.refused(403, "forbidden");
}

async fn pages_of_overdue_figures_are_complete_and_in_order(app: App) {
    let leader = app.sign_in("leader").await;
    // One unit has more time, so that the order is not only that of the periods.
    extend(&app, "HCC", "2026-H1", "2026-06-16 04:00:00", true);
    let mut walked = Vec::new();
    let mut cursor = String::new();
    loop {
        let after = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
        let path = format!("/api/v1/plans/{}/overdue?as_of=2026-06-16&limit=23{after}", app.plan());
        let page = leader.get(&path).await.expect(200);
        walked.extend(page.items().to_vec());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = next.to_owned();
    }
    let whole = overdue(&app, &leader, "as_of=2026-06-16").await;
    assert!(whole.len() > 100, "{}", whole.len());
    assert_eq!(walked, whole);
    let keys: Vec<(String, String)> = whole
        .iter()
        .map(|row| ["due_at", "unit_code"].map(|field| row[field].as_str().unwrap().to_owned()).into())
        .collect();
    assert!(keys.is_sorted(), "by due time and unit: {keys:?}");
    leader.get(&overdue_path(&app, "cursor=AAAA")).await.refused(400, "invalid_cursor");
}

async fn what_the_lists_are_asked_for_must_make_sense(app: App) {
    let leader = app.sign_in("leader").await;
    let path = format!("/api/v1/plans/{}/completeness", app.plan());
    for as_of in ["yesterday", "2026-02-30", "2026-06-15T17:00:00"] {
        let refused = leader.get(&format!("{path}?period=2026-H1&as_of={as_of}")).await;
        refused.refused(400, "malformed_query").at_field("?as_of", "invalid_value");
        leader.get(&overdue_path(&app, &format!("as_of={as_of}"))).await.refused(400, "malformed_query");
    }
    leader.get(&path).await.refused(400, "malformed_query");
    let unknown = leader.get(&format!("{path}?period=2027-H1")).await.refused(422, "invalid");
    unknown.at_field("?period", "unknown_reference");
    let unknown = leader.get(&overdue_path(&app, "unit=NOBODY")).await.refused(422, "invalid");
    unknown.at_field("?unit", "unknown_reference");
    // Without a time it is now: 08:00 on the morning of the due day.
    let now = leader.get(&format!("{path}?period=2026-H1")).await.expect(200);
    assert_eq!(now["totals"]["missing"], 0);
    assert!(now["as_of"].as_str().unwrap().starts_with("2026-06-15T08:"), "{now}");
}

both_databases!(
    a_figure_counts_from_the_second_in_which_it_was_submitted,
    missing_begins_one_second_after_the_due_time,
    approved_is_what_was_approved_then,
    returns_are_counted_per_unit_period_and_reason,
    a_figure_is_overdue_from_the_first_second_after_its_due_time,
    a_figure_is_no_longer_overdue_from_the_second_in_which_it_comes_in,
    an_extension_moves_the_due_time_of_its_unit_alone,
    a_unit_created_after_the_cut_off_owes_nothing,
    units_that_are_asked_are_never_overdue,
    what_is_not_due_is_not_missing_and_nobody_reports_twice,
    each_role_reads_the_lists_as_far_as_it_reads_figures,
    supervisors_read_what_is_expected_and_approved_and_nothing_of_work_under_way,
    another_ward_learns_nothing,
    pages_of_overdue_figures_are_complete_and_in_order,
    what_the_lists_are_asked_for_must_make_sense,
);
