//! Promises about splits of units, units of mid-year, and from when an assignment counts (RULES §4).

use serde_json::{Value, json};

use super::reorganisations::{coverage, merge, owed, unit_path};
use crate::support::{App, Reply, both_databases};

async fn a_split_gives_each_part_what_it_takes(app: App) {
    let admin = app.sign_in("admin").await;
    let path = format!("{}/split", unit_path(&app, "KTHTDT"));
    let k = app.item("II.2.k", "indicator");
    let parts = json!([
        { "code": "KT", "name": "Phòng Kinh tế", "kind": "department", "account_ids": [app.account("ktht.head")] },
        { "code": "HTDT", "name": "Phòng Hạ tầng và Đô thị", "kind": "department", "item_ids": [k],
          "account_ids": [app.account("ktht.staff")] }
    ]);
    let body = json!({ "into": parts, "effective_on": "2026-07-01" });
    admin.post(&path, &body).if_match(9).await.refused(412, "version_stale");
    let split = admin.post(&path, &body).if_match(1).await.expect(200);
    assert_eq!(
        (&split["unit"]["active_to"], &split["unit"]["successor_id"]),
        (&json!("2026-06-30"), &Value::Null)
    );
    assert_eq!(split["moved_accounts"], 2);
    assert_eq!(split["into"][1]["parent_id"], app.unit("UBND"), "where the old unit stood");
    for (item, period, units) in [
        ("II.2.k", "2026-H1", vec!["KTHTDT", "VHXH", "VP"]),
        ("II.2.k", "2026-Q3", vec!["HTDT", "KT", "VHXH", "VP"]),
        ("II.6.c", "2026-Q1", vec!["KTHTDT", "VHXH", "VP"]),
        ("II.6.c", "2026-Q3", vec!["KT", "VHXH", "VP"]),
    ] {
        assert_eq!(owed(&app, item, period), units, "{item} {period}");
    }
    assert_eq!(coverage(&app, "II.2.k", "2026-Q3").await["expected"], 4);
    assert_eq!(coverage(&app, "II.2.k", "2026-Q1").await["expected"], 3);
    let tracked = admin.get(&format!("/api/v1/items/{}", app.item("II.5.b", "indicator"))).await.expect(200);
    assert_eq!(tracked["tracking_unit_id"], split["into"][0]["id"], "to the first part that takes it");
    let me = app.sign_in("ktht.staff").await.get("/api/v1/me").await.expect(200);
    assert_eq!(me["unit"]["code"], "HTDT");
    let staff = app.sign_in("ktht.staff").await;
    let draft = app.draft(&staff, "II.2.k", "2026-Q3", json!({ "numerator": 1, "denominator": 1 })).await;
    assert_eq!(draft.expect(201)["unit_code"], "HTDT");
}

async fn every_item_of_a_split_unit_goes_somewhere(app: App) {
    let admin = app.sign_in("admin").await;
    let path = format!("{}/split", unit_path(&app, "KTHTDT"));
    let (k, foreign) = (app.item("II.2.k", "indicator"), app.item("II.1.b", "indicator"));
    let part = |code: &str, items: Value| json!({ "code": code, "name": code, "kind": "department", "item_ids": items });
    let left =
        json!({ "into": [part("KT", json!([k])), part("HT", json!([]))], "effective_on": "2026-07-01" });
    let refused = admin.post(&path, left).await.refused(422, "invalid");
    let refused = refused.at_field("/into", "item_left_without_unit");
    assert!(refused.text.contains("II.6.c") && !refused.text.contains("II.2.k ("), "{refused}");
    let unknown = json!({ "into": [part("KT", Value::Null), part("HT", json!([k, foreign]))], "effective_on": "2026-07-01" });
    let refused = admin.post(&path, unknown).await.refused(422, "invalid");
    refused.at_field("/into/1/item_ids/1", "unknown_reference");
    let alone = json!({ "into": [part("KT", Value::Null)], "effective_on": "2026-07-01" });
    admin.post(&path, alone).await.refused(422, "invalid").at_field("/into", "out_of_range");
    let mut office = part("KT", Value::Null);
    office["is_standing_office"] = json!(true);
    let body = json!({ "into": [part("HT", Value::Null), office], "effective_on": "2026-07-01" });
    let refused = admin.post(&path, &body).await.refused(422, "invalid");
    refused.at_field("/into/1/is_standing_office", "not_applicable_here");
    let mut stranger = part("KT", Value::Null);
    stranger["account_ids"] = json!([app.account("vp.staff")]);
    let strange = json!({ "into": [stranger, part("HT", Value::Null)], "effective_on": "2026-07-01" });
    let refused = admin.post(&path, strange).await.refused(422, "invalid");
    refused.at_field("/into/0/account_ids/0", "unknown_reference");
    assert_eq!(admin.get("/api/v1/units").await.items().len(), 10);
    let office = format!("{}/split", unit_path(&app, "VHXH"));
    let none =
        json!({ "into": [part("A", Value::Null), part("B", Value::Null)], "effective_on": "2026-07-01" });
    admin.post(&office, none).await.refused(422, "invalid").at_field("/into", "required");
    let split = admin.post(&office, body).await.expect(200);
    assert_eq!(
        (&split["into"][0]["is_standing_office"], &split["into"][1]["is_standing_office"]),
        (&json!(false), &json!(true))
    );
}

async fn a_unit_created_mid_year_owes_only_from_its_first_day(app: App) {
    let admin = app.sign_in("admin").await;
    let new =
        json!({ "code": "MOI", "name": "Đơn vị mới", "kind": "department", "active_from": "2026-06-20" });
    let unit = admin.post("/api/v1/units", new).await.expect(201).id();
    let coordinator = app.sign_in("vhxh.staff").await;
    let list = format!("/api/v1/items/{}/assignments", app.item("II.6.e", "indicator"));
    let row = |unit: &str| json!({ "unit_id": unit, "frequency": "quarterly", "obligation": "must" });
    coordinator.put(&list, 1, json!([row(&app.unit("HCC")), row(&unit)])).await.expect(200);
    assert_eq!(owed(&app, "II.6.e", "2026-H1"), ["HCC"]);
    assert_eq!(owed(&app, "II.6.e", "2026-Q3"), ["HCC", "MOI"]);
    assert_eq!(coverage(&app, "II.6.e", "2026-H1").await["expected"], 1);
    assert_eq!(coverage(&app, "II.6.e", "2026-Q3").await["expected"], 2);
    let figure = json!({ "numerator": 1, "denominator": 1, "unit_id": unit });
    let refused = app.draft(&coordinator, "II.6.e", "2026-H1", figure).await.refused(422, "invalid");
    refused.at_field("/period_id", "unit_not_active");
}

async fn a_unit_that_stays_assigned_does_not_begin_anew(app: App) {
    merge(&app, "2026-07-01").await.expect(200);
    let coordinator = app.sign_in("vhxh.staff").await;
    let list = format!("/api/v1/items/{}/assignments", app.item("II.2.k", "indicator"));
    let hcc = json!({ "unit_id": app.unit("HCC"), "frequency": "half_yearly", "obligation": "must" });
    let later = json!({ "unit_id": app.unit("VP"), "frequency": "quarterly", "obligation": "must", "effective_from": "2026-08-01" });
    let put = coordinator.put(&list, 2, json!([hcc, later])).await.expect(200);
    let day = |reply: &Reply, code: &str| {
        let row = reply.items().iter().find(|row| row["unit_id"] == app.unit(code)).cloned();
        row.expect("a line")["effective_from"].clone()
    };
    assert_eq!((day(&put, "HCC"), day(&put, "VP")), (json!("2026-07-01"), json!("2026-08-01")));
    let same = coordinator.put(&list, 3, put["items"].clone()).await.expect(200);
    assert_eq!(same.items(), put.items());
    let odd = json!([{ "unit_id": app.unit("VP"), "frequency": "yearly", "obligation": "must", "effective_from": "0206-08-01" }]);
    let refused = coordinator.put(&list, 4, odd).await.refused(422, "invalid");
    refused.at_field("/0/effective_from", "out_of_range");
}

both_databases! {
    a_split_gives_each_part_what_it_takes,
    every_item_of_a_split_unit_goes_somewhere,
    a_unit_created_mid_year_owes_only_from_its_first_day,
    a_unit_that_stays_assigned_does_not_begin_anew,
}
