//! Promises about wards: the city's operator makes them, and each is a world of its own.

use cchc::access::actor::{Role, Scope};
use serde_json::{Value, json};

use crate::support::{App, Client, NewAccount, both_databases};

const WARDS: &str = "/api/v1/wards";

fn operator(app: &App) -> Client {
    app.add_client("city-operator", None, None, &[Scope::WardsManage])
}

fn ward(code: &str) -> Value {
    json!({ "code": code, "name": "Phường Long Phú 1", "area_code": "31472" })
}

/// An account in a ward that has no unit yet.
async fn first_account(app: &App, ward_code: &str, username: &str, roles: &[Role]) -> Client {
    let ward = app.ward(ward_code);
    app.sql(&format!(
        "INSERT INTO units (id, ward_id, code, name, name_lower, sort_key, search_key, aliases, kind, is_standing_office, \
         active_from, version) SELECT '{ward}', '{ward}', code, name, name_lower, sort_key, search_key, aliases, kind, \
         is_standing_office, active_from, 1 FROM units WHERE id = '{}'",
        app.unit("UBND"),
    ));
    app.add_account(NewAccount { username, ward: ward_code, unit: "UBND", roles }).await
}

both_databases! {
    async fn the_operator_creates_reads_and_changes_wards(app: App) {
        let operator = operator(&app);
        let created = operator.post(WARDS, ward("long-phu-1")).await.expect(201);
        assert_eq!(created.header("Location"), format!("{WARDS}/{}", created.id()));
        assert_eq!((&created["code"], &created["public_results"]), (&json!("long-phu-1"), &json!(false)));
        assert_eq!((&created["name_en"], created.version()), (&Value::Null, 1));
        let reasons = created["return_reasons"].as_array().expect("reasons");
        assert!(!reasons.is_empty(), "a new ward begins with the usual reasons");
        let path = created.header("Location");
        let tag = operator.get(path).await.expect(200).header("ETag").to_owned();
        operator.get(path).header("If-None-Match", &tag).await.expect(304);
        let change = json!({ "name_en": "Long Phu 1 Ward", "public_results": true, "area_code": null });
        operator.patch(path, None, &change).await.refused(428, "if_match_required");
        operator.patch(path, 2, &change).await.refused(412, "version_stale");
        let changed = operator.patch(path, 1, &change).await.expect(200);
        assert_eq!((&changed["public_results"], &changed["area_code"]), (&json!(true), &Value::Null));
        assert_eq!((&changed["name"], changed.version()), (&created["name"], 2));
    }

    async fn the_operator_lists_wards_by_code(app: App) {
        let operator = operator(&app);
        operator.post(WARDS, ward("long-phu-1")).await.expect(201);
        let list = operator.get(WARDS).await.expect(200);
        let codes: Vec<_> = list.items().iter().map(|ward| ward["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["long-binh", "long-my", "long-phu-1"]);
        let page = operator.get("/api/v1/wards?limit=2").await.expect(200);
        let cursor = page["next_cursor"].as_str().expect("another page");
        let rest = operator.get(&format!("{WARDS}?limit=2&cursor={cursor}")).await.expect(200);
        assert_eq!((rest.items().len(), &rest["next_cursor"]), (1, &Value::Null));
    }

    async fn a_wards_code_is_given_once_and_kept(app: App) {
        let operator = operator(&app);
        let taken = operator.post(WARDS, ward("long-my")).await.refused(409, "code_taken");
        taken.at_field("/code", "code_taken");
        let path = format!("{WARDS}/{}", app.ward("long-my"));
        let renamed = operator.patch(&path, 1, json!({ "code": "other" })).await;
        renamed.expect(400).at_field("/code", "unknown_field");
        operator.post(WARDS, ward("Có Dấu")).await.expect(422).at_field("/code", "out_of_range");
        let mut body = ward("long-phu-1");
        body["return_reasons"] = json!([{ "code": "ok", "label": "" }]);
        let reply = operator.post(WARDS, &body).await.refused(422, "invalid");
        reply.at_field("/return_reasons/0/label", "required");
    }

    async fn nobody_of_a_ward_manages_wards(app: App) {
        let path = format!("{WARDS}/{}", app.ward("long-my"));
        for username in ["admin", "leader", "vhxh.head", "auditor", "ktht.staff"] {
            let client = app.sign_in(username).await;
            client.get(WARDS).await.refused(403, "forbidden");
            client.get(&path).await.refused(403, "forbidden");
            client.post(WARDS, ward("long-phu-1")).await.refused(403, "forbidden");
            client.patch(&path, 1, json!({ "public_results": true })).await.refused(403, "forbidden");
        }
        app.city_portal().await.get(WARDS).await.refused(403, "forbidden");
        app.anonymous().get(WARDS).await.refused(401, "unauthenticated");
        let wards = app.sql_texts("SELECT code AS value FROM wards WHERE version = 1 ORDER BY code");
        assert_eq!(wards, ["long-binh", "long-my"]);
    }

    async fn the_operator_sees_nothing_inside_a_ward(app: App) {
        let operator = operator(&app);
        for path in ["units", "users", "clients", "plans", "submissions", "audit-events", "me"] {
            operator.get(&format!("/api/v1/{path}")).await.refused(403, "forbidden");
        }
    }

    async fn a_new_ward_has_a_chain_of_its_own(app: App) {
        let created = operator(&app).post(WARDS, ward("long-phu-1")).await.expect(201);
        let auditor = first_account(&app, "long-phu-1", "lp.auditor", &[Role::Auditor]).await;
        let events = auditor.get("/api/v1/audit-events").await.expect(200);
        let kinds: Vec<_> = events.items().iter().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["session.started", "ward.created"], "{events}");
        let first = &events.items()[1];
        assert_eq!((&first["seq"], &first["subject_id"]), (&json!(1), &json!(created.id())));
        assert_eq!(first["actor_name"], "city-operator");
        assert_eq!(first["changes"]["code"]["after"], "long-phu-1");
        let proof = auditor.get("/api/v1/audit-events/verify").await.expect(200);
        assert_eq!((&proof["intact"], &proof["checked"]), (&json!(true), &json!(2)), "{proof}");
    }

    async fn a_new_ward_sees_nothing_of_the_others(app: App) {
        operator(&app).post(WARDS, ward("long-phu-1")).await.expect(201);
        let leader = first_account(&app, "long-phu-1", "lp.leader", &[Role::Leader]).await;
        for path in ["plans", "submissions"] {
            let list = leader.get(&format!("/api/v1/{path}")).await.expect(200);
            assert!(list.items().is_empty(), "{list}");
        }
        leader.get(&format!("/api/v1/plans/{}", app.plan())).await.refused(404, "not_found");
        leader.get(&format!("/api/v1/units/{}", app.unit("UBND"))).await.refused(404, "not_found");
    }

    async fn a_changed_ward_leaves_its_event_in_that_wards_chain(app: App) {
        let path = format!("{WARDS}/{}", app.ward("long-my"));
        operator(&app).patch(&path, 1, json!({ "public_results": true })).await.expect(200);
        let auditor = app.sign_in("auditor").await;
        let events = auditor.get("/api/v1/audit-events?kind=ward.changed").await.expect(200);
        assert_eq!(events.items().len(), 1, "{events}");
        let changed = &events.items()[0]["changes"]["public_results"];
        assert_eq!(changed, &json!({ "before": false, "after": true }));
    }

    async fn texts_of_a_ward_are_composed_when_made_and_when_changed(app: App) {
        let operator = operator(&app);
        // Decomposed letters, a zero-width space and outer blanks.
        let (raw, clean) = (" Long\u{200b} Phu\u{301} ", "Long Phú");
        let reasons = json!([{ "code": "other", "label": raw }]);
        let mut body = ward("long-phu-1");
        body["name"] = json!(raw);
        body["name_en"] = json!(raw);
        body["area_code"] = json!(" 31472 ");
        let created = operator.post(WARDS, &body).await.expect(201);
        assert_eq!((&created["name"], &created["name_en"]), (&json!(clean), &json!(clean)));
        let change = json!({ "name": raw, "name_en": raw, "area_code": " 31472 ", "return_reasons": reasons });
        let changed = operator.patch(created.header("Location"), 1, change).await.expect(200);
        assert_eq!((&changed["name"], &changed["name_en"]), (&json!(clean), &json!(clean)));
        assert_eq!(changed["area_code"], "31472");
        assert_eq!(changed["return_reasons"][0]["label"], clean);
    }
}
