//! Promises about what the rest of the year must bring: hand cases through the API.

use serde_json::{Value, json};

use super::amendments::amend;
use crate::support::{App, Reply, both_databases};

async fn needs(app: &App, user: &str, query: &str) -> Reply {
    let client = app.sign_in(user).await;
    client.get(&format!("/api/v1/plans/{}/needs?{query}", app.plan())).await
}

fn leaf<'r>(reply: &'r Reply, code: &str) -> &'r Value {
    reply.items().iter().find(|item| item["code"] == code).unwrap_or_else(|| panic!("no {code} in\n{reply}"))
}

/// What the target of a tier needs: outlook, misses so far, faultless cases needed, misses affordable now.
fn now(leaf: &Value, tier: &str) -> Value {
    let need = target(leaf, tier);
    json!([
        need["outlook"],
        need["misses_so_far"],
        need["faultless_cases_needed"],
        need["affordable_misses_now"]
    ])
}

/// Outlook, remaining cases, good ones needed among them, misses affordable among them.
fn rest(leaf: &Value, tier: &str) -> Value {
    let need = target(leaf, tier);
    json!([need["outlook"], need["remaining_cases"], need["needed_in_rest"], need["affordable_misses"]])
}

fn target<'v>(leaf: &'v Value, tier: &str) -> &'v Value {
    let targets = leaf["targets"].as_array().expect("targets");
    targets.iter().find(|target| target["tier"] == tier).unwrap_or_else(|| panic!("no {tier} in {leaf}"))
}

fn reason(leaf: &Value) -> &Value {
    let need = target(leaf, "plan");
    assert_eq!(need["outlook"], "not_applicable", "{need}");
    assert!(need["misses_so_far"].is_null() && need["remaining_cases"].is_null(), "{need}");
    &need["reason"]
}

async fn each_target_gets_its_own_answer(app: App) {
    let reply = needs(&app, "leader", "period=2026-Q1").await.expect(200);
    assert_eq!((&reply["basis"], &reply["unit_id"]), (&json!("approved"), &Value::Null));
    assert_eq!(reply.items().len(), 34);
    let on_time = leaf(&reply, "II.2.k");
    assert_eq!((&on_time["numerator"], &on_time["denominator"]), (&json!(1571), &json!(1664)));
    // 1571/1745 = 90.03 %, 1571/1746 = 89.98 %; (1571+2986)/(1664+2986) = 98 %.
    assert_eq!(now(on_time, "plan"), json!(["reachable", 93, 0, 81]));
    assert_eq!(now(on_time, "operating"), json!(["reachable", 93, 2986, null]));
    assert_eq!(target(on_time, "operating")["verdict"], "near");
    assert_eq!(rest(on_time, "plan"), json!(["reachable", null, null, null]));
    // "All" is lost with the first miss, and hangs on every case until then.
    assert_eq!(now(leaf(&reply, "II.2.a"), "plan"), json!(["unreachable", 195, null, null]));
    assert_eq!(now(leaf(&reply, "II.1.b"), "plan"), json!(["reachable", 0, 0, 0]));
}

async fn with_the_years_cases_it_says_what_the_rest_must_bring(app: App) {
    for (expected, plan, operating) in [
        (6000, json!(["reachable", 4336, 3829, 507]), json!(["reachable", 4336, 4309, 27])),
        (4000, json!(["reachable", 2336, 2029, 307]), json!(["unreachable", 2336, 2349, null])),
        (1700, json!(["reached", 36, 0, 36]), json!(["unreachable", 36, 95, null])),
    ] {
        let query = format!("period=2026-Q1&item=II.2.k&expected_denominator={expected}");
        let reply = needs(&app, "leader", &query).await.expect(200);
        assert_eq!(reply["expected_denominator"], expected);
        assert_eq!(reply.items().len(), 1);
        let on_time = leaf(&reply, "II.2.k");
        assert_eq!(rest(on_time, "plan"), plan, "{expected}");
        assert_eq!(rest(on_time, "operating"), operating, "{expected}");
    }
}

async fn what_does_not_add_up_over_the_year_says_why(app: App) {
    let reply = needs(&app, "leader", "period=2026-H1").await.expect(200);
    for (code, why) in [
        ("II.2.đ.1", "not_additive"),
        ("II.2.b.1", "not_additive"),
        ("II.3.a.1", "not_a_share"),
        ("II.4", "not_a_share"),
        ("V.5-3", "not_a_share"),
        ("II.5.a", "no_data"),
    ] {
        assert_eq!(reason(leaf(&reply, code)), why, "{code}");
    }
    let third = needs(&app, "leader", "period=2026-Q3&item=II.2.k").await.expect(200);
    assert_eq!(reason(leaf(&third, "II.2.k")), "period_not_cumulative");
    let year = needs(&app, "leader", "period=2026-Y&item=II.2.k").await.expect(200);
    assert_eq!(reason(leaf(&year, "II.2.k")), "no_data");
    let none = needs(&app, "leader", "period=2026-Q1&unit=VHXH&item=II.1.a").await.expect(200);
    assert_eq!(reason(leaf(&none, "II.1.a")), "no_cases");
    app.sql("UPDATE submission_revisions SET numerator = numerator + 5000 WHERE numerator = 3960000");
    let halves = needs(&app, "leader", "period=2026-Q1&item=II.2.k").await.expect(200);
    assert_eq!(reason(leaf(&halves, "II.2.k")), "fractions");
}

async fn a_unit_reads_its_own_signed_figures(app: App) {
    let own = needs(&app, "ktht.staff", "period=2026-H1&unit=KTHTDT").await.expect(200);
    assert_eq!((&own["basis"], &own["unit_id"]), (&json!("submitted"), &json!(app.unit("KTHTDT"))));
    // 1221 of 1602 at 80 %: short by 80·1602 − 100·1221 = 6060 hundredths, 20 a case.
    assert_eq!(now(leaf(&own, "II.2.c"), "plan"), json!(["reachable", 381, 303, null]));
    assert_eq!(reason(leaf(&own, "II.2.a")), "no_data", "a draft is no figure yet");
    let quarter = needs(&app, "ktht.head", "period=2026-Q1&unit=KTHTDT&item=II.2.k").await.expect(200);
    assert_eq!(now(leaf(&quarter, "II.2.k"), "plan"), json!(["reachable", 71, 11, null]));
    // The ward's figures are for it what they are in the summary.
    let ward = needs(&app, "ktht.staff", "period=2026-H1").await.expect(200);
    assert_eq!(ward["basis"], "published");
    assert_eq!(reason(leaf(&ward, "II.6.e")), "no_data");
    needs(&app, "ktht.staff", "period=2026-H1&basis=approved").await.refused(403, "forbidden");
    let leader = needs(&app, "leader", "period=2026-H1").await.expect(200);
    assert_eq!(now(leaf(&leader, "II.6.e"), "plan"), json!(["reachable", 1230, 0, 756]));
}

async fn figures_of_a_unit_that_one_may_not_know_of_are_not_found(app: App) {
    needs(&app, "thcs.staff", "period=2026-Q1&unit=KTHTDT").await.refused(404, "not_found");
    needs(&app, "admin", "period=2026-Q1&unit=KTHTDT").await.refused(404, "not_found");
    assert_eq!(
        needs(&app, "thcs.staff", "period=2026-Q1&unit=TH-THCS").await.expect(200)["basis"],
        "submitted"
    );
    // The centre tracks some of the department's leaves, and sees those.
    let tracked = needs(&app, "hcc.staff", "period=2026-Q1&unit=KTHTDT").await.expect(200);
    let codes: Vec<&str> = tracked.items().iter().filter_map(|item| item["code"].as_str()).collect();
    assert!(codes.contains(&"II.2.k") && !codes.contains(&"II.1.a"), "{codes:?}");
    // Mass organisations track nothing of the school's.
    needs(&app, "mttq.head", "period=2026-Q1&unit=TH-THCS").await.refused(404, "not_found");
    let supervised = needs(&app, "supervisor", "period=2026-H1&unit=KTHTDT&item=II.2.c").await.expect(200);
    assert_eq!(supervised["basis"], "approved");
    assert_eq!(reason(leaf(&supervised, "II.2.c")), "no_data");
    let more = "period=2026-H1&unit=KTHTDT&basis=submitted";
    needs(&app, "supervisor", more).await.refused(403, "forbidden");
    needs(&app, "lb.leader", "period=2026-Q1").await.refused(404, "not_found");
}

async fn the_years_end_decides_which_target_counts(app: App) {
    let item = app.item("II.2.k", "indicator");
    app.sql(&format!(
        "INSERT INTO item_targets (id, item_id, tier, comparator, value, unit, band, effective_from) \
         SELECT '0198f0a0-0000-7000-8000-00000000aaaa', item_id, tier, comparator, 950000, unit, band, '2026-07-01' \
         FROM item_targets WHERE item_id = '{item}' AND tier = 'plan'"
    ));
    let reply = needs(&app, "leader", "period=2026-Q1&item=II.2.k").await.expect(200);
    let on_time = leaf(&reply, "II.2.k");
    assert_eq!(target(on_time, "plan")["target"]["value"], 95);
    // 95·1664 − 100·1571 = 980 hundredths, 5 a case.
    assert_eq!(now(on_time, "plan"), json!(["reachable", 93, 196, null]));
}

async fn the_rest_of_the_year_asks_nothing_of_what_was_withdrawn(app: App) {
    let has = |reply: &Reply, code: &str| reply.items().iter().any(|item| item["code"] == code);
    let unit = "period=2026-H1&unit=KTHTDT";
    assert!(has(&needs(&app, "ktht.staff", unit).await.expect(200), "II.2.c"));
    let changes = json!([{ "op": "withdraw", "item_id": "II.2.c" }]);
    amend(&app, "2026-06-12", changes).await;
    for (user, query) in [("ktht.staff", unit), ("leader", "period=2026-H1")] {
        let reply = needs(&app, user, query).await.expect(200);
        assert!(!has(&reply, "II.2.c") && has(&reply, "II.2.d.3"), "{user}");
    }
    assert!(has(&needs(&app, "leader", "period=2026-Q1").await.expect(200), "II.2.c"));
}

async fn what_cannot_be_asked_is_refused_with_its_parameter(app: App) {
    for (query, pointer, code) in [
        ("period=2031-Q1", "?period", "unknown_reference"),
        ("period=2026-Q1&unit=KHONG", "?unit", "unknown_reference"),
        ("period=2026-Q1&item=KHONG", "?item", "unknown_reference"),
        ("period=2026-Q1&item=V.4.a", "?item", "not_applicable_here"),
        ("period=2026-Q1&expected_denominator=6000", "?expected_denominator", "not_applicable_here"),
        ("period=2026-Q1&item=II.2.k&expected_denominator=1663", "?expected_denominator", "out_of_range"),
    ] {
        needs(&app, "leader", query).await.refused(422, "invalid").at_field(pointer, code);
    }
    needs(&app, "leader", "period=2026-Q1&item=II.2.k&expected_denominator=-1")
        .await
        .refused(400, "malformed_query");
    let of_field = needs(&app, "leader", "period=2026-Q1&field=public_finance").await.expect(200);
    assert_eq!(of_field.items().len(), 2);
}

both_databases!(
    each_target_gets_its_own_answer,
    with_the_years_cases_it_says_what_the_rest_must_bring,
    what_does_not_add_up_over_the_year_says_why,
    a_unit_reads_its_own_signed_figures,
    figures_of_a_unit_that_one_may_not_know_of_are_not_found,
    the_years_end_decides_which_target_counts,
    the_rest_of_the_year_asks_nothing_of_what_was_withdrawn,
    what_cannot_be_asked_is_refused_with_its_parameter,
);
