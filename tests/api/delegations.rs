//! Promises about delegation (ủy quyền): dated, to a named account, recorded, and never for own work (RULES §3).

use cchc::access::Role;
use serde_json::{Value, json};

use crate::support::{App, NewAccount, Reply, both_databases};

const UNTIL: &str = "2026-06-20T17:00:00+07:00";

async fn delegate(app: &App, from: &str, to: &str, more: Value) -> Reply {
    let mut body = json!({ "delegate_id": app.account(to), "ends_at": UNTIL, "reason": "Đi công tác" });
    for (field, value) in more.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    app.sign_in(from).await.post("/api/v1/delegations", body).await
}

async fn decide(app: &App, who: &str, submission: &str, action: &str) -> Reply {
    let client = app.sign_in(who).await;
    app.decide(&client, submission, action).await
}

async fn an_absent_leaders_delegate_approves_on_behalf(app: App) {
    let submission = app.carry_free_figure_to("endorsed").await;
    decide(&app, "hcc.head", &submission, "approve").await.refused(403, "not_your_step");
    delegate(&app, "leader", "hcc.head", json!({})).await.expect(201);
    let delegate = app.sign_in("hcc.head").await;
    let waiting =
        delegate.get("/api/v1/submissions?awaiting=me&item=II.2.k&period=2026-H1").await.expect(200);
    let found = waiting.items().iter().find(|found| found["id"] == json!(submission));
    let found = found.unwrap_or_else(|| panic!("the delegate finds it\n{waiting}"));
    assert_eq!(found["allowed_actions"], json!(["approve", "return"]));
    let approved = app.decide(&delegate, &submission, "approve").await.expect(201);
    assert_eq!(approved["decision"]["on_behalf_of"], json!(app.account("leader")));
    assert_eq!(approved["decision"]["decided_by"], json!(app.account("hcc.head")));
    let behalf = format!(
        "SELECT on_behalf_of AS value FROM audit_events WHERE subject_id = '{submission}' AND kind = 'submission.approved'"
    );
    assert_eq!(app.sql_text(&behalf), app.account("leader"));
}

async fn an_expired_delegation_is_refused(app: App) {
    let submission = app.carry_free_figure_to("endorsed").await;
    delegate(&app, "leader", "hcc.head", json!({})).await.expect(201);
    let over = app.at("2026-06-20T17:00:02+07:00");
    decide(&over, "hcc.head", &submission, "approve").await.refused(403, "delegation_expired");
    let before = app.at("2026-06-20T16:59:30+07:00");
    decide(&before, "hcc.head", &submission, "approve").await.expect(201);
}

async fn an_expired_delegation_is_named_even_where_the_figure_is_out_of_sight_again(app: App) {
    let submission = app.carry_free_figure_to("endorsed").await;
    let created = delegate(&app, "leader", "vp.staff", json!({})).await.expect(201);
    let path = format!("/api/v1/submissions/{submission}");
    let delegate = app.sign_in("vp.staff").await;
    delegate.get(&path).await.expect(200);
    let path_of_delegation = format!("/api/v1/delegations/{}", created.id());
    app.sign_in("leader").await.delete(&path_of_delegation, 1).await.expect(204);
    delegate.get(&path).await.refused(404, "not_found");
    app.decide(&delegate, &submission, "approve").await.refused(403, "delegation_expired");
    // Whoever never held authority learns nothing.
    decide(&app, "thcs.head", &submission, "approve").await.refused(404, "not_found");
}

async fn a_delegation_that_is_over_or_not_begun_is_named_as_the_reason(app: App) {
    let later = json!({ "starts_at": "2026-06-16T08:00:00+07:00" });
    let created = delegate(&app, "hcc.head", "hcc.staff", later).await.expect(201);
    assert_eq!(created["state"], "pending");
    let draft = app.sign_in("hcc.staff").await;
    let own = app.draft(&draft, "II.2.h", "2026-H1", json!({ "numerator": 9, "denominator": 9 })).await;
    let own = own.expect(201).id();
    decide(&app, "hcc.staff", &own, "submit").await.refused(403, "delegation_expired");
}

async fn a_delegate_never_acts_on_own_work_nor_for_the_own_unit(app: App) {
    let submission = app.carry_free_figure_to("endorsed").await;
    delegate(&app, "leader", "ktht.head", json!({})).await.expect(201);
    decide(&app, "ktht.head", &submission, "approve").await.refused(403, "acted_before");
    let colleague = NewAccount {
        username: "ktht.deputy",
        ward: "long-my",
        unit: "KTHTDT",
        roles: &[Role::DepartmentStaff],
    };
    app.add_account(colleague).await;
    delegate(&app, "leader", "ktht.deputy", json!({})).await.expect(201);
    decide(&app, "ktht.deputy", &submission, "approve").await.refused(403, "own_work");
    // Staff who hold the head's authority sign what others drafted, not their own.
    delegate(&app, "thcs.head", "thcs.staff", json!({})).await.expect(201);
    let staff = app.sign_in("thcs.staff").await;
    let free = "SELECT i.code AS value FROM owed_figures o JOIN plan_items i ON i.id = o.item_id \
                JOIN units u ON u.id = o.unit_id JOIN periods p ON p.id = o.period_id \
                WHERE u.code = 'TH-THCS' AND p.code = '2026-H1' AND i.kind = 'indicator' AND i.measure_kind = 'ratio' \
                AND i.aggregation = 'ratio_of_sums' AND NOT EXISTS (SELECT 1 FROM submissions s WHERE s.item_id = i.id \
                AND s.unit_id = u.id AND s.period_id = p.id) ORDER BY 1";
    let Some(item) = app.sql_texts(free).into_iter().next() else { return };
    let own = app.draft(&staff, &item, "2026-H1", json!({ "numerator": 5, "denominator": 5 })).await;
    let own = own.expect(201).id();
    decide(&app, "thcs.staff", &own, "submit").await.refused(403, "own_work");
}

async fn the_grantor_does_not_act_twice_through_the_delegates_hand(app: App) {
    app.sql("UPDATE accounts SET roles = '[\"leader\",\"coordinator\"]' WHERE username = 'leader.deputy'");
    let submission = app.carry_free_figure_to("verified").await;
    decide(&app, "leader.deputy", &submission, "endorse").await.expect(201);
    delegate(&app, "leader.deputy", "hcc.head", json!({})).await.expect(201);
    decide(&app, "hcc.head", &submission, "approve").await.refused(403, "own_work");
}

async fn authority_goes_only_where_it_may(app: App) {
    for (from, to) in
        [("ktht.head", "hcc.staff"), ("leader", "auditor"), ("leader", "admin"), ("leader", "leader")]
    {
        let refused = delegate(&app, from, to, json!({})).await.refused(422, "invalid");
        refused.at_field("/delegate_id", "unknown_reference");
    }
    let refused = delegate(&app, "leader", "lb.coordinator", json!({})).await.refused(422, "invalid");
    refused.at_field("/delegate_id", "unknown_reference");
    let past = json!({ "ends_at": "2026-06-15T07:59:59+07:00", "starts_at": "2026-06-01T08:00:00+07:00" });
    let refused = delegate(&app, "leader", "hcc.head", past).await.refused(422, "invalid");
    refused.at_field("/ends_at", "out_of_range");
    for who in ["ktht.staff", "vhxh.staff", "auditor", "supervisor"] {
        delegate(&app, who, "ktht.head", json!({})).await.refused(403, "forbidden");
    }
}

async fn a_delegation_is_taken_back_at_once_by_its_grantor_only(app: App) {
    let submission = app.carry_free_figure_to("endorsed").await;
    let created = delegate(&app, "leader", "hcc.head", json!({})).await.expect(201);
    let path = format!("/api/v1/delegations/{}", created.id());
    app.sign_in("ktht.head").await.delete(&path, 1).await.refused(404, "not_found");
    app.sign_in("hcc.head").await.delete(&path, 1).await.refused(403, "forbidden");
    let leader = app.sign_in("leader").await;
    leader.delete(&path, None).await.refused(428, "if_match_required");
    leader.delete(&path, 7).await.refused(412, "version_stale");
    leader.delete(&path, 1).await.expect(204);
    leader.delete(&path, 2).await.refused(409, "illegal_move");
    decide(&app, "hcc.head", &submission, "approve").await.refused(403, "delegation_expired");
    let list = leader.get("/api/v1/delegations").await.expect(200);
    assert_eq!(list.items()[0]["state"], "revoked");
    assert!(app.sign_in("ktht.head").await.get("/api/v1/delegations").await.expect(200).items().is_empty());
    assert!(app.sign_in("lb.leader").await.get("/api/v1/delegations").await.expect(200).items().is_empty());
}

both_databases!(
    an_absent_leaders_delegate_approves_on_behalf,
    an_expired_delegation_is_refused,
    an_expired_delegation_is_named_even_where_the_figure_is_out_of_sight_again,
    a_delegation_that_is_over_or_not_begun_is_named_as_the_reason,
    a_delegate_never_acts_on_own_work_nor_for_the_own_unit,
    the_grantor_does_not_act_twice_through_the_delegates_hand,
    authority_goes_only_where_it_may,
    a_delegation_is_taken_back_at_once_by_its_grantor_only,
);
