//! Promises about drafting figures, and who sees them (RULES §2, §4, §5).

use serde_json::{Value, json};

use crate::support::{App, Client, both_databases};

const EXPLANATION: &str = r#"{
    "cause": "objective", "what_happened": "Hệ thống gián đoạn", "remedy": "Bổ sung trực", "new_date": "2026-09-30"
}"#;

fn explanation() -> Value {
    serde_json::from_str(EXPLANATION).unwrap()
}

fn verdict(view: &Value, tier: &str) -> String {
    let verdicts = view["verdicts"].as_array().expect("verdicts");
    let found = verdicts.iter().find(|verdict| verdict["tier"] == tier).expect("the tier");
    found["verdict"].as_str().unwrap().to_owned()
}

async fn codes_seen(client: &Client, query: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/api/v1/submissions?limit=7{query}{cursor}")).await.expect(200);
        let code = |row: &Value| format!("{} {} {}", row["period_code"], row["item_code"], row["unit_code"]);
        seen.extend(page.items().iter().map(code));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

async fn on_time_94_percent_is_met_against_90_and_near_98(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let draft = app.draft(&staff, "II.2.k", "2026-H1", json!({ "numerator": 470, "denominator": 500 })).await;
    let draft = draft.expect(201);
    assert_eq!(draft["rate"], 94);
    assert_eq!(verdict(&draft.body, "plan"), "met");
    assert_eq!(verdict(&draft.body, "operating"), "near");
    assert_eq!(draft["waiting_on"]["step"], "submit");
    assert_eq!(draft["revision"], 1);
    assert!(draft["allowed_actions"].as_array().unwrap().is_empty(), "staff do not sign\n{draft}");
}

async fn a_rate_is_compared_before_rounding(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let content = json!({ "numerator": 89_996, "denominator": 100_000 });
    let draft = app.draft(&staff, "II.2.k", "2026-H1", content).await.expect(201);
    assert_eq!(draft["rate"], 90);
    assert_eq!(verdict(&draft.body, "plan"), "near");
}

async fn a_zero_denominator_is_no_cases(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let draft = app.draft(&staff, "II.2.k", "2026-H1", json!({ "numerator": 0, "denominator": 0 })).await;
    let draft = draft.expect(201);
    assert_eq!(verdict(&draft.body, "plan"), "no_cases");
    assert_eq!(draft["rate"], Value::Null);
    let head = app.sign_in("ktht.head").await;
    app.decide(&head, &draft.id(), "submit").await.expect(201);
}

async fn the_second_submission_for_the_same_three_points_at_the_first(app: App) {
    let first = app.draft_free_figure().await;
    let staff = app.sign_in("ktht.staff").await;
    let again = app.draft(&staff, "II.2.k", "2026-H1", json!({})).await.refused(409, "submission_exists");
    assert_eq!(again["link"], format!("/api/v1/submissions/{first}"));
}

async fn figures_that_cannot_be_are_refused_at_their_field(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    for (content, pointer, code) in [
        (json!({ "numerator": 11, "denominator": 10 }), "/numerator", "numerator_exceeds_denominator"),
        (json!({ "numerator": -1, "denominator": 10 }), "/numerator", "out_of_range"),
        (json!({ "numerator": 9, "denominator": 10, "rate": 90.02 }), "/rate", "rate_mismatch"),
        (json!({ "value": 5 }), "/value", "not_applicable_here"),
        (json!({ "band": "TOT" }), "/band", "not_applicable_here"),
        (json!({ "progress": { "state": "done", "percent": 100 } }), "/progress", "not_applicable_here"),
        (json!({ "applicability": "not_applicable" }), "/applicability", "not_applicable_here"),
        (json!({ "note": "x".repeat(2001) }), "/note", "too_long"),
    ] {
        app.draft(&staff, "II.2.k", "2026-H1", content).await.refused(422, "invalid").at_field(pointer, code);
    }
    let exact = json!({ "numerator": 9, "denominator": 10, "rate": 90.01 });
    app.draft(&staff, "II.2.k", "2026-H1", exact).await.expect(201);
}

async fn a_missed_target_needs_an_explanation_to_be_submitted(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let content = json!({ "numerator": 470, "denominator": 500 });
    let draft = app.draft(&staff, "II.2.k", "2026-H1", content).await.expect(201);
    assert_eq!(draft["warnings"][0]["code"], "explanation_required");
    let head = app.sign_in("ktht.head").await;
    let refused = app.decide(&head, &draft.id(), "submit").await.refused(422, "content_incomplete");
    refused.at_field("/explanation", "explanation_required");
    let path = format!("/api/v1/submissions/{}", draft.id());
    staff.patch(&path, 1, json!({ "explanation": explanation() })).await.expect(200);
    app.decide(&head, &draft.id(), "submit").await.expect(201);
}

async fn an_empty_draft_names_what_is_missing(app: App) {
    let staff = app.sign_in("hcc.staff").await;
    let draft = app.draft(&staff, "II.2.đ.1", "2026-Y", json!({})).await.expect(201);
    let head = app.sign_in("hcc.head").await;
    // The year's period opens in December.
    app.decide(&head, &draft.id(), "submit").await.refused(409, "period_not_open");
    let warned: Vec<&str> =
        draft["warnings"].as_array().unwrap().iter().map(|w| w["pointer"].as_str().unwrap()).collect();
    assert_eq!(warned, ["/numerator", "/denominator", "/survey"]);
}

async fn a_conditional_leaf_asks_whether_it_applies(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let draft = app.draft(&staff, "II.5.b", "2026-Y", json!({ "applicability": "not_applicable" })).await;
    let draft = draft.expect(201);
    assert_eq!(verdict(&draft.body, "plan"), "not_applicable");
    assert_eq!(draft["warnings"][0]["pointer"], "/applicability_reason");
}

async fn only_assigned_units_report_and_only_for_themselves(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    app.draft(&staff, "II.6.e", "2026-H1", json!({}))
        .await
        .refused(422, "invalid")
        .at_field("/item_id", "not_assigned");
    let foreign = json!({ "unit_id": app.unit("VP") });
    app.draft(&staff, "II.2.g", "2026-H1", foreign).await.refused(403, "forbidden");
    let of_long_binh = json!({ "unit_id": app.unit_in("long-binh", "HCC") });
    let refused = app.draft(&staff, "II.2.g", "2026-H1", of_long_binh).await.refused(422, "invalid");
    refused.at_field("/unit_id", "unknown_reference");
}

async fn content_changes_only_as_draft_or_returned_and_with_the_version(app: App) {
    let submission = app.draft_free_figure().await;
    let path = format!("/api/v1/submissions/{submission}");
    let staff = app.sign_in("ktht.staff").await;
    staff.patch(&path, None, json!({ "note": "a" })).await.refused(428, "if_match_required");
    let changed = staff.patch(&path, 1, json!({ "note": "a", "denominator": 1300 })).await.expect(200);
    assert_eq!((changed["note"].as_str(), changed["numerator"].as_i64()), (Some("a"), Some(1176)));
    staff.patch(&path, 1, json!({ "note": "b" })).await.refused(412, "version_stale");
    let cleared = staff.patch(&path, 2, json!({ "note": null })).await.expect(200);
    assert_eq!(cleared["note"], Value::Null);
    staff.patch(&path, 3, json!({ "explanation": explanation() })).await.expect(200);
    let head = app.sign_in("ktht.head").await;
    app.decide(&head, &submission, "submit").await.expect(201);
    staff.patch(&path, 5, json!({ "note": "c" })).await.refused(409, "not_editable");
    staff.delete(&path, 5).await.refused(409, "ever_submitted");
}

async fn a_draft_that_was_never_submitted_can_be_deleted(app: App) {
    let submission = app.draft_free_figure().await;
    let path = format!("/api/v1/submissions/{submission}");
    let staff = app.sign_in("ktht.staff").await;
    staff.delete(&path, None).await.refused(428, "if_match_required");
    staff.delete(&path, 1).await.expect(204);
    staff.get(&path).await.refused(404, "not_found");
}

async fn a_school_cannot_see_a_departments_figure(app: App) {
    let figure = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    for school in ["thcs.head", "thcs.staff", "mn.head"] {
        let school = app.sign_in(school).await;
        for path in ["", "/revisions", "/decisions"] {
            school.get(&format!("/api/v1/submissions/{figure}{path}")).await.refused(404, "not_found");
        }
    }
    let thcs = app.sign_in("thcs.head").await;
    let seen = codes_seen(&thcs, "").await;
    assert!(!seen.is_empty() && seen.iter().all(|code| code.contains("TH-THCS")), "{seen:?}");
}

async fn departments_see_their_own_and_what_they_track(app: App) {
    let ktht = codes_seen(&app.sign_in("ktht.staff").await, "").await;
    assert!(ktht.iter().all(|code| code.contains("KTHTDT")), "KTHTDT tracks only public finance: {ktht:?}");
    let hcc = codes_seen(&app.sign_in("hcc.staff").await, "&period=2026-Q1&item=II.2.k").await;
    assert_eq!(hcc.len(), 3, "HCC tracks II.2.k of three departments: {hcc:?}");
    let all = codes_seen(&app.sign_in("leader").await, "").await;
    let mut unique = all.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), all.len(), "paging repeats nothing");
    assert!(all.len() > 40);
    assert_eq!(codes_seen(&app.sign_in("auditor").await, "").await, all);
}

async fn a_supervisor_sees_approved_figures_only(app: App) {
    let supervisor = app.sign_in("supervisor").await;
    let page = supervisor.get("/api/v1/submissions?limit=200").await.expect(200);
    assert!(page.items().iter().all(|row| row["state"] == "approved" || row["state"] == "published"));
    assert!(!page.items().is_empty());
    let draft = app.submission("II.2.a", "2026-H1", "KTHTDT");
    supervisor.get(&format!("/api/v1/submissions/{draft}")).await.refused(404, "not_found");
    app.sign_in("admin").await.get("/api/v1/submissions").await.refused(403, "forbidden");
}

async fn long_binh_sees_nothing_of_long_my(app: App) {
    let figure = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    for user in ["lb.leader", "lb.coordinator", "lb.staff"] {
        let user = app.sign_in(user).await;
        user.get(&format!("/api/v1/submissions/{figure}")).await.refused(404, "not_found");
        assert!(codes_seen(&user, "").await.is_empty());
    }
    let leader = app.sign_in("lb.leader").await;
    app.decide(&leader, &figure, "correct").await.refused(404, "not_found");
}

async fn awaiting_me_lists_what_is_mine_to_do_next(app: App) {
    let submission = app.draft_free_figure().await;
    let mine = async |user: &str| {
        let client = app.sign_in(user).await;
        let page = client.get("/api/v1/submissions?awaiting=me&limit=200").await.expect(200);
        let allowed = page.items().iter().all(|row| !row["allowed_actions"].as_array().unwrap().is_empty());
        assert!(allowed, "{user} can act on everything that waits for them\n{page}");
        page.items().iter().any(|row| row["id"] == submission.as_str())
    };
    assert!(mine("ktht.head").await && !mine("hcc.head").await);
    let head = app.sign_in("ktht.head").await;
    app.decide(&head, &submission, "submit").await.expect(201);
    assert!(
        mine("hcc.head").await
            && mine("hcc.staff").await
            && !mine("vhxh.head").await
            && !mine("leader").await
    );
    let hcc = app.sign_in("hcc.staff").await;
    app.decide(&hcc, &submission, "verify").await.expect(201);
    assert!(mine("vhxh.head").await && mine("vp.head").await && !mine("hcc.head").await);
}

async fn filters_name_things_by_code_and_search_ignores_marks(app: App) {
    let leader = app.sign_in("leader").await;
    let count = async |query: &str| {
        let page = leader.get(&format!("/api/v1/submissions?limit=200&{query}")).await.expect(200);
        page.items().len()
    };
    assert_eq!(count("plan=2026&period=2026-Q1&item=II.2.k&unit=VP").await, 1);
    assert_eq!(count("period=2026-Q1&late=true").await, 1);
    assert_eq!(count("item=II.2.dd.1").await, count("item=II.2.%C4%91.1").await);
    assert!(count("q=DUNG%20va%20truoc%20han").await > 0);
    assert_eq!(count("q=%25").await, 0);
    assert!(count("state=returned").await >= 2);
    leader
        .get("/api/v1/submissions?stat=returned")
        .await
        .refused(400, "malformed_query")
        .at_field("?stat", "unknown_field");
}

both_databases!(
    on_time_94_percent_is_met_against_90_and_near_98,
    a_rate_is_compared_before_rounding,
    a_zero_denominator_is_no_cases,
    the_second_submission_for_the_same_three_points_at_the_first,
    figures_that_cannot_be_are_refused_at_their_field,
    a_missed_target_needs_an_explanation_to_be_submitted,
    an_empty_draft_names_what_is_missing,
    a_conditional_leaf_asks_whether_it_applies,
    only_assigned_units_report_and_only_for_themselves,
    content_changes_only_as_draft_or_returned_and_with_the_version,
    a_draft_that_was_never_submitted_can_be_deleted,
    a_school_cannot_see_a_departments_figure,
    departments_see_their_own_and_what_they_track,
    a_supervisor_sees_approved_figures_only,
    long_binh_sees_nothing_of_long_my,
    awaiting_me_lists_what_is_mine_to_do_next,
    filters_name_things_by_code_and_search_ignores_marks,
);
