//! Promises about series and about wards side by side.

use cchc::access::Scope;
use serde_json::{Value, json};

use crate::{
    amendments::amend,
    publications::{correct, publish},
    support::{App, Reply, both_databases},
};

const TRENDS: &str = "/public/v1/wards/long-my/trends?from_year=2026";
const COMPARISON: &str = "/public/v1/comparison?year=2026&period=2026-Q1&item=II.2.k";

fn points<'r>(trends: &'r Reply, code: &str) -> &'r [Value] {
    let series = trends.items().iter().find(|series| series["code"] == code).expect("the series");
    series["points"].as_array().unwrap()
}

async fn a_series_has_a_point_for_each_period_that_stands(app: App) {
    let city = app.city_portal().await;
    let one = city.get(TRENDS).await.expect(200);
    let periods = |trends: &Reply| -> Vec<String> {
        points(trends, "II.2.k").iter().map(|p| p["period"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(periods(&one), ["2026-Q1"]);
    app.carry_free_figure_to("approved").await;
    let half = publish(&app, "2026-H1").await.expect(201);
    let two = city.get(TRENDS).await.expect(200);
    assert_eq!(periods(&two), ["2026-Q1", "2026-H1"]);
    let last = &points(&two, "II.2.k")[1];
    assert_eq!((last["numerator"].as_i64(), last["denominator"].as_i64()), (Some(1176), Some(1200)));
    assert_eq!((&last["rate"], &last["data_to"]), (&json!(98), &json!("2026-06-14")));
    assert_eq!(last["publication"]["hash"], half["hash"]);
    assert_eq!(last["verdicts"].as_array().unwrap().len(), 2);
    assert_eq!(last["series_break"], false);
    let leader = app.sign_in("leader").await;
    let withdraw = format!("/api/v1/publications/{}/withdraw", half.id());
    leader.post(&withdraw, json!({ "reason": "Công bố nhầm" })).await.expect(200);
    assert_eq!(periods(&city.get(TRENDS).await.expect(200)), ["2026-Q1"]);
}

async fn a_point_is_that_of_the_newest_publication(app: App) {
    let city = app.city_portal().await;
    let before = points(&city.get(TRENDS).await.expect(200), "II.2.k")[0].clone();
    let submission = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let own = app.sign_in("ktht.staff").await.get(&format!("/api/v1/submissions/{submission}")).await;
    correct(&app, &submission, own.expect(200)["numerator"].as_i64().unwrap() - 1).await;
    publish(&app, "2026-Q1").await.expect(201);
    let trends = city.get(TRENDS).await.expect(200);
    let after = points(&trends, "II.2.k");
    assert_eq!((after.len(), &after[0]["publication"]["number"]), (1, &json!(2)));
    assert_eq!(after[0]["numerator"].as_i64(), before["numerator"].as_i64().map(|n| n - 1));
}

async fn a_new_definition_breaks_the_series(app: App) {
    let measure = json!({
        "kind": "ratio", "numerator_label": "Hồ sơ đúng hạn", "denominator_label": "Hồ sơ đã giải quyết",
        "unit": "hồ sơ", "aggregation": "ratio_of_sums", "control": "ward", "conditional": false
    });
    amend(&app, "2026-06-10", json!([{ "op": "redefine", "item_id": "II.2.k", "measure": measure }])).await;
    app.carry_free_figure_to("approved").await;
    publish(&app, "2026-H1").await.expect(201);
    let city = app.city_portal().await;
    let trends = city.get(TRENDS).await.expect(200);
    let breaks = |code: &str| -> Vec<(i64, bool)> {
        let values = points(&trends, code).iter();
        values.map(|p| (p["definition"].as_i64().unwrap(), p["series_break"].as_bool().unwrap())).collect()
    };
    assert_eq!(breaks("II.2.k"), [(1, false), (2, true)]);
    assert_eq!(breaks("II.2.g"), [(1, false), (1, false)]);
}

async fn a_series_is_bounded_filtered_and_for_those_who_may(app: App) {
    let city = app.city_portal().await;
    for years in ["from_year=2026&to_year=2025", "from_year=2020&to_year=2026"] {
        let path = format!("/public/v1/wards/long-my/trends?{years}");
        city.get(&path).await.refused(422, "invalid").at_field("?to_year", "out_of_range");
    }
    let one = city.get(&format!("{TRENDS}&item=II.2.k")).await.expect(200);
    assert_eq!(one.items().len(), 1);
    let field = city.get(&format!("{TRENDS}&field=procedures")).await.expect(200);
    assert!(field.items().len() > 1);
    assert!(field.items().iter().all(|series| series["field"] == "procedures"));
    let none = city.get("/public/v1/wards/long-my/trends?from_year=2020&to_year=2024").await.expect(200);
    assert!(none.items().is_empty());
    city.get("/public/v1/wards/nowhere/trends?from_year=2026").await.refused(404, "not_found");
    app.anonymous().get(TRENDS).await.refused(401, "unauthenticated");
    app.sign_in("lb.leader").await.get(TRENDS).await.refused(404, "not_found");
    app.sql("UPDATE wards SET public_results = true WHERE code = 'long-my'");
    app.anonymous().get(TRENDS).await.expect(200);
}

async fn wards_stand_side_by_side_and_none_is_missing(app: App) {
    let city = app.city_portal().await;
    let all = city.get(COMPARISON).await.expect(200);
    let codes: Vec<&str> = all.items().iter().map(|row| row["ward"].as_str().unwrap()).collect();
    assert_eq!(codes, ["long-binh", "long-my"]);
    let (silent, own) = (&all.items()[0], &all.items()[1]);
    assert_eq!((&silent["published"], &silent["numerator"]), (&json!(false), &Value::Null));
    assert_eq!((&silent["publication"], &silent["coverage"]), (&Value::Null, &Value::Null));
    let results = city.get("/public/v1/wards/long-my/results?year=2026&period=2026-Q1&item=II.2.k").await;
    let result = &results.items()[0];
    for field in ["code", "title", "numerator", "denominator", "rate", "verdicts", "coverage"] {
        assert_eq!(own[field], result[field], "{field}");
    }
    assert_eq!(own["publication"], results["publication"]);
    // An item that the publication does not have, and the pages.
    let other = city.get(&COMPARISON.replace("II.2.k", "IX.9")).await.expect(200);
    assert_eq!((&other.items()[1]["published"], &other.items()[1]["code"]), (&json!(true), &Value::Null));
    let first = city.get(&format!("{COMPARISON}&limit=1")).await.expect(200);
    assert_eq!(first.items().len(), 1);
    let next = format!("{COMPARISON}&limit=1&cursor={}", first.text_at("next_cursor"));
    let second = city.get(&next).await.expect(200);
    assert_eq!((&second.items()[0]["ward"], &second["next_cursor"]), (&json!("long-my"), &Value::Null));
}

async fn a_comparison_shows_each_caller_its_own_wards(app: App) {
    let wards = |reply: Reply| -> Vec<String> {
        reply.expect(200).items().iter().map(|row| row["ward"].as_str().unwrap().to_owned()).collect()
    };
    let own = app.add_client("lb-portal", Some("long-binh"), None, &[Scope::ResultsRead]);
    assert_eq!(wards(own.get(COMPARISON).await), ["long-binh"]);
    assert!(wards(app.anonymous().get(COMPARISON).await).is_empty());
    app.sql("UPDATE wards SET public_results = true WHERE code = 'long-my'");
    assert_eq!(wards(app.anonymous().get(COMPARISON).await), ["long-my"]);
    assert_eq!(wards(own.get(COMPARISON).await), ["long-binh"]);
}

both_databases!(
    a_series_has_a_point_for_each_period_that_stands,
    a_point_is_that_of_the_newest_publication,
    a_new_definition_breaks_the_series,
    a_series_is_bounded_filtered_and_for_those_who_may,
    wards_stand_side_by_side_and_none_is_missing,
    a_comparison_shows_each_caller_its_own_wards,
);
