//! The OpenAPI document: the committed one, complete, and true to the role table.

use std::collections::{BTreeMap, BTreeSet};

use cchc::access::{Permission, policy};
use serde_json::{Value, json};

use super::{
    document::{Operation, document, example_of, operations, resolve, standalone},
    sources::sources,
};

/// Gathers all faults, so that one run names them all.
fn expect_none(what: &str, faults: Vec<String>) {
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}

#[test]
fn the_committed_document_is_the_generated_one() {
    let committed = std::fs::read_to_string("openapi/openapi.json").unwrap_or_default();
    let generated = cchc::server::document_text();
    let line = committed.lines().zip(generated.lines()).position(|(old, new)| old != new);
    let line = line.unwrap_or_else(|| committed.lines().count().min(generated.lines().count())) + 1;
    assert!(
        committed == generated,
        "openapi/openapi.json is not what the code says (first in line {line}). Look at what changed, then refresh \
         it: cargo run -- openapi > openapi/openapi.json"
    );
}

#[test]
fn every_operation_is_named_once() {
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for operation in operations() {
        names
            .entry(operation.raw["operationId"].as_str().unwrap_or_default())
            .or_default()
            .push(operation.key());
    }
    let faults = names.into_iter().filter(|(name, keys)| name.is_empty() || keys.len() > 1);
    expect_none("operationId", faults.map(|(name, keys)| format!("{name:?}: {keys:?}")).collect());
}

#[test]
fn every_operation_has_a_short_summary_and_a_described_tag() {
    let tags = document()["tags"].as_array().cloned().unwrap_or_default();
    let described: BTreeSet<&str> = tags
        .iter()
        .filter(|tag| tag["description"].as_str().is_some_and(|text| !text.is_empty()))
        .filter_map(|tag| tag["name"].as_str())
        .collect();
    let mut faults = Vec::new();
    for operation in operations() {
        let summary = operation.raw["summary"].as_str().unwrap_or_default();
        if !(1..60).contains(&summary.chars().count()) || summary.contains('\n') {
            faults.push(format!("{}: summary {summary:?}", operation.key()));
        }
        let tags = operation.raw["tags"].as_array().cloned().unwrap_or_default();
        if tags.len() != 1 || !tags.iter().all(|tag| tag.as_str().is_some_and(|tag| described.contains(tag)))
        {
            faults.push(format!("{}: tags {tags:?}", operation.key()));
        }
    }
    expect_none("summary of one line under 60 characters, and one tag", faults);
}

#[test]
fn permissions_and_roles_are_those_of_the_policy() {
    let mut faults = Vec::new();
    for operation in operations() {
        let grant = policy::grant(operation.permission);
        let roles = json!(grant.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>());
        let scopes = json!(grant.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>());
        if operation.raw["x-roles"] != roles || operation.raw["x-scopes"] != scopes {
            faults.push(operation.key());
        }
        let open = operation.raw["security"] == json!([]);
        if open != (operation.permission == Permission::Public) {
            faults.push(format!("{}: security", operation.key()));
        }
    }
    expect_none("x-roles, x-scopes and security", faults);
}

#[test]
fn every_permission_is_asked_for_by_some_operation() {
    let asked: BTreeSet<Permission> = operations().iter().map(|operation| operation.permission).collect();
    let unused = Permission::ALL.iter().filter(|permission| !asked.contains(permission));
    expect_none("permissions that no operation names", unused.map(ToString::to_string).collect());
}

fn faults_of(schema: &Value, example: &Value) -> Vec<String> {
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .build(&standalone(schema))
        .expect("a schema that can be read");
    validator.iter_errors(example).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

#[test]
fn every_request_body_has_an_example_that_fits_it() {
    let mut faults = Vec::new();
    for operation in operations() {
        let Some(body) = &operation.body else { continue };
        match &body.example {
            None => faults.push(format!("{}: no example", operation.key())),
            Some(example) => faults.extend(
                faults_of(&body.schema, example).iter().map(|fault| format!("{}: {fault}", operation.key())),
            ),
        }
    }
    expect_none("examples of request bodies", faults);
}

#[test]
fn every_example_of_a_schema_fits_it() {
    let mut faults = Vec::new();
    for (name, schema) in document()["components"]["schemas"].as_object().into_iter().flatten() {
        let own = example_of(schema).map(|example| (String::new(), schema, example));
        let fields = schema["properties"].as_object().into_iter().flatten();
        let fields = fields.filter_map(|(field, schema)| {
            schema.get("example").map(|example| (format!(".{field}"), schema, example.clone()))
        });
        for (place, schema, example) in own.into_iter().chain(fields) {
            faults.extend(faults_of(schema, &example).iter().map(|fault| format!("{name}{place}: {fault}")));
        }
    }
    expect_none("examples of schemas", faults);
}

#[test]
fn request_bodies_refuse_unknown_fields() {
    let mut faults = Vec::new();
    for operation in operations() {
        // OAuth's forms carry more than this server needs, and unknown fields are to be ignored (RFC 6749 §3.2).
        let Some(body) = operation.body.as_ref().filter(|_| !operation.is_oauth()) else { continue };
        let schema = resolve(&body.schema);
        let is_object = schema["type"] == "object" || schema["properties"].is_object();
        if is_object && schema["additionalProperties"] != false {
            faults.push(operation.key());
        }
    }
    expect_none("bodies without additionalProperties: false (serde's deny_unknown_fields)", faults);
}

fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let mut found = BTreeSet::new();
    references(document(), &mut found);
    let lost = found.into_iter().filter(|reference| {
        reference.strip_prefix('#').and_then(|pointer| document().pointer(pointer)).is_none()
    });
    expect_none("references", lost.map(str::to_owned).collect());
}

/// Of two types of one name the document would hold one, and describe the other by it.
#[test]
fn no_two_types_share_the_name_of_a_schema() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources("src") {
        for name in source.schema_names() {
            places.entry(name).or_default().push(source.path.clone());
        }
    }
    let schemas = document()["components"]["schemas"].as_object().expect("schemas");
    // Names such as `Page_PlanView` are put together.
    let lost = schemas.keys().filter(|name| !name.contains('_') && !places.contains_key(*name));
    expect_none("schemas whose type is found nowhere", lost.cloned().collect());
    let shared = places.iter().filter(|(_, places)| places.len() > 1);
    expect_none(
        "names of several types",
        shared.map(|(name, places)| format!("{name}: {places:?}")).collect(),
    );
}

/// The refusals that a caller of this operation must be ready for.
fn owed_statuses(operation: &Operation) -> Vec<&'static str> {
    let mut owed = vec!["400", "500", "503"];
    if operation.permission != Permission::Public {
        owed.extend(["401", "403"]);
        if operation.is_change() {
            owed.extend(["409", "422"]);
        }
    }
    if operation.path.contains('{') {
        owed.push("404");
    }
    if operation.body.is_some() {
        owed.extend(["413", "415"]);
    }
    if operation.needs_version() {
        owed.extend(["412", "428"]);
    }
    owed
}

#[test]
fn every_operation_tells_its_answers() {
    let mut faults = Vec::new();
    for operation in operations() {
        let responses = operation.raw["responses"].as_object().cloned().unwrap_or_default();
        let missing = owed_statuses(&operation).into_iter().filter(|status| !responses.contains_key(*status));
        faults.extend(missing.map(|status| format!("{}: {status} is missing", operation.key())));
        let successes: Vec<&String> = responses.keys().filter(|status| status.starts_with('2')).collect();
        // What only sends a browser on has no success of its own.
        let redirects = successes.is_empty() && responses.contains_key("303");
        if (successes.is_empty() && !redirects) || responses.keys().any(|status| status.contains('X')) {
            faults.push(format!("{}: successes {successes:?}", operation.key()));
        }
        for (status, response) in &responses {
            let described = resolve(response)["description"].as_str().is_some_and(|text| !text.is_empty());
            if !described {
                faults.push(format!("{}: {status} is not described", operation.key()));
            }
        }
    }
    expect_none("answers", faults);
}

#[test]
fn every_parameter_is_described() {
    let mut faults = Vec::new();
    for operation in operations() {
        for parameter in operation.raw["parameters"].as_array().into_iter().flatten() {
            if parameter["description"].as_str().is_none_or(str::is_empty) {
                faults.push(format!("{}: {}", operation.key(), parameter["name"]));
            }
        }
    }
    expect_none("parameters without description", faults);
}
