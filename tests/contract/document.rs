//! The generated OpenAPI document, as the contract tests walk it.

use std::sync::OnceLock;

use cchc::access::Permission;
use reqwest::Method;
use serde_json::{Value, json};

/// The document, generated once.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(cchc::server::document)
}

/// A body that an operation reads.
#[derive(Clone, Debug)]
pub struct Body {
    /// `application/json` or a form.
    pub media_type: String,
    /// Its schema, whose references point into the document.
    pub schema: Value,
    /// The example a reader sees first.
    pub example: Option<Value>,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: Method,
    pub path: String,
    pub permission: Permission,
    pub body: Option<Body>,
    /// The operation as the document has it.
    pub raw: &'static Value,
}

impl Operation {
    /// `POST /api/v1/units`
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn is_change(&self) -> bool {
        self.method != Method::GET
    }

    /// The OAuth calls refuse in the words of RFC 6749.
    pub fn is_oauth(&self) -> bool {
        self.path.starts_with("/api/v1/auth/")
    }

    fn parameters(&self, place: &str) -> Vec<&'static Value> {
        let all = self.raw["parameters"].as_array().into_iter().flatten();
        all.filter(|parameter| parameter["in"] == place).collect()
    }

    /// Names of the query parameters.
    pub fn query(&self) -> Vec<&'static str> {
        self.parameters("query").iter().filter_map(|parameter| parameter["name"].as_str()).collect()
    }

    /// Names of the query parameters that must be there.
    pub fn required_query(&self) -> Vec<&'static str> {
        let required = self.parameters("query").into_iter().filter(|parameter| parameter["required"] == true);
        required.filter_map(|parameter| parameter["name"].as_str()).collect()
    }

    /// Whether it must name the version it changes.
    pub fn needs_version(&self) -> bool {
        self.parameters("header").iter().any(|p| p["name"] == "If-Match" && p["required"] == true)
    }
}

/// All operations, in the order of the document.
pub fn operations() -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, methods) in document()["paths"].as_object().expect("paths") {
        for (method, raw) in methods.as_object().expect("methods") {
            let permission = raw["x-permission"].as_str().and_then(Permission::parse);
            found.push(Operation {
                method: method.to_ascii_uppercase().parse().expect("a method"),
                path: path.clone(),
                permission: permission.unwrap_or_else(|| panic!("{method} {path} has no known x-permission")),
                body: body_of(raw),
                raw,
            });
        }
    }
    found
}

fn body_of(operation: &Value) -> Option<Body> {
    let (media_type, media) = operation["requestBody"]["content"].as_object()?.iter().next()?;
    let named = media["examples"].as_object().and_then(|examples| examples.values().next());
    let example = media.get("example").or_else(|| named.map(|example| &example["value"])).cloned();
    Some(Body {
        media_type: media_type.clone(),
        schema: media["schema"].clone(),
        example: example.or_else(|| example_of(&media["schema"])),
    })
}

/// The example of a schema; that of a list is a list of one.
pub fn example_of(schema: &Value) -> Option<Value> {
    let schema = resolve(schema);
    let given = schema.get("example").or_else(|| schema["examples"].get(0));
    given.cloned().or_else(|| {
        (schema["type"] == "array").then(|| example_of(&schema["items"]).map(|one| json!([one])))?
    })
}

/// The schema behind a reference, or the schema itself.
pub fn resolve(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.trim_start_matches('#');
            resolve(document().pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere")))
        }
        None => schema,
    }
}

/// The same schema with all that its references need.
pub fn standalone(schema: &Value) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": document()["components"],
    })
}
