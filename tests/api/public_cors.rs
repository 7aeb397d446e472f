//! Promises about web pages of other origins: those that the operator listed, and no other.

use cchc::settings::Settings;
use reqwest::Method;

use crate::support::{App, Call, Client, both_databases};

const PORTAL: &str = "https://portal.example.vn";
const WARDS: &str = "/public/v1/wards";

fn with_portal(app: &App) -> App {
    app.with_settings(Settings { cors_origins: vec![PORTAL.to_owned()], ..Settings::default() })
}

fn preflight(client: &Client, path: &str, origin: &str, method: &str, headers: &str) -> Call {
    client
        .call(Method::OPTIONS, path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header("Access-Control-Request-Headers", headers)
}

async fn a_listed_origin_reads_answers_and_their_headers(app: App) {
    let app = with_portal(&app);
    let city = app.city_portal().await;
    for path in [WARDS, "/health/live"] {
        let read = city.get(path).header("Origin", PORTAL).await.expect(200);
        assert_eq!(read.header("Access-Control-Allow-Origin"), PORTAL, "{path}");
        let shown = read.header("Access-Control-Expose-Headers").to_ascii_lowercase();
        for name in ["etag", "location", "link", "x-request-id", "retry-after", "deprecation", "sunset"] {
            assert!(shown.split(", ").any(|one| one == name), "{name} in {shown}");
        }
        assert_eq!(read.header("Access-Control-Allow-Credentials"), "", "no cookies");
        assert!(read.header("Vary").to_ascii_lowercase().contains("origin"));
    }
    // A page must be able to read why it was refused.
    let refused = app.anonymous().get("/api/v1/me").header("Origin", PORTAL).await;
    assert_eq!(refused.header("Access-Control-Allow-Origin"), PORTAL);
    refused.refused(401, "unauthenticated");
}

async fn a_preflight_is_answered_before_anybody_signs_in(app: App) {
    let app = with_portal(&app);
    let nobody = app.anonymous();
    let headers = "authorization, content-type, if-match, if-none-match, idempotency-key, accept-language, x-request-id";
    for (path, method) in [(WARDS, "GET"), ("/api/v1/submissions", "POST"), ("/api/v1/units/1", "PATCH")] {
        let answer = preflight(&nobody, path, PORTAL, method, headers).await.expect(200);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), PORTAL);
        assert!(answer.header("Access-Control-Allow-Methods").contains(method));
        assert_eq!(answer.header("Access-Control-Max-Age"), "3600");
    }
    assert_eq!(preflight(&nobody, WARDS, PORTAL, "GET", "x-anything").await.status, 400);
}

async fn a_foreign_origin_gets_nothing_that_lets_its_page_read(app: App) {
    let app = with_portal(&app);
    let city = app.city_portal().await;
    for foreign in ["https://portal.example.vn.evil.example", "http://portal.example.vn", "null"] {
        let read = city.get(WARDS).header("Origin", foreign).await;
        assert_eq!(read.header("Access-Control-Allow-Origin"), "", "{foreign}");
        let asked = preflight(&app.anonymous(), WARDS, foreign, "GET", "authorization").await;
        assert_eq!((asked.status, asked.header("Access-Control-Allow-Origin")), (400, ""), "{foreign}");
    }
}

async fn without_a_list_there_is_no_word_of_origins(app: App) {
    let city = app.city_portal().await;
    let read = city.get(WARDS).header("Origin", PORTAL).await.expect(200);
    let names = read.headers.keys().map(|name| name.as_str());
    assert_eq!(names.filter(|name| name.starts_with("access-control")).count(), 0);
    preflight(&city, WARDS, PORTAL, "GET", "authorization").await.refused(405, "method_not_allowed");
}

both_databases!(
    a_listed_origin_reads_answers_and_their_headers,
    a_preflight_is_answered_before_anybody_signs_in,
    a_foreign_origin_gets_nothing_that_lets_its_page_read,
    without_a_list_there_is_no_word_of_origins,
);
