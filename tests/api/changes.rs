//! Promises about the feed of changes: what it tells, to whom, and from where on.

use std::time::{Duration, Instant};

use cchc::{access::Scope, changes::watch, db, kernel::id::RawId};
use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use serde_json::{Value, json};

use crate::support::{APP_ROLE, App, Backend, Client, Reply, both_databases};

const FEED: &str = "/public/v1/changes";

/// Publishes a period of a ward.
pub async fn publish(leader: &Client, period: &str) -> Reply {
    leader.post_empty(&format!("/api/v1/periods/{period}/publications")).await.expect(201)
}

pub async fn withdraw(leader: &Client, publication: &str) -> Reply {
    let path = format!("/api/v1/publications/{publication}/withdraw");
    leader.post(&path, json!({ "reason": "Cần rà soát lại" })).await.expect(200)
}

/// Takes the published figure of KTHTDT for II.2.k in the first quarter, less one, to approved. Gives the old one.
async fn correct(app: &App) -> i64 {
    let path = format!("/api/v1/submissions/{}", app.submission("II.2.k", "2026-Q1", "KTHTDT"));
    let submission = path.rsplit('/').next().unwrap();
    app.decide(&app.sign_in("leader").await, submission, "correct").await.expect(201);
    let staff = app.sign_in("ktht.staff").await;
    let before = staff.get(&path).await.expect(200);
    let old = before["numerator"].as_i64().unwrap();
    staff.patch(&path, before.version(), json!({ "numerator": old - 1 })).await.expect(200);
    for (user, action) in [
        ("ktht.head", "submit"),
        ("hcc.staff", "verify"),
        ("vhxh.head", "endorse"),
        ("leader.deputy", "approve"),
    ] {
        app.decide(&app.sign_in(user).await, submission, action).await.expect(201);
    }
    old
}

/// Gives the second ward a period that was published and withdrawn long ago, so that it can be published again.
pub fn give_a_past(app: &App, ward: &str, leader: &str, period: &str) {
    let (id, by) = (RawId::generate(), app.account(leader));
    let changed = app.sql(&format!(
        "INSERT INTO publications (id, ward_id, plan_id, period_id, number, hash, content, corrections, reported, \
         expected, published_at, published_by, withdrawn_at, withdrawn_by, withdrawn_reason, version) \
         SELECT '{id}', ward_id, plan_id, id, 1, 'x', '{{}}', '[]', 0, 0, '2026-05-01 00:00:00', '{by}', \
         '2026-05-02 00:00:00', '{by}', 'Nhầm', 2 FROM periods WHERE id = '{period}' AND ward_id = '{}'",
        app.ward(ward)
    ));
    assert_eq!(changed, 1);
}

pub fn periods_of(app: &App, ward: &str) -> Vec<String> {
    app.sql_texts(&format!(
        "SELECT id AS value FROM periods WHERE ward_id = '{}' ORDER BY code",
        app.ward(ward)
    ))
}

async fn feed(client: &Client, query: &str) -> Reply {
    client.get(&format!("{FEED}{query}")).await.expect(200)
}

fn next(reply: &Reply) -> String {
    reply.text_at("next_cursor")
}

/// What happened, without the cursors.
fn told(reply: &Reply) -> Vec<(String, String, i64)> {
    let tell = |item: &Value| {
        let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str).unwrap_or("?").to_owned();
        (text("/kind"), text("/period/code"), item["publication"]["number"].as_i64().unwrap_or(-1))
    };
    reply.items().iter().map(tell).collect()
}

fn of(kind: &str, period: &str, number: i64) -> (String, String, i64) {
    (kind.to_owned(), period.to_owned(), number)
}

async fn the_feed_tells_publications_corrections_and_withdrawals_in_order(app: App) {
    let (portal, leader) = (app.city_portal().await, app.sign_in("leader").await);
    let first = feed(&portal, "").await;
    assert_eq!(told(&first), [of("published", "2026-Q1", 1)], "{first}");
    let item = &first.items()[0];
    let results = portal.get(item["results"].as_str().unwrap()).await.expect(200);
    assert_eq!(item["publication"]["hash"], results["publication"]["hash"]);
    assert_eq!(item["at"], results["publication"]["published_at"]);
    assert_eq!((&item["ward"], &item["plan"]), (&json!({ "code": "long-my" }), &json!({ "year": 2026 })));
    assert_eq!((&item["corrections"], &item["reason"]), (&json!([]), &Value::Null));
    // Nothing new: nothing is told, and the place stays.
    let nothing = feed(&portal, &format!("?after={}", next(&first))).await;
    assert_eq!((nothing.items().len(), next(&nothing)), (0, next(&first)));

    let old = correct(&app).await;
    let second = publish(&leader, &app.period("2026-Q1")).await;
    let corrected = feed(&portal, &format!("?after={}", next(&first))).await;
    assert_eq!(told(&corrected), [of("corrected", "2026-Q1", 2)]);
    let figure = &corrected.items()[0]["corrections"][0];
    assert_eq!((&figure["item_code"], &figure["field"]), (&json!("II.2.k"), &json!("numerator")));
    assert!(
        figure["old"].is_string() && figure["new"].is_string() && figure["reason"].is_string(),
        "{figure}"
    );
    assert_ne!(figure["old"], figure["new"], "{old} was corrected");

    withdraw(&leader, &second.id()).await;
    let gone = feed(&portal, &format!("?after={}", next(&corrected))).await;
    assert_eq!(told(&gone), [of("withdrawn", "2026-Q1", 2)]);
    let tombstone = &gone.items()[0];
    assert_eq!((&tombstone["reason"], &tombstone["corrections"]), (&json!("Cần rà soát lại"), &json!([])));
    let stands = portal.get(tombstone["results"].as_str().unwrap()).await.expect(200);
    assert_eq!(stands["publication"]["number"], 1);

    // From the beginning, in small steps, it is the same; what was told of the second publication stays as it was.
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let step = feed(&portal, &format!("?limit=1{after}")).await;
        assert!(step.items().iter().all(|item| item["cursor"] == step["next_cursor"]), "{step}");
        if step.items().is_empty() {
            break;
        }
        all.extend(step.items().to_vec());
        after = format!("&after={}", next(&step));
    }
    let expected = [first.items(), corrected.items(), gone.items()].concat();
    assert_eq!(all, expected);
}

async fn each_caller_sees_the_changes_of_the_wards_it_may_read(app: App) {
    let (city, nobody) = (app.city_portal().await, app.anonymous());
    let lb_leader = app.sign_in("lb.leader").await;
    let own = app.add_client("lb-portal", Some("long-binh"), None, &[Scope::ResultsRead]);
    let nothing = feed(&own, "").await;
    assert_eq!((nothing.items().len(), feed(&nobody, "").await.items().len()), (0, 0));
    let period = periods_of(&app, "long-binh").remove(0);
    give_a_past(&app, "long-binh", "lb.leader", &period);
    publish(&lb_leader, &period).await;
    let wards = |reply: &Reply| -> Vec<String> {
        reply.items().iter().map(|item| item["ward"]["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(wards(&feed(&city, "").await), ["long-my", "long-binh"]);
    assert_eq!(wards(&feed(&own, &format!("?after={}", next(&nothing))).await), ["long-binh"]);
    assert_eq!(wards(&feed(&lb_leader, "").await), ["long-binh"]);
    assert_eq!(wards(&feed(&app.sign_in("thcs.staff").await, "").await), ["long-my"]);
    assert!(feed(&nobody, "").await.items().is_empty());
    app.sql("UPDATE wards SET public_results = true WHERE code = 'long-my'");
    assert_eq!(wards(&feed(&nobody, "").await), ["long-my"]);
}

async fn a_cursor_that_would_leave_changes_out_is_refused(app: App) {
    let (city, nobody, leader) = (app.city_portal().await, app.anonymous(), app.sign_in("leader").await);
    let refuse = async |client: &Client, cursor: &str| {
        let reply = client.get(&format!("{FEED}?after={cursor}")).await.refused(409, "cursor_unknown");
        assert!(reply.text_at("detail").contains("đọc lại từ đầu"), "{reply}");
    };
    // What one caller has read says nothing about what another has.
    let ward = next(&feed(&leader, "").await);
    refuse(&city, &ward).await;
    refuse(&app.sign_in("lb.leader").await, &ward).await;
    // A ward that opens brings its past along.
    let before = next(&feed(&nobody, "").await);
    app.sql("UPDATE wards SET public_results = true WHERE code = 'long-my'");
    refuse(&nobody, &before).await;
    // A database restored from an older backup has not seen what the reader saw, and may have gone on elsewhere.
    let known = next(&feed(&city, "").await);
    let publication = app.sql_text("SELECT id AS value FROM publications");
    withdraw(&leader, &publication).await;
    let lost = next(&feed(&city, "").await);
    forget_the_last(&app);
    refuse(&city, &lost).await;
    publish_elsewhere(&app, &leader).await;
    refuse(&city, &lost).await;
    let gone_on = feed(&city, &format!("?after={known}")).await;
    assert_eq!(told(&gone_on), [of("published", "2026-H1", 1)]);
}

/// As if the newest change had never been.
fn forget_the_last(app: &App) {
    let triggers = match app.backend {
        Backend::Postgres => vec!["changes_append_only ON changes"],
        Backend::Sqlite => vec!["changes_not_updated", "changes_not_deleted"],
    };
    for trigger in triggers {
        app.sql(&format!("DROP TRIGGER {trigger}"));
    }
    assert_eq!(app.sql("DELETE FROM changes WHERE seq = (SELECT seq FROM change_heads)"), 1);
    app.sql("UPDATE change_heads SET seq = seq - 1");
}

async fn publish_elsewhere(app: &App, leader: &Client) {
    publish(leader, &app.period("2026-H1")).await;
}

async fn what_is_no_cursor_and_what_is_too_much_is_refused(app: App) {
    let city = app.city_portal().await;
    assert_eq!(told(&feed(&city, "?after=").await), told(&feed(&city, "").await));
    for query in ["after=MTI", "after=%25%25", "limit=0", "limit=201"] {
        city.get(&format!("{FEED}?{query}")).await.refused(400, "invalid_cursor");
    }
    city.get(&format!("{FEED}?wait=26"))
        .await
        .refused(400, "malformed_query")
        .at_field("?wait", "out_of_range");
    city.get(&format!("{FEED}?cursor=MTI")).await.refused(400, "malformed_query");
    // A cache that kept an answer would hide what happened since.
    assert_eq!(feed(&city, "").await.header("Cache-Control"), "no-store");
}

async fn whoever_waits_hears_at_once_what_another_instance_publishes(app: App) {
    let (city, other) = (app.city_portal().await, app.beside(app.services.clock));
    let leader = other.with_token(app.sign_in("leader").await.token().unwrap());
    let neighbour = app.sign_in("lb.leader").await;
    let after = next(&feed(&city, "").await);
    let started = Instant::now();
    let waiting = tokio::spawn(async move { feed(&city, &format!("?wait=25&after={after}")).await });
    let in_vain = tokio::spawn(async move { feed(&neighbour, "?wait=3").await });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(!waiting.is_finished(), "there was nothing to tell yet");
    publish(&leader, &app.period("2026-H1")).await;
    let heard = waiting.await.unwrap();
    assert_eq!(told(&heard), [of("published", "2026-H1", 1)]);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    // What is none of a caller's business wakes it, and it goes on waiting.
    let silence = in_vain.await.unwrap();
    assert!(silence.items().is_empty() && started.elapsed() >= Duration::from_secs(3));
}

async fn waiting_ends_with_the_time_and_with_nothing_lost(app: App) {
    let city = app.city_portal().await;
    let started = Instant::now();
    let first = feed(&city, "?wait=25").await;
    assert!(started.elapsed() < Duration::from_secs(5), "what is there is not waited for");
    let started = Instant::now();
    let nothing = feed(&city, &format!("?wait=1&after={}", next(&first))).await;
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!((nothing.items().len(), next(&nothing)), (0, next(&first)));
}

async fn the_places_to_wait_are_counted_and_some_are_kept_for_those_with_a_token(app: App) {
    let watch = watch::Watch::new(app.services.db.clone());
    let open = watch::MAX_WAITING - watch::KEPT_FOR_KNOWN;
    let nobody: Vec<_> = (0..open).map(|_| watch.join(true).expect("a place")).collect();
    assert_eq!(watch.join(true).expect_err("full").code.as_str(), "busy");
    let known: Vec<_> = (0..watch::KEPT_FOR_KNOWN).map(|_| watch.join(false).expect("a place")).collect();
    assert_eq!(watch.join(false).expect_err("full").code.as_str(), "busy");
    drop((nobody, known));
    let mut waiter = watch.join(true).expect("free again");
    // The demo has told one change: whoever knows it waits, and is let go when the server stops.
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    assert!(waiter.wait_beyond(0, until).await);
    watch.stop();
    assert!(!waiter.wait_beyond(1, until).await);
    assert!(tokio::time::Instant::now() < until);
}

async fn what_was_told_once_cannot_be_changed(app: App) {
    let attempts = ["UPDATE changes SET kind = 'withdrawn'", "DELETE FROM changes", "TRUNCATE changes"];
    let of_both = if app.backend == Backend::Postgres { 3 } else { 2 };
    for attempt in attempts.iter().take(of_both) {
        let refused = app.owner().write_blocking(db::Scope::All, |c| Ok(sql_query(*attempt).execute(c)?));
        let cause = refused.expect_err("append-only").to_string();
        assert!(cause.contains("append-only"), "{attempt}: {cause}");
    }
}

async fn a_database_from_before_the_feed_begins_with_all_that_happened(app: App) {
    let (city, leader) = (app.city_portal().await, app.sign_in("leader").await);
    correct(&app).await;
    let second = publish(&leader, &app.period("2026-Q1")).await;
    withdraw(&leader, &second.id()).await;
    publish(&leader, &app.period("2026-H1")).await;
    let facts = |reply: &Reply| {
        let mut items = reply.items().to_vec();
        items.iter_mut().for_each(|item| item["cursor"] = Value::Null);
        items
    };
    let before = feed(&city, "").await;
    assert_eq!(before.items().len(), 4);
    let folder = if app.backend == Backend::Postgres { "postgres" } else { "sqlite" };
    for step in ["down", "up"] {
        let sql =
            std::fs::read_to_string(format!("migrations/{folder}/2026-11-25-001100_add_changes/{step}.sql"));
        let sql = sql.expect("the migration");
        app.owner().write_blocking(db::Scope::All, |c| Ok(c.batch_execute(&sql)?)).expect(step);
    }
    if app.backend == Backend::Postgres {
        app.owner().grant_to(APP_ROLE).expect("rights to what is there anew");
    }
    let after = feed(&city, "").await;
    assert_eq!(facts(&after), facts(&before));
    publish(&leader, &app.period("2026-Q1")).await;
    let gone_on = feed(&city, &format!("?after={}", next(&after))).await;
    assert_eq!(told(&gone_on), [of("corrected", "2026-Q1", 3)]);
}

both_databases!(
    the_feed_tells_publications_corrections_and_withdrawals_in_order,
    each_caller_sees_the_changes_of_the_wards_it_may_read,
    a_cursor_that_would_leave_changes_out_is_refused,
    what_is_no_cursor_and_what_is_too_much_is_refused,
    whoever_waits_hears_at_once_what_another_instance_publishes,
    waiting_ends_with_the_time_and_with_nothing_lost,
    the_places_to_wait_are_counted_and_some_are_kept_for_those_with_a_token,
    what_was_told_once_cannot_be_changed,
    a_database_from_before_the_feed_begins_with_all_that_happened,
);
