//! Promises about units: the ward's map of who answers for what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{App, Client, both_databases};

const UNITS: &str = "/api/v1/units";

fn school(code: &str) -> Value {
    json!({
        "code": code, "name": "Trường Tiểu học Đoàn Kết", "aliases": ["Điểm trường ấp Ba"], "kind": "school",
        "active_from": "2026-07-01",
    })
}

async fn codes(client: &Client, query: &str) -> Vec<String> {
    let reply = client.get(&format!("{UNITS}{query}")).await.expect(200);
    reply.items().iter().map(|unit| unit["code"].as_str().unwrap().to_owned()).collect()
}

async fn sorted_codes(client: &Client, query: &str) -> Vec<String> {
    let mut found = codes(client, query).await;
    found.sort();
    found
}

both_databases! {
    async fn a_created_unit_can_be_read_by_everyone_in_the_ward(app: App) {
        let admin = app.sign_in("admin").await;
        let mut body = school("TH-DK");
        body["parent_id"] = json!(app.unit("UBND"));
        let reply = admin.post(UNITS, &body).await.expect(201);
        assert_eq!(reply.header("Location"), format!("{UNITS}/{}", reply.id()));
        assert_eq!((reply.version(), reply.header("ETag")), (1, "\"1\""));
        for field in ["code", "name", "aliases", "kind", "active_from", "parent_id"] {
            assert_eq!(reply[field], body[field], "{field}");
        }
        assert_eq!((&reply["active_to"], &reply["successor_id"]), (&Value::Null, &Value::Null));
        assert_eq!(reply["is_standing_office"], false);
        for username in ["leader", "ktht.staff", "thcs.staff", "supervisor", "auditor"] {
            let read = app.sign_in(username).await.get(reply.header("Location")).await.expect(200);
            assert_eq!(read.body, reply.body);
        }
        app.anonymous().get(UNITS).await.refused(401, "unauthenticated");
    }

    async fn an_unchanged_unit_is_not_sent_again(app: App) {
        let staff = app.sign_in("ktht.staff").await;
        let path = format!("{UNITS}/{}", app.unit("KTHTDT"));
        let tag = staff.get(&path).await.expect(200).header("ETag").to_owned();
        let known = staff.get(&path).header("If-None-Match", &tag).await.expect(304);
        assert_eq!((known.text.as_str(), known.header("ETag")), ("", tag.as_str()));
        let admin = app.sign_in("admin").await;
        admin.patch(&path, 1, json!({ "name": "Phòng Kinh tế" })).await.expect(200);
        let fresh = staff.get(&path).header("If-None-Match", &tag).await.expect(200);
        assert_eq!(fresh["name"], "Phòng Kinh tế");
    }

    async fn a_change_keeps_what_it_does_not_name_and_null_clears(app: App) {
        let admin = app.sign_in("admin").await;
        let path = format!("{UNITS}/{}", app.unit("TYT"));
        let before = admin.get(&path).await.expect(200);
        let closing = json!({ "active_to": "2026-12-31", "successor_id": app.unit("HCC") });
        admin.patch(&path, None, &closing).await.refused(428, "if_match_required");
        admin.patch(&path, 5, &closing).await.refused(412, "version_stale");
        let closed = admin.patch(&path, 1, &closing).await.expect(200);
        assert_eq!(closed["active_to"], "2026-12-31");
        assert_eq!(closed["successor_id"], app.unit("HCC"));
        for field in ["code", "name", "aliases", "kind", "parent_id", "active_from"] {
            assert_eq!(closed[field], before[field], "{field}");
        }
        let opened = admin.patch(&path, 2, json!({ "active_to": null, "successor_id": null })).await.expect(200);
        assert_eq!((&opened["active_to"], &opened["successor_id"]), (&Value::Null, &Value::Null));
        assert_eq!(opened.version(), 3);
        let merge = admin.call(Method::PATCH, &path).if_match(3);
        let merge = merge.raw("application/merge-patch+json", r#"{"parent_id": null}"#).await.expect(200);
        assert_eq!(merge["parent_id"], Value::Null);
    }

    async fn a_ward_has_one_standing_office(app: App) {
        let admin = app.sign_in("admin").await;
        let mut body = school("TH-DK");
        body["kind"] = json!("office");
        body["is_standing_office"] = json!(true);
        admin.post(UNITS, &body).await.refused(409, "standing_office_taken");
        let office = format!("{UNITS}/{}", app.unit("VP"));
        let take = json!({ "is_standing_office": true });
        admin.patch(&office, 1, &take).await.refused(409, "standing_office_taken");
        assert_eq!(admin.get(&office).await.expect(200)["is_standing_office"], false);
        let present = format!("{UNITS}/{}", app.unit("VHXH"));
        admin.patch(&present, 1, json!({ "is_standing_office": false })).await.expect(200);
        assert_eq!(admin.patch(&office, 1, &take).await.expect(200)["is_standing_office"], true);
    }

    async fn a_code_is_given_once_in_a_ward(app: App) {
        let admin = app.sign_in("admin").await;
        let taken = admin.post(UNITS, school("KTHTDT")).await.refused(409, "code_taken");
        taken.at_field("/code", "code_taken");
        let path = format!("{UNITS}/{}", app.unit("VP"));
        admin.patch(&path, 1, json!({ "code": "HCC" })).await.refused(409, "code_taken");
        assert_eq!(app.sql_texts("SELECT id AS value FROM units WHERE code = 'KTHTDT'").len(), 1);
        // Another ward has a unit of this code; this one has none.
        assert_eq!(app.sql("UPDATE units SET code = 'KT' WHERE code = 'KTHTDT'"), 1);
        admin.post(UNITS, school("KTHTDT")).await.expect(201);
    }

    async fn every_faulty_field_of_a_unit_is_named(app: App) {
        let admin = app.sign_in("admin").await;
        let mut body = school("có dấu");
        body["name"] = json!("x".repeat(201));
        body["aliases"] = json!(["tốt", ""]);
        let reply = admin.post(UNITS, &body).await.refused(422, "invalid");
        let reply = reply.at_field("/code", "out_of_range").at_field("/name", "too_long");
        reply.at_field("/aliases/1", "required");
        let mut body = school("TH-DK");
        body["parent_id"] = json!(app.unit_in("long-binh", "UBND"));
        admin.post(UNITS, &body).await.refused(422, "invalid").at_field("/parent_id", "unknown_reference");
        body["kind"] = json!("castle");
        admin.post(UNITS, &body).await.expect(400);
        let path = format!("{UNITS}/{}", app.unit("TYT"));
        let early = admin.patch(&path, 1, json!({ "active_to": "2020-01-01" })).await;
        early.refused(422, "invalid").at_field("/active_to", "out_of_range");
        let own = admin.patch(&path, 1, json!({ "parent_id": app.unit("TYT") })).await;
        own.refused(422, "invalid").at_field("/parent_id", "out_of_range");
        admin.patch(&path, 1, json!({ "kind": "school" })).await.expect(400).at_field("/kind", "unknown_field");
    }

    async fn units_do_not_belong_to_one_another_in_a_circle(app: App) {
        let admin = app.sign_in("admin").await;
        let (upper, lower) = (app.unit("UBND"), app.unit("TYT"));
        let reply = admin.patch(&format!("{UNITS}/{upper}"), 1, json!({ "parent_id": lower })).await;
        reply.expect(422).at_field("/parent_id", "out_of_range");
    }

    async fn pages_show_every_unit_once_in_vietnamese_order(app: App) {
        let admin = app.sign_in("admin").await;
        for (code, name) in [("Z1", "Đội Ấp Ba"), ("Z2", "Dội Ấp Ba"), ("Z3", "Ấp Ba"), ("Z4", "An Ba")] {
            let body = json!({ "code": code, "name": name, "kind": "department", "active_from": "2026-01-01" });
            admin.post(UNITS, body).await.expect(201);
        }
        let whole = codes(&admin, "").await;
        let place = |code: &str| whole.iter().position(|c| c == code).expect("listed");
        assert!(place("Z4") < place("Z3") && place("Z3") < place("Z2") && place("Z2") < place("Z1"), "{whole:?}");
        assert!(place("Z1") < place("HDND"), "{whole:?}");
        let (mut seen, mut query) = (Vec::new(), "?limit=3".to_owned());
        loop {
            let page = admin.get(&format!("{UNITS}{query}")).await.expect(200);
            seen.extend(page.items().iter().map(|unit| unit["code"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?limit=3&cursor={cursor}");
        }
        assert_eq!(seen, whole);
    }

    async fn units_are_found_by_code_name_and_alias_without_marks(app: App) {
        let staff = app.sign_in("ktht.staff").await;
        assert_eq!(sorted_codes(&staff, "?q=kinh%20te").await, ["KTHTDT"]);
        assert_eq!(sorted_codes(&staff, "?q=DO%20THI").await, ["KTHTDT"]);
        assert_eq!(sorted_codes(&staff, "?q=kthtdt").await, ["KTHTDT"]);
        assert_eq!(sorted_codes(&staff, "?q=PVHXXH").await, ["VHXH"]);
        assert_eq!(sorted_codes(&staff, "?q=Trường%20Mầm%20Non").await, ["TH-MN"]);
        // The same letters, decomposed as some keyboards send them.
        assert_eq!(sorted_codes(&staff, "?q=tra%CC%A3m%20y%20te%CC%82%CC%81").await, ["TYT"]);
        assert_eq!(sorted_codes(&staff, "?kind=school").await, ["TH-MN", "TH-THCS"]);
        assert_eq!(sorted_codes(&staff, "?kind=school&q=mam%20non").await, ["TH-MN"]);
        for none in ["?q=%25", "?q=_", "?q=khongcogi"] {
            assert!(codes(&staff, none).await.is_empty(), "{none}");
        }
        staff.get("/api/v1/units?name=x").await.refused(400, "malformed_query");
    }

    async fn exact_hits_come_before_hits_without_marks(app: App) {
        let admin = app.sign_in("admin").await;
        for (code, name) in [("A1", "Ấp Bà"), ("A2", "Ấp Bá")] {
            let body = json!({ "code": code, "name": name, "kind": "department", "active_from": "2026-01-01" });
            admin.post(UNITS, body).await.expect(201);
        }
        assert_eq!(codes(&admin, "?q=Ấp%20Bá").await, ["A2", "A1"]);
        assert_eq!(codes(&admin, "?q=ấp%20bà").await, ["A1", "A2"]);
    }

    async fn only_the_administrator_changes_units(app: App) {
        let path = format!("{UNITS}/{}", app.unit("TYT"));
        for username in ["leader", "vhxh.head", "ktht.head", "thcs.head", "supervisor", "auditor"] {
            let client = app.sign_in(username).await;
            client.post(UNITS, school("TH-DK")).await.refused(403, "forbidden");
            client.patch(&path, 1, json!({ "name": "x" })).await.refused(403, "forbidden");
        }
    }

    async fn units_of_another_ward_are_not_there(app: App) {
        let admin = app.sign_in("admin").await;
        let path = format!("{UNITS}/{}", app.unit_in("long-binh", "VP"));
        admin.get(&path).await.refused(404, "not_found");
        admin.patch(&path, 1, json!({ "name": "x" })).await.refused(404, "not_found");
        admin.get(&format!("{UNITS}/not-an-id")).await.refused(404, "not_found");
        assert_eq!(codes(&admin, "").await.len(), 10);
        let other = app.sign_in("lb.leader").await;
        assert_eq!(codes(&other, "").await.len(), 4);
    }
}
