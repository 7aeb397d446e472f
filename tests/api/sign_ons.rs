//! Promises about single sign-on that need no identity provider; `tests/process/sso.rs` tries it with one.

use cchc::settings::{Settings, SignOn};
use serde_json::json;

use crate::support::{App, DEMO_PASSWORD, both_databases};

const SSO: &str = "/api/v1/auth/sso";
const CALLBACK: &str = "/api/v1/auth/sso/callback";
const TOKEN: &str = "/api/v1/auth/token";
const PAGE: &str = "https://app.example.vn/signed-in";

/// An identity provider that nobody reaches: port 9 is for discarding.
fn provider() -> SignOn {
    SignOn {
        issuer: "http://127.0.0.1:9".to_owned(),
        client_id: "cchc".to_owned(),
        client_secret: "secret".to_owned().into(),
        claim: "preferred_username".to_owned(),
        scopes: vec!["profile".to_owned()],
        public_url: "https://cchc.example.vn".to_owned(),
        return_urls: vec![PAGE.to_owned()],
    }
}

fn with(app: &App, passwords_off: bool) -> App {
    let settings = Settings { passwords_off, sign_on: Some(provider()), ..Settings::default() };
    app.with_settings(settings)
}

fn attempts(app: &App) -> usize {
    app.rows_of("sign_on_attempts").len()
}

both_databases! {
    async fn without_a_provider_there_is_no_sign_on_and_the_answer_says_what_to_do(app: App) {
        for path in [SSO, CALLBACK, "/api/v1/auth/sso/callback?code=x&state=y"] {
            let reply = app.anonymous().get(path).await.refused(404, "not_found");
            assert!(reply.text_at("detail").contains("mật khẩu"), "{reply}");
        }
        assert_eq!(attempts(&app), 0);
    }

    async fn only_pages_that_the_operator_listed_get_a_browser_back(app: App) {
        let app = with(&app, false);
        for page in [
            "https://app.example.vn/",
            "https://app.example.vn/signed-in/",
            "https://app.example.vn/signed-in?x=1",
            "https://app.example.vn.evil.example/signed-in",
            "//app.example.vn/signed-in",
            "javascript:alert(1)",
            "",
        ] {
            let reply = app.anonymous().get(&format!("{SSO}?return_to={page}")).await;
            reply.refused(422, "invalid").at_field("?return_to", "unknown_reference");
        }
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let reply = app.anonymous().get(&format!("{SSO}?code_challenge={challenge}")).await;
        reply.refused(422, "invalid").at_field("?code_challenge", "not_applicable_here");
        let reply = app.anonymous().get(&format!("{SSO}?return_to={PAGE}&code_challenge=short")).await;
        reply.refused(422, "invalid").at_field("?code_challenge", "out_of_range");
        app.anonymous().get(&format!("{SSO}?next=/")).await.refused(400, "malformed_query");
        assert_eq!(attempts(&app), 0);
    }

    async fn a_provider_that_does_not_answer_is_not_our_error(app: App) {
        let app = with(&app, false);
        for _ in 0..2 {
            let reply = app.anonymous().get(&format!("{SSO}?return_to={PAGE}")).await;
            let reply = reply.refused(503, "sign_on_unavailable");
            assert!(!reply.header("Retry-After").is_empty() && !reply.text.contains("127.0.0.1"), "{reply}");
        }
        assert_eq!(attempts(&app), 0);
    }

    async fn who_did_not_leave_from_here_does_not_come_back(app: App) {
        let app = with(&app, false);
        for path in ["", "?state=x&code=y", "?state=x&error=access_denied", "?code=y", "?state="] {
            let reply = app.anonymous().get(&format!("{CALLBACK}{path}")).header("Cookie", "cchc_sign_on=z").await;
            reply.refused(400, "sign_on_expired");
        }
        let kept = app.anonymous().get(&format!("{CALLBACK}?state=x&code=y")).header("Cookie", "cchc_sign_on=x");
        kept.await.refused(400, "sign_on_expired");
        let known = "?state=x&code=y&iss=a&session_state=b&scope=openid&authuser=0&prompt=none&hd=c&error_uri=d";
        app.anonymous().get(&format!("{CALLBACK}{known}")).await.refused(400, "sign_on_expired");
        app.anonymous().get(&format!("{CALLBACK}?state=x&x=y")).await.refused(400, "malformed_query");
    }

    async fn a_one_time_code_that_never_was_gives_nothing(app: App) {
        let exchange = [("grant_type", "authorization_code"), ("code", "bịa-ra")];
        let reply = app.anonymous().form(TOKEN, &exchange).await.expect(400);
        assert_eq!(reply["error"], "invalid_grant", "{reply}");
    }

    async fn with_passwords_off_no_password_is_taken_made_or_changed(app: App) {
        let (admin, staff) = (app.sign_in("admin").await, app.sign_in("ktht.staff").await);
        let body = json!({
            "username": "hcc.staff2", "full_name": "Chuyên viên", "unit_id": app.unit("HCC"),
            "roles": ["department_staff"],
        });
        admin.post("/api/v1/users", &body).await.refused(422, "invalid").at_field("/password", "required");
        let form = [("grant_type", "password"), ("username", "ktht.staff"), ("password", DEMO_PASSWORD)];
        let refresh = app.anonymous().form(TOKEN, &form).await.expect(200).text_at("refresh_token");

        let off = app.with_settings(Settings { passwords_off: true, sign_on: Some(provider()), ..Settings::default() });
        let (admin, staff) = (off.with_token(admin.token().unwrap()), off.with_token(staff.token().unwrap()));
        let reply = off.anonymous().form(TOKEN, &form).await.expect(400);
        assert_eq!(reply["error"], "unsupported_grant_type", "{reply}");
        let change = json!({ "current_password": DEMO_PASSWORD, "new_password": "mot mat khau moi du dai" });
        staff.put("/api/v1/me/password", None, change).await.refused(409, "passwords_off");
        let reset = format!("/api/v1/users/{}/password-reset", app.account("ktht.staff"));
        admin.post_empty(&reset).await.refused(409, "passwords_off");
        let mut with_password = body.clone();
        with_password["password"] = json!("mot mat khau du dai");
        admin.post("/api/v1/users", with_password).await.refused(409, "passwords_off");
        admin.post("/api/v1/users", body).await.expect(201);

        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let again = off.anonymous().form(TOKEN, &form).await.expect(200);
        off.with_token(again.text_at("access_token")).get("/api/v1/me").await.expect(200);
        off.sign_in_client("city-portal", DEMO_PASSWORD).await.get("/public/v1/wards").await.expect(200);
    }
}
