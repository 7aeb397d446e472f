//! Situations 18 to 29: what figures mean and what is made of them (RULES §5, §6).

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

/// When the yearly figures are due.
const YEARS_END: &str = "2026-12-15T08:00:00+07:00";

async fn by(app: &App, who: &str, submission: &str, action: &str) -> Reply {
    let client = app.sign_in(who).await;
    app.decide(&client, submission, action).await
}

/// The verdict of a tier in a submission.
fn verdict<'a>(submission: &'a Value, tier: &str) -> &'a Value {
    let all = submission["verdicts"].as_array().expect("verdicts");
    &all.iter().find(|verdict| verdict["tier"] == tier).expect("the tier")["verdict"]
}

/// Drafts a figure of the half year for KTHTDT's II.2.k and reads its verdicts.
async fn half_year(app: &App, numerator: i64, denominator: i64) -> Reply {
    let staff = app.sign_in("ktht.staff").await;
    let content = json!({ "numerator": numerator, "denominator": denominator });
    let existing = app.sql_texts(&format!(
        "SELECT id AS value FROM submissions WHERE item_id = '{}' AND period_id = '{}' AND unit_id = '{}'",
        app.item("II.2.k", "indicator"),
        app.period("2026-H1"),
        app.unit("KTHTDT")
    ));
    match existing.first() {
        None => app.draft(&staff, "II.2.k", "2026-H1", content).await.expect(201),
        Some(id) => {
            let path = format!("/api/v1/submissions/{id}");
            let version = staff.get(&path).await.expect(200).version();
            staff.patch(&path, version, content).await.expect(200)
        }
    }
}

/// Takes a draft through the hands that its leaf asks for.
async fn approve(app: &App, submission: &str, hands: &[(&str, &str)]) -> Reply {
    let mut last = None;
    for (who, action) in hands {
        last = Some(by(app, who, submission, action).await.expect(201));
    }
    last.expect("hands")
}

async fn leaf(client: &Client, app: &App, period: &str, code: &str) -> Value {
    let path = format!("/api/v1/plans/{}/summary?period={period}", app.plan());
    let summary = client.get(&path).await.expect(200);
    let items = summary["items"].as_array().expect("items");
    items.iter().find(|item| item["code"] == code).unwrap_or_else(|| panic!("no {code}\n{summary}")).clone()
}

async fn situation_18_what_does_not_apply_needs_a_reason_and_leaves_every_denominator(app: App) {
    let app = app.at(YEARS_END);
    let staff = app.sign_in("ktht.staff").await;
    let none = app.draft(&staff, "II.5.b", "2026-Y", json!({ "applicability": "not_applicable" })).await;
    let none = none.expect(201);
    let refused = by(&app, "ktht.head", &none.id(), "submit").await.refused(422, "content_incomplete");
    refused.at_field("/applicability_reason", "reason_required");
    let path = format!("/api/v1/submissions/{}", none.id());
    let reason = json!({ "applicability_reason": "Phường không có đơn vị sự nghiệp kinh tế" });
    let given = staff.patch(&path, none.version(), reason).await.expect(200);
    assert_eq!(verdict(&given.body, "plan"), "not_applicable");
    let hands = [("ktht.head", "submit"), ("vhxh.head", "endorse"), ("leader", "approve")];
    approve(&app, &none.id(), &hands).await;
    let leader = app.sign_in("leader").await;
    let leaf = leaf(&leader, &app, "2026-Y", "II.5.b").await;
    assert_eq!(leaf["verdicts"][0]["verdict"], "not_applicable", "never a pass");
    assert_eq!((&leaf["numerator"], &leaf["denominator"]), (&Value::Null, &Value::Null));
}

async fn situation_19_a_zero_denominator_is_neither_met_nor_zero_nor_hundred(app: App) {
    let empty = half_year(&app, 0, 0).await;
    assert_eq!(empty["rate"], Value::Null);
    assert_eq!(
        (verdict(&empty.body, "plan"), verdict(&empty.body, "operating")),
        (&json!("no_cases"), &json!("no_cases"))
    );
    by(&app, "ktht.head", &empty.id(), "submit").await.expect(201);
}

async fn situation_20_a_compound_target_is_met_only_if_every_part_is(app: App) {
    let leader = app.sign_in("leader").await;
    let section = |code: &'static str| {
        let (leader, path) =
            (leader.clone(), format!("/api/v1/plans/{}/summary?period=2026-H1&basis=submitted", app.plan()));
        async move {
            let summary = leader.get(&path).await.expect(200);
            let all = summary["sections"].as_array().expect("sections").clone();
            all.into_iter().find(|section| section["code"] == code).expect("the heading")["verdict"].clone()
        }
    };
    // Fees paid online: procedures opened (met: 121 of 136) and payments made (met: 1640 of 2470).
    assert_eq!(section("II.2.b").await, "met");
    app.sql(&format!(
        "UPDATE submission_revisions SET numerator = 10000 WHERE submission_id = '{}'",
        app.submission("II.2.b.2", "2026-H1", "HCC")
    ));
    assert_eq!(section("II.2.b").await, "not_met");
}

async fn situation_21_one_figure_two_tiers_two_verdicts(app: App) {
    let figure = half_year(&app, 94, 100).await;
    assert_eq!(
        (verdict(&figure.body, "plan"), verdict(&figure.body, "operating")),
        (&json!("met"), &json!("near"))
    );
    let figure = half_year(&app, 92, 100).await;
    assert_eq!(
        (verdict(&figure.body, "plan"), verdict(&figure.body, "operating")),
        (&json!("met"), &json!("not_met"))
    );
}

async fn situation_22_figures_are_compared_before_rounding(app: App) {
    let figure = half_year(&app, 89_996, 100_000).await;
    assert_eq!(figure["rate"], 90.0, "what people see is rounded");
    assert_eq!(verdict(&figure.body, "plan"), "near", "what is decided is not");
}

async fn situation_23_early_and_on_time_count_late_counts_against_and_still_open_does_not_count(app: App) {
    let leader = app.sign_in("leader").await;
    let item = leader.get(&format!("/api/v1/items/{}", app.item("II.2.k", "indicator"))).await.expect(200);
    let labels = [item["measure"]["numerator_label"].as_str(), item["measure"]["denominator_label"].as_str()];
    let [Some(numerator), Some(denominator)] = labels else { panic!("no labels\n{item}") };
    assert!(numerator.contains("đúng") && numerator.contains("trước"), "early and on time: {numerator}");
    assert!(
        denominator.contains("đã giải quyết") || denominator.contains("giải quyết"),
        "resolved: {denominator}"
    );
    // 300 early, 650 on time, 50 late; 120 still open are in neither figure.
    let figure = half_year(&app, 300 + 650, 300 + 650 + 50).await;
    assert_eq!((&figure["rate"], verdict(&figure.body, "plan")), (&json!(95), &json!("met")));
}

async fn situation_24_a_reduction_against_2021_needs_its_baseline(app: App) {
    let app = app.at(YEARS_END);
    let staff = app.sign_in("vhxh.staff").await;
    let draft = app.draft(&staff, "II.3.a.1", "2026-Y", json!({ "value": 4 })).await.expect(201);
    assert_eq!(verdict(&draft.body, "plan"), "no_baseline");
    app.sql(&format!(
        "UPDATE plan_items SET baseline_value = 50000, baseline_year = 2021 WHERE id = '{}'",
        app.item("II.3.a.1", "indicator")
    ));
    let path = format!("/api/v1/submissions/{}", draft.id());
    let known = staff.get(&path).await.expect(200);
    assert_eq!(
        (verdict(&known.body, "plan"), &known["rate"]),
        (&json!("met"), &json!(20)),
        "from 5 to 4 is 20 %"
    );
    let fewer = staff.patch(&path, known.version(), json!({ "value": 5 })).await.expect(200);
    assert_eq!(verdict(&fewer.body, "plan"), "not_met");
}

async fn situation_25_excluded_files_are_counted_and_never_described(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let content = json!({ "numerator": 900, "denominator": 900, "excluded": 12 });
    let draft = app.draft(&staff, "II.6.c", "2026-H1", content).await.expect(201);
    assert_eq!((&draft["excluded"], &draft["rate"]), (&json!(12), &json!(100)), "outside the denominator");
    let path = format!("/api/v1/submissions/{}", draft.id());
    let described = json!({ "excluded": "12 hồ sơ mật về cán bộ" });
    staff.patch(&path, draft.version(), described).await.refused(400, "malformed_body");
    let hands =
        [("ktht.head", "submit"), ("vp.staff", "verify"), ("vhxh.head", "endorse"), ("leader", "approve")];
    approve(&app, &draft.id(), &hands).await;
    let leader = app.sign_in("leader").await;
    leader
        .post(&format!("/api/v1/periods/{}/publications", app.period("2026-H1")), json!({}))
        .await
        .expect(201);
    let portal = app.city_portal().await;
    let public = portal.get("/public/v1/wards/long-my/results?year=2026&period=2026-H1").await.expect(200);
    assert!(!public.text.contains("excluded"), "{public}");
}

async fn situation_26_bands_and_qualitative_targets_are_decided_by_their_own_scales(app: App) {
    let app = app.at(YEARS_END);
    let staff = app.sign_in("hcc.staff").await;
    let band = app.draft(&staff, "V.5-3", "2026-Y", json!({ "band": "XUAT_SAC" })).await.expect(201);
    assert_eq!((verdict(&band.body, "plan"), &band["rate"]), (&json!("met"), &Value::Null));
    let path = format!("/api/v1/submissions/{}", band.id());
    let lower = staff.patch(&path, band.version(), json!({ "band": "KHA" })).await.expect(200);
    assert_eq!(verdict(&lower.body, "plan"), "not_met");
    let unknown =
        staff.patch(&path, lower.version(), json!({ "band": "GIOI" })).await.refused(422, "invalid");
    unknown.at_field("/band", "unknown_reference");
    let quality = app.draft(&staff, "II.2.l.1", "2026-Y", json!({ "checked": true })).await.expect(201);
    assert_eq!(verdict(&quality.body, "plan"), "met");
}

async fn situation_27_a_survey_names_sample_and_instrument_and_owes_nothing_in_the_first_quarter(app: App) {
    let leader = app.sign_in("leader").await;
    let first = leaf(&leader, &app, "2026-Q1", "II.2.đ.1").await;
    assert_eq!(first["verdicts"][0]["verdict"], "not_due");
    assert_eq!(first["coverage"], json!({ "reported": 0, "expected": 0 }));
    let staff = app.sign_in("ktht.staff").await;
    let bare = app.draft(&staff, "II.2.đ.2", "2026-H1", json!({ "numerator": 90, "denominator": 100 })).await;
    let bare = bare.expect(201);
    let refused = by(&app, "ktht.head", &bare.id(), "submit").await.refused(422, "content_incomplete");
    refused.at_field("/survey", "survey_required");
    let survey = json!({ "survey": { "instrument": "ward_survey", "sample_size": 100,
        "conducted_from": "2026-05-04", "conducted_to": "2026-05-29" } });
    let path = format!("/api/v1/submissions/{}", bare.id());
    staff.patch(&path, bare.version(), survey).await.expect(200);
    by(&app, "ktht.head", &bare.id(), "submit").await.expect(201);
}

/// Drafts an amendment and has it approved.
async fn amend(app: &App, effective_on: &str, changes: Value) -> Reply {
    let coordinator = app.sign_in("vhxh.head").await;
    let body = json!({
        "number": "15/QĐ-UBND", "decided_on": "2026-06-12", "effective_on": effective_on,
        "reason": "Điều chỉnh giữa năm", "changes": changes
    });
    let path = format!("/api/v1/plans/{}/amendments", app.plan());
    let draft = coordinator.post(&path, body).await.expect(201);
    let leader = app.sign_in("leader").await;
    leader.post_empty(&format!("/api/v1/amendments/{}/approve", draft.id())).await.expect(200)
}

async fn situation_28_a_retarget_in_mid_year_leaves_the_closed_period_and_the_year_shows_both(app: App) {
    let leader = app.sign_in("leader").await;
    let before = leaf(&leader, &app, "2026-Q1", "II.2.k").await;
    let targets = json!([{ "tier": "plan", "comparator": "at_least", "value": 99.9, "unit": "percent" }]);
    let retarget =
        json!([{ "op": "retarget", "item_id": app.item("II.2.k", "indicator"), "targets": targets }]);
    amend(&app, "2026-07-01", retarget).await;
    let after = leaf(&leader, &app, "2026-Q1", "II.2.k").await;
    assert_eq!(before["verdicts"], after["verdicts"], "Q1 keeps the target in force at its end");
    let year = leaf(&leader, &app, "2026-Y", "II.2.k").await;
    let text = year.to_string();
    assert!(text.contains("99.9") && text.contains("\"value\":90"), "old and new\n{year:#}");
}

async fn situation_29_a_changed_definition_is_a_new_version_and_the_series_shows_the_break(app: App) {
    let leader = app.sign_in("leader").await;
    let item = app.item("II.6.e", "indicator");
    let path = format!("/api/v1/items/{item}");
    let mut measure = leader.get(&path).await.expect(200)["measure"].clone();
    measure["denominator_label"] = json!("Hồ sơ tiếp nhận, không tính hồ sơ liên thông");
    amend(&app, "2026-07-01", json!([{ "op": "redefine", "item_id": item, "measure": measure }])).await;
    let half = leaf(&leader, &app, "2026-H1", "II.6.e").await;
    assert!(half["trend"].is_number(), "before the change the series goes on\n{half:#}");
    let third = leaf(&leader, &app, "2026-Q3", "II.6.e").await;
    assert_eq!((&third["series_break"], &third["trend"]), (&json!(true), &Value::Null), "{third:#}");
}

both_databases!(
    situation_18_what_does_not_apply_needs_a_reason_and_leaves_every_denominator,
    situation_19_a_zero_denominator_is_neither_met_nor_zero_nor_hundred,
    situation_20_a_compound_target_is_met_only_if_every_part_is,
    situation_21_one_figure_two_tiers_two_verdicts,
    situation_22_figures_are_compared_before_rounding,
    situation_23_early_and_on_time_count_late_counts_against_and_still_open_does_not_count,
    situation_24_a_reduction_against_2021_needs_its_baseline,
    situation_25_excluded_files_are_counted_and_never_described,
    situation_26_bands_and_qualitative_targets_are_decided_by_their_own_scales,
    situation_27_a_survey_names_sample_and_instrument_and_owes_nothing_in_the_first_quarter,
    situation_28_a_retarget_in_mid_year_leaves_the_closed_period_and_the_year_shows_both,
    situation_29_a_changed_definition_is_a_new_version_and_the_series_shows_the_break,
);
