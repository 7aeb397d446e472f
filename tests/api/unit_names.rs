//! Promises about a unit's names through time (RULES §4).

use cchc::{db::Scope, kernel::id::UnitId, units::actions::names_at};
use serde_json::{Value, json};

use super::reorganisations::unit_path;
use crate::support::{App, Client, both_databases};

async fn unit_names(client: &Client, query: &str) -> Vec<(String, String)> {
    let page = client.get(&format!("/api/v1/submissions?limit=200&{query}")).await.expect(200);
    let pair = |row: &Value| {
        (row["period_code"].as_str().unwrap().to_owned(), row["unit_name"].as_str().unwrap().to_owned())
    };
    let mut names: Vec<(String, String)> = page.items().iter().map(pair).collect();
    names.sort();
    names.dedup();
    names
}

async fn a_renamed_units_figures_read_under_the_name_of_their_time(app: App) {
    let admin = app.sign_in("admin").await;
    let path = format!("{}/rename", unit_path(&app, "KTHTDT"));
    let body = json!({ "name": "Phòng Kinh tế", "effective_on": "2026-05-01", "decision": "QĐ 45/QĐ-UBND" });
    admin.post(&path, &body).if_match(7).await.refused(412, "version_stale");
    let renamed = admin.post(&path, &body).key("rename-1").await.expect(200);
    assert_eq!(
        (&renamed["name"], renamed.version(), renamed.header("ETag")),
        (&json!("Phòng Kinh tế"), 2, "\"2\"")
    );
    let old = "Phòng Kinh tế, Hạ tầng và Đô thị";
    assert!(renamed["aliases"].as_array().unwrap().contains(&json!(old)), "{renamed}");
    assert_eq!(admin.post(&path, &body).key("rename-1").await.expect(200).body, renamed.body);
    let expected =
        [("2026-H1", "Phòng Kinh tế"), ("2026-Q1", old)].map(|(p, n)| (p.to_owned(), n.to_owned()));
    let leader = app.sign_in("leader").await;
    assert_eq!(unit_names(&leader, "unit=KTHTDT").await, expected);
    let names = leader.get(&format!("{}/names", unit_path(&app, "KTHTDT"))).await.expect(200);
    let spans: Vec<_> = names
        .items()
        .iter()
        .map(|n| (&n["name"], &n["valid_from"], &n["valid_to"], &n["decision"]))
        .collect();
    assert_eq!(
        spans,
        [
            (&json!("Phòng Kinh tế"), &json!("2026-05-01"), &Value::Null, &Value::Null),
            (&json!(old), &json!("2025-07-01"), &json!("2026-04-30"), &json!("QĐ 45/QĐ-UBND")),
        ]
    );
    let found = leader.get("/api/v1/units?q=h%E1%BA%A1%20t%E1%BA%A7ng").await.expect(200);
    assert_eq!(found.items().len(), 1, "the old name still finds it\n{found}");
}

async fn other_lists_can_ask_what_units_were_called_on_a_day(app: App) {
    let admin = app.sign_in("admin").await;
    for (name, day) in [("Phòng Kinh tế", "2026-03-01"), ("Phòng Kinh tế và Đô thị", "2026-05-01")]
    {
        let body = json!({ "name": name, "effective_on": day });
        admin.post(&format!("{}/rename", unit_path(&app, "KTHTDT")), body).await.expect(200);
    }
    let ids = ["KTHTDT", "HCC"].map(|code| UnitId::parse(&app.unit(code)).unwrap());
    for (day, name) in [
        ("2024-01-01", "Phòng Kinh tế, Hạ tầng và Đô thị"),
        ("2026-02-28", "Phòng Kinh tế, Hạ tầng và Đô thị"),
        ("2026-03-01", "Phòng Kinh tế"),
        ("2026-04-30", "Phòng Kinh tế"),
        ("2026-05-01", "Phòng Kinh tế và Đô thị"),
    ] {
        let day = day.parse().unwrap();
        let names = app.services.db.read_blocking(Scope::All, |c| names_at(c, &ids, day)).unwrap();
        assert_eq!((names[&ids[0]].as_str(), names.len()), (name, 2), "{day}");
        assert_eq!(names[&ids[1]], "Trung tâm Phục vụ hành chính công phường");
    }
}

async fn a_corrected_name_leaves_no_history(app: App) {
    let admin = app.sign_in("admin").await;
    admin.patch(&unit_path(&app, "KTHTDT"), 1, json!({ "name": "Phòng KT, HT và ĐT" })).await.expect(200);
    let names = admin.get(&format!("{}/names", unit_path(&app, "KTHTDT"))).await.expect(200);
    assert_eq!(names.items().len(), 1);
    let leader = app.sign_in("leader").await;
    assert!(unit_names(&leader, "unit=KTHTDT").await.iter().all(|(_, name)| name == "Phòng KT, HT và ĐT"));
}

async fn a_renaming_that_makes_no_sense_is_refused(app: App) {
    let admin = app.sign_in("admin").await;
    let path = format!("{}/rename", unit_path(&app, "KTHTDT"));
    for (name, day, pointer, code) in [
        ("Phòng Kinh tế, Hạ tầng và Đô thị", "2026-05-01", "/name", "out_of_range"),
        ("", "2026-05-01", "/name", "required"),
        ("Phòng Kinh tế", "2025-07-01", "/effective_on", "out_of_range"),
        ("Phòng Kinh tế", "2025-06-30", "/effective_on", "unit_not_active"),
        ("Phòng Kinh tế", "2026-06-16", "/effective_on", "out_of_range"),
    ] {
        let body = json!({ "name": name, "effective_on": day });
        admin.post(&path, body).await.refused(422, "invalid").at_field(pointer, code);
    }
    let taken = json!({ "name": "Phòng Kinh tế", "code": "HCC", "effective_on": "2026-05-01" });
    admin.post(&path, taken).await.refused(409, "code_taken").at_field("/code", "code_taken");
    assert_eq!(admin.get(&format!("{}/names", unit_path(&app, "KTHTDT"))).await.items().len(), 1);
    let good = json!({ "name": "Phòng Kinh tế", "code": "KT", "effective_on": "2026-06-15" });
    let id = app.unit("KTHTDT");
    assert_eq!(admin.post(&path, good).await.expect(200)["code"], "KT");
    let again = json!({ "name": "Phòng KT", "effective_on": "2026-06-15" });
    let refused = admin.post(&path, again).await.refused(422, "invalid");
    refused.at_field("/effective_on", "out_of_range");
    let names = admin.get(&format!("/api/v1/units/{id}/names")).await.expect(200);
    assert_eq!((&names.items()[0]["code"], &names.items()[1]["code"]), (&json!("KT"), &json!("KTHTDT")));
}

both_databases! {
    a_renamed_units_figures_read_under_the_name_of_their_time,
    other_lists_can_ask_what_units_were_called_on_a_day,
    a_corrected_name_leaves_no_history,
    a_renaming_that_makes_no_sense_is_refused,
}
