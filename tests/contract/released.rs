//! The document breaks nothing that was released (`docs/versioning.md`), and the comparison that says so finds breaks.

use serde_json::{Value, json};

use super::{compare::breaks, document::document};

/// Breaks of the latest release that are meant, each with its reason; emptied by the next release.
const MEANT: &[(&str, &str)] = &[
    (
        "POST /api/v1/plans/import 2XX: gone",
        "the two answers that it stood for are described one by one, 200 and 201; what is sent stays the same",
    ),
    (
        "(kind=section)/verdict is gone",
        "a clash of names described the sections of a plan as those of a summary; it was never sent",
    ),
    ("POST /api/v1/plans/import body text/csv: was string, takes only string binary now", FILE),
    (
        "POST /api/v1/plans/import body application/vnd.openxmlformats-officedocument.spreadsheetml.sheet: \
         was array, takes only string binary now",
        FILE,
    ),
    ("POST /api/v1/submissions/batch body text/csv: was string, takes only string binary now", FILE),
];

const FILE: &str = "a file is described as one; what is taken stays the same";

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
fn small() -> Value {
    json!({
        "paths": { "/things": {
            "get": {
                "security": [], "x-roles": ["leader", "auditor"], "x-scopes": ["results:read"],
                "parameters": [
                    { "name": "state", "in": "query", "schema": { "type": "string", "enum": ["draft", "issued"] } },
                    { "name": "q", "in": "query", "schema": { "type": "string", "maxLength": 100 } },
                ],
                "responses": {
                    "200": { "headers": { "ETag": {} }, "content": {
                        "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } },
                        "text/csv": { "schema": { "type": "string" } },
                    } },
                    "404": { "$ref": "#/components/responses/404" },
                },
            },
            "post": {
                "security": [{ "token": [] }],
                "requestBody": { "content": { "application/json": { "schema": {
                    "$ref": "#/components/schemas/CreateThing"
                } } } },
                "responses": { "201": {} },
            },
        } },
        "components": {
            "responses": { "404": { "content": { "application/problem+json": { "schema": {
                "type": "object", "properties": { "code": { "type": "string" } }, "required": ["code"],
            } } } } },
            "schemas": {
                "Thing": { "allOf": [{ "$ref": "#/components/schemas/Base" }, {
                    "type": "object",
                    "properties": {
                        "state": { "type": "string", "enum": ["draft", "issued"] },
                        "count": { "type": "integer", "format": "int32" },
                        "inner": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } },
                        "note": { "oneOf": [{ "$ref": "#/components/schemas/Note" }, { "type": "null" }] },
                    },
                    "required": ["state", "count"],
                }] },
                "Base": { "type": "object", "properties": { "id": { "type": "string", "format": "uuid" } },
                          "required": ["id"] },
                "Note": { "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] },
                "CreateThing": { "oneOf": [
                    { "$ref": "#/components/schemas/CreateSection" }, { "$ref": "#/components/schemas/CreateTask" },
                ] },
                "CreateSection": {
                    "type": "object", "properties": {
                        "kind": { "type": "string", "enum": ["section"] },
                        "title": { "type": ["string", "null"], "maxLength": 300 },
                        "position": { "type": "integer", "minimum": 1 },
                    }, "required": ["kind"],
                },
                "CreateTask": {
                    "type": "object", "properties": { "kind": { "type": "string", "enum": ["task"] } },
                    "required": ["kind"],
                },
            },
        },
    })
}

/// Puts a value at a place of the small document; `null` takes away what is there.
fn with(place: &str, value: &Value) -> Value {
    let mut document = small();
    let (parent, name) = place.rsplit_once('/').expect("a pointer");
    match document.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is nowhere")) {
        Value::Object(fields) if value.is_null() => {
            drop(fields.remove(name).expect("something to take away"))
        }
        Value::Object(fields) => drop(fields.insert(name.to_owned(), value.clone())),
        Value::Array(list) if name == "-" => list.push(value.clone()),
        Value::Array(list) => drop(list.remove(name.parse().expect("an index"))),
        other => panic!("{other} has no places"),
    }
    document
}

#[test]
fn each_kind_of_break_is_found() {
    let (get, thing, section) = (
        |rest: &str| format!("/paths/~1things/get{rest}"),
        |rest: &str| format!("/components/schemas/Thing/allOf/1{rest}"),
        |rest: &str| format!("/components/schemas/CreateSection{rest}"),
    );
    let required =
        json!({ "name": "year", "in": "query", "required": true, "schema": { "type": "integer" } });
    for (place, value, says) in [
        ("/paths/~1things".to_owned(), Value::Null, "GET /things: gone"),
        ("/paths/~1things/post".into(), Value::Null, "POST /things: gone"),
        (get("/responses/200"), Value::Null, "GET /things 200: gone"),
        (get("/responses/404"), Value::Null, "GET /things 404: gone"),
        (get("/responses/200/headers/ETag"), Value::Null, "GET /things 200: header ETag gone"),
        (get("/responses/200/content/text~1csv"), Value::Null, "GET /things 200 text/csv: gone"),
        (get("/parameters/1"), Value::Null, "GET /things ?q: gone"),
        (get("/parameters/-"), required, "GET /things: ?year is new and required"),
        (get("/parameters/1/required"), json!(true), "GET /things ?q: became required"),
        (get("/parameters/1/schema/maxLength"), json!(50), "GET /things ?q: maxLength became 50"),
        (
            get("/parameters/0/schema/enum/1"),
            Value::Null,
            "GET /things ?state: takes only {\"\\\"draft\\\"\"} now",
        ),
        (get("/security"), json!([{ "token": [] }]), "GET /things: asks for credentials"),
        (get("/x-roles/1"), Value::Null, "GET /things: x-roles lost \"auditor\""),
        (get("/x-scopes/0"), Value::Null, "GET /things: x-scopes lost \"results:read\""),
        (thing("/properties/state"), Value::Null, "200 application/json: /state is gone"),
        (thing("/required/0"), Value::Null, "200 application/json: /state may be missing now"),
        (thing("/properties/state/enum"), Value::Null, "/state: has no list of values any more"),
        (thing("/properties/count/type"), json!("string"), "/count: was integer int32, is string int32 now"),
        (
            thing("/properties/count/format"),
            json!("int64"),
            "/count: was integer int32, is integer int64 now",
        ),
        (thing("/properties/count/type"), json!(["integer", "null"]), "/count: may be null now"),
        (
            "/components/schemas/Base/required/0".into(),
            Value::Null,
            "200 application/json: /id may be missing now",
        ),
        ("/components/schemas/Note/properties/text".into(), Value::Null, "/note: /text is gone"),
        (
            "/components/responses/404/content/application~1problem+json/schema/properties/code".into(),
            Value::Null,
            "GET /things 404 application/problem+json: /code is gone",
        ),
        (
            "/paths/~1things/post/requestBody/required".into(),
            json!(true),
            "POST /things body: became required",
        ),
        ("/components/schemas/CreateThing/oneOf/0".into(), Value::Null, "variant kind=section is gone"),
        (section("/properties/title"), Value::Null, "(kind=section): /title is gone"),
        (section("/required/-"), json!("title"), "(kind=section): /title became required"),
        (section("/properties/title/type"), json!("string"), "/title: takes no null any more"),
        (section("/properties/position/minimum"), json!(2), "/position: minimum became 2"),
        (section("/properties/position/maximum"), json!(9), "/position: maximum became 9"),
        (section("/properties/title/pattern"), json!("^a"), "/title: pattern became \"^a\""),
        (
            section("/properties/position/type"),
            json!("string"),
            "/position: was integer, takes only string now",
        ),
        (section("/properties/position/enum"), json!([1]), "/position: takes only {\"1\"} now"),
        (section("/additionalProperties"), json!(false), "(kind=section): takes no other fields any more"),
    ] {
        let found = breaks(&small(), &with(&place, &value));
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
    fields.as_object_mut().expect("fields").remove("verdict").expect("a verdict");
    let found = breaks(document(), &doctored);
    assert!(found.iter().any(|line| line.ends_with("/verdict is gone")), "{found:?}");
    assert_eq!(breaks(document(), document()), Vec::<String>::new());
}
