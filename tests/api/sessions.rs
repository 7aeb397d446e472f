//! Promises about sessions: who gets tokens, what they are worth, and what ends them.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use cchc::access::token::{Claims, LIFETIME_SECONDS, Tokens};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::{App, Call, Client, DEMO_PASSWORD, Reply, both_databases};

const TOKEN: &str = "/api/v1/auth/token";
const REVOKE: &str = "/api/v1/auth/revoke";
const ME: &str = "/api/v1/me";
const NEW_PASSWORD: &str = "mot mat khau moi du dai";

fn attempt(app: &App, username: &str, password: &str) -> Call {
    let fields = [("grant_type", "password"), ("username", username), ("password", password)];
    app.anonymous().form(TOKEN, &fields)
}

fn refresh(app: &App, token: &str) -> Call {
    app.anonymous().form(TOKEN, &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

async fn session(app: &App, username: &str) -> (Client, String) {
    let reply = attempt(app, username, DEMO_PASSWORD).await.expect(200);
    (app.with_token(reply.text_at("access_token")), reply.text_at("refresh_token"))
}

async fn fail_to_sign_in(app: &App, username: &str, times: usize) {
    for _ in 0..times {
        oauth_refused(&attempt(app, username, "sai mật khẩu rồi").await, 400, "invalid_grant");
    }
}

#[track_caller]
fn oauth_refused(reply: &Reply, status: u16, error: &str) {
    assert!(reply.status == status && reply["error"] == error, "expected {status} {error}\n{reply}");
    assert!(reply["error_description"].is_string(), "{reply}");
    assert_eq!(reply.header("Cache-Control"), "no-store", "{reply}");
}

async fn is_void(app: &App, client: &Client, refresh_token: &str) {
    client.get(ME).await.refused(401, "unauthenticated");
    oauth_refused(&refresh(app, refresh_token).await, 400, "invalid_grant");
}

fn claims_of(client: &Client) -> Claims {
    let payload = client.token().and_then(|token| token.split('.').nth(1)).expect("a token of three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("claims")
}

both_databases! {
    async fn a_right_password_gives_an_access_and_a_refresh_token(app: App) {
        let reply = attempt(&app, "ktht.staff", DEMO_PASSWORD).await.expect(200);
        assert_eq!(reply["token_type"], "Bearer");
        assert_eq!(reply["expires_in"], LIFETIME_SECONDS);
        assert_eq!(reply.header("Cache-Control"), "no-store");
        assert!(reply["refresh_token"].as_str().is_some_and(|token| token.len() >= 32), "{reply}");
        assert!(reply.body.get("scope").is_none(), "{reply}");
        let me = app.with_token(reply.text_at("access_token")).get(ME).await.expect(200);
        assert_eq!(me["account"]["username"], "ktht.staff");
        attempt(&app, " KTHT.Staff ", DEMO_PASSWORD).await.expect(200);
    }

    async fn a_wrong_password_an_unknown_user_a_locked_and_a_shut_account_look_alike(app: App) {
        let wrong = attempt(&app, "vp.staff", "sai").await;
        oauth_refused(&wrong, 400, "invalid_grant");
        fail_to_sign_in(&app, "ktht.staff", 5).await;
        let locked = attempt(&app, "ktht.staff", DEMO_PASSWORD).await;
        let admin = app.sign_in("admin").await;
        let path = format!("/api/v1/users/{}/deactivate", app.account("hcc.staff"));
        admin.post_empty(&path).await.expect(200);
        let shut = attempt(&app, "hcc.staff", DEMO_PASSWORD).await;
        let unknown = attempt(&app, "khong.co.ai", DEMO_PASSWORD).await;
        for other in [locked, shut, unknown] {
            assert_eq!((other.status, &other.text), (wrong.status, &wrong.text));
        }
    }

    async fn five_wrong_passwords_lock_the_account_even_for_the_right_one_and_only_for_a_while(app: App) {
        fail_to_sign_in(&app, "ktht.staff", 5).await;
        oauth_refused(&attempt(&app, "ktht.staff", DEMO_PASSWORD).await, 400, "invalid_grant");
        attempt(&app, "ktht.head", DEMO_PASSWORD).await.expect(200);
        app.sql("UPDATE accounts SET locked_until = '2020-01-01 00:00:00' WHERE username = 'ktht.staff'");
        attempt(&app, "ktht.staff", DEMO_PASSWORD).await.expect(200);
    }

    async fn four_wrong_passwords_do_not_lock_and_a_right_one_forgets_them(app: App) {
        for _ in 0..2 {
            fail_to_sign_in(&app, "ktht.staff", 4).await;
            attempt(&app, "ktht.staff", DEMO_PASSWORD).await.expect(200);
        }
    }

    async fn wrong_passwords_of_long_ago_do_not_count(app: App) {
        fail_to_sign_in(&app, "ktht.staff", 4).await;
        assert_eq!(app.sql("UPDATE sign_in_failures SET failed_at = '2020-01-01 00:00:00'"), 4);
        fail_to_sign_in(&app, "ktht.staff", 4).await;
        attempt(&app, "ktht.staff", DEMO_PASSWORD).await.expect(200);
    }

    async fn a_locked_account_keeps_the_sessions_it_has(app: App) {
        let (client, token) = session(&app, "ktht.staff").await;
        fail_to_sign_in(&app, "ktht.staff", 5).await;
        client.get(ME).await.expect(200);
        refresh(&app, &token).await.expect(200);
    }

    async fn a_refresh_token_is_exchanged_for_new_tokens(app: App) {
        let (_, first) = session(&app, "ktht.staff").await;
        let reply = refresh(&app, &first).await.expect(200);
        assert_eq!(reply["token_type"], "Bearer");
        let second = reply.text_at("refresh_token");
        assert_ne!(first, second);
        app.with_token(reply.text_at("access_token")).get(ME).await.expect(200);
        refresh(&app, &second).await.expect(200);
    }

    async fn reuse_of_an_old_refresh_token_ends_the_whole_family_and_no_other(app: App) {
        let (_, first) = session(&app, "ktht.staff").await;
        let (_, elsewhere) = session(&app, "ktht.staff").await;
        let second = refresh(&app, &first).await.expect(200).text_at("refresh_token");
        let newest = refresh(&app, &second).await.expect(200).text_at("refresh_token");
        for token in [&first, &newest, &second] {
            oauth_refused(&refresh(&app, token).await, 400, "invalid_grant");
        }
        refresh(&app, &elsewhere).await.expect(200);
        let auditor = app.sign_in("auditor").await;
        let events = auditor.get("/api/v1/audit-events?kind=session.reuse_detected").await.expect(200);
        assert_eq!(events.items().len(), 1, "{events}");
    }

    async fn a_refresh_token_shown_twice_at_once_is_exchanged_once(app: App) {
        let (_, token) = session(&app, "ktht.staff").await;
        let (a, b) = tokio::join!(refresh(&app, &token).into_future(), refresh(&app, &token).into_future());
        assert!(a.is_success() != b.is_success(), "{a}\n{b}");
    }

    async fn a_refresh_token_that_never_was_or_ran_out_is_refused(app: App) {
        let (_, token) = session(&app, "ktht.staff").await;
        app.sql("UPDATE refresh_tokens SET expires_at = '2020-01-01 00:00:00'");
        for token in [token.as_str(), "bịa-ra", ""] {
            oauth_refused(&refresh(&app, token).await, 400, "invalid_grant");
        }
    }

    async fn a_revoked_refresh_token_ends_its_sign_in_and_no_other(app: App) {
        let (_, token) = session(&app, "ktht.staff").await;
        let (_, elsewhere) = session(&app, "ktht.staff").await;
        app.anonymous().form(REVOKE, &[("token", &token)]).await.expect(200);
        oauth_refused(&refresh(&app, &token).await, 400, "invalid_grant");
        refresh(&app, &elsewhere).await.expect(200);
    }

    async fn a_revoked_access_token_stops_working_and_no_other_does(app: App) {
        let (client, _) = session(&app, "ktht.staff").await;
        let (elsewhere, _) = session(&app, "ktht.staff").await;
        let fields = [("token", client.token().expect("a token")), ("token_type_hint", "access_token")];
        for _ in 0..2 {
            app.anonymous().form(REVOKE, &fields).await.expect(200);
        }
        client.get(ME).await.refused(401, "unauthenticated");
        elsewhere.get(ME).await.expect(200);
    }

    async fn revoking_a_text_that_is_no_token_succeeds_and_revoking_nothing_does_not(app: App) {
        app.anonymous().form(REVOKE, &[("token", "bịa-ra")]).await.expect(200);
        oauth_refused(&app.anonymous().form(REVOKE, &[("x", "y")]).await, 400, "invalid_request");
    }

    async fn a_client_signs_in_by_form_and_by_basic_and_gets_no_refresh_token(app: App) {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "city-portal"),
            ("client_secret", DEMO_PASSWORD),
        ];
        let basic = format!("Basic {}", STANDARD.encode(format!("city-portal:{DEMO_PASSWORD}")));
        let by_form = app.anonymous().form(TOKEN, &form).await.expect(200);
        let by_basic =
            app.anonymous().form(TOKEN, &form[..1]).header("Authorization", &basic).await.expect(200);
        for reply in [by_form, by_basic] {
            assert_eq!(reply["scope"], "results:read", "{reply}");
            assert!(reply.body.get("refresh_token").is_none(), "{reply}");
            let portal = app.with_token(reply.text_at("access_token"));
            portal.get("/public/v1/wards").await.expect(200);
            portal.get(ME).await.refused(403, "forbidden");
        }
    }

    async fn a_client_with_a_wrong_secret_gets_401_and_a_challenge(app: App) {
        let grant = ("grant_type", "client_credentials");
        let wrong = app
            .anonymous()
            .form(TOKEN, &[grant, ("client_id", "city-portal"), ("client_secret", "sai")]).await;
        let unknown = app
            .anonymous()
            .form(TOKEN, &[grant, ("client_id", "no-such"), ("client_secret", "sai")]).await;
        let bare = app.anonymous().form(TOKEN, &[grant]).await;
        let garbled = app.anonymous().form(TOKEN, &[grant]).header("Authorization", "Basic %%%").await;
        for reply in [&wrong, &unknown, &bare, &garbled] {
            oauth_refused(reply, 401, "invalid_client");
            assert!(reply.header("WWW-Authenticate").starts_with("Basic"), "{reply}");
            assert_eq!(reply.text, wrong.text);
        }
    }

    async fn a_client_may_ask_for_fewer_scopes_but_not_for_others(app: App) {
        let admin = app.sign_in("admin").await;
        let body = json!({
            "client_id": "one-stop-shop", "name": "Một cửa", "unit_id": app.unit("KTHTDT"),
            "scopes": ["results:read", "submissions:write"],
        });
        let secret = admin.post("/api/v1/clients", body).await.expect(201).text_at("client_secret");
        let ask = |scope: &str| {
            let fields = [
                ("grant_type", "client_credentials"), ("client_id", "one-stop-shop"),
                ("client_secret", secret.as_str()), ("scope", scope),
            ];
            app.anonymous().form(TOKEN, &fields)
        };
        let narrow = ask("results:read").await.expect(200);
        assert_eq!(narrow["scope"], "results:read");
        let narrow = app.with_token(narrow.text_at("access_token"));
        narrow.get("/api/v1/submissions").await.refused(403, "forbidden");
        let full = ask("").await.expect(200);
        assert_eq!(full["scope"], "results:read submissions:write");
        app.with_token(full.text_at("access_token")).get("/api/v1/submissions").await.expect(200);
        for scope in ["wards:manage", "results:read wards:manage", "no:such"] {
            oauth_refused(&ask(scope).await, 400, "invalid_scope");
        }
    }

    async fn an_unknown_grant_and_a_form_without_its_fields_are_refused(app: App) {
        let anonymous = app.anonymous();
        let unknown = anonymous.form(TOKEN, &[("grant_type", "implicit"), ("code", "x")]).await;
        oauth_refused(&unknown, 400, "unsupported_grant_type");
        let lacking: [&[(&str, &str)]; 5] = [
            &[("username", "leader"), ("password", DEMO_PASSWORD)],
            &[("grant_type", "password"), ("username", "leader")],
            &[("grant_type", "password"), ("password", DEMO_PASSWORD)],
            &[("grant_type", "refresh_token")],
            &[("grant_type", "authorization_code")],
        ];
        for fields in lacking {
            oauth_refused(&anonymous.form(TOKEN, fields).await, 400, "invalid_request");
        }
        let as_json = json!({ "grant_type": "password", "username": "leader", "password": DEMO_PASSWORD });
        oauth_refused(&anonymous.post(TOKEN, as_json).await, 400, "invalid_request");
    }

    async fn what_oauth_clients_send_besides_is_ignored(app: App) {
        let fields = [
            ("grant_type", "password"), ("username", "leader"), ("password", DEMO_PASSWORD),
            ("client_id", "swagger"), ("client_secret", ""), ("scope", "openid"), ("state", "1"),
            ("resource", "x"),
        ];
        app.anonymous().form(TOKEN, &fields).header("Authorization", "Basic Og==").await.expect(200);
    }

    async fn the_published_key_proves_a_token_offline(app: App) {
        let (client, _) = session(&app, "ktht.staff").await;
        let token = client.token().expect("a token");
        let key = app.anonymous().get("/.well-known/jwks.json").await.expect(200)["keys"][0].clone();
        assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("sig")));
        let header = jsonwebtoken::decode_header(token).expect("a header");
        assert_eq!((header.alg, header.kid.as_deref()), (Algorithm::EdDSA, key["kid"].as_str()));
        let decoding = DecodingKey::from_ed_components(key["x"].as_str().expect("x")).expect("a key");
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&["cchc"]);
        validation.set_issuer(&["http://cchc.test"]);
        let claims = jsonwebtoken::decode::<Value>(token, &decoding, &validation).expect("genuine").claims;
        assert_eq!(claims["sub"], app.account("ktht.staff"));
        assert_eq!(claims["ward"], app.ward("long-my"));
        assert_eq!(claims["unit"], app.unit("KTHTDT"));
        assert_eq!(claims["roles"], json!(["department_staff"]));
        let life = claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat);
        assert!(life.is_some_and(|seconds| seconds <= 900), "{claims}");
    }

    async fn a_deactivated_account_stops_working_at_once(app: App) {
        let admin = app.sign_in("admin").await;
        let path = format!("/api/v1/users/{}", app.account("ktht.staff"));
        let (client, token) = session(&app, "ktht.staff").await;
        client.get(ME).await.expect(200);
        let user = admin.post_empty(&format!("{path}/deactivate")).await.expect(200);
        is_void(&app, &client, &token).await;
        let user = admin.patch(&path, user.version(), json!({ "active": true })).await.expect(200);
        is_void(&app, &client, &token).await;
        let (client, token) = session(&app, "ktht.staff").await;
        admin.patch(&path, user.version(), json!({ "active": false })).await.expect(200);
        is_void(&app, &client, &token).await;
    }

    async fn a_reset_password_ends_every_session_and_opens_the_next(app: App) {
        let admin = app.sign_in("admin").await;
        let (client, token) = session(&app, "ktht.staff").await;
        fail_to_sign_in(&app, "ktht.staff", 5).await;
        let path = format!("/api/v1/users/{}/password-reset", app.account("ktht.staff"));
        let drawn = admin.post_empty(&path).await.expect(200).text_at("password");
        is_void(&app, &client, &token).await;
        oauth_refused(&attempt(&app, "ktht.staff", DEMO_PASSWORD).await, 400, "invalid_grant");
        attempt(&app, "ktht.staff", &drawn).await.expect(200);
    }

    async fn changing_my_password_ends_every_session_of_mine(app: App) {
        let (client, token) = session(&app, "ktht.staff").await;
        let (elsewhere, other_token) = session(&app, "ktht.staff").await;
        let body = json!({ "current_password": DEMO_PASSWORD, "new_password": NEW_PASSWORD });
        client.put("/api/v1/me/password", None, body).await.expect(204);
        is_void(&app, &client, &token).await;
        is_void(&app, &elsewhere, &other_token).await;
        oauth_refused(&attempt(&app, "ktht.staff", DEMO_PASSWORD).await, 400, "invalid_grant");
        attempt(&app, "ktht.staff", NEW_PASSWORD).await.expect(200);
    }

    async fn a_wrong_current_password_is_refused_and_counts_towards_the_lock(app: App) {
        let (client, _) = session(&app, "ktht.staff").await;
        let change = |current: &str| {
            let body = json!({ "current_password": current, "new_password": NEW_PASSWORD });
            client.put("/api/v1/me/password", None, body)
        };
        fail_to_sign_in(&app, "ktht.staff", 3).await;
        for _ in 0..2 {
            change("sai").await.refused(422, "invalid").at_field("/current_password", "wrong_password");
        }
        oauth_refused(&attempt(&app, "ktht.staff", DEMO_PASSWORD).await, 400, "invalid_grant");
        change(DEMO_PASSWORD).await.expect(422).at_field("/current_password", "wrong_password");
    }

    async fn a_weak_new_password_is_refused(app: App) {
        let (client, _) = session(&app, "ktht.staff").await;
        let too_long = "x".repeat(129);
        for weak in ["ngắn quá", "mười một ký", too_long.as_str()] {
            let body = json!({ "current_password": DEMO_PASSWORD, "new_password": weak });
            let reply = client.put("/api/v1/me/password", None, body).await.expect(422);
            reply.at_field("/new_password", "weak_password");
        }
        attempt(&app, "ktht.staff", DEMO_PASSWORD).await.expect(200);
    }

    async fn changed_roles_count_from_the_next_request_on(app: App) {
        let admin = app.sign_in("admin").await;
        let path = format!("/api/v1/users/{}", app.account("leader.deputy"));
        let (client, _) = session(&app, "leader.deputy").await;
        client.get("/api/v1/audit-events").await.expect(200);
        let user = admin.patch(&path, 1, json!({ "roles": ["department_staff"] })).await.expect(200);
        client.get("/api/v1/audit-events").await.refused(403, "forbidden");
        assert_eq!(client.get(ME).await.expect(200)["roles"], json!(["department_staff"]));
        admin.patch(&path, user.version(), json!({ "roles": ["auditor"] })).await.expect(200);
        client.get("/api/v1/audit-events").await.expect(200);
    }

    async fn me_tells_my_unit_ward_roles_permissions_and_return_reasons(app: App) {
        let me = app.sign_in("vhxh.head").await.get(ME).await.expect(200);
        assert_eq!(me["account"]["username"], "vhxh.head");
        assert_eq!(me["unit"]["code"], "VHXH");
        assert_eq!(me["unit"]["id"], app.unit("VHXH"));
        assert_eq!(me["ward"]["code"], "long-my");
        assert_eq!(me["roles"], json!(["department_head", "coordinator"]));
        let permissions = me["permissions"].as_array().expect("permissions");
        assert!(permissions.contains(&json!("plans.write")) && permissions.contains(&json!("submissions.decide")));
        assert!(!permissions.contains(&json!("plans.issue")) && !permissions.contains(&json!("users.write")));
        let reasons = me["ward"]["return_reasons"].as_array().expect("reasons");
        assert!(reasons.iter().any(|reason| reason["code"] == "missing_evidence" && reason["label"].is_string()));
        assert!(!me.text.contains("argon2"), "{me}");
    }

    async fn expired_foreign_tampered_and_missing_tokens_are_refused(app: App) {
        let (client, token) = session(&app, "ktht.staff").await;
        let claims = claims_of(&client);
        let pem = Tokens::generate_pem().expect("a key");
        let strangers = Tokens::from_pem(&pem, "http://cchc.test").expect("keys");
        let foreign = strangers.sign(claims.clone()).expect("a token");
        let genuine: Vec<&str> = client.token().expect("a token").split('.').collect();
        let raised = Claims { sub: app.account("admin"), ..claims };
        let raised = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&raised).expect("JSON"));
        let tampered = [genuine[0], raised.as_str(), genuine[2]].join(".");
        let unsigned = [&URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), genuine[1], ""].join(".");
        for bad in [foreign, tampered, unsigned, token, "x".to_owned(), String::new()] {
            let reply = app.with_token(bad).get(ME).await.refused(401, "unauthenticated");
            assert!(!reply.header("WWW-Authenticate").is_empty(), "{reply}");
        }
        app.expired("ktht.staff").get(ME).await.refused(401, "unauthenticated");
        app.anonymous().get(ME).await.refused(401, "unauthenticated");
        let basic = format!("Basic {}", STANDARD.encode(format!("ktht.staff:{DEMO_PASSWORD}")));
        app.anonymous().get(ME).header("Authorization", &basic).await.refused(401, "unauthenticated");
    }
}
