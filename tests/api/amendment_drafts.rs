//! Promises about writing an amendment: who may, what is refused and where, and that an approval is all or nothing.

use serde_json::{Value, json};

use super::{
    amendments::{amend, amendment, draft_amendment, retarget},
    plans::{NO_COORDINATORS, draft_plan},
};
use crate::support::{App, both_databases};

fn withdrawal(code: &str) -> Value {
    json!([{ "op": "withdraw", "item_id": code }])
}

fn path(amendment: &str) -> String {
    format!("/api/v1/amendments/{amendment}")
}

fn tables(app: &App) -> [Vec<String>; 5] {
    ["plan_items", "item_targets", "assignments", "measure_versions", "amendments"]
        .map(|table| app.rows_of(table))
}

async fn a_draft_leaves_the_plan_as_it_is(app: App) {
    let before = app.rows_of("item_targets");
    let draft = draft_amendment(&app, "2026-07-01", retarget()).await.expect(201);
    assert_eq!((draft["status"].as_str(), draft.version()), (Some("draft"), 1));
    assert_eq!(draft["changes"], retarget());
    assert_eq!(draft["created_by"], app.account("vhxh.staff"));
    assert_eq!(draft.header("Location"), path(&draft.id()));
    assert_eq!(app.rows_of("item_targets"), before);
    let reader = app.sign_in("thcs.staff").await;
    assert_eq!(reader.get(&path(&draft.id())).await.expect(200).body, draft.body);
    let list = reader.get(&format!("/api/v1/plans/{}/amendments", app.plan())).await.expect(200);
    assert_eq!(list.items(), std::slice::from_ref(&draft.body));
}

async fn a_coordinator_writes_a_leader_approves_and_nobody_else(app: App) {
    let list = format!("/api/v1/plans/{}/amendments", app.plan());
    let body = || amendment("2026-07-01", retarget());
    for name in NO_COORDINATORS {
        app.sign_in(name).await.post(&list, body()).await.refused(403, "forbidden");
    }
    let draft = draft_amendment(&app, "2026-07-01", retarget()).await.expect(201).id();
    let approve = format!("{}/approve", path(&draft));
    for name in ["vhxh.staff", "vp.head", "ktht.head", "thcs.head", "supervisor", "auditor", "admin"] {
        app.sign_in(name).await.post_empty(&approve).await.refused(403, "forbidden");
    }
    let approved = app.sign_in("leader.deputy").await.post_empty(&approve).await.expect(200);
    assert_eq!((approved["status"].as_str(), approved.version()), (Some("approved"), 2));
    assert_eq!(approved["approved_by"], app.account("leader.deputy"));
}

async fn another_ward_knows_nothing_of_it(app: App) {
    let draft = path(&draft_amendment(&app, "2026-07-01", retarget()).await.expect(201).id());
    let (coordinator, leader) = (app.sign_in("lb.coordinator").await, app.sign_in("lb.leader").await);
    let list = format!("/api/v1/plans/{}/amendments", app.plan());
    coordinator.get(&list).await.refused(404, "not_found");
    coordinator.post(&list, amendment("2026-07-01", retarget())).await.refused(404, "not_found");
    coordinator.get(&draft).await.refused(404, "not_found");
    coordinator.patch(&draft, 1, json!({ "reason": "x" })).await.refused(404, "not_found");
    coordinator.delete(&draft, 1).await.refused(404, "not_found");
    leader.post_empty(&format!("{draft}/approve")).await.refused(404, "not_found");
}

async fn a_draft_can_be_changed_and_deleted_and_an_approved_one_cannot(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let draft = path(&draft_amendment(&app, "2026-07-01", retarget()).await.expect(201).id());
    let later = json!({ "effective_on": "2026-08-01", "changes": withdrawal("V.2.i") });
    coordinator.patch(&draft, None, later.clone()).await.refused(428, "if_match_required");
    let changed = coordinator.patch(&draft, 1, later.clone()).await.expect(200);
    assert_eq!((changed["effective_on"].as_str(), changed.version()), (Some("2026-08-01"), 2));
    assert_eq!((&changed["changes"], &changed["number"]), (&withdrawal("V.2.i"), &json!("87/QĐ-UBND")));
    coordinator.patch(&draft, 1, later.clone()).await.refused(412, "version_stale");
    let null = coordinator.patch(&draft, 2, json!({ "reason": null })).await;
    null.refused(400, "malformed_body").at_field("/reason", "invalid_value");
    coordinator.delete(&draft, 1).await.refused(412, "version_stale");
    let taken = draft_amendment(&app, "2026-07-01", retarget()).await.refused(409, "code_taken");
    taken.at_field("/number", "code_taken");
    coordinator.delete(&draft, 2).await.expect(204);
    coordinator.get(&draft).await.refused(404, "not_found");
    let approved = path(&amend(&app, "2026-07-01", retarget()).await.id());
    coordinator.patch(&approved, 2, later).await.refused(409, "amendment_not_draft");
    coordinator.delete(&approved, 2).await.refused(409, "amendment_not_draft");
    let leader = app.sign_in("leader").await;
    leader.post_empty(&format!("{approved}/approve")).await.refused(409, "amendment_not_draft");
}

async fn only_an_issued_plan_is_amended(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let draft = draft_plan(&coordinator, 2027).await.id();
    let body = amendment("2027-07-01", withdrawal("II.2.k"));
    let list = format!("/api/v1/plans/{draft}/amendments");
    coordinator.post(&list, body).await.refused(409, "plan_not_issued");
    let open = draft_amendment(&app, "2026-07-01", retarget()).await.expect(201).id();
    app.sql(&format!("UPDATE plans SET status = 'closed' WHERE id = '{}'", app.plan()));
    let leader = app.sign_in("leader").await;
    leader.post_empty(&format!("{}/approve", path(&open))).await.refused(409, "plan_not_issued");
    draft_amendment(&app, "2026-08-01", retarget()).await.refused(409, "plan_not_issued");
}

async fn an_effective_date_comes_after_every_settled_period(app: App) {
    // The first quarter is published and ends on 14 March.
    for (day, code) in [("2026-03-14", "effective_too_early"), ("2026-01-01", "effective_too_early")] {
        let refused = draft_amendment(&app, day, retarget()).await.refused(422, "invalid");
        refused.at_field("/effective_on", code);
    }
    for day in ["2025-11-30", "2027-01-01"] {
        let refused = draft_amendment(&app, day, retarget()).await.refused(422, "invalid");
        refused.at_field("/effective_on", "out_of_range");
    }
    let draft = draft_amendment(&app, "2026-03-15", retarget()).await.expect(201).id();
    // The half-year closes before the leader comes to it.
    let closed = format!(
        "UPDATE periods SET due_at = '2026-06-14 10:00:00', hard_close_at = '2026-06-14 10:00:00' WHERE id = '{}'",
        app.period("2026-H1")
    );
    app.sql(&closed);
    let leader = app.sign_in("leader").await;
    let refused = leader.post_empty(&format!("{}/approve", path(&draft))).await.refused(422, "invalid");
    refused.at_field("/effective_on", "effective_too_early");
}

async fn a_decision_that_is_still_to_come_is_not_approved(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let mut body = amendment("2026-07-01", retarget());
    body["decided_on"] = json!("2026-06-16");
    let list = format!("/api/v1/plans/{}/amendments", app.plan());
    let draft = coordinator.post(&list, body).await.expect(201).id();
    let leader = app.sign_in("leader").await;
    let refused = leader.post_empty(&format!("{}/approve", path(&draft))).await.refused(422, "invalid");
    refused.at_field("/decided_on", "out_of_range");
}

async fn every_fault_is_named_with_its_place(app: App) {
    let before = tables(&app);
    let target = |value: Value| json!({ "tier": "plan", "comparator": "at_least", "value": value });
    let indicator = json!({
        "kind": "indicator", "code": "II.2.k", "title": "", "position": 0,
        "targets": [], "measure": { "kind": "ratio", "aggregation": "sum" }
    });
    let (school, front) = (app.unit("TH-THCS"), app.unit("MTTQ"));
    let rows = json!([
        { "unit_id": school, "frequency": "yearly", "obligation": "must", "effective_from": "2026-08-01" },
        { "unit_id": front, "frequency": "yearly", "obligation": "must" },
    ]);
    let changes = json!([
        { "op": "withdraw", "item_id": "XX.1" },
        { "op": "retarget", "item_id": "II.2.k", "targets": [target(json!(101)), target(json!(90))] },
        { "op": "retarget", "item_id": "V.2.i", "targets": [] },
        { "op": "redefine", "item_id": "II.2.h", "measure": { "kind": "count", "aggregation": "sum" } },
        { "op": "add", "item": indicator, "parent_code": "XX" },
        { "op": "assign", "item_id": "V.2.a", "assignments": rows },
        { "op": "assign", "item_id": "II.2", "assignments": [] },
        { "op": "withdraw", "item_id": "V.2-VH.a" },
        { "op": "assign", "item_id": "V.2-VH.a", "assignments": [] },
        { "op": "redefine", "item_id": "II.6.a", "measure": {
            "kind": "ratio", "aggregation": "latest", "subset_of": app.item("II.6.a", "indicator") } },
    ]);
    let mut reply = draft_amendment(&app, "2026-07-01", changes).await.refused(422, "invalid");
    for (pointer, code) in [
        ("/changes/0/item_id", "unknown_reference"),
        ("/changes/1/targets/0/value", "out_of_range"),
        ("/changes/1/targets/1/tier", "out_of_range"),
        ("/changes/2/item_id", "not_applicable_here"),
        ("/changes/3/measure/kind", "out_of_range"),
        ("/changes/4/parent_code", "unknown_reference"),
        ("/changes/4/item/code", "code_taken"),
        ("/changes/4/item/title", "required"),
        ("/changes/4/item/position", "out_of_range"),
        ("/changes/4/item/targets", "required"),
        ("/changes/4/item/measure/aggregation", "out_of_range"),
        ("/changes/5/assignments/0/effective_from", "not_applicable_here"),
        ("/changes/5/assignments/1/obligation", "out_of_range"),
        ("/changes/6/item_id", "item_not_leaf"),
        ("/changes/8/item_id", "item_withdrawn"),
        ("/changes/9/measure/subset_of", "unknown_reference"),
    ] {
        reply = reply.at_field(pointer, code);
    }
    assert_eq!(tables(&app), before, "nothing is kept");
}

async fn a_body_that_does_not_fit_says_where(app: App) {
    let wrong = json!([{ "op": "withdraw", "item_id": "II.2.k" }, { "op": "retarget", "item_id": "II.2.k" }]);
    let reply = draft_amendment(&app, "2026-07-01", wrong).await.refused(400, "malformed_body");
    reply.at_field("/changes/1/targets", "missing_field");
    let strange = json!([{ "op": "withdraw", "item_id": "II.2.k", "reason": "x" }]);
    let reply = draft_amendment(&app, "2026-07-01", strange).await.refused(400, "malformed_body");
    reply.at_field("/changes/0/reason", "unknown_field");
    let empty = draft_amendment(&app, "2026-07-01", json!([])).await.refused(422, "invalid");
    empty.at_field("/changes", "required");
}

async fn an_approval_looks_again_and_applies_all_or_nothing(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let list = format!("/api/v1/plans/{}/amendments", app.plan());
    let add = json!({ "op": "add", "parent_code": "V.2", "item": {
        "kind": "task", "code": "V.2.m", "title": "Rà soát hồ sơ quá hạn", "position": 40 } });
    let mut second = amendment("2026-07-01", json!([{ "op": "withdraw", "item_id": "II.2.k" }, add]));
    second["number"] = json!("88/QĐ-UBND");
    let second = coordinator.post(&list, second).await.expect(201).id();
    amend(&app, "2026-07-01", json!([add])).await;
    let before = tables(&app);
    let leader = app.sign_in("leader").await;
    let approve = format!("{}/approve", path(&second));
    let refused = leader.post_empty(&approve).await.refused(422, "invalid");
    refused.at_field("/changes/1/item/code", "code_taken");
    assert_eq!(tables(&app), before);
    coordinator.patch(&path(&second), 1, json!({ "changes": withdrawal("II.2.k") })).await.expect(200);
    leader.post_empty(&approve).if_match(1).await.refused(412, "version_stale");
    let first = leader.post_empty(&approve).if_match(2).key("duyet-88").await.expect(200);
    let again = leader.post_empty(&approve).if_match(2).key("duyet-88").await.expect(200);
    assert_eq!(again.body, first.body, "the same key answers as the first time");
}

async fn a_definition_is_not_changed_behind_a_later_change(app: App) {
    let measure = |label: &str| json!({ "kind": "ratio", "aggregation": "latest", "unit": label });
    let redefine =
        |label: &str| json!([{ "op": "redefine", "item_id": "II.6.a", "measure": measure(label) }]);
    amend(&app, "2026-09-01", redefine("lượt")).await;
    let coordinator = app.sign_in("vhxh.staff").await;
    let list = format!("/api/v1/plans/{}/amendments", app.plan());
    let mut earlier = amendment("2026-08-01", redefine("hồ sơ"));
    earlier["number"] = json!("88/QĐ-UBND");
    let refused = coordinator.post(&list, &earlier).await.refused(422, "invalid");
    refused.at_field("/changes/0/item_id", "out_of_range");
    earlier["effective_on"] = json!("2026-10-01");
    coordinator.post(&list, &earlier).await.expect(201);
}

both_databases!(
    a_draft_leaves_the_plan_as_it_is,
    a_coordinator_writes_a_leader_approves_and_nobody_else,
    another_ward_knows_nothing_of_it,
    a_draft_can_be_changed_and_deleted_and_an_approved_one_cannot,
    only_an_issued_plan_is_amended,
    an_effective_date_comes_after_every_settled_period,
    a_decision_that_is_still_to_come_is_not_approved,
    every_fault_is_named_with_its_place,
    a_body_that_does_not_fit_says_where,
    an_approval_looks_again_and_applies_all_or_nothing,
    a_definition_is_not_changed_behind_a_later_change,
);
