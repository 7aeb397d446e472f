//! What the OpenAPI document says of every value of a kind: the gate and the readers refuse the rest.
//!
//! Annotations say what is particular to a field; what holds for all cursors, dates and forms stands here once.

use serde_json::{Map, Value, json};

use super::rules::MAX_QUERY_VALUE;

/// Years of four digits from 1900, as `kernel::day` and `kernel::time` read them.
const YEARS: &str = "^(19|[2-9][0-9])[0-9]{2}-";

/// What a cursor is made of: base64 for URLs.
const CURSOR: &str = "^[A-Za-z0-9_-]+$";

/// Words in lists, which the annotation of a list cannot bound: name of the list, most characters of each.
const WORDS: [(&str, usize); 3] = [("legal_bases", 500), ("aliases", 200), ("pointers", 100)];

/// Completes all schemas and parameters of the document.
pub(super) fn add_bounds(document: &mut Map<String, Value>) {
    forbid_null_in_forms(document);
    let schemas = document.get_mut("components").and_then(|parts| parts.get_mut("schemas"));
    for schema in schemas.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        bound_dates(schema);
        bound_words(schema);
    }
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for operation in paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut).flatten() {
        let parameters = operation.1.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            bound_parameter(parameter);
            bound_dates(parameter);
        }
    }
}

fn bound_parameter(parameter: &mut Value) {
    let is_cursor = parameter["name"] == "cursor";
    let in_query = parameter["in"] == "query";
    if parameter["name"] == "as_of" {
        parameter["schema"] = json!({ "oneOf": [text_of("date-time"), text_of("date")] });
    }
    let Some(schema) = parameter.get_mut("schema").and_then(Value::as_object_mut) else { return };
    let is_text = schema.get("type").is_some_and(|kind| kind == "string");
    if in_query && is_text && !schema.contains_key("enum") {
        schema.entry("maxLength").or_insert(json!(MAX_QUERY_VALUE));
        if is_cursor {
            schema.insert("pattern".into(), json!(CURSOR));
        }
    }
}

fn text_of(format: &str) -> Value {
    json!({ "type": "string", "format": format })
}

fn bound_dates(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("format").is_some_and(|format| format == "date" || format == "date-time") {
                fields.insert("pattern".into(), json!(YEARS));
            }
            fields.values_mut().for_each(bound_dates);
        }
        Value::Array(all) => all.iter_mut().for_each(bound_dates),
        _ => {}
    }
}

fn bound_words(schema: &mut Value) {
    for (name, most) in WORDS {
        let words = schema.pointer_mut(&format!("/properties/{name}/items")).and_then(Value::as_object_mut);
        if let Some(words) = words {
            words.insert("minLength".into(), json!(1));
            words.insert("maxLength".into(), json!(most));
        }
    }
}

/// A form has no `null`: what is not given is left out.
fn forbid_null_in_forms(document: &mut Map<String, Value>) {
    let mut forms = Vec::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for operation in paths.into_iter().flat_map(Map::values).filter_map(Value::as_object).flatten() {
        let content = operation.1.pointer("/requestBody/content").and_then(Value::as_object);
        let of_form = content.into_iter().flatten().filter(|(media, _)| media.contains("form"));
        forms
            .extend(of_form.filter_map(|(_, body)| Some(body.pointer("/schema/$ref")?.as_str()?.to_owned())));
    }
    let Some(components) = document.get_mut("components") else { return };
    for form in forms {
        let name = form.rsplit('/').next().unwrap_or_default();
        let fields = components.pointer_mut(&format!("/schemas/{name}/properties"));
        for field in fields.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            if let Some(kinds) = field.get("type").and_then(Value::as_array) {
                let kinds: Vec<&Value> = kinds.iter().filter(|kind| *kind != "null").collect();
                field["type"] = if let [one] = kinds.as_slice() { (*one).clone() } else { json!(kinds) };
            }
        }
    }
}
