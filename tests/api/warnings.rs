//! Promises about what looks odd beside a unit's other figures: it is pointed at, and refuses nothing (RULES §5).

use cchc::access::actor::Scope;
use serde_json::{Value, json};

use crate::support::{App, Reply, both_databases};

/// The warnings of a submission as `code pointer`, without those about what is still missing.
fn odd(view: &Value) -> Vec<String> {
    let codes = ["jump", "cumulative_falls", "exceeds_linked", "subset_exceeds"];
    let warnings = view["warnings"].as_array().expect("warnings").iter();
    let odd = warnings.filter(|warning| codes.contains(&warning["code"].as_str().unwrap()));
    odd.map(|w| format!("{} {}", w["code"].as_str().unwrap(), w["pointer"].as_str().unwrap())).collect()
}

async fn draft(app: &App, user: &str, item: &str, period: &str, numerator: i64, denominator: i64) -> Reply {
    let client = app.sign_in(user).await;
    let content = json!({ "numerator": numerator, "denominator": denominator });
    app.draft(&client, item, period, content).await.expect(201)
}

async fn set_share(app: &App, share: Value) -> Reply {
    let operator = app.add_client("city-operator", None, None, &[Scope::WardsManage]);
    let path = format!("/api/v1/wards/{}", app.ward("long-my"));
    let version = operator.get(&path).await.expect(200).version();
    operator.patch(&path, version, json!({ "jump_percent": share })).await
}

async fn a_jump_beyond_the_wards_share_asks_for_a_note_and_refuses_nothing(app: App) {
    // KTHTDT had 628 of 699 in the first quarter: 89.84 %.
    let view = draft(&app, "ktht.staff", "II.2.k", "2026-H1", 800, 1200).await;
    assert_eq!(odd(&view.body), ["jump /note"], "66.67 % is more than 20 points below\n{view}");
    let path = format!("/api/v1/submissions/{}", view.id());
    let staff = app.sign_in("ktht.staff").await;
    let explained = json!({
        "note": "Quý II tiếp nhận hồ sơ đất đai tồn đọng",
        "explanation": {
            "cause": "objective", "what_happened": "Hồ sơ tồn", "remedy": "Tăng ca", "new_date": "2026-09-30"
        }
    });
    let noted = staff.patch(&path, 1, explained).await.expect(200);
    assert!(noted["warnings"][0]["detail"].as_str().unwrap().contains("đã ghi chú"), "{noted}");
    let head = app.sign_in("ktht.head").await;
    app.decide(&head, &view.id(), "submit").await.expect(201);
    for (user, action) in [("hcc.staff", "verify"), ("vhxh.head", "endorse")] {
        let client = app.sign_in(user).await;
        assert_eq!(
            odd(&client.get(&path).await.expect(200).body),
            ["jump /note"],
            "{user} sees it before {action}"
        );
        app.decide(&client, &view.id(), action).await.expect(201);
    }
    let leader = app.sign_in("leader").await;
    assert_eq!(odd(&leader.get(&path).await.expect(200).body), ["jump /note"]);
    app.decide(&leader, &view.id(), "approve").await.expect(201);
    assert!(odd(&leader.get(&path).await.expect(200).body).is_empty(), "it is decided");
}

async fn the_share_of_a_jump_is_the_wards_own(app: App) {
    let view = draft(&app, "ktht.staff", "II.2.k", "2026-H1", 1000, 1200).await;
    let path = format!("/api/v1/submissions/{}", view.id());
    let staff = app.sign_in("ktht.staff").await;
    let seen = async || odd(&staff.get(&path).await.expect(200).body);
    assert!(seen().await.is_empty(), "83.33 % is within 20 points of 89.84 %");
    assert_eq!(set_share(&app, json!(6.5)).await.expect(200)["jump_percent"], json!(6.5));
    assert_eq!(seen().await, ["jump /note"]);
    assert_eq!(set_share(&app, Value::Null).await.expect(200)["jump_percent"], Value::Null);
    assert!(seen().await.is_empty(), "no share, no check");
    for wrong in [json!(-1), json!(1000.5)] {
        let refused = set_share(&app, wrong).await.refused(422, "invalid");
        refused.at_field("/jump_percent", "out_of_range");
    }
}

async fn a_cumulative_figure_that_falls_is_pointed_at(app: App) {
    // The first quarter's 628 of 699 are among the half year's cases.
    let view = draft(&app, "ktht.staff", "II.2.k", "2026-H1", 627, 698).await;
    assert_eq!(odd(&view.body), ["cumulative_falls /numerator", "cumulative_falls /denominator"]);
    assert!(view["warnings"].to_string().contains("2026-Q1"), "{view}");
    // The third quarter begins anew.
    let third = draft(&app, "ktht.staff", "II.2.k", "2026-Q3", 300, 320).await;
    assert!(odd(&third.body).is_empty(), "{third}");
}

async fn a_correction_under_way_is_compared_by_what_still_stands(app: App) {
    let quarter = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let leader = app.sign_in("leader").await;
    let opened = app.decide(&leader, &quarter, "correct").await.expect(201);
    let staff = app.sign_in("ktht.staff").await;
    let version = opened["submission"]["version"].as_i64().unwrap();
    let path = format!("/api/v1/submissions/{quarter}");
    staff.patch(&path, version, json!({ "numerator": 500 })).await.expect(200);
    let view = draft(&app, "ktht.staff", "II.2.k", "2026-H1", 627, 699).await;
    assert_eq!(odd(&view.body), ["cumulative_falls /numerator"], "628 stays until another is approved");
}

async fn files_resolved_fully_online_are_no_more_than_those_filed_online(app: App) {
    // Nobody has reported II.6.e for the third quarter yet.
    let part = draft(&app, "hcc.staff", "II.2.d.3", "2026-Q3", 120, 200).await;
    assert!(odd(&part.body).is_empty(), "missing is not zero");
    draft(&app, "hcc.staff", "II.6.e", "2026-Q3", 119, 200).await;
    let staff = app.sign_in("hcc.staff").await;
    let path = format!("/api/v1/submissions/{}", part.id());
    let seen = staff.get(&path).await.expect(200);
    assert_eq!(odd(&seen.body), ["exceeds_linked /numerator"]);
    let detail = seen["warnings"].to_string();
    assert!(detail.contains("II.6.e") && !detail.contains("119"), "names the leaf, not its figure\n{seen}");
    let equal = staff.patch(&path, 1, json!({ "numerator": 119 })).await.expect(200);
    assert!(odd(&equal.body).is_empty());
    // Another unit's II.6.e says nothing about this one's files.
    let other = draft(&app, "ktht.staff", "II.2.d.3", "2026-Q3", 130, 200).await;
    assert!(odd(&other.body).is_empty(), "{other}");
}

async fn a_part_larger_than_its_whole_is_pointed_at(app: App) {
    // HCC reported 190 procedures fully online for the first half year.
    let part = draft(&app, "hcc.staff", "II.2.d.2", "2026-H1", 165, 191).await;
    assert_eq!(odd(&part.body), ["subset_exceeds /denominator"], "{part}");
    // II.2.b.2 counts transactions and II.2.b.1 procedures: 1640 is no more than 121 of another kind.
    let payments = app.submission("II.2.b.2", "2026-H1", "HCC");
    app.sql(&format!("UPDATE submissions SET state = 'returned' WHERE id = '{payments}'"));
    let staff = app.sign_in("hcc.staff").await;
    let seen = staff.get(&format!("/api/v1/submissions/{payments}")).await.expect(200);
    assert!(odd(&seen.body).is_empty(), "{seen}");
}

async fn a_list_shows_the_same_warnings_as_each_submission(app: App) {
    draft(&app, "ktht.staff", "II.2.k", "2026-H1", 627, 1200).await;
    draft(&app, "hcc.staff", "II.2.d.2", "2026-H1", 165, 191).await;
    let leader = app.sign_in("leader").await;
    let page = leader.get("/api/v1/submissions?limit=200").await.expect(200);
    let mut found = 0;
    for row in page.items() {
        let one =
            leader.get(&format!("/api/v1/submissions/{}", row["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(one["warnings"], row["warnings"], "{one}");
        found += odd(row).len();
    }
    assert!(found >= 3, "a jump, a fall and a part that is too large");
}

both_databases!(
    a_jump_beyond_the_wards_share_asks_for_a_note_and_refuses_nothing,
    the_share_of_a_jump_is_the_wards_own,
    a_cumulative_figure_that_falls_is_pointed_at,
    a_correction_under_way_is_compared_by_what_still_stands,
    files_resolved_fully_online_are_no_more_than_those_filed_online,
    a_part_larger_than_its_whole_is_pointed_at,
    a_list_shows_the_same_warnings_as_each_submission,
);
