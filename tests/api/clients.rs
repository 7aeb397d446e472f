//! Promises about machine clients: their secrets, their scopes, and how narrow a say they have.

use cchc::access::actor::Scope;
use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

const CLIENTS: &str = "/api/v1/clients";

fn reader(client_id: &str) -> Value {
    json!({ "client_id": client_id, "name": "Bảng theo dõi của phường", "scopes": ["results:read"] })
}

fn writer(app: &App, client_id: &str, unit: &str) -> Value {
    json!({
        "client_id": client_id, "name": "Phần mềm một cửa", "scopes": ["submissions:write"],
        "unit_id": app.unit(unit),
    })
}

async fn ask_for_token(app: &App, client_id: &str, secret: &str) -> Reply {
    let fields = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret)];
    app.anonymous().form("/api/v1/auth/token", &fields).await
}

/// A client for this unit that a ward's administrator made, signed in.
async fn signed_in_writer(app: &App, unit: &str) -> Client {
    let admin = app.sign_in("admin").await;
    let reply = admin.post(CLIENTS, writer(app, "one-stop-shop", unit)).await.expect(201);
    app.sign_in_client("one-stop-shop", &reply.text_at("client_secret")).await
}

both_databases! {
    async fn a_new_client_shows_its_secret_once(app: App) {
        let admin = app.sign_in("admin").await;
        let reply = admin.post(CLIENTS, reader("ward-dashboard")).await.expect(201);
        let secret = reply.text_at("client_secret");
        assert!(secret.len() >= 43, "{reply}");
        assert_eq!(reply.header("Location"), format!("{CLIENTS}/{}", reply.id()));
        assert_eq!((reply.version(), reply.header("ETag")), (1, "\"1\""));
        let read = admin.get(reply.header("Location")).await.expect(200);
        assert!(read.body.get("client_secret").is_none() && !read.text.contains(&secret), "{read}");
        assert_eq!((&read["client_id"], &read["scopes"]), (&json!("ward-dashboard"), &json!(["results:read"])));
        let list = admin.get(CLIENTS).await.expect(200);
        assert_eq!((list.items().len(), list.text.contains(&secret)), (1, false), "{list}");
        for (table, rows) in app.rows(&[]) {
            assert!(!rows.join("").contains(&secret), "{table} keeps the secret");
        }
        ask_for_token(&app, "ward-dashboard", &secret).await.expect(200);
    }

    async fn a_replay_of_the_creation_has_no_secret(app: App) {
        let admin = app.sign_in("admin").await;
        let first = admin.post(CLIENTS, reader("ward-dashboard")).key("k-1").await.expect(201);
        let replay = admin.post(CLIENTS, reader("ward-dashboard")).key("k-1").await.expect(201);
        assert_eq!(replay["client_secret"], Value::Null);
        assert_eq!(replay.id(), first.id());
        assert_eq!(admin.get(CLIENTS).await.expect(200).items().len(), 1);
        let other = admin.post(CLIENTS, reader("another-one")).key("k-1").await;
        other.refused(422, "idempotency_key_reused");
    }

    async fn a_rotated_secret_ends_the_old_one_and_its_tokens(app: App) {
        let admin = app.sign_in("admin").await;
        let created = admin.post(CLIENTS, writer(&app, "one-stop-shop", "KTHTDT")).await.expect(201);
        let old = created.text_at("client_secret");
        let client = app.sign_in_client("one-stop-shop", &old).await;
        client.get("/api/v1/units").await.expect(200);
        let path = format!("{CLIENTS}/{}/rotate-secret", created.id());
        admin.post_empty(&path).if_match(9).await.refused(412, "version_stale");
        let rotated = admin.post_empty(&path).key("k-1").await.expect(200);
        assert_eq!(rotated.version(), 2);
        let new = rotated.text_at("client_secret");
        assert_ne!(old, new);
        client.get("/api/v1/units").await.refused(401, "unauthenticated");
        assert_eq!(ask_for_token(&app, "one-stop-shop", &old).await.expect(401)["error"], "invalid_client");
        app.sign_in_client("one-stop-shop", &new).await.get("/api/v1/units").await.expect(200);
        let replay = admin.post_empty(&path).key("k-1").await.expect(200);
        assert_eq!((&replay["client_secret"], replay.version()), (&Value::Null, 2));
        ask_for_token(&app, "one-stop-shop", &new).await.expect(200);
    }

    async fn a_deleted_client_stops_working_at_once(app: App) {
        let admin = app.sign_in("admin").await;
        let created = admin.post(CLIENTS, writer(&app, "one-stop-shop", "KTHTDT")).await.expect(201);
        let secret = created.text_at("client_secret");
        let client = app.sign_in_client("one-stop-shop", &secret).await;
        let path = format!("{CLIENTS}/{}", created.id());
        admin.delete(&path, None).await.refused(428, "if_match_required");
        admin.delete(&path, 2).await.refused(412, "version_stale");
        client.get("/api/v1/units").await.expect(200);
        admin.delete(&path, 1).await.expect(204);
        client.get("/api/v1/units").await.refused(401, "unauthenticated");
        assert_eq!(ask_for_token(&app, "one-stop-shop", &secret).await.expect(401)["error"], "invalid_client");
        admin.get(&path).await.refused(404, "not_found");
        admin.delete(&path, 1).await.refused(404, "not_found");
    }

    async fn a_deleted_client_that_drafted_leaves_its_drafts(app: App) {
        let client = signed_in_writer(&app, "KTHTDT").await;
        let content = json!({ "numerator": 1, "denominator": 2 });
        let draft = app.draft(&client, "II.2.k", "2026-H1", content).await.expect(201);
        let admin = app.sign_in("admin").await;
        let id = admin.get(CLIENTS).await.expect(200).items()[0]["id"].as_str().unwrap().to_owned();
        admin.delete(&format!("{CLIENTS}/{id}"), 1).await.expect(204);
        let staff = app.sign_in("ktht.staff").await;
        staff.get(&format!("/api/v1/submissions/{}", draft.id())).await.expect(200);
    }

    async fn a_client_drafts_only_for_the_unit_it_acts_for(app: App) {
        let client = signed_in_writer(&app, "KTHTDT").await;
        let content = json!({ "numerator": 1176, "denominator": 1200 });
        let draft = app.draft(&client, "II.2.k", "2026-H1", content).await.expect(201);
        assert_eq!((&draft["unit_id"], &draft["state"]), (&json!(app.unit("KTHTDT")), &json!("draft")));
        let path = format!("/api/v1/submissions/{}", draft.id());
        let changed = client.patch(&path, draft.version(), json!({ "numerator": 1180 })).await.expect(200);
        assert_eq!(changed["numerator"].as_f64(), Some(1180.0), "{changed}");
        let before = app.rows_of("submissions").len();
        let foreign = json!({ "numerator": 1, "denominator": 2, "unit_id": app.unit("VP") });
        app.draft(&client, "II.2.k", "2026-H1", foreign).await.refused(403, "forbidden");
        assert_eq!(app.rows_of("submissions").len(), before);
        let list = client.get("/api/v1/submissions?limit=200").await.expect(200);
        assert!(!list.items().is_empty());
        for submission in list.items() {
            assert_eq!(submission["unit_id"], app.unit("KTHTDT"), "{submission}");
        }
    }

    async fn a_client_cannot_submit_or_decide(app: App) {
        let client = signed_in_writer(&app, "KTHTDT").await;
        let content = json!({ "numerator": 1176, "denominator": 1200 });
        let draft = app.draft(&client, "II.2.k", "2026-H1", content).await.expect(201).id();
        for action in ["submit", "verify", "approve"] {
            app.decide(&client, &draft, action).await.refused(403, "forbidden");
        }
        let path = format!("/api/v1/submissions/{draft}");
        assert_eq!(client.get(&path).await.expect(200)["state"], "draft");
        client.get("/api/v1/audit-events").await.refused(403, "forbidden");
        client.get("/api/v1/users").await.refused(403, "forbidden");
        let head = app.sign_in("ktht.head").await;
        app.decide(&head, &draft, "submit").await.expect(201);
    }

    async fn a_client_that_only_reads_results_drafts_nothing(app: App) {
        let client = app.add_client("ward-dashboard", Some("long-my"), None, &[Scope::ResultsRead]);
        client.get("/api/v1/submissions").await.refused(403, "forbidden");
        let content = json!({ "numerator": 1, "denominator": 2, "unit_id": app.unit("KTHTDT") });
        app.draft(&client, "II.2.k", "2026-H1", content).await.refused(403, "forbidden");
    }

    async fn scopes_that_do_not_fit_are_refused(app: App) {
        let admin = app.sign_in("admin").await;
        let mut body = reader("somebody");
        body["scopes"] = json!(["wards:manage"]);
        let reply = admin.post(CLIENTS, &body).await;
        reply.refused(422, "invalid").at_field("/scopes/0", "unknown_scope");
        body["scopes"] = json!(["submissions:write"]);
        admin.post(CLIENTS, &body).await.refused(422, "invalid").at_field("/unit_id", "required");
        body["unit_id"] = json!(app.unit_in("long-binh", "VP"));
        admin.post(CLIENTS, &body).await.refused(422, "invalid").at_field("/unit_id", "unknown_reference");
        body["scopes"] = json!(["results:read"]);
        admin.post(CLIENTS, &body).await.refused(422, "invalid").at_field("/unit_id", "not_applicable_here");
        body["scopes"] = json!(["everything"]);
        admin.post(CLIENTS, &body).await.expect(400);
        let created = admin.post(CLIENTS, reader("somebody")).await.expect(201);
        let path = format!("{CLIENTS}/{}", created.id());
        let raised = admin.patch(&path, 1, json!({ "scopes": ["results:read", "wards:manage"] })).await;
        raised.refused(422, "invalid").at_field("/scopes/1", "unknown_scope");
    }

    async fn a_client_id_is_given_once(app: App) {
        let admin = app.sign_in("admin").await;
        admin.post(CLIENTS, reader("city-portal")).await.refused(409, "code_taken");
        admin.post(CLIENTS, reader("Có Dấu")).await.expect(422).at_field("/client_id", "out_of_range");
    }

    async fn changed_scopes_count_from_the_next_request_on(app: App) {
        let client = signed_in_writer(&app, "KTHTDT").await;
        client.get("/api/v1/submissions").await.expect(200);
        let admin = app.sign_in("admin").await;
        let id = admin.get(CLIENTS).await.expect(200).items()[0]["id"].as_str().unwrap().to_owned();
        let path = format!("{CLIENTS}/{id}");
        let change = json!({ "scopes": ["results:read"], "unit_id": null, "name": "Chỉ đọc" });
        admin.patch(&path, None, &change).await.refused(428, "if_match_required");
        let changed = admin.patch(&path, 1, &change).await.expect(200);
        assert_eq!((&changed["unit_id"], &changed["name"]), (&Value::Null, &json!("Chỉ đọc")));
        client.get("/api/v1/submissions").await.refused(403, "forbidden");
    }

    async fn only_the_wards_administrator_manages_its_clients(app: App) {
        let admin = app.sign_in("admin").await;
        let id = admin.post(CLIENTS, reader("ward-dashboard")).await.expect(201).id();
        let path = format!("{CLIENTS}/{id}");
        let auditor = app.sign_in("auditor").await;
        auditor.get(&path).await.expect(200);
        for username in ["auditor", "leader", "vhxh.head"] {
            let client = app.sign_in(username).await;
            client.post(CLIENTS, reader("another")).await.refused(403, "forbidden");
            client.post_empty(&format!("{path}/rotate-secret")).await.refused(403, "forbidden");
            client.delete(&path, 1).await.refused(403, "forbidden");
        }
        app.sign_in("leader").await.get(CLIENTS).await.refused(403, "forbidden");
        // The city's client is none of the ward's business.
        let city = app.sql_text("SELECT id AS value FROM clients WHERE client_id = 'city-portal'");
        admin.get(&format!("{CLIENTS}/{city}")).await.refused(404, "not_found");
        admin.delete(&format!("{CLIENTS}/{city}"), 1).await.refused(404, "not_found");
        admin.post_empty(&format!("{CLIENTS}/{city}/rotate-secret")).await.refused(404, "not_found");
    }
}
