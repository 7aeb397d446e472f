//! Whatever is sent, the answer is a problem that says what is wrong, and nothing about what is inside.

use cchc::{access::Permission, error::Code};
use serde_json::{Value, json};

use super::{
    calls::{Prepared, prepare},
    document::{Body, Operation, operations, resolve},
    recipes::{changes, prepare_change},
};
use crate::support::{App, Call, Reply, both_databases};

both_databases!(
    malformed_json_is_refused_everywhere,
    malformed_forms_are_refused_everywhere,
    bodies_of_the_wrong_kind_are_refused_everywhere,
    malformed_queries_are_refused_everywhere,
    ids_that_name_nothing_are_not_found_everywhere,
    changes_ask_for_the_version_that_was_read,
    malformed_headers_are_refused,
);

/// Words of databases, code and machines that no answer may hold.
const INSIDE: &[&str] = &[
    "sqlite",
    "postgres",
    "diesel",
    "r2d2",
    "actix",
    "serde",
    "panicked",
    "select ",
    "insert into",
    "update ",
    "delete from",
    "constraint",
    "syntax error",
    "relation \"",
    "column ",
    ".rs",
    "/src/",
    "/tmp/",
    "/home/",
    env!("CARGO_MANIFEST_DIR"),
    "plan_items",
    "item_targets",
    "audit_events",
    "audit_chains",
    "idempotency_keys",
    "refresh_tokens",
    "revoked_tokens",
    "submission_revisions",
    "submission_drafters",
    "explanation_requests",
    "obstacle_steps",
    "calendar_days",
    "document_files",
    "object_store",
    "incoming/",
    "expected value at line",
    "invalid type:",
    "at line 1",
];

/// A language that a caller asks for.
#[derive(Clone, Copy, Debug)]
enum Language {
    Vietnamese,
    English,
}

impl Language {
    const BOTH: [Self; 2] = [Self::Vietnamese, Self::English];

    fn ask(self, call: Call) -> Call {
        match self {
            Self::Vietnamese => call,
            Self::English => call.header("Accept-Language", "fr, en;q=0.9, vi;q=0.2"),
        }
    }
}

/// The answer is a refusal in the caller's language, with a stable code, and shows nothing of the inside.
#[track_caller]
fn expect_problem(reply: &Reply, language: Language, what: &str) {
    assert!((400..500).contains(&reply.status), "{what}: expected a refusal\n{reply}");
    expect_nothing_inside(reply, what);
    let oauth = reply.body["error"].is_string();
    if oauth {
        assert!(
            reply.call.contains("/api/v1/auth/"),
            "{what}: the words of RFC 6749 belong to the OAuth calls\n{reply}"
        );
        return;
    }
    assert_eq!(reply.header("Content-Type"), "application/problem+json", "{what}\n{reply}");
    let code = Code::ALL.iter().find(|code| code.as_str() == reply.code());
    let code = code.unwrap_or_else(|| panic!("{what}: not a code of the table\n{reply}"));
    let (tag, title) = match language {
        Language::Vietnamese => ("vi", code.sentence().vi),
        Language::English => ("en", code.sentence().en),
    };
    assert_eq!(reply.header("Content-Language"), tag, "{what}\n{reply}");
    assert_eq!(reply["title"], json!(title), "{what}\n{reply}");
    assert_eq!(reply["status"], reply.status, "{what}\n{reply}");
    assert_eq!(reply["type"], format!("urn:cchc:problem:{}", code.as_str()), "{what}\n{reply}");
    assert_eq!(reply["request_id"], reply.header("X-Request-Id"), "{what}\n{reply}");
    assert!(reply["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{what}\n{reply}");
}

#[track_caller]
fn expect_nothing_inside(reply: &Reply, what: &str) {
    let text = reply.text.to_lowercase();
    let inside = INSIDE.iter().find(|word| text.contains(**word));
    assert!(inside.is_none(), "{what}: the answer holds {inside:?}\n{reply}");
}

/// What a caller sent, to name it in a failure.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(300).collect()
}

fn fields_of(body: &Body) -> Vec<String> {
    let schema = resolve(&body.schema);
    let mut fields: Vec<String> =
        schema["properties"].as_object().into_iter().flatten().map(|(k, _)| k.clone()).collect();
    let example = body.example.as_ref().and_then(Value::as_object).into_iter().flatten();
    fields.extend(example.map(|(name, _)| name.clone()));
    fields.sort();
    fields.dedup();
    fields
}

/// Texts that are no JSON at all, or of no shape that a body has.
fn broken_texts(example: &Value) -> Vec<Vec<u8>> {
    let whole = example.to_string();
    let cut = whole.get(..whole.len() - 1).unwrap_or_default().to_owned();
    let mut texts: Vec<Vec<u8>> =
        ["", " ", "{", "nul", "\"text\"", "42", "null", "true", "{\"a\":}", "{'a':1}"]
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect();
    texts.push(cut.into_bytes());
    texts.push(format!("{whole} x").into_bytes());
    texts.push(format!("{whole}{whole}").into_bytes());
    texts.push(format!("\u{feff}{whole}").into_bytes());
    texts.push("[".repeat(100_000).into_bytes());
    texts.push("{\"a\":".repeat(100_000).into_bytes());
    texts.push(b"{\"name\":\"\xff\xfe\"}".to_vec());
    texts.push(vec![0; 16]);
    texts.push(if example.is_array() { b"{}".to_vec() } else { b"[[1]]".to_vec() });
    texts
}

/// The example with one field spoilt in ways that no field allows.
fn spoilt_fields(body: &Body, example: &Value) -> Vec<Vec<u8>> {
    let Some(fields) = example.as_object() else { return Vec::new() };
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let bad = [
        "[[[1]]]",
        "{\"khong_co\":{\"x\":[1]}}",
        "123456789012345678901234567890123456789012345678901234567890",
        "1e999",
        "\"a\\u0000b\"",
        "\"\\ud800\"",
        deep.as_str(),
    ];
    let mut texts = Vec::new();
    for name in fields_of(body) {
        for value in bad {
            let mut spoilt = fields.clone();
            spoilt.insert(name.clone(), json!("__VALUE__"));
            texts.push(Value::Object(spoilt).to_string().replace("\"__VALUE__\"", value).into_bytes());
        }
    }
    texts
}

async fn malformed_json_is_refused_everywhere(app: App) {
    for operation in operations() {
        let Some(body) = operation.body.as_ref().filter(|body| body.media_type.contains("json")) else {
            continue;
        };
        let call = prepare(&app, &operation).await;
        let example = call.body.clone().unwrap_or_default();
        let optional = operation.raw["requestBody"]["required"] != true;
        let texts = broken_texts(&example).into_iter().filter(|text| !(optional && text.is_empty()));
        let texts = texts.chain(spoilt_fields(body, &example));
        for (text, language) in texts.zip(Language::BOTH.iter().cycle()) {
            let what = format!("{} with {}", operation.key(), shown(&text));
            let sent = bare(&call).by(&call.client).raw("application/json", text);
            let reply = language.ask(sent).await;
            expect_problem(&reply, *language, &what);
            assert!(matches!(reply.status, 400 | 422), "{what}: 400 or 422\n{reply}");
        }
        if let Value::Object(mut fields) = example {
            fields.insert("khong_co".into(), json!(1));
            let reply = bare(&call).by(&call.client).json(fields).await;
            expect_problem(&reply, Language::Vietnamese, "an unknown field");
            reply.refused(400, "malformed_body").at_field("/khong_co", "unknown_field");
        }
    }
}

/// The same call without its body.
fn bare(call: &Prepared) -> Prepared {
    Prepared { body: None, ..call.clone() }
}

async fn malformed_forms_are_refused_everywhere(app: App) {
    for operation in operations() {
        let Some(body) = operation.body.as_ref().filter(|body| body.media_type.contains("form")) else {
            continue;
        };
        let call = prepare(&app, &operation).await;
        let mut texts: Vec<Vec<u8>> =
            vec![Vec::new(), b"=".to_vec(), b"%".to_vec(), b"\xff\xfe=\xff".to_vec()];
        texts.push(vec![b'a'; 100_000]);
        for text in texts {
            let what = format!("{} with {}", operation.key(), shown(&text));
            let reply = bare(&call).by(&call.client).raw(&body.media_type, text).await;
            expect_problem(&reply, Language::Vietnamese, &what);
        }
    }
}

async fn bodies_of_the_wrong_kind_are_refused_everywhere(app: App) {
    for operation in operations() {
        if operation.body.is_none() {
            continue;
        }
        let call = prepare(&app, &operation).await;
        let text = call.body.clone().unwrap_or_default().to_string();
        let takes_files = call.media_type.starts_with("multipart/");
        let foreign = ["text/plain", "application/xml", "multipart/form-data; boundary=x", "nonsense"];
        for media_type in foreign.into_iter().filter(|m| !(takes_files && m.starts_with("multipart/"))) {
            let reply = bare(&call).by(&call.client).raw(media_type, text.clone()).await;
            expect_problem(&reply, Language::Vietnamese, &format!("{} as {media_type}", operation.key()));
            assert!(reply.status == 415 || operation.is_oauth(), "{reply}");
        }
        let reply = bare(&call).by(&call.client).untyped(text).await;
        expect_problem(&reply, Language::Vietnamese, &format!("{} without Content-Type", operation.key()));
        // The limit of files is another, and `tests/api/documents.rs` has it.
        if !operation.is_oauth() && !takes_files {
            let large = format!("{{\"a\":\"{}\"}}", "a".repeat(most_bytes(&operation)));
            let reply = bare(&call).by(&call.client).raw("application/json", large).await;
            expect_problem(&reply, Language::Vietnamese, &format!("{} with a large body", operation.key()));
            reply.refused(413, "body_too_large");
        }
    }
}

/// Most bytes that a body may have: more where it may hold rows.
fn most_bytes(operation: &Operation) -> usize {
    let takes_rows = operation.raw["requestBody"]["content"]["text/csv"].is_object();
    if takes_rows { cchc::http::extract::MAX_UPLOAD } else { cchc::http::extract::MAX_BODY }
}

async fn malformed_queries_are_refused_everywhere(app: App) {
    let long = "a".repeat(5000);
    let bad = [
        "",
        "%00",
        "%FF%FE",
        "%",
        "%F0%9F%98%80",
        "-1",
        "0",
        "99999999999999999999",
        "'%20OR%201=1%20--",
        long.as_str(),
    ];
    for operation in operations() {
        let call = prepare(&app, &operation).await;
        if operation.is_change() {
            let reply = call.probe(&call.client).await;
            expect_problem(&reply, Language::Vietnamese, &operation.key());
            continue;
        }
        for name in operation.query() {
            for (value, language) in bad.iter().zip(Language::BOTH.iter().cycle()) {
                let query = format!("{name}={value}");
                let reply = language.ask(call.client.get(&with_query(&call.path, name, &query))).await;
                let what = format!("{}?{}", operation.key(), shown(query.as_bytes()));
                if !reply.is_success() {
                    expect_problem(&reply, *language, &what);
                }
                let never = value.contains("%00") || name == "limit" || (name == "cursor" && *value == "%");
                assert!(!(never && reply.is_success()), "{what} must be refused\n{reply}");
                expect_nothing_inside(&reply, &what);
            }
        }
        for query in ["khong_co=1", "limit=1&khong_co=", "=", "khong_co"] {
            let reply = call.client.get(&with_query(&call.path, "", query)).await;
            expect_problem(&reply, Language::Vietnamese, &format!("{}?{query}", operation.key()));
            reply.refused(400, "malformed_query");
        }
    }
}

/// The path with one more parameter, which takes the place of the one of the same name.
fn with_query(path: &str, name: &str, query: &str) -> String {
    let (path, given) = path.split_once('?').unwrap_or((path, ""));
    let others = given.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
    let all: Vec<&str> = others.chain([query]).collect();
    format!("{path}?{}", all.join("&"))
}

async fn ids_that_name_nothing_are_not_found_everywhere(app: App) {
    let long = "a".repeat(3000);
    let bad = [
        "abc",
        "0",
        "-1",
        "%00",
        "%FF",
        "%C4%91",
        "%27%20OR%201=1%20--",
        "..%2F..%2Fetc%2Fpasswd",
        "00000000-0000-0000-0000-000000000000",
        "0198f0a0-0000-7000-8000-000000000000",
        "0198F0A0-0000-7000-8000-00000000000Z",
        long.as_str(),
    ];
    for operation in operations() {
        let call = prepare(&app, &operation).await;
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let real: Vec<&str> = path.split('/').collect();
        for (at, segment) in
            operation.path.split('/').enumerate().filter(|(_, segment)| segment.starts_with('{'))
        {
            for (value, language) in bad.iter().zip(Language::BOTH.iter().cycle()) {
                let mut segments = real.clone();
                segments[at] = value;
                let path = format!("{}?{query}", segments.join("/"));
                let path = path.trim_end_matches('?').to_owned();
                let what = format!("{} with {segment} = {}", operation.key(), shown(value.as_bytes()));
                let reply = language.ask(Prepared { path, ..call.clone() }.by(&call.client)).await;
                expect_problem(&reply, *language, &what);
                assert!(segment != "{id}" || reply.status == 404, "{what}: 404\n{reply}");
            }
        }
    }
}

async fn changes_ask_for_the_version_that_was_read(app: App) {
    for operation in changes().into_iter().filter(Operation::needs_version) {
        let app = app.another();
        let call = prepare_change(&app, &operation).await;
        let without = Prepared { version: None, ..call.clone() };
        let reply = without.by(&call.client).await;
        expect_problem(&reply, Language::Vietnamese, &operation.key());
        reply.refused(428, "if_match_required");
        let stale = Prepared { version: call.version.map(|version| version + 7), ..call.clone() };
        stale.by(&call.client).await.refused(412, "version_stale");
        for foreign in ["1", "\"", "\"x\"", "W/\"1\"", "\"99999999999999999999\"", "\"1\", \"2\""] {
            let reply = without.by(&call.client).header("If-Match", foreign).await;
            expect_problem(
                &reply,
                Language::Vietnamese,
                &format!("{} with If-Match: {foreign}", operation.key()),
            );
            assert!(matches!(reply.status, 400 | 412), "{reply}");
        }
    }
}

async fn malformed_headers_are_refused(app: App) {
    let long = "a".repeat(201);
    let posts = operations().into_iter().filter(|operation| operation.method == reqwest::Method::POST);
    for operation in posts.filter(|operation| operation.permission != Permission::Public) {
        let call = prepare(&app, &operation).await;
        for key in [b"".as_slice(), long.as_bytes(), b"\xff\xfe"] {
            let reply = call.by(&call.client).header_bytes("Idempotency-Key", key).await;
            expect_problem(
                &reply,
                Language::Vietnamese,
                &format!("{} with Idempotency-Key {key:?}", operation.key()),
            );
            reply.refused(400, "invalid_header");
        }
    }
    for value in [b"Bearer".as_slice(), b"Bearer ", b"Bearer \xff", b"\xff", b"leader", b"Bearer a b c"] {
        let reply = app.anonymous().get("/api/v1/units").header_bytes("Authorization", value).await;
        expect_problem(&reply, Language::Vietnamese, &format!("Authorization {value:?}"));
        reply.refused(401, "unauthenticated");
    }
    for id in ["", "a b", "<script>", &"a".repeat(65)] {
        let reply = app.anonymous().get("/health/live").header("X-Request-Id", id).await.expect(200);
        assert_ne!(
            reply.header("X-Request-Id"),
            id,
            "a request id that is no harmless word must not be echoed"
        );
    }
    let reply = app.anonymous().get("/health/live").header("X-Request-Id", "cua-toi.1").await;
    assert_eq!(reply.header("X-Request-Id"), "cua-toi.1");
}
