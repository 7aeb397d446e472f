//! Links of the OpenAPI document: what a caller can do next with what an answer holds.
//!
//! They follow from paths and schemas alone. A schema whose collection is `/…/plans` is a plan, and every operation
//! below `/…/plans/{id}` takes its id; so a new operation is linked the moment it exists.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What has an id in the path: its parameter, and the operations that take it.
struct Resource {
    parameter: String,
    operations: Vec<Target>,
}

/// An operation that a link leads to.
struct Target {
    name: String,
    /// Reads the resource itself.
    reads: bool,
    /// The parameter that takes the id.
    parameter: String,
    /// Whether it names the version that was read.
    versioned: bool,
}

/// Where in a body a resource's id stands.
struct Place {
    /// JSON pointer to the object that holds it.
    pointer: String,
    /// The resource's path, such as `/api/v1/plans/{id}`.
    resource: String,
    /// Whether it is a single one, not the first of a list.
    single: bool,
}

/// Adds the links of all answers.
pub(super) fn add_links(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    let resources = resources_of(paths);
    let views = views_of(paths, &resources, &schemas);
    for (method, operation) in paths.values_mut().filter_map(Value::as_object_mut).flatten() {
        let own = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let answers = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten();
        for (status, answer) in answers.filter(|(status, _)| status.starts_with('2')) {
            let shows_all = status == "201" || method == "get";
            let mut links = Map::new();
            for place in places_of(body_of(answer), &views, &schemas) {
                let Some(resource) = resources.get(&place.resource) else { continue };
                let has_reader = resource.operations.iter().any(|target| target.reads);
                let everything = (shows_all && place.single) || !has_reader;
                let wanted = resource.operations.iter().filter(|target| everything || target.reads);
                // Only the answer's own version is in its header.
                let known = wanted.filter(|target| !target.versioned || place.pointer.is_empty());
                for target in known.filter(|target| target.name != own) {
                    links.entry(target.name.clone()).or_insert_with(|| link(target, resource, &place));
                }
            }
            if let Some(answer) = answer.as_object_mut().filter(|_| !links.is_empty()) {
                answer.insert("links".into(), Value::Object(links));
            }
        }
    }
}

fn link(target: &Target, resource: &Resource, place: &Place) -> Value {
    let mut parameters = Map::new();
    let id = format!("$response.body#{}/{}", place.pointer, resource.parameter);
    parameters.insert(target.parameter.clone(), json!(id));
    if target.versioned {
        parameters.insert("If-Match".into(), json!("$response.header.ETag"));
    }
    json!({ "operationId": target.name, "parameters": parameters })
}

/// `/api/v1/plans/{id}` with its parameter, for a path that begins so.
fn prefix_of(path: &str) -> Option<(&str, &str)> {
    let (end, _) = path.match_indices('}').next()?;
    let (prefix, _) = path.split_at_checked(end + 1)?;
    let (_, parameter) = prefix.trim_end_matches('}').split_once('{')?;
    Some((prefix, parameter))
}

/// The word before the parameter, and what stands before that word.
fn collection_of(prefix: &str) -> Option<(&str, &str)> {
    let (collection, _) = prefix.rsplit_once('/')?;
    let (before, word) = collection.rsplit_once('/')?;
    Some((before, word))
}

fn resources_of(paths: &Map<String, Value>) -> BTreeMap<String, Resource> {
    let mut resources = BTreeMap::new();
    for (path, methods) in paths {
        let Some((prefix, parameter)) = prefix_of(path) else { continue };
        let resource = resources
            .entry(prefix.to_owned())
            .or_insert_with(|| Resource { parameter: parameter.to_owned(), operations: Vec::new() });
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let reads = method == "get" && path == prefix;
            resource.operations.extend(target_of(operation, parameter, reads));
        }
    }
    add_second_ids(paths, &mut resources);
    resources
}

/// `/submissions/{id}/evidence/{document_id}` takes the id of a document too.
fn add_second_ids(paths: &Map<String, Value>, resources: &mut BTreeMap<String, Resource>) {
    for (prefix, resource) in resources.iter_mut() {
        let Some((_, word)) = collection_of(prefix) else { continue };
        let parameter = format!("{}_id", word.trim_end_matches('s').replace('-', "_"));
        let suffix = format!("/{{{parameter}}}");
        for (_, methods) in paths.iter().filter(|(path, _)| path.ends_with(&suffix)) {
            let operations = methods.as_object().into_iter().flatten().map(|(_, operation)| operation);
            resource.operations.extend(operations.filter_map(|o| target_of(o, &parameter, false)));
        }
    }
}

fn target_of(operation: &Value, parameter: &str, reads: bool) -> Option<Target> {
    let name = operation["operationId"].as_str()?.to_owned();
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    let versioned = parameters.any(|one| one["name"] == "If-Match" && one["required"] == true);
    Some(Target { name, reads, parameter: parameter.to_owned(), versioned })
}

/// Which resource each schema shows: that of the path that reads one, else that of a list which is named as it is.
fn views_of(
    paths: &Map<String, Value>,
    resources: &BTreeMap<String, Resource>,
    schemas: &Value,
) -> BTreeMap<String, String> {
    let mut views = BTreeMap::new();
    let mut show = |answer: Option<&Value>, prefix: &String, resource: &Resource| {
        let Some(body) = answer.and_then(body_of) else { return };
        let rows = properties_of(body, schemas).get("items").and_then(|list| rows_of(body, list));
        let Some((name, schema)) = rows.or_else(|| Some((name_of(body)?, body))) else { return };
        if properties_of(schema, schemas).contains_key(resource.parameter.as_str()) {
            views.entry(name.to_owned()).or_insert_with(|| prefix.clone());
        }
    };
    for (prefix, resource) in resources {
        show(paths.get(prefix).and_then(|methods| methods.pointer("/get/responses/200")), prefix, resource);
    }
    for (prefix, resource) in resources {
        let Some((before, word)) = collection_of(prefix) else { continue };
        let ends = format!("/{word}");
        for (_, methods) in paths.iter().filter(|(path, _)| path.starts_with(before) && path.ends_with(&ends))
        {
            show(methods.pointer("/get/responses/200"), prefix, resource);
            show(methods.pointer("/post/responses/201"), prefix, resource);
        }
    }
    views
}

/// The resources that a body shows: itself, its parts, and the first of each of its lists.
fn places_of(body: Option<&Value>, views: &BTreeMap<String, String>, schemas: &Value) -> Vec<Place> {
    let Some(body) = body else { return Vec::new() };
    let place = |name: Option<&str>, pointer: String, single: bool| {
        let resource = views.get(name?)?.clone();
        Some(Place { pointer, resource, single })
    };
    let mut places: Vec<Place> = place(name_of(body), String::new(), true).into_iter().collect();
    for (name, schema) in properties_of(body, schemas) {
        places.extend(place(name_of(schema), format!("/{name}"), true));
        let rows = rows_of(body, schema).map(|(row, _)| row);
        places.extend(place(rows, format!("/{name}/0"), false));
    }
    places
}

/// The schema of a JSON answer.
fn body_of(answer: &Value) -> Option<&Value> {
    answer.pointer("/content/application~1json/schema")
}

/// The name and the schema of a list's rows. A page holds the schema of its rows in place, and their name in its own.
fn rows_of<'v>(owner: &'v Value, list: &'v Value) -> Option<(&'v str, &'v Value)> {
    let rows = list.get("items")?;
    let name = name_of(rows).or_else(|| name_of(owner)?.strip_prefix("Page_"))?;
    Some((name, rows))
}

fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")
}

/// The properties of a schema, of what it refers to, and of what it is made of; of variants, those that the first has.
fn properties_of<'v>(schema: &'v Value, schemas: &'v Value) -> BTreeMap<&'v str, &'v Value> {
    if let Some(named) = name_of(schema).and_then(|name| schemas.get(name)) {
        return properties_of(named, schemas);
    }
    let own = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut all: BTreeMap<&str, &Value> = own.map(|(name, one)| (name.as_str(), one)).collect();
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        all.extend(properties_of(part, schemas));
    }
    let variant = schema.get("oneOf").and_then(|variants| variants.get(0));
    all.extend(variant.map(|variant| properties_of(variant, schemas)).into_iter().flatten());
    all
}
