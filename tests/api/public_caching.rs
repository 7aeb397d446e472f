//! Promises about what caches keep of the public side: tags that move with the content, and 304s that do not load it.

use serde_json::json;

use crate::{
    amendments::{amend, retarget},
    publications::{correct, publish},
    support::{App, Client, Reply, both_databases},
};

const RESULTS: &str = "/public/v1/wards/long-my/results?year=2026&period=2026-Q1";
const PLAN: &str = "/public/v1/wards/long-my/plans/2026";
const DICTIONARY: &str = "/public/v1/dictionary?ward=long-my&year=2026";
const TRENDS: &str = "/public/v1/wards/long-my/trends?from_year=2026";
const PUBLICATIONS: &str = "/public/v1/wards/long-my/publications";
const COMPARISON: &str = "/public/v1/comparison?year=2026&period=2026-Q1&item=II.2.k";
const WARDS: &str = "/public/v1/wards";

const ALL: [&str; 7] = [RESULTS, PLAN, DICTIONARY, TRENDS, PUBLICATIONS, COMPARISON, WARDS];

async fn tag(client: &Client, path: &str) -> String {
    client.get(path).await.expect(200).header("ETag").to_owned()
}

async fn ask_again(client: &Client, path: &str, tag: &str) -> Reply {
    client.get(path).header("If-None-Match", tag).await
}

async fn every_answer_is_cacheable_and_304_while_nothing_changes(app: App) {
    let city = app.city_portal().await;
    let mut seen = Vec::new();
    for path in ALL {
        let first = city.get(path).await.expect(200);
        assert_eq!(first.header("Cache-Control"), "public, max-age=60", "{path}");
        assert!(first.header("Vary").contains("authorization"), "{path}");
        let tag = first.header("ETag").to_owned();
        assert!(tag.starts_with('"') && tag.len() == 34, "strong: {tag}");
        let again = ask_again(&city, path, &tag).await.expect(304);
        assert!(again.text.is_empty());
        assert_eq!(
            (again.header("ETag"), again.header("Cache-Control")),
            (tag.as_str(), "public, max-age=60")
        );
        assert!(again.header("Vary").contains("authorization"));
        assert_eq!(city.get(path).await.expect(200).text, first.text);
        seen.push(tag);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), ALL.len(), "each question has a tag of its own");
}

async fn format_and_filters_are_part_of_the_tag(app: App) {
    let city = app.city_portal().await;
    let mut tags = Vec::new();
    for more in ["", "&format=csv", "&field=procedures", "&item=II.2.k", "&number=1"] {
        tags.push(tag(&city, &format!("{RESULTS}{more}")).await);
    }
    for (mine, at) in tags.iter().zip(0..) {
        assert!(tags.iter().skip(at + 1).all(|other| other != mine));
    }
    ask_again(&city, &format!("{RESULTS}&format=csv"), &tags[0]).await.expect(200);
}

async fn a_304_loads_no_content(app: App) {
    let city = app.city_portal().await;
    let published = [RESULTS, TRENDS, COMPARISON];
    let planned = [PLAN, DICTIONARY];
    let mut tags = Vec::new();
    for path in published.iter().chain(&planned) {
        tags.push((*path, tag(&city, path).await));
    }
    // Whoever reads contents or targets now must fail.
    app.sql("UPDATE publications SET content = 'unreadable'");
    app.sql("ALTER TABLE item_targets RENAME TO out_of_reach");
    for (path, tag) in tags {
        ask_again(&city, path, &tag).await.expect(304);
        city.get(path).await.refused(500, "internal");
    }
}

async fn a_correction_and_a_withdrawal_move_what_they_change(app: App) {
    let city = app.city_portal().await;
    let submission = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let own = app.sign_in("ktht.staff").await.get(&format!("/api/v1/submissions/{submission}")).await;
    let numerator = own.expect(200)["numerator"].as_i64().unwrap();
    let moving = [RESULTS, TRENDS, PUBLICATIONS, COMPARISON];
    let mut before = Vec::new();
    for path in moving {
        before.push(tag(&city, path).await);
    }
    let dictionary = tag(&city, DICTIONARY).await;
    correct(&app, &submission, numerator - 1).await;
    for (path, tag) in moving.iter().zip(&before) {
        ask_again(&city, path, tag).await.expect(304);
    }
    let published = publish(&app, "2026-Q1").await.expect(201);
    let mut after = Vec::new();
    for (path, tag) in moving.iter().zip(&before) {
        after.push(ask_again(&city, path, tag).await.expect(200).header("ETag").to_owned());
    }
    let leader = app.sign_in("leader").await;
    let withdraw = format!("/api/v1/publications/{}/withdraw", published.id());
    leader.post(&withdraw, json!({ "reason": "Cần rà soát" })).await.expect(200);
    for (path, tag) in moving.iter().zip(&after) {
        ask_again(&city, path, tag).await.expect(200);
    }
    // What stands again is what stood before, but the list keeps what happened.
    assert_eq!(tag(&city, RESULTS).await, before[0]);
    assert_ne!(tag(&city, PUBLICATIONS).await, before[2]);
    assert_eq!(tag(&city, DICTIONARY).await, dictionary);
}

async fn every_kind_of_amendment_moves_plan_and_dictionary(app: App) {
    let city = app.city_portal().await;
    let measure = json!({
        "kind": "ratio", "numerator_label": "Hồ sơ đúng hạn", "denominator_label": "Hồ sơ đã giải quyết",
        "unit": "hồ sơ", "aggregation": "ratio_of_sums", "control": "ward", "conditional": false
    });
    let changes = [
        retarget(),
        json!([{ "op": "redefine", "item_id": "II.2.k", "measure": measure }]),
        json!([{ "op": "withdraw", "item_id": "II.2.g" }]),
    ];
    for (changes, number) in changes.into_iter().zip(1..) {
        let before = (tag(&city, PLAN).await, tag(&city, DICTIONARY).await);
        app.sql(&format!(
            "UPDATE amendments SET number = '{number}-before' WHERE number NOT LIKE '%-before'"
        ));
        amend(&app, "2026-07-01", changes).await;
        let plan = ask_again(&city, PLAN, &before.0).await;
        let dictionary = ask_again(&city, DICTIONARY, &before.1).await;
        assert_eq!((plan.status, dictionary.status), (200, 200), "change {number}");
    }
    let dictionary = city.get(DICTIONARY).await.expect(200);
    let entry = |code: &str| dictionary.items().iter().find(|entry| entry["code"] == code).unwrap().clone();
    assert_eq!(entry("II.2.k")["definition"], 2);
    assert_eq!(entry("II.2.k")["formula"]["words"], "Hồ sơ đúng hạn / Hồ sơ đã giải quyết");
    assert_eq!(entry("II.2.g")["withdrawn_from"], "2026-07-01");
}

async fn opening_and_closing_a_ward_moves_every_list(app: App) {
    app.sql("UPDATE wards SET public_results = true, version = version + 1 WHERE code = 'long-my'");
    let nobody = app.anonymous();
    let lists = [WARDS, COMPARISON, "/public/v1/dictionary"];
    let mut before = Vec::new();
    for path in lists {
        before.push(tag(&nobody, path).await);
    }
    // One opens and one closes: as many as before, and the same versions in sum.
    app.sql("UPDATE wards SET public_results = (code <> 'long-my'), version = version + 1");
    for (path, tag) in lists.iter().zip(before) {
        let now = ask_again(&nobody, path, &tag).await.expect(200);
        assert!(!now.text.contains("\"long-my\""), "{path}");
    }
    nobody.get(RESULTS).header("If-None-Match", "*").await.refused(401, "unauthenticated");
}

async fn the_compressed_form_has_a_tag_of_its_own(app: App) {
    let city = app.city_portal().await;
    let plain = city.get(RESULTS).await.expect(200);
    assert_eq!(plain.header("Content-Encoding"), "");
    let small = city.get(RESULTS).header("Accept-Encoding", "gzip").await.expect(200);
    assert_eq!(small.header("Content-Encoding"), "gzip");
    assert!(small.header("Vary").contains("accept-encoding"));
    assert!(small.bytes.len() * 2 < plain.bytes.len(), "{} of {}", small.bytes.len(), plain.bytes.len());
    let (plain, small) = (plain.header("ETag"), small.header("ETag"));
    assert_eq!(small, format!("{}-gzip\"", plain.trim_end_matches('"')));
    // Either is known again, and answered by the name under which it is known.
    for known in [plain, small] {
        let again = city.get(RESULTS).header("If-None-Match", known).header("Accept-Encoding", "gzip").await;
        assert_eq!(again.expect(304).header("ETag"), known);
    }
    // A private resource keeps its version for a tag.
    let path = format!("/api/v1/plans/{}", app.plan());
    let leader = app.sign_in("leader").await;
    let read = leader.get(&path).header("Accept-Encoding", "gzip").await.expect(200);
    assert_eq!(read.header("Content-Encoding"), "gzip");
    let version = leader.get(&path).await.expect(200).version();
    assert_eq!(read.header("ETag"), format!("\"{version}\""));
}

both_databases!(
    every_answer_is_cacheable_and_304_while_nothing_changes,
    format_and_filters_are_part_of_the_tag,
    a_304_loads_no_content,
    a_correction_and_a_withdrawal_move_what_they_change,
    every_kind_of_amendment_moves_plan_and_dictionary,
    opening_and_closing_a_ward_moves_every_list,
    the_compressed_form_has_a_tag_of_its_own,
);
