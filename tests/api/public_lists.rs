//! Promises about filters and older publications, the list of publications, the data dictionary, and tables.

use serde_json::{Value, json};

use crate::{
    publications::{correct, publish},
    support::{App, Reply, both_databases},
};

const RESULTS: &str = "/public/v1/wards/long-my/results?year=2026&period=2026-Q1";
const PUBLICATIONS: &str = "/public/v1/wards/long-my/publications";
const DICTIONARY: &str = "/public/v1/dictionary";

async fn publish_a_correction(app: &App) -> Reply {
    let submission = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let own = app.sign_in("ktht.staff").await.get(&format!("/api/v1/submissions/{submission}")).await;
    correct(app, &submission, own.expect(200)["numerator"].as_i64().unwrap() - 1).await;
    publish(app, "2026-Q1").await.expect(201)
}

async fn withdraw(app: &App, id: &str) {
    let leader = app.sign_in("leader").await;
    let path = format!("/api/v1/publications/{id}/withdraw");
    leader.post(&path, json!({ "reason": "Cần rà soát lại" })).await.expect(200);
}

fn codes(reply: &Reply) -> Vec<&str> {
    reply.items().iter().map(|item| item["code"].as_str().unwrap()).collect()
}

async fn results_are_filtered_by_field_and_by_either_code(app: App) {
    let city = app.city_portal().await;
    let all = city.get(RESULTS).await.expect(200);
    assert_eq!(all.items().len(), 34);
    let field = city.get(&format!("{RESULTS}&field=procedures")).await.expect(200);
    assert!(!field.items().is_empty() && field.items().len() < 34);
    assert!(field.items().iter().all(|item| item["field"] == "procedures"));
    assert_eq!(field["coverage"], all["coverage"], "the publication's own");
    let marked = codes(&all).into_iter().find(|code| code.contains('đ')).expect("a code with đ").to_owned();
    for spelling in [marked.clone(), marked.replace('đ', "dd")] {
        let one = city.get(&format!("{RESULTS}&item={spelling}")).await.expect(200);
        assert_eq!(codes(&one), [marked.as_str()]);
    }
    assert!(city.get(&format!("{RESULTS}&item=IX.9")).await.expect(200).items().is_empty());
    city.get(&format!("{RESULTS}&field=weather")).await.refused(400, "malformed_query");
}

async fn older_publications_stay_readable_until_they_are_withdrawn(app: App) {
    let city = app.city_portal().await;
    let first = city.get(RESULTS).await.expect(200);
    let second = publish_a_correction(&app).await;
    assert_eq!(city.get(RESULTS).await.expect(200)["publication"]["number"], 2);
    let older = city.get(&format!("{RESULTS}&number=1")).await.expect(200);
    assert_eq!(older.text, first.text);
    for number in ["0", "3", "-1"] {
        city.get(&format!("{RESULTS}&number={number}")).await.refused(404, "not_found");
    }
    withdraw(&app, &second.id()).await;
    city.get(&format!("{RESULTS}&number=2")).await.refused(404, "not_found");
    assert_eq!(city.get(RESULTS).await.expect(200).text, first.text);
    let without = city.get("/public/v1/wards/long-my/results?year=2026&number=1").await;
    without.refused(422, "invalid").at_field("?period", "required");
}

async fn the_list_of_publications_keeps_corrections_and_tombstones(app: App) {
    let city = app.city_portal().await;
    let second = publish_a_correction(&app).await;
    withdraw(&app, &second.id()).await;
    let list = city.get(PUBLICATIONS).await.expect(200);
    let numbers: Vec<i64> = list.items().iter().map(|entry| entry["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [2, 1], "newest first");
    let gone = &list.items()[0];
    assert_eq!((&gone["withdrawn_reason"], &gone["hash"]), (&json!("Cần rà soát lại"), &second["hash"]));
    let correction = &gone["corrections"][0];
    assert_eq!((&correction["item_code"], &correction["field"]), (&json!("II.2.k"), &json!("numerator")));
    assert_eq!(correction["reason"], "Số liệu chưa khớp với sổ theo dõi");
    assert_eq!(list.items()[1]["withdrawn_at"], Value::Null);
    // Nobody is named, neither by name nor by id.
    for word in [app.account("leader"), second.id(), "published_by".into(), "withdrawn_by".into()] {
        assert!(!list.text.contains(&word), "{word}");
    }
    for (filter, count) in [("year=2026", 2), ("year=2025", 0), ("period=2026-Q1", 2), ("period=2026-H1", 0)]
    {
        let some = city.get(&format!("{PUBLICATIONS}?{filter}")).await.expect(200);
        assert_eq!(some.items().len(), count, "{filter}");
    }
    let page = city.get(&format!("{PUBLICATIONS}?limit=1")).await.expect(200);
    let next = format!("{PUBLICATIONS}?limit=1&cursor={}", page.text_at("next_cursor"));
    assert_eq!(city.get(&next).await.expect(200).items()[0]["number"], 1);
    app.anonymous().get(PUBLICATIONS).await.refused(401, "unauthenticated");
    app.sign_in("lb.leader").await.get(PUBLICATIONS).await.refused(404, "not_found");
}

async fn the_dictionary_explains_every_published_indicator(app: App) {
    let city = app.city_portal().await;
    let path = format!("{DICTIONARY}?ward=long-my&year=2026&limit=200");
    let dictionary = city.get(&path).await.expect(200);
    let results = city.get(RESULTS).await.expect(200);
    assert_eq!(codes(&dictionary), codes(&results), "in the order of the plan");
    let on_time = dictionary.items().iter().find(|entry| entry["code"] == "II.2.k").unwrap();
    assert_eq!(on_time["formula"]["expression"], "numerator / denominator * 100");
    let words = on_time["formula"]["words"].as_str().unwrap();
    assert!(words.contains(on_time["formula"]["numerator"].as_str().unwrap()) && words.contains(" / "));
    let tiers: Vec<&Value> = on_time["targets"].as_array().unwrap().iter().map(|t| &t["tier"]).collect();
    assert!(tiers.contains(&&json!("plan")) && tiers.contains(&&json!("operating")));
    assert_eq!((&on_time["source"]["item_code"], &on_time["ward"]), (&json!("II.2.k"), &json!("long-my")));
    assert!(on_time["source"]["plan_title"].is_string());
    for entry in dictionary.items() {
        assert!(entry["formula"]["expression"].is_string(), "{entry}");
    }
}

async fn the_dictionary_covers_the_wards_a_caller_lists_page_by_page(app: App) {
    let city = app.city_portal().await;
    let whole = city.get(&format!("{DICTIONARY}?limit=200")).await.expect(200);
    let mut seen = Vec::new();
    let mut path = format!("{DICTIONARY}?limit=15");
    loop {
        let page = city.get(&path).await.expect(200);
        seen.extend(page.items().to_vec());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{DICTIONARY}?limit=15&cursor={cursor}");
    }
    assert_eq!(json!(seen), whole["items"]);
    assert!(seen.len() >= 34);
    city.get(&format!("{DICTIONARY}?cursor=eA")).await.refused(400, "invalid_cursor");
    // A draft plan is nobody's to read.
    app.sql("UPDATE plans SET status = 'draft' WHERE year <> 2026");
    let other = app.sign_in("lb.leader").await;
    let of_others = other.get(&format!("{DICTIONARY}?limit=200")).await.expect(200);
    assert!(of_others.items().iter().all(|entry| entry["ward"] == "long-binh"));
    other.get(&format!("{DICTIONARY}?ward=long-my")).await.refused(404, "not_found");
    assert!(app.anonymous().get(DICTIONARY).await.expect(200).items().is_empty());
    app.anonymous().get(&format!("{DICTIONARY}?ward=long-my")).await.refused(401, "unauthenticated");
    app.sql("UPDATE wards SET public_results = true WHERE code = 'long-my'");
    let open = app.anonymous().get(&format!("{DICTIONARY}?ward=long-my")).await.expect(200);
    assert_eq!(open.items().len(), 34);
    // An open ward may be read by name by everyone, but stands in no other ward's list.
    assert_eq!(other.get(&format!("{DICTIONARY}?ward=long-my")).await.expect(200).items().len(), 34);
    assert_eq!(other.get(&format!("{DICTIONARY}?limit=200")).await.expect(200).text, of_others.text);
}

fn table(reply: &Reply) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_reader(reply.bytes.as_slice());
    let header = reader.headers().expect("a header").clone();
    let rows = reader.records().map(|row| row.expect("a row"));
    std::iter::once(header).chain(rows).collect()
}

fn cell<'t>(table: &'t [csv::StringRecord], row: usize, name: &str) -> &'t str {
    let at = table[0].iter().position(|column| column == name).unwrap_or_else(|| panic!("no column {name}"));
    &table[row][at]
}

async fn every_list_is_also_a_table_with_the_same_rows(app: App) {
    let city = app.city_portal().await;
    let comparison = "/public/v1/comparison?year=2026&period=2026-Q1&item=II.2.k";
    let trends = "/public/v1/wards/long-my/trends?from_year=2026";
    for (path, first, file) in [
        ("/public/v1/wards?limit=200", "code", "wards.csv"),
        (RESULTS, "ward", "long-my_2026-Q1_results.csv"),
        (trends, "ward", "long-my_2026-2026_trends.csv"),
        (comparison, "ward", "comparison.csv"),
        ("/public/v1/dictionary?limit=200", "ward", "dictionary.csv"),
        ("/public/v1/wards/long-my/publications?limit=200", "year", "publications.csv"),
    ] {
        let json = city.get(path).await.expect(200);
        let reply = city.get(&format!("{path}&format=csv")).await.expect(200);
        assert_eq!(reply.header("Content-Type"), "text/csv; charset=utf-8", "{path}");
        assert_eq!(reply.header("Content-Disposition"), format!("attachment; filename=\"{file}\""));
        let rows = table(&reply);
        assert_eq!((&rows[0][0], rows.len() - 1), (first, json.items().len()), "{path}");
        assert_eq!(reply.header("Link"), "", "{path}");
        assert_eq!(city.get(&format!("{path}&format=json")).await.expect(200).text, json.text);
        city.get(&format!("{path}&format=xml")).await.refused(400, "malformed_query");
    }
}

async fn a_row_of_a_table_says_what_the_json_says(app: App) {
    app.sql("UPDATE plan_items SET title = '=HYPERLINK(1)' WHERE code = 'II.2.k' AND kind = 'indicator'");
    publish_a_correction(&app).await;
    let city = app.city_portal().await;
    let json = city.get(&format!("{RESULTS}&item=II.2.k")).await.expect(200);
    let rows = table(&city.get(&format!("{RESULTS}&item=II.2.k&format=csv")).await.expect(200));
    let item = &json.items()[0];
    assert_eq!(cell(&rows, 1, "title"), "'=HYPERLINK(1)");
    for (column, value) in [
        ("ward", &json["ward"]["code"]),
        ("period", &json["period"]["code"]),
        ("data_to", &json["period"]["data_to"]),
        ("publication_hash", &json["publication"]["hash"]),
        ("published_at", &json["publication"]["published_at"]),
        ("code", &item["code"]),
        ("field", &item["field"]),
        ("measure_kind", &item["measure_kind"]),
    ] {
        assert_eq!(Some(cell(&rows, 1, column)), value.as_str(), "{column}");
    }
    for (column, value) in [
        ("numerator", &item["numerator"]),
        ("denominator", &item["denominator"]),
        ("rate", &item["rate"]),
        ("reported", &item["coverage"]["reported"]),
    ] {
        assert_eq!(cell(&rows, 1, column), value.to_string(), "{column}");
    }
    for verdict in item["verdicts"].as_array().unwrap() {
        let tier = verdict["tier"].as_str().unwrap();
        assert_eq!(Some(cell(&rows, 1, &format!("verdict_{tier}"))), verdict["verdict"].as_str());
        assert_eq!(cell(&rows, 1, &format!("target_{tier}")), verdict["target"]["value"].to_string());
    }
}

async fn the_next_page_of_a_table_is_in_its_link(app: App) {
    let city = app.city_portal().await;
    let first = city.get("/public/v1/wards?format=csv&limit=1").await.expect(200);
    let link = first.header("Link");
    let next = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\"")).expect("a link");
    assert!(next.starts_with("/public/v1/wards?format=csv&limit=1&cursor="), "{next}");
    let second = city.get(next).await.expect(200);
    assert_eq!(table(&second)[1].get(0), Some("long-my"));
    assert_eq!(second.header("Link"), "");
}

both_databases!(
    results_are_filtered_by_field_and_by_either_code,
    older_publications_stay_readable_until_they_are_withdrawn,
    the_list_of_publications_keeps_corrections_and_tombstones,
    the_dictionary_explains_every_published_indicator,
    the_dictionary_covers_the_wards_a_caller_lists_page_by_page,
    every_list_is_also_a_table_with_the_same_rows,
    a_row_of_a_table_says_what_the_json_says,
    the_next_page_of_a_table_is_in_its_link,
);
