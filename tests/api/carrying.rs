//! Promises about carrying a plan over into the year after.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    amendments::{amend, retarget},
    plans::{NO_COORDINATORS, draft_plan},
};
use crate::support::{App, Client, Reply, both_databases};

async fn carry(app: &App, body: Value) -> Reply {
    let coordinator = app.sign_in("vhxh.staff").await;
    coordinator.post(&format!("/api/v1/plans/{}/carry-over", app.plan()), body).await
}

/// All items of a plan by kind and code.
async fn items(client: &Client, plan: &str) -> BTreeMap<(String, String), Value> {
    let page = client.get(&format!("/api/v1/plans/{plan}/items?limit=200")).await.expect(200);
    assert_eq!(page["next_cursor"], Value::Null);
    let key = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    page.items().iter().map(|item| ((key(item, "kind"), key(item, "code")), item.clone())).collect()
}

fn of<'i>(items: &'i BTreeMap<(String, String), Value>, kind: &str, code: &str) -> &'i Value {
    items.get(&(kind.to_owned(), code.to_owned())).unwrap_or_else(|| panic!("no {kind} {code}"))
}

async fn the_year_after_begins_with_the_same_tree(app: App) {
    let reply = carry(&app, json!({})).await.expect(201);
    let plan = &reply["plan"];
    let told = (&plan["year"], &plan["status"], &plan["number"], &plan["basis"]);
    assert_eq!(told, (&json!(2027), &json!("draft"), &Value::Null, &json!("decree09")));
    assert!(plan["title"].as_str().unwrap().ends_with("2027"), "{plan}");
    let new_id = plan["id"].as_str().unwrap().to_owned();
    assert_eq!(reply.header("Location"), format!("/api/v1/plans/{new_id}"));
    let reader = app.sign_in("thcs.staff").await;
    let (old, new) = (items(&reader, &app.plan()).await, items(&reader, &new_id).await);
    let standing: BTreeMap<_, _> = old.iter().filter(|(_, item)| item["sample"] == false).collect();
    assert_eq!(new.keys().collect::<Vec<_>>(), standing.keys().copied().collect::<Vec<_>>());
    let new_of =
        |id: &Value| new.values().find(|item| item["carried_from_id"] == *id).map(|item| &item["id"]);
    for (key, item) in &standing {
        let carried = &new[*key];
        assert_eq!(carried["carried_from_id"], item["id"], "{key:?}");
        assert_eq!(carried["parent_id"], *new_of(&item["parent_id"]).unwrap_or(&Value::Null), "{key:?}");
        for field in
            ["title", "position", "field", "lead_unit_id", "tracking_unit_id", "coordinating_unit_ids"]
        {
            assert_eq!(carried[field], item[field], "{key:?} {field}");
        }
    }
    let counts = &reply["counts"];
    let all = ["sections", "indicators", "tasks"].map(|kind| counts[kind].as_u64().unwrap());
    assert_eq!(all.iter().sum::<u64>(), u64::try_from(new.len()).unwrap());
    assert_eq!(counts["left_samples"].as_u64().unwrap(), u64::try_from(old.len() - new.len()).unwrap());
}

async fn targets_of_the_years_end_links_and_reporters_go_along(app: App) {
    amend(&app, "2026-07-01", retarget()).await;
    let reply = carry(&app, json!({})).await.expect(201);
    let reader = app.sign_in("thcs.staff").await;
    let new = items(&reader, reply["plan"]["id"].as_str().unwrap()).await;
    let on_time = of(&new, "indicator", "II.2.k");
    let targets: Vec<Value> = on_time["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|target| json!([target["tier"], target["value"], target["effective_from"]]))
        .collect();
    assert_eq!(json!(targets), json!([["plan", 95, "2026-12-15"], ["operating", 98, "2026-12-15"]]));
    let link = |code: &str, field: &str| of(&new, "indicator", code)["measure"][field].clone();
    assert_eq!(link("II.2.d.3", "no_more_than"), of(&new, "indicator", "II.6.e")["id"]);
    assert_eq!(link("II.2.đ.2", "subset_of"), of(&new, "indicator", "II.2.đ.1")["id"]);
    let rows = reader.get(&format!("/api/v1/items/{}/assignments", on_time["id"].as_str().unwrap()));
    assert_eq!(rows.await.expect(200).items().len(), 3);
}

async fn what_was_withdrawn_stays_behind_and_so_does_what_is_done(app: App) {
    amend(&app, "2026-07-01", json!([{ "op": "withdraw", "item_id": "II.2.b.1" }])).await;
    // V.4.a recurs and has an approved figure; here it is a one-off that is done.
    let finish = |kind: &str| {
        format!("UPDATE plan_items SET recurrence = '{kind}' WHERE id = '{}'", app.item("V.4.a", "task"))
    };
    app.sql(&finish("once"));
    app.sql(
        "UPDATE submission_revisions SET content = REPLACE(content, 'in_progress', 'done') \
         WHERE content LIKE '%in_progress%'",
    );
    let reply = carry(&app, json!({ "include_samples": true, "title": "Kế hoạch mới" })).await.expect(201);
    assert_eq!(reply["plan"]["title"], "Kế hoạch mới");
    let counts = &reply["counts"];
    assert_eq!(
        (&counts["left_withdrawn"], &counts["left_done"], &counts["left_samples"]),
        (&json!(1), &json!(1), &json!(0))
    );
    let reader = app.sign_in("thcs.staff").await;
    let new = items(&reader, reply["plan"]["id"].as_str().unwrap()).await;
    for (kind, code) in [("indicator", "II.2.b.1"), ("task", "V.4.a")] {
        assert!(!new.contains_key(&(kind.to_owned(), code.to_owned())), "{code}");
    }
    assert_eq!(
        of(&new, "indicator", "II.2.b.2")["measure"]["subset_of"],
        Value::Null,
        "its link led nowhere"
    );
    assert_eq!(of(&new, "task", "PL.3")["due_on"], "2027-02-28", "a recurring task keeps its day");
    assert_eq!(of(&new, "task", "PL.1")["due_on"], Value::Null, "an unfinished one-off needs a new one");
}

async fn units_that_ended_give_way_to_their_successors(app: App) {
    let (ended, heir) = (app.unit("KTHTDT"), app.unit("VP"));
    app.sql(&format!(
        "UPDATE units SET active_to = '2026-09-30', successor_id = '{heir}' WHERE id = '{ended}'"
    ));
    let reply = carry(&app, json!({})).await.expect(201);
    assert!(reply["counts"]["dropped_assignments"].as_u64().unwrap() > 0, "VP reports some leaves already");
    let plan = reply["plan"]["id"].as_str().unwrap();
    let old = app.sql_texts(&format!(
        "SELECT a.unit_id AS value FROM assignments a JOIN plan_items i ON i.id = a.item_id \
         WHERE i.plan_id = '{plan}' AND a.unit_id = '{ended}' \
         UNION ALL SELECT lead_unit_id FROM plan_items WHERE plan_id = '{plan}' AND lead_unit_id = '{ended}'"
    ));
    assert_eq!(old, Vec::<String>::new());
    let led = app.sql_texts(&format!(
        "SELECT n.lead_unit_id AS value FROM plan_items n JOIN plan_items o ON o.id = n.carried_from_id \
         WHERE n.plan_id = '{plan}' AND o.lead_unit_id = '{ended}'"
    ));
    assert!(!led.is_empty() && led.iter().all(|unit| *unit == heir), "{led:?}");
}

async fn the_new_plan_is_a_draft_like_any_other_and_can_be_issued(app: App) {
    let plan = carry(&app, json!({})).await.expect(201)["plan"]["id"].as_str().unwrap().to_owned();
    let coordinator = app.sign_in("vhxh.staff").await;
    let reader = items(&coordinator, &plan).await;
    let item = of(&reader, "indicator", "II.2.k");
    let path = format!("/api/v1/items/{}", item["id"].as_str().unwrap());
    let changed = coordinator.patch(&path, 1, json!({ "note": "Rà soát lại" })).await.expect(200);
    assert_eq!(changed["carried_from_id"], item["carried_from_id"], "a change keeps where it comes from");
    let named = json!({ "number": "01/KH-UBND", "issued_on": "2027-01-10" });
    coordinator.patch(&format!("/api/v1/plans/{plan}"), 1, named).await.expect(200);
    let leader = app.sign_in("leader").await;
    leader.post_empty(&format!("/api/v1/plans/{plan}/issue")).await.expect(200);
}

async fn a_closed_year_is_carried_over_too_and_a_draft_is_not(app: App) {
    let leader = app.sign_in("leader").await;
    leader.post_empty(&format!("/api/v1/plans/{}/close", app.plan())).await.expect(200);
    carry(&app, json!({ "year": 2028 })).await.expect(201);
    let coordinator = app.sign_in("vhxh.staff").await;
    let draft = draft_plan(&coordinator, 2027).await.id();
    let path = format!("/api/v1/plans/{draft}/carry-over");
    coordinator.post(&path, json!({})).await.refused(409, "plan_not_issued");
}

async fn a_year_has_one_plan_and_none_goes_back(app: App) {
    carry(&app, json!({})).await.expect(201);
    carry(&app, json!({})).await.refused(409, "plan_year_taken").at_field("/year", "plan_year_taken");
    for year in [2026, 2025, 2101] {
        carry(&app, json!({ "year": year })).await.refused(422, "invalid").at_field("/year", "out_of_range");
    }
    carry(&app, json!({ "title": " " , "year": 2028 }))
        .await
        .refused(422, "invalid")
        .at_field("/title", "required");
    let count = app.sql_texts("SELECT id AS value FROM plans WHERE year >= 2027").len();
    assert_eq!(count, 1);
}

async fn a_coordinator_of_the_ward_carries_over_and_nobody_else(app: App) {
    let path = format!("/api/v1/plans/{}/carry-over", app.plan());
    for name in NO_COORDINATORS {
        app.sign_in(name).await.post(&path, json!({})).await.refused(403, "forbidden");
    }
    app.sign_in("lb.coordinator").await.post(&path, json!({})).await.refused(404, "not_found");
    let coordinator = app.sign_in("vhxh.staff").await;
    let first = coordinator.post(&path, json!({})).key("nam-2027").await.expect(201);
    let again = coordinator.post(&path, json!({})).key("nam-2027").await.expect(201);
    assert_eq!(again.body, first.body);
}

both_databases!(
    the_year_after_begins_with_the_same_tree,
    targets_of_the_years_end_links_and_reporters_go_along,
    what_was_withdrawn_stays_behind_and_so_does_what_is_done,
    units_that_ended_give_way_to_their_successors,
    the_new_plan_is_a_draft_like_any_other_and_can_be_issued,
    a_closed_year_is_carried_over_too_and_a_draft_is_not,
    a_year_has_one_plan_and_none_goes_back,
    a_coordinator_of_the_ward_carries_over_and_nobody_else,
);
