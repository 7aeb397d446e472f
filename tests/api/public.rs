//! Promises about the city portal's side: who reads, and what caches may keep.

use crate::support::{App, both_databases};
use cchc::access::Scope;

const RESULTS: &str = "/public/v1/wards/long-my/results?year=2026&period=2026-Q1";

async fn nobody_reads_without_a_token_unless_the_ward_allows_it(app: App) {
    app.anonymous().get(RESULTS).await.refused(401, "unauthenticated");
    assert!(app.anonymous().get("/public/v1/wards").await.expect(200).items().is_empty());
    app.sql("UPDATE wards SET public_results = true WHERE code = 'long-my'");
    app.anonymous().get(RESULTS).await.expect(200);
    let wards = app.anonymous().get("/public/v1/wards").await.expect(200);
    assert_eq!(wards.items().len(), 1);
    assert_eq!(wards.items()[0]["code"], "long-my");
}

async fn the_city_sees_all_wards_and_a_ward_only_its_own(app: App) {
    let city = app.city_portal().await;
    assert_eq!(city.get("/public/v1/wards").await.expect(200).items().len(), 2);
    let own = app.add_client("lb-portal", Some("long-binh"), None, &[Scope::ResultsRead]);
    assert_eq!(own.get("/public/v1/wards").await.expect(200).items().len(), 1);
    own.get(RESULTS).await.refused(404, "not_found");
    own.get("/public/v1/wards/long-my/plans/2026").await.refused(404, "not_found");
    app.sign_in("lb.leader").await.get(RESULTS).await.refused(404, "not_found");
    app.sign_in("thcs.staff").await.get(RESULTS).await.expect(200);
}

async fn results_say_their_publication_and_answer_304_while_it_stands(app: App) {
    let city = app.city_portal().await;
    let first = city.get(RESULTS).await.expect(200);
    assert_eq!(first.header("Cache-Control"), "public, max-age=60");
    assert!(first.header("Vary").contains("authorization"));
    assert_eq!(first["ward"]["code"], "long-my");
    assert_eq!(first["period"]["code"], "2026-Q1");
    assert_eq!(first["publication"]["number"], 1);
    let tag = first.header("ETag").to_owned();
    assert!(tag.starts_with('"'), "strong: {tag}");
    let again = city.get(RESULTS).header("If-None-Match", &tag).await.expect(304);
    assert!(again.text.is_empty());
    // The latest data, where no period is named.
    let latest = city.get("/public/v1/wards/long-my/results?year=2026").await.expect(200);
    assert_eq!(latest["period"]["code"], "2026-Q1");
}

async fn the_plan_is_public_with_its_targets_and_nothing_of_its_making(app: App) {
    let city = app.city_portal().await;
    let plan = city.get("/public/v1/wards/long-my/plans/2026").await.expect(200);
    let indicators = plan["indicators"].as_array().unwrap();
    assert_eq!(indicators.len(), 34);
    let on_time = indicators.iter().find(|indicator| indicator["code"] == "II.2.k").unwrap();
    let values: Vec<i64> =
        on_time["targets"].as_array().unwrap().iter().map(|t| t["value"].as_i64().unwrap()).collect();
    assert_eq!(values.len(), 2);
    assert!(values.contains(&90) && values.contains(&98));
    assert!(!plan.text.contains("lead_unit"));
    for wrong in ["/public/v1/wards/long-my/plans/1999", "/public/v1/wards/nowhere/plans/2026"] {
        city.get(wrong).await.refused(404, "not_found");
    }
}

both_databases!(
    nobody_reads_without_a_token_unless_the_ward_allows_it,
    the_city_sees_all_wards_and_a_ward_only_its_own,
    results_say_their_publication_and_answer_304_while_it_stands,
    the_plan_is_public_with_its_targets_and_nothing_of_its_making,
);
