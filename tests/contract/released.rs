//! The document breaks nothing that was released (`docs/versioning.md`), and the comparison that says so finds breaks.

use serde_json::{Value, json};

use super::{compare::breaks, document::document};

/// Breaks of the latest release that are meant, each with its reason; emptied by the next release.
const MEANT: &[(&str, &str)] = &[];

/// The released documents by version, the latest last.
fn released() -> Vec<(Vec<u64>, Value)> {
    let mut found: Vec<(Vec<u64>, Value)> = std::fs::read_dir("openapi/released")
        .expect("the released documents")
        .map(|entry| {
            let path = entry.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("a document");
            let document: Value = serde_json::from_str(&text).expect("JSON");
            let version = document["info"]["version"].as_str().expect("a version");
            assert_eq!(
                path.file_name().unwrap().to_str(),
                Some(format!("{version}.json").as_str()),
                "its name"
            );
            (numbers_of(version), document)
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

fn numbers_of(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().expect("major.minor.patch")).collect()
}

#[test]
fn the_document_breaks_nothing_of_the_latest_release() {
    let (_, latest) = released().pop().expect("a release");
    let found = breaks(&latest, document());
    let unmeant: Vec<&String> =
        found.iter().filter(|line| !MEANT.iter().any(|(meant, _)| line.ends_with(meant))).collect();
    assert!(unmeant.is_empty(), "clients in use would break (docs/versioning.md):\n{unmeant:#?}");
    let past: Vec<_> =
        MEANT.iter().filter(|(meant, _)| !found.iter().any(|line| line.ends_with(meant))).collect();
    assert!(past.is_empty(), "no longer breaks: {past:#?}");
}

#[test]
fn what_differs_from_a_release_has_a_later_version() {
    let (version, latest) = released().pop().expect("a release");
    let current = numbers_of(document()["info"]["version"].as_str().expect("a version"));
    let is_release = current == version && latest == *document();
    assert!(
        is_release || current > version,
        "raise `version` in Cargo.toml above that of the latest release"
    );
}

/// A small document with one of each kind of thing.
const SMALL: &str = r##"{
    "paths": { "/things": {
        "get": {
            "security": [], "x-roles": ["leader", "auditor"], "x-scopes": ["results:read"],
            "parameters": [
                { "name": "state", "in": "query", "schema": { "type": "string", "enum": ["draft", "issued"] } },
                { "name": "q", "in": "query", "schema": { "type": "string", "maxLength": 100 } }
            ],
            "responses": {
                "200": { "headers": { "ETag": {} }, "content": {
                    "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } },
                    "text/csv": { "schema": { "type": "string" } }
                } },
                "404": { "$ref": "#/components/responses/404" }
            }
        },
        "post": {
            "security": [{ "token": [] }],
            "requestBody": { "content": { "application/json": { "schema": {
                "$ref": "#/components/schemas/CreateThing"
            } } } },
            "responses": { "201": {} }
        }
    } },
    "components": {
        "responses": { "404": { "content": { "application/problem+json": { "schema": {
            "type": "object", "properties": { "code": { "type": "string" } }, "required": ["code"]
        } } } } },
        "schemas": {
            "Thing": { "allOf": [{ "$ref": "#/components/schemas/Base" }, {
                "type": "object",
                "properties": {
                    "state": { "type": "string", "enum": ["draft", "issued"] },
                    "count": { "type": "integer", "format": "int32" },
                    "inner": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } },
                    "note": { "oneOf": [{ "$ref": "#/components/schemas/Note" }, { "type": "null" }] }
                },
                "required": ["state", "count"]
            }] },
            "Base": {
                "type": "object", "properties": { "id": { "type": "string", "format": "uuid" } }, "required": ["id"]
            },
            "Note": { "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] },
            "CreateThing": { "oneOf": [
                { "$ref": "#/components/schemas/CreateSection" }, { "$ref": "#/components/schemas/CreateTask" }
            ] },
            "CreateSection": {
                "type": "object",
                "properties": {
                    "kind": { "type": "string", "enum": ["section"] },
                    "title": { "type": ["string", "null"], "maxLength": 300 },
                    "position": { "type": "integer", "minimum": 1 }
                },
                "required": ["kind"]
            },
            "CreateTask": {
                "type": "object", "properties": { "kind": { "type": "string", "enum": ["task"] } }, "required": ["kind"]
            }
        }
    }
}"##;

fn small() -> Value {
    serde_json::from_str(SMALL).expect("JSON")
}

/// Puts a value at a place of the small document; `null` takes away what is there.
fn with(place: &str, value: &Value) -> Value {
    let mut document = small();
    let (parent, name) = place.rsplit_once('/').expect("a pointer");
    let name = &name.replace("~1", "/");
    match document.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is nowhere")) {
        Value::Object(fields) if value.is_null() => {
            drop(fields.remove(name).expect("something to take away"))
        }
        Value::Object(fields) => drop(fields.insert(name.clone(), value.clone())),
        Value::Array(list) if name == "-" => list.push(value.clone()),
        Value::Array(list) => drop(list.remove(name.parse().expect("an index"))),
        other => panic!("{other} has no places"),
    }
    document
}

const GET: &str = "/paths/~1things/get";
const POST: &str = "/paths/~1things/post";
const SCHEMAS: &str = "/components/schemas";
const THING: &str = "/components/schemas/Thing/allOf/1";
const SECTION: &str = "/components/schemas/CreateSection";

/// Where the small document is changed, to what, and how the last words about it read.
const BREAKS: &[(&str, &str, &str, &str)] = &[
    ("/paths", "/~1things", "null", "GET /things: gone"),
    ("/paths/~1things", "/post", "null", "POST /things: gone"),
    (GET, "/responses/200", "null", "GET /things 200: gone"),
    (GET, "/responses/404", "null", "GET /things 404: gone"),
    (GET, "/responses/200/headers/ETag", "null", "GET /things 200: header ETag gone"),
    (GET, "/responses/200/content/text~1csv", "null", "GET /things 200 text/csv: gone"),
    (GET, "/parameters/1", "null", "GET /things ?q: gone"),
    (GET, "/parameters/-", r#"{"name": "y", "required": true}"#, "GET /things: ?y is new and required"),
    (GET, "/parameters/1/required", "true", "GET /things ?q: became required"),
    (GET, "/parameters/1/schema/maxLength", "50", "GET /things ?q: maxLength became 50"),
    (GET, "/parameters/0/schema/enum/1", "null", r#"GET /things ?state: takes only {"\"draft\""} now"#),
    (GET, "/security", r#"[{"token": []}]"#, "GET /things: asks for credentials"),
    (GET, "/x-roles/1", "null", r#"GET /things: x-roles lost "auditor""#),
    (GET, "/x-scopes/0", "null", r#"GET /things: x-scopes lost "results:read""#),
    (THING, "/properties/state", "null", "200 application/json: /state is gone"),
    (THING, "/required/0", "null", "200 application/json: /state may be missing now"),
    (THING, "/properties/state/enum", "null", "/state: has no list of values any more"),
    (THING, "/properties/count/type", r#""string""#, "/count: was integer int32, is string int32 now"),
    (THING, "/properties/count/format", r#""int64""#, "/count: was integer int32, is integer int64 now"),
    (THING, "/properties/count/type", r#"["integer", "null"]"#, "/count: may be null now"),
    (SCHEMAS, "/Base/required/0", "null", "200 application/json: /id may be missing now"),
    (SCHEMAS, "/Note/properties/text", "null", "/note: /text is gone"),
    (
        "/components/responses/404/content",
        "/application~1problem+json/schema/properties/code",
        "null",
        "GET /things 404 application/problem+json: /code is gone",
    ),
    (POST, "/requestBody/required", "true", "POST /things body: became required"),
    (SCHEMAS, "/CreateThing/oneOf/0", "null", "variant kind=section is gone"),
    (SECTION, "/properties/title", "null", "(kind=section): /title is gone"),
    (SECTION, "/required/-", r#""title""#, "(kind=section): /title became required"),
    (SECTION, "/properties/title/type", r#""string""#, "/title: takes no null any more"),
    (SECTION, "/properties/position/minimum", "2", "/position: minimum became 2"),
    (SECTION, "/properties/position/maximum", "9", "/position: maximum became 9"),
    (SECTION, "/properties/title/pattern", r#""^a""#, r#"/title: pattern became "^a""#),
    (SECTION, "/properties/position/type", r#""string""#, "/position: was integer, takes only string now"),
    (SECTION, "/properties/position/enum", "[1]", r#"/position: takes only {"1"} now"#),
    (SECTION, "/additionalProperties", "false", "(kind=section): takes no other fields any more"),
];

#[test]
fn each_kind_of_break_is_found() {
    for (parent, place, value, says) in BREAKS {
        let value: Value = serde_json::from_str(value).expect("JSON");
        let found = breaks(&small(), &with(&format!("{parent}{place}"), &value));
        assert!(found.iter().any(|line| line.ends_with(says)), "{place} = {value}: {found:?}, not {says}");
    }
}

#[test]
fn only_what_was_announced_long_ago_may_go() {
    let mut gone = small();
    gone["paths"]["/things"].as_object_mut().unwrap().remove("post");
    for (sunset, found) in [("2026-01-01", 0), ("9999-01-01", 1)] {
        let announced = with("/paths/~1things/post/x-sunset", &json!(sunset));
        assert_eq!(breaks(&announced, &gone).len(), found, "{sunset}");
    }
}

#[test]
fn additions_break_nothing() {
    let optional = json!({ "name": "year", "in": "query", "schema": { "type": "integer" } });
    for (place, value) in [
        ("/paths/~1others", json!({ "get": {} })),
        ("/paths/~1things/delete", json!({ "responses": {} })),
        ("/paths/~1things/get/parameters/-", optional),
        ("/paths/~1things/get/responses/304", json!({})),
        ("/paths/~1things/get/x-roles/-", json!("supervisor")),
        ("/paths/~1things/get/parameters/0/schema/enum/-", json!("archived")),
        ("/paths/~1things/get/parameters/1/schema/maxLength", json!(200)),
        ("/components/schemas/Thing/allOf/1/properties/title", json!({ "type": "string" })),
        ("/components/schemas/Thing/allOf/1/properties/state/enum/-", json!("archived")),
        ("/components/schemas/Note/properties/author", json!({ "type": "string" })),
        ("/components/schemas/CreateSection/properties/field", json!({ "type": "string" })),
        ("/components/schemas/CreateSection/properties/position/minimum", json!(0)),
        ("/components/schemas/CreateThing/oneOf/-", json!({ "type": "object", "properties": {} })),
        ("/info", json!({ "title": "things" })),
    ] {
        assert_eq!(breaks(&small(), &with(place, &value)), Vec::<String>::new(), "{place} = {value}");
    }
}

#[test]
fn a_field_that_vanishes_from_the_real_document_is_found() {
    let mut doctored = document().clone();
    let fields = doctored.pointer_mut("/components/schemas/ResultView/properties").expect("results");
    fields.as_object_mut().expect("fields").remove("verdicts").expect("verdicts");
    let found = breaks(document(), &doctored);
    assert!(found.iter().any(|line| line.ends_with("/verdicts is gone")), "{found:?}");
    assert_eq!(breaks(document(), document()), Vec::<String>::new());
}
