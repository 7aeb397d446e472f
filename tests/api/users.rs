//! Promises about accounts: who makes them, what they may hold, and who sees them.

use cchc::access::actor::Role;
use serde_json::{Value, json};

use crate::support::{App, Client, DEMO_PASSWORD, NewAccount, both_databases};

const USERS: &str = "/api/v1/users";
const PASSWORD: &str = "mot mat khau du dai";

fn new_user(app: &App, username: &str, unit: &str, roles: &[&str]) -> Value {
    json!({
        "username": username, "full_name": "Trần Thị Đậu", "position": "Chuyên viên",
        "unit_id": app.unit(unit), "roles": roles, "password": PASSWORD,
    })
}

async fn usernames(client: &Client, query: &str) -> Vec<String> {
    let reply = client.get(&format!("{USERS}{query}")).await.expect(200);
    reply.items().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

async fn can_sign_in(app: &App, username: &str, password: &str) -> bool {
    let fields = [("grant_type", "password"), ("username", username), ("password", password)];
    app.anonymous().form("/api/v1/auth/token", &fields).await.is_success()
}

fn path_of(app: &App, username: &str) -> String {
    format!("{USERS}/{}", app.account(username))
}

both_databases! {
    async fn a_created_account_can_sign_in_and_read_itself(app: App) {
        let admin = app.sign_in("admin").await;
        let body = new_user(&app, "HCC.Staff2", "HCC", &["department_staff"]);
        let reply = admin.post(USERS, body).await.expect(201);
        assert_eq!(reply["username"], "hcc.staff2");
        assert_eq!((&reply["active"], &reply["version"]), (&json!(true), &json!(1)));
        assert_eq!(reply.header("Location"), format!("{USERS}/{}", reply.id()));
        assert_eq!(reply.header("ETag"), "\"1\"");
        assert!(!reply.text.contains("password") && !reply.text.contains("argon2"), "{reply}");
        assert!(can_sign_in(&app, "hcc.staff2", PASSWORD).await);
        let read = admin.get(reply.header("Location")).await.expect(200);
        assert_eq!(read.body, reply.body);
        let known = admin.get(reply.header("Location")).header("If-None-Match", "\"1\"").await.expect(304);
        assert!(known.text.is_empty());
    }

    async fn a_username_is_given_once_in_all_wards(app: App) {
        let admin = app.sign_in("admin").await;
        for taken in ["ktht.staff", "KTHT.STAFF", "lb.leader"] {
            let reply = admin.post(USERS, new_user(&app, taken, "HCC", &["department_staff"])).await;
            reply.refused(409, "username_taken").at_field("/username", "username_taken");
        }
        assert!(can_sign_in(&app, "ktht.staff", DEMO_PASSWORD).await);
    }

    async fn school_roles_go_with_schools_and_other_roles_do_not(app: App) {
        let admin = app.sign_in("admin").await;
        for (unit, role) in [("HCC", "school_head"), ("TH-MN", "department_head"), ("TH-MN", "admin")] {
            let reply = admin.post(USERS, new_user(&app, "somebody", unit, &[role])).await;
            reply.refused(422, "invalid").at_field("/roles/0", "role_not_for_unit");
        }
        admin.post(USERS, new_user(&app, "somebody", "TH-MN", &["school_staff"])).await.expect(201);
        let path = path_of(&app, "ktht.staff");
        let moved = admin.patch(&path, 1, json!({ "unit_id": app.unit("TH-MN") })).await;
        moved.refused(422, "invalid").at_field("/roles/0", "role_not_for_unit");
        let both = json!({ "unit_id": app.unit("TH-MN"), "roles": ["school_staff"] });
        assert_eq!(admin.patch(&path, 1, both).await.expect(200)["unit_id"], app.unit("TH-MN"));
    }

    async fn every_faulty_field_of_a_new_account_is_named(app: App) {
        let admin = app.sign_in("admin").await;
        let mut body = new_user(&app, "tên có dấu", "HCC", &[]);
        body["full_name"] = json!(" ");
        let reply = admin.post(USERS, body).await.refused(422, "invalid");
        let reply = reply.at_field("/username", "out_of_range").at_field("/full_name", "required");
        reply.at_field("/roles", "required");
        let mut body = new_user(&app, "somebody", "HCC", &["department_staff"]);
        body["unit_id"] = json!(app.unit_in("long-binh", "HCC"));
        admin.post(USERS, body).await.refused(422, "invalid").at_field("/unit_id", "unknown_reference");
        for weak in ["ngắn", "mot.nguoi.moi"] {
            let mut body = new_user(&app, "mot.nguoi.moi", "HCC", &["department_staff"]);
            body["password"] = json!(weak);
            admin.post(USERS, body).await.refused(422, "invalid").at_field("/password", "weak_password");
        }
        let wrong_role = admin.post(USERS, new_user(&app, "somebody", "HCC", &["king"])).await;
        wrong_role.expect(400);
        let mut body = new_user(&app, "somebody", "HCC", &["department_staff"]);
        body["version"] = json!(7);
        admin.post(USERS, body).await.expect(400).at_field("/version", "unknown_field");
    }

    async fn the_last_administrator_stays(app: App) {
        let admin = app.sign_in("admin").await;
        let path = path_of(&app, "admin");
        admin.post_empty(&format!("{path}/deactivate")).await.refused(409, "last_admin");
        admin.patch(&path, 1, json!({ "active": false })).await.refused(409, "last_admin");
        admin.patch(&path, 1, json!({ "roles": ["auditor"] })).await.refused(409, "last_admin");
        // An administrator of another ward does not count.
        let roles = &[Role::Admin];
        app.add_account(NewAccount { username: "lb.admin", ward: "long-binh", unit: "VP", roles }).await;
        admin.post_empty(&format!("{path}/deactivate")).await.refused(409, "last_admin");
        let second = app
            .add_account(NewAccount { username: "admin2", ward: "long-my", unit: "VP", roles })
            .await;
        second.post_empty(&format!("{path}/deactivate")).await.expect(200);
        admin.get(USERS).await.refused(401, "unauthenticated");
        let path = path_of(&app, "admin2");
        second.post_empty(&format!("{path}/deactivate")).await.refused(409, "last_admin");
    }

    async fn a_change_needs_the_version_it_is_made_on(app: App) {
        let admin = app.sign_in("admin").await;
        let path = path_of(&app, "ktht.staff");
        let change = json!({ "position": null, "full_name": "Lê Văn Đạt" });
        admin.patch(&path, None, &change).await.refused(428, "if_match_required");
        admin.patch(&path, 9, &change).await.refused(412, "version_stale");
        let reply = admin.patch(&path, 1, &change).await.expect(200);
        assert_eq!((&reply["position"], &reply["full_name"]), (&Value::Null, &json!("Lê Văn Đạt")));
        assert_eq!((reply.version(), reply.header("ETag")), (2, "\"2\""));
        admin.patch(&path, 1, &change).await.refused(412, "version_stale");
        admin.post_empty(&format!("{path}/deactivate")).if_match(1).await.refused(412, "version_stale");
        let kept = admin.get(&path).await.expect(200);
        assert_eq!((&kept["roles"], &kept["active"]), (&json!(["department_staff"]), &json!(true)));
    }

    async fn a_drawn_password_is_not_shown_in_a_replay(app: App) {
        let admin = app.sign_in("admin").await;
        let path = format!("{}/password-reset", path_of(&app, "ktht.staff"));
        let drawn = admin.post_empty(&path).key("k-1").await.expect(200).text_at("password");
        let replay = admin.post_empty(&path).key("k-1").await.expect(200);
        assert_eq!(replay["password"], Value::Null, "{replay}");
        assert!(can_sign_in(&app, "ktht.staff", &drawn).await);
        assert!(!app.rows_of("idempotency_keys").join("").contains(&drawn));
    }

    async fn an_administrator_cannot_read_figures(app: App) {
        let submission = app.draft_free_figure().await;
        let admin = app.sign_in("admin").await;
        admin.get("/api/v1/submissions").await.refused(403, "forbidden");
        admin.get(&format!("/api/v1/submissions/{submission}")).await.refused(403, "forbidden");
    }

    async fn the_auditor_reads_accounts_and_changes_none(app: App) {
        let auditor = app.sign_in("auditor").await;
        assert_eq!(auditor.get(USERS).await.expect(200).items().len(), 17);
        let path = path_of(&app, "ktht.staff");
        auditor.get(&path).await.expect(200);
        let body = new_user(&app, "somebody", "HCC", &["department_staff"]);
        auditor.post(USERS, body).await.refused(403, "forbidden");
        auditor.patch(&path, 1, json!({ "roles": ["leader"] })).await.refused(403, "forbidden");
        auditor.post_empty(&format!("{path}/deactivate")).await.refused(403, "forbidden");
        auditor.post_empty(&format!("{path}/password-reset")).await.refused(403, "forbidden");
        assert_eq!(auditor.get(&path).await.expect(200).version(), 1);
    }

    async fn others_see_no_accounts(app: App) {
        for username in ["leader", "vhxh.staff", "ktht.head", "thcs.head", "supervisor"] {
            let client = app.sign_in(username).await;
            client.get(USERS).await.refused(403, "forbidden");
            client.get(&path_of(&app, username)).await.refused(403, "forbidden");
        }
        app.anonymous().get(USERS).await.refused(401, "unauthenticated");
    }

    async fn accounts_are_found_by_unit_role_and_state(app: App) {
        let admin = app.sign_in("admin").await;
        assert_eq!(usernames(&admin, "?unit=KTHTDT").await, ["ktht.head", "ktht.staff"]);
        let by_id = format!("?unit={}", app.unit("KTHTDT"));
        assert_eq!(usernames(&admin, &by_id).await, ["ktht.head", "ktht.staff"]);
        assert_eq!(usernames(&admin, "?role=leader").await, ["leader", "leader.deputy"]);
        assert_eq!(usernames(&admin, "?role=coordinator&unit=VP").await, ["vp.head"]);
        assert!(usernames(&admin, "?active=false").await.is_empty());
        admin.post_empty(&format!("{}/deactivate", path_of(&app, "vp.staff"))).await.expect(200);
        assert_eq!(usernames(&admin, "?active=false").await, ["vp.staff"]);
        assert_eq!(usernames(&admin, "?active=true").await.len(), 16);
        admin.get("/api/v1/users?rolle=leader").await.refused(400, "malformed_query");
        admin.get("/api/v1/users?role=king").await.expect(400);
    }

    async fn accounts_are_found_without_marks(app: App) {
        let admin = app.sign_in("admin").await;
        let ktht = ["ktht.head", "ktht.staff"];
        for q in ["kinh te, ha tang va do thi", "Kinh tế, Hạ tầng và Đô thị", "KINH TE, HA TANG VA ĐO THI"] {
            let found = usernames(&admin, &format!("?q={}", q.replace(' ', "%20"))).await;
            assert_eq!(found, ktht, "{q}");
        }
        assert_eq!(usernames(&admin, "?q=ktht.").await, ktht);
        assert_eq!(usernames(&admin, "?q=hieu%20truong").await, ["mn.head", "thcs.head"]);
        // Signs of the database's patterns are only signs.
        assert!(usernames(&admin, "?q=%25").await.is_empty());
        assert!(usernames(&admin, "?q=_").await.is_empty());
    }

    async fn pages_show_every_account_once_by_username(app: App) {
        let admin = app.sign_in("admin").await;
        let whole = usernames(&admin, "").await;
        assert!(whole.is_sorted() && whole.len() == 17, "{whole:?}");
        let (mut seen, mut query) = (Vec::new(), "?limit=5".to_owned());
        loop {
            let page = admin.get(&format!("{USERS}{query}")).await.expect(200);
            assert!(page.items().len() <= 5);
            seen.extend(page.items().iter().map(|user| user["username"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?limit=5&cursor={cursor}");
        }
        assert_eq!(seen, whole);
        for bad in ["?limit=0", "?limit=201", "?cursor=%25"] {
            admin.get(&format!("{USERS}{bad}")).await.refused(400, "invalid_cursor");
        }
    }

    async fn accounts_of_another_ward_are_not_there(app: App) {
        let admin = app.sign_in("admin").await;
        let path = path_of(&app, "lb.leader");
        admin.get(&path).await.refused(404, "not_found");
        admin.patch(&path, 1, json!({ "active": false })).await.refused(404, "not_found");
        admin.post_empty(&format!("{path}/deactivate")).await.refused(404, "not_found");
        admin.post_empty(&format!("{path}/password-reset")).await.refused(404, "not_found");
        assert!(usernames(&admin, "?q=lb.").await.is_empty());
        let unit = app.unit_in("long-binh", "VHXH");
        assert!(usernames(&admin, &format!("?unit={unit}")).await.is_empty());
        assert!(can_sign_in(&app, "lb.leader", DEMO_PASSWORD).await);
    }

    async fn two_administrators_cannot_shut_each_other_out(app: App) {
        let first = app.sign_in("admin").await;
        let roles = &[Role::Admin];
        let second =
            app.add_account(NewAccount { username: "admin2", ward: "long-my", unit: "VP", roles }).await;
        let (one, other) = (path_of(&app, "admin"), path_of(&app, "admin2"));
        let (a, b) = tokio::join!(
            first.post_empty(&format!("{other}/deactivate")).into_future(),
            second.post_empty(&format!("{one}/deactivate")).into_future(),
        );
        assert!(a.is_success() != b.is_success(), "{a}\n{b}");
        let left = app.sql_texts(
            "SELECT username AS value FROM accounts WHERE active = TRUE AND roles LIKE '%admin%' \
             AND username LIKE 'admin%'",
        );
        assert_eq!(left.len(), 1, "{left:?}");
    }

    async fn names_are_kept_composed_and_without_hidden_characters(app: App) {
        let admin = app.sign_in("admin").await;
        let mut body = new_user(&app, "somebody", "HCC", &["department_staff"]);
        body["full_name"] = json!(" Tra\u{302}\u{300}n\u{200b} Thị ");
        let created = admin.post(USERS, &body).await.expect(201);
        assert_eq!(created["full_name"], "Trần Thị");
        let change = json!({ "position": "Pho\u{301}\u{feff}" });
        let changed = admin.patch(created.header("Location"), 1, change).await.expect(200);
        assert_eq!(changed["position"], "Phó");
        let control = admin.patch(created.header("Location"), 2, json!({ "full_name": "a\u{7}b" })).await;
        control.refused(422, "invalid").at_field("/full_name", "control_character");
    }
}
