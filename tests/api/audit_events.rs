//! Promises about the audit trail: it keeps everything, tells no secret, and shows when somebody touched it.

use cchc::{
    access::{actor::Role, password},
    db::Scope,
};
use serde_json::{Value, json};

use crate::support::{App, Backend, Client, DEMO_PASSWORD, NewAccount, Reply, both_databases};

const EVENTS: &str = "/api/v1/audit-events";
const VERIFY: &str = "/api/v1/audit-events/verify";

/// The one event of this kind about this thing.
async fn event(reader: &Client, kind: &str, subject: &str) -> Value {
    let reply = reader.get(&format!("{EVENTS}?kind={kind}&subject_id={subject}")).await.expect(200);
    assert_eq!(reply.items().len(), 1, "{kind} of {subject}: {reply}");
    reply.items()[0].clone()
}

async fn count(reader: &Client, kind: &str) -> usize {
    reader.get(&format!("{EVENTS}?limit=200&kind={kind}")).await.expect(200).items().len()
}

async fn attempt(app: &App, username: &str, password: &str) -> Reply {
    let fields = [("grant_type", "password"), ("username", username), ("password", password)];
    app.anonymous().form("/api/v1/auth/token", &fields).await
}

fn chain(app: &App) -> String {
    format!("chain = '{}'", app.ward("long-my"))
}

/// The id of the event of this number in Long Mỹ's chain.
fn id_of(app: &App, seq: i64) -> String {
    app.sql_text(&format!("SELECT id AS value FROM audit_events WHERE {} AND seq = {seq}", chain(app)))
}

fn new_user(app: &App) -> Value {
    json!({
        "username": "hcc.staff2", "full_name": "Trần Thị Đậu", "unit_id": app.unit("HCC"),
        "roles": ["department_staff"], "password": "mot mat khau du dai",
    })
}

both_databases! {
    async fn a_change_leaves_who_did_what_when_and_how_it_was_before(app: App) {
        let admin = app.sign_in("admin").await;
        let auditor = app.sign_in("auditor").await;
        let unit = app.unit("TYT");
        let path = format!("/api/v1/units/{unit}");
        let before = admin.get(&path).await.expect(200);
        let change = admin.patch(&path, 1, json!({ "name": "Trạm Y tế mới" }));
        let reply = change.header("X-Request-Id", "my-request-1").await.expect(200);
        assert_eq!(reply.header("X-Request-Id"), "my-request-1");
        let event = event(&auditor, "unit.changed", &unit).await;
        assert_eq!(event["actor_id"], app.account("admin"));
        assert_eq!(event["actor_name"], "admin");
        assert_eq!(event["actor_position"], "Quản trị hệ thống");
        assert_eq!(event["unit_id"], app.unit("UBND"));
        assert_eq!(event["subject_kind"], "unit");
        assert_eq!(event["request_id"], "my-request-1");
        assert_eq!(event["changes"], json!({
            "name": { "before": before["name"], "after": "Trạm Y tế mới" },
            "version": { "before": 1, "after": 2 },
        }));
        assert!(event["at"].as_str().is_some_and(|at| at.starts_with("2026-06-15T")), "{event}");
    }

    async fn every_change_of_people_units_and_clients_leaves_its_event(app: App) {
        let admin = app.sign_in("admin").await;
        let auditor = app.sign_in("auditor").await;
        let user = admin.post("/api/v1/users", new_user(&app)).await.expect(201).id();
        let path = format!("/api/v1/users/{user}");
        admin.patch(&path, 1, json!({ "roles": ["department_head"] })).await.expect(200);
        admin.post_empty(&format!("{path}/password-reset")).await.expect(200);
        admin.post_empty(&format!("{path}/deactivate")).await.expect(200);
        let body = json!({ "client_id": "dashboard", "name": "Bảng", "scopes": ["results:read"] });
        let client = admin.post("/api/v1/clients", body).await.expect(201).id();
        let path = format!("/api/v1/clients/{client}");
        admin.patch(&path, 1, json!({ "name": "Bảng mới" })).await.expect(200);
        admin.post_empty(&format!("{path}/rotate-secret")).await.expect(200);
        admin.delete(&path, 3).await.expect(204);
        let body = json!({ "code": "T", "name": "Tổ", "kind": "office", "active_from": "2026-01-01" });
        let unit = admin.post("/api/v1/units", body).await.expect(201).id();
        let created = json!({ "before": null, "after": "hcc.staff2" });
        let gone = json!({ "before": "Bảng mới", "after": null });
        assert_eq!(event(&auditor, "user.created", &user).await["changes"]["username"], created);
        let roles = json!({ "before": ["department_staff"], "after": ["department_head"] });
        assert_eq!(event(&auditor, "user.changed", &user).await["changes"]["roles"], roles);
        let active = json!({ "before": true, "after": false });
        assert_eq!(event(&auditor, "user.deactivated", &user).await["changes"]["active"], active);
        assert_eq!(event(&auditor, "client.deleted", &client).await["changes"]["name"], gone);
        let named = [("user.password_reset", &user), ("client.created", &client), ("client.changed", &client),
            ("client.secret_rotated", &client), ("unit.created", &unit)];
        for (kind, subject) in named {
            assert_eq!(event(&auditor, kind, subject).await["actor_name"], "admin", "{kind}");
        }
        assert_eq!(auditor.get(VERIFY).await.expect(200)["intact"], true);
    }

    async fn a_decision_is_kept_with_its_reason(app: App) {
        let submission = app.carry_free_figure_to("submitted").await;
        let reviewer = app.sign_in("hcc.staff").await;
        app.decide(&reviewer, &submission, "return").await.expect(201);
        let auditor = app.sign_in("auditor").await;
        let event = event(&auditor, "submission.returned", &submission).await;
        assert_eq!(event["reason"], "Số liệu chưa khớp với sổ theo dõi");
        assert_eq!(event["actor_name"], "hcc.staff");
    }

    async fn a_refused_change_leaves_nothing(app: App) {
        let admin = app.sign_in("admin").await;
        let before = app.rows_of("audit_events");
        admin.post("/api/v1/users", json!({ "username": "x" })).await.expect(400);
        let mut body = new_user(&app);
        body["username"] = json!("ktht.staff");
        admin.post("/api/v1/users", body).await.refused(409, "username_taken");
        admin.patch(&format!("/api/v1/units/{}", app.unit("VP")), 7, json!({})).await.expect(412);
        assert_eq!(app.rows_of("audit_events"), before);
    }

    async fn no_event_holds_a_password_a_secret_or_a_hash(app: App) {
        let admin = app.sign_in("admin").await;
        let user = admin.post("/api/v1/users", new_user(&app)).await.expect(201).id();
        let path = format!("/api/v1/users/{user}/password-reset");
        let drawn = admin.post_empty(&path).await.expect(200).text_at("password");
        let session = attempt(&app, "hcc.staff2", &drawn).await.expect(200);
        let (access, refresh) = (session.text_at("access_token"), session.text_at("refresh_token"));
        attempt(&app, "hcc.staff2", "mat-khau-go-nham").await.expect(400);
        let own = json!({ "current_password": drawn, "new_password": "mot mat khau cua rieng" });
        app.with_token(&access).put("/api/v1/me/password", None, own).await.expect(204);
        let body = json!({ "client_id": "dashboard", "name": "Bảng", "scopes": ["results:read"] });
        let client = admin.post("/api/v1/clients", body).await.expect(201);
        let rotate = format!("/api/v1/clients/{}/rotate-secret", client.id());
        let rotated = admin.post_empty(&rotate).await.expect(200).text_at("client_secret");
        let secret = client.text_at("client_secret");
        let events = app.rows_of("audit_events").join("\n");
        let spoken = ["mot mat khau du dai", "mat-khau-go-nham", "mot mat khau cua rieng", DEMO_PASSWORD, "argon2"];
        for hidden in spoken {
            assert!(!events.contains(hidden), "an event holds {hidden}");
        }
        for hidden in [&drawn, &access, &refresh, &secret, &rotated] {
            assert!(!events.contains(hidden.as_str()), "an event holds {hidden}");
            assert!(!events.contains(&password::digest(hidden)), "an event holds the digest of {hidden}");
        }
    }

    async fn sign_ins_and_their_refusals_are_recorded(app: App) {
        let auditor = app.sign_in("auditor").await;
        attempt(&app, "ktht.staff", DEMO_PASSWORD).await.expect(200);
        attempt(&app, "ktht.staff", "sai").await.expect(400);
        let account = app.account("ktht.staff");
        let started = event(&auditor, "session.started", &account).await;
        assert_eq!((&started["actor_name"], &started["actor_id"]), (&json!("ktht.staff"), &json!(account)));
        let refused = event(&auditor, "session.refused", &account).await;
        assert_eq!(refused["actor_id"], Value::Null, "nobody proved to be that person");
        // Whoever is unknown belongs to no ward; the city's chain keeps it.
        let known = count(&auditor, "session.refused").await;
        attempt(&app, "khong.co.ai", "sai").await.expect(400);
        let fields =
            [("grant_type", "client_credentials"), ("client_id", "city-portal"), ("client_secret", "sai")];
        app.anonymous().form("/api/v1/auth/token", &fields).await.expect(401);
        assert_eq!(count(&auditor, "session.refused").await, known);
        let mut names = app.sql_texts(
            "SELECT subject_id AS value FROM audit_events WHERE chain = 'city' AND kind = 'session.refused'",
        );
        names.sort();
        assert_eq!(names, ["city-portal", "khong.co.ai"]);
    }

    async fn denied_attempts_are_recorded_with_what_was_tried(app: App) {
        let auditor = app.sign_in("auditor").await;
        let staff = app.sign_in("ktht.staff").await;
        let submission = app.draft_free_figure().await;
        staff.get("/api/v1/users?limit=1").header("X-Request-Id", "try-1").await.refused(403, "forbidden");
        let denied = event(&auditor, "access.denied", "try-1").await;
        assert_eq!(denied["actor_name"], "ktht.staff");
        assert_eq!(denied["changes"]["path"]["after"], "/api/v1/users");
        assert_eq!(denied["changes"]["method"]["after"], "GET");
        // A step that belongs to somebody else is an attempt too.
        let known = count(&auditor, "access.denied").await;
        app.decide(&staff, &submission, "submit").await.refused(403, "not_your_step");
        assert_eq!(count(&auditor, "access.denied").await, known + 1);
        assert_eq!(auditor.get(VERIFY).await.expect(200)["intact"], true);
    }

    async fn the_leader_and_the_auditor_read_the_trail_and_others_do_not(app: App) {
        for username in ["leader", "auditor"] {
            let reader = app.sign_in(username).await;
            assert!(!reader.get(EVENTS).await.expect(200).items().is_empty());
            assert_eq!(reader.get(VERIFY).await.expect(200)["intact"], true);
        }
        for username in ["admin", "vhxh.head", "vp.staff", "ktht.head", "thcs.head", "thcs.staff", "supervisor"] {
            let other = app.sign_in(username).await;
            other.get(EVENTS).await.refused(403, "forbidden");
            other.get(VERIFY).await.refused(403, "forbidden");
        }
        for path in [EVENTS, VERIFY] {
            app.anonymous().get(path).await.refused(401, "unauthenticated");
            app.city_portal().await.get(path).await.refused(403, "forbidden");
        }
    }

    async fn a_ward_reads_only_its_own_events(app: App) {
        let other = app.sign_in("lb.leader").await;
        let admin = app.sign_in("admin").await;
        let user = admin.post("/api/v1/users", new_user(&app)).await.expect(201).id();
        let about = other.get(&format!("{EVENTS}?subject_id={user}")).await.expect(200);
        assert!(about.items().is_empty(), "{about}");
        let by = other.get(&format!("{EVENTS}?actor_id={}", app.account("admin"))).await.expect(200);
        assert!(by.items().is_empty(), "{by}");
        app.unlock_audit();
        app.sql(&format!("UPDATE audit_events SET reason = 'x' WHERE {} AND seq = 3", chain(&app)));
        assert_eq!(other.get(VERIFY).await.expect(200)["intact"], true);
        assert_eq!(app.sign_in("leader").await.get(VERIFY).await.expect(200)["intact"], false);
    }

    async fn pages_show_every_event_once_newest_first_and_linked(app: App) {
        let auditor = app.sign_in("auditor").await;
        let (mut seen, mut query) = (Vec::new(), "?limit=60".to_owned());
        loop {
            let page = auditor.get(&format!("{EVENTS}{query}")).await.expect(200);
            seen.extend(page.items().iter().cloned());
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?limit=60&cursor={cursor}");
        }
        let proof = auditor.get(VERIFY).await.expect(200);
        assert_eq!((&proof["intact"], &proof["checked"]), (&json!(true), &json!(seen.len())), "{proof}");
        for pair in seen.windows(2) {
            assert_eq!(pair[0]["previous_hash"], pair[1]["hash"]);
            assert_eq!(pair[0]["seq"].as_i64(), pair[1]["seq"].as_i64().map(|seq| seq + 1));
        }
        assert_eq!(seen.last().unwrap()["seq"], 1);
        auditor.get("/api/v1/audit-events?kynd=x").await.refused(400, "malformed_query");
    }

    async fn events_are_found_by_who_did_them(app: App) {
        let auditor = app.sign_in("auditor").await;
        let leader = app.account("leader");
        let events = auditor.get(&format!("{EVENTS}?limit=200&actor_id={leader}")).await.expect(200);
        assert!(!events.items().is_empty());
        assert!(events.items().iter().all(|event| event["actor_id"] == leader.as_str()), "{events}");
    }

    async fn every_changed_column_of_an_event_is_found_and_named(app: App) {
        let auditor = app.sign_in("auditor").await;
        let someone = app.account("lb.leader");
        app.unlock_audit();
        let texts = ["kind", "actor_name", "actor_position", "subject_kind", "subject_id", "changes", "reason",
            "request_id", "previous_hash", "hash"].map(|column| (column, r#"{"x":1}"#));
        let ids = ["actor_id", "on_behalf_of", "unit_id"].map(|column| (column, someone.as_str()));
        let columns = texts.into_iter().chain(ids).chain([("at", "2020-01-01 00:00:00")]);
        // From the end on, so that each is the first that does not fit.
        for (seq, (column, value)) in (2..=40_i64).rev().zip(columns) {
            let set = format!("UPDATE audit_events SET {column} = '{value}' WHERE {} AND seq = {seq}", chain(&app));
            assert_eq!(app.sql(&set), 1, "{set}");
            let proof = auditor.get(VERIFY).await.expect(200);
            let expected = json!({
                "intact": false, "checked": seq - 1, "first_broken_seq": seq, "first_broken_id": id_of(&app, seq),
            });
            assert_eq!(proof.body, expected, "{column}");
        }
    }

    async fn a_deleted_event_in_the_middle_is_found(app: App) {
        let auditor = app.sign_in("auditor").await;
        let next = id_of(&app, 6);
        app.unlock_audit();
        assert_eq!(app.sql(&format!("DELETE FROM audit_events WHERE {} AND seq = 5", chain(&app))), 1);
        let proof = auditor.get(VERIFY).await.expect(200);
        assert_eq!((&proof["intact"], &proof["checked"]), (&json!(false), &json!(4)), "{proof}");
        assert_eq!((&proof["first_broken_seq"], &proof["first_broken_id"]), (&json!(6), &json!(next)), "{proof}");
    }

    async fn a_deleted_last_event_is_found(app: App) {
        let auditor = app.sign_in("auditor").await;
        let last = auditor.get(VERIFY).await.expect(200)["checked"].as_i64().unwrap();
        app.unlock_audit();
        assert_eq!(app.sql(&format!("DELETE FROM audit_events WHERE {} AND seq = {last}", chain(&app))), 1);
        let proof = auditor.get(VERIFY).await.expect(200);
        assert_eq!((&proof["intact"], &proof["first_broken_seq"]), (&json!(false), &json!(last)), "{proof}");
        assert_eq!(proof["first_broken_id"], Value::Null);
        // What is written afterwards does not heal it.
        attempt(&app, "leader", DEMO_PASSWORD).await.expect(200);
        assert_eq!(auditor.get(VERIFY).await.expect(200)["intact"], false);
    }

    async fn an_emptied_trail_is_found(app: App) {
        let auditor = app.sign_in("auditor").await;
        app.unlock_audit();
        app.sql(&format!("DELETE FROM audit_events WHERE {}", chain(&app)));
        let proof = auditor.get(VERIFY).await.expect(200);
        assert_eq!((&proof["intact"], &proof["first_broken_seq"]), (&json!(false), &json!(1)), "{proof}");
    }

    async fn the_database_itself_refuses_to_change_or_delete_events(app: App) {
        let attempts = ["UPDATE audit_events SET reason = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"];
        for attempt in attempts.iter().take(if app.backend == Backend::Postgres { 3 } else { 2 }) {
            let refused = app.owner().write_blocking(Scope::All, |connection| {
                use diesel::RunQueryDsl;
                Ok(diesel::sql_query(*attempt).execute(connection)?)
            });
            let cause = refused.expect_err("append-only").to_string();
            assert!(cause.contains("append-only"), "{attempt}: {cause}");
        }
        let auditor = app.sign_in("auditor").await;
        assert_eq!(auditor.get(VERIFY).await.expect(200)["intact"], true);
    }

    async fn an_actor_is_kept_as_it_was_at_that_time(app: App) {
        let roles = &[Role::Admin];
        let second = app
            .add_account(NewAccount { username: "admin2", ward: "long-my", unit: "VP", roles })
            .await;
        let unit = app.unit("TYT");
        second.patch(&format!("/api/v1/units/{unit}"), 1, json!({ "name": "Trạm" })).await.expect(200);
        let admin = app.sign_in("admin").await;
        let moved = json!({ "position": "Chức vụ mới", "unit_id": app.unit("HCC") });
        admin.patch(&format!("/api/v1/users/{}", app.account("admin2")), 1, moved).await.expect(200);
        let auditor = app.sign_in("auditor").await;
        let event = event(&auditor, "unit.changed", &unit).await;
        assert_eq!((&event["actor_position"], &event["unit_id"]), (&Value::Null, &json!(app.unit("VP"))));
    }
}
