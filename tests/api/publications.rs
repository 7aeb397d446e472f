//! Promises about publishing, correcting and withdrawing (RULES §7).

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

/// Publishes a period as its leader.
pub async fn publish(app: &App, period: &str) -> Reply {
    let leader = app.sign_in("leader").await;
    leader.post_empty(&format!("/api/v1/periods/{}/publications", app.period(period))).await
}

async fn public(client: &Client, period: &str) -> Reply {
    client.get(&format!("/public/v1/wards/long-my/results?year=2026&period={period}")).await
}

fn figure<'r>(results: &'r Reply, code: &str) -> &'r Value {
    results.items().iter().find(|item| item["code"] == code).expect("the leaf")
}

/// Takes a published figure through a correction up to approved.
pub async fn correct(app: &App, submission: &str, numerator: i64) {
    let leader = app.sign_in("leader").await;
    app.decide(&leader, submission, "correct").await.expect(201);
    let staff = app.sign_in("ktht.staff").await;
    let path = format!("/api/v1/submissions/{submission}");
    let version = staff.get(&path).await.expect(200).version();
    staff.patch(&path, version, json!({ "numerator": numerator })).await.expect(200);
    for (user, action) in [
        ("ktht.head", "submit"),
        ("hcc.staff", "verify"),
        ("vhxh.head", "endorse"),
        ("leader.deputy", "approve"),
    ] {
        let client = app.sign_in(user).await;
        app.decide(&client, submission, action).await.expect(201);
    }
}

async fn an_approved_figure_reaches_the_portal_only_by_publication(app: App) {
    let portal = app.city_portal().await;
    let submission = app.carry_free_figure_to("approved").await;
    public(&portal, "2026-H1").await.refused(404, "not_found");
    let published = publish(&app, "2026-H1").await.expect(201);
    assert_eq!(published["number"], 1);
    let results = public(&portal, "2026-H1").await.expect(200);
    assert_eq!(results["publication"]["hash"], published["hash"]);
    let on_time = figure(&results, "II.2.k");
    assert_eq!((on_time["numerator"].as_i64(), on_time["denominator"].as_i64()), (Some(1176), Some(1200)));
    assert_eq!(on_time["coverage"], json!({ "reported": 1, "expected": 3 }));
    let leader = app.sign_in("leader").await;
    let state = leader.get(&format!("/api/v1/submissions/{submission}")).await.expect(200);
    assert_eq!(state["state"], "published");
}

async fn only_a_leader_publishes_and_only_what_is_new(app: App) {
    let path = format!("/api/v1/periods/{}/publications", app.period("2026-H1"));
    app.sign_in("vhxh.head").await.post_empty(&path).await.refused(403, "forbidden");
    app.sign_in("lb.leader").await.post_empty(&path).await.refused(404, "not_found");
    publish(&app, "2026-H1").await.expect(201);
    publish(&app, "2026-H1").await.refused(409, "nothing_to_publish");
}

async fn the_old_figure_stays_public_until_the_correction_is_published(app: App) {
    let portal = app.city_portal().await;
    let submission = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let before =
        figure(&public(&portal, "2026-Q1").await.expect(200), "II.2.k")["numerator"].as_i64().unwrap();
    let own =
        app.sign_in("ktht.staff").await.get(&format!("/api/v1/submissions/{submission}")).await.expect(200);
    let old = own["numerator"].as_i64().unwrap();
    correct(&app, &submission, old - 1).await;
    let during = public(&portal, "2026-Q1").await.expect(200);
    assert_eq!(figure(&during, "II.2.k")["numerator"], before);
    let published = publish(&app, "2026-Q1").await.expect(201);
    assert_eq!(published["number"], 2);
    let correction = &published["corrections"][0];
    assert_eq!(
        (correction["item_code"].as_str(), correction["field"].as_str()),
        (Some("II.2.k"), Some("numerator"))
    );
    assert_eq!(
        (correction["old"].as_str(), correction["new"].as_str()),
        (Some(before.to_string().as_str()), Some((before - 1).to_string().as_str()),)
    );
    assert!(correction["reason"].is_string());
    let after = public(&portal, "2026-Q1").await.expect(200);
    assert_eq!(figure(&after, "II.2.k")["numerator"], before - 1);
}

async fn a_withdrawn_publication_leaves_a_tombstone_and_the_one_before(app: App) {
    let leader = app.sign_in("leader").await;
    let list = format!("/api/v1/periods/{}/publications", app.period("2026-Q1"));
    let first = leader.get(&list).await.expect(200).items()[0].clone();
    let path = format!("/api/v1/publications/{}/withdraw", first["id"].as_str().unwrap());
    leader
        .post(&path, json!({ "reason": " " }))
        .await
        .refused(422, "invalid")
        .at_field("/reason", "reason_required");
    let gone = leader.post(&path, json!({ "reason": "Công bố nhầm" })).await.expect(200);
    assert_eq!(gone["withdrawn_reason"], "Công bố nhầm");
    leader.post(&path, json!({ "reason": "Lần nữa" })).await.refused(409, "already_withdrawn");
    let portal = app.city_portal().await;
    public(&portal, "2026-Q1").await.refused(404, "not_found");
    // Publishing again makes the next number, though no figure is new; the tombstone stays in the list.
    assert_eq!(publish(&app, "2026-Q1").await.expect(201)["number"], 2);
    assert_eq!(leader.get(&list).await.expect(200).items().len(), 2);
    public(&portal, "2026-Q1").await.expect(200);
}

async fn the_newest_can_be_withdrawn_and_published_again_while_an_older_one_stands(app: App) {
    let submission = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let staff = app.sign_in("ktht.staff").await;
    let old = staff.get(&format!("/api/v1/submissions/{submission}")).await.expect(200)["numerator"].as_i64();
    correct(&app, &submission, old.unwrap() - 1).await;
    let second = publish(&app, "2026-Q1").await.expect(201);
    let leader = app.sign_in("leader").await;
    let path = format!("/api/v1/publications/{}/withdraw", second.id());
    leader.post(&path, json!({ "reason": "Cần rà soát lại" })).await.expect(200);
    let portal = app.city_portal().await;
    assert_eq!(public(&portal, "2026-Q1").await.expect(200)["publication"]["number"], 1);
    assert_eq!(publish(&app, "2026-Q1").await.expect(201)["number"], 3);
    assert_eq!(public(&portal, "2026-Q1").await.expect(200)["publication"]["number"], 3);
    publish(&app, "2026-Q1").await.refused(409, "nothing_to_publish");
}

async fn public_answers_carry_no_person_and_no_explanation(app: App) {
    let portal = app.city_portal().await;
    let results = public(&portal, "2026-Q1").await.expect(200);
    for word in
        ["explanation", "what_happened", "published_by", "note", "username", "comment", "submitted_by"]
    {
        assert!(!results.text.contains(word), "{word}");
    }
    let missed = app.sql_texts(
        "SELECT content AS value FROM submission_revisions WHERE content LIKE '%what_happened%' LIMIT 1",
    );
    assert_eq!(missed.len(), 1, "the sample has an explanation that could leak");
}

both_databases!(
    an_approved_figure_reaches_the_portal_only_by_publication,
    only_a_leader_publishes_and_only_what_is_new,
    the_old_figure_stays_public_until_the_correction_is_published,
    a_withdrawn_publication_leaves_a_tombstone_and_the_one_before,
    the_newest_can_be_withdrawn_and_published_again_while_an_older_one_stands,
    public_answers_carry_no_person_and_no_explanation,
);
