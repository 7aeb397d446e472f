//! What a change of the document breaks for a client that was written from the one before.
//!
//! Requests may ask for less, answers may give more, never the other way round (`docs/versioning.md`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Everything that the new document breaks, in words.
pub fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old, new, seen: BTreeSet::new(), found: Vec::new() };
    for (path, methods) in fields(&old["paths"]) {
        for (method, operation) in fields(methods) {
            comparison.operation(
                &format!("{} {path}", method.to_uppercase()),
                operation,
                &new["paths"][path][method],
            );
        }
    }
    comparison.found
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    /// What clients send: it must stay accepted.
    Request,
    /// What clients read: it must stay there.
    Answer,
}

struct Comparison<'d> {
    old: &'d Value,
    new: &'d Value,
    /// Pairs of named schemas that were compared, for schemas that hold themselves.
    seen: BTreeSet<(String, String, Side)>,
    found: Vec<String>,
}

impl Comparison<'_> {
    fn say(&mut self, place: &str, what: impl std::fmt::Display) {
        self.found.push(format!("{place}: {what}"));
    }

    fn operation(&mut self, place: &str, old: &Value, new: &Value) {
        if new.is_null() {
            // An end that was announced and has come (`docs/versioning.md`).
            let today = chrono::Utc::now().date_naive().to_string();
            if old["x-sunset"].as_str().is_none_or(|sunset| sunset > today.as_str()) {
                self.say(place, "gone");
            }
            return;
        }
        for list in ["x-roles", "x-scopes"] {
            for name in items(&old[list]).filter(|name| !items(&new[list]).any(|other| other == *name)) {
                self.say(place, format!("{list} lost {name}"));
            }
        }
        if is_open(old) && !is_open(new) {
            self.say(place, "asks for credentials");
        }
        self.parameters(place, &old["parameters"], &new["parameters"]);
        self.body(&format!("{place} body"), &old["requestBody"], &new["requestBody"]);
        for (status, response) in fields(&old["responses"]) {
            self.answer(&format!("{place} {status}"), response, &new["responses"][status]);
        }
    }

    fn parameters(&mut self, place: &str, old: &Value, new: &Value) {
        let key = |parameter: &Value| (parameter["name"].clone(), parameter["in"].clone());
        for parameter in items(old) {
            let place = format!("{place} ?{}", text(&parameter["name"]));
            match items(new).find(|other| key(other) == key(parameter)) {
                None => self.say(&place, "gone"),
                Some(other) => {
                    if other["required"] == true && parameter["required"] != true {
                        self.say(&place, "became required");
                    }
                    self.schema(&place, &parameter["schema"], &other["schema"], Side::Request);
                }
            }
        }
        for parameter in items(new).filter(|parameter| parameter["required"] == true) {
            if !items(old).any(|other| key(other) == key(parameter)) {
                self.say(place, format!("?{} is new and required", text(&parameter["name"])));
            }
        }
    }

    fn body(&mut self, place: &str, old: &Value, new: &Value) {
        if new["required"] == true && old["required"] != true {
            self.say(place, "became required");
        }
        self.content(place, &old["content"], &new["content"], Side::Request);
    }

    fn answer(&mut self, place: &str, old: &Value, new: &Value) {
        if new.is_null() {
            return self.say(place, "gone");
        }
        let (old, new) = (resolve(self.old, old), resolve(self.new, new));
        for (header, _) in fields(&old["headers"]).filter(|(header, _)| new["headers"][header].is_null()) {
            self.say(place, format!("header {header} gone"));
        }
        self.content(place, &old["content"], &new["content"], Side::Answer);
    }

    fn content(&mut self, place: &str, old: &Value, new: &Value, side: Side) {
        for (media_type, media) in fields(old) {
            let place = format!("{place} {media_type}");
            match new.get(media_type) {
                None => self.say(&place, "gone"),
                Some(other) => self.schema(&place, &media["schema"], &other["schema"], side),
            }
        }
    }

    fn schema(&mut self, place: &str, old: &Value, new: &Value, side: Side) {
        if old["$ref"].is_string() && new["$ref"].is_string() {
            let pair = (text(&old["$ref"]).to_owned(), text(&new["$ref"]).to_owned(), side);
            if !self.seen.insert(pair) {
                return;
            }
        }
        let (old, new) = (Shape::of(self.old, old), Shape::of(self.new, new));
        match side {
            Side::Request => self.request(place, &old, &new),
            Side::Answer => self.answered(place, &old, &new),
        }
        for (name, schema) in &old.properties {
            match new.properties.get(name) {
                None => self.say(place, format!("/{name} is gone")),
                Some(other) => self.schema(&format!("{place}/{name}"), schema, other, side),
            }
        }
        for inner in ["items", "additionalProperties"] {
            if let (Some(schema), Some(other)) = (old.inner.get(inner), new.inner.get(inner)) {
                self.schema(&format!("{place}/*"), schema, other, side);
            }
        }
        for (tag, variant) in &old.variants {
            match new.variants.get(tag) {
                None => self.say(place, format!("variant {tag} is gone")),
                Some(other) => self.schema(&format!("{place}({tag})"), variant, other, side),
            }
        }
    }

    fn request(&mut self, place: &str, old: &Shape, new: &Shape) {
        let narrower = |old: &BTreeSet<String>, new: &BTreeSet<String>| {
            !new.is_empty() && (old.is_empty() || !old.is_subset(new))
        };
        if narrower(&old.kinds, &new.kinds) || (new.format.is_some() && old.format != new.format) {
            self.say(place, format!("was {}, takes only {} now", old.kind(), new.kind()));
        }
        if old.is_nullable && !new.is_nullable && !new.kinds.is_empty() {
            self.say(place, "takes no null any more");
        }
        if narrower(&old.values, &new.values) {
            self.say(place, format!("takes only {:?} now", new.values));
        }
        for name in new.required.difference(&old.required) {
            self.say(place, format!("/{name} became required"));
        }
        if new.is_closed && !old.is_closed {
            self.say(place, "takes no other fields any more");
        }
        for (limit, value) in &new.limits {
            let before = old.limits.get(limit);
            let is_wider = match (before, limit.starts_with("max"), limit.starts_with("min")) {
                (Some(before), true, _) => value.as_f64() >= before.as_f64(),
                (Some(before), _, true) => value.as_f64() <= before.as_f64(),
                (before, ..) => before == Some(value),
            };
            if !is_wider {
                self.say(place, format!("{limit} became {value}"));
            }
        }
    }

    fn answered(&mut self, place: &str, old: &Shape, new: &Shape) {
        let is_wider = !old.kinds.is_empty() && (new.kinds.is_empty() || !new.kinds.is_subset(&old.kinds));
        if is_wider || (old.format.is_some() && old.format != new.format) {
            self.say(place, format!("was {}, is {} now", old.kind(), new.kind()));
        }
        if new.is_nullable && !old.is_nullable {
            self.say(place, "may be null now");
        }
        // Values may be added (`docs/versioning.md`), but a list of values stays one.
        if !old.values.is_empty() && new.values.is_empty() {
            self.say(place, "has no list of values any more");
        }
        for name in old.required.difference(&new.required).filter(|name| new.properties.contains_key(*name)) {
            self.say(place, format!("/{name} may be missing now"));
        }
    }
}

/// A schema with its references followed and its `allOf` joined.
#[derive(Default)]
struct Shape {
    kinds: BTreeSet<String>,
    is_nullable: bool,
    format: Option<String>,
    values: BTreeSet<String>,
    properties: BTreeMap<String, Value>,
    required: BTreeSet<String>,
    is_closed: bool,
    /// Schemas of the elements of a list, and of the values of a map.
    inner: BTreeMap<&'static str, Value>,
    /// Alternatives, each by the value of the property that tells it apart.
    variants: BTreeMap<String, Value>,
    limits: BTreeMap<&'static str, Value>,
}

impl Shape {
    fn of(document: &Value, schema: &Value) -> Self {
        let mut shape = Self::default();
        shape.add(document, schema);
        shape
    }

    fn add(&mut self, document: &Value, schema: &Value) {
        let schema = resolve(document, schema);
        let kinds = items(&schema["type"]).chain(Some(&schema["type"]).filter(|kind| kind.is_string()));
        for kind in kinds.map(text) {
            if kind == "null" {
                self.is_nullable = true;
            } else {
                self.kinds.insert(kind.to_owned());
            }
        }
        self.format = schema["format"].as_str().map(str::to_owned).or(self.format.take());
        self.values.extend(items(&schema["enum"]).chain(schema.get("const")).map(ToString::to_string));
        self.properties
            .extend(fields(&schema["properties"]).map(|(name, value)| (name.clone(), value.clone())));
        self.required.extend(items(&schema["required"]).map(|name| text(name).to_owned()));
        self.is_closed |= schema["additionalProperties"] == false || schema["unevaluatedProperties"] == false;
        for inner in ["items", "additionalProperties"] {
            self.inner.extend(
                schema.get(inner).filter(|value| value.is_object()).map(|value| (inner, value.clone())),
            );
        }
        for limit in ["maxLength", "minLength", "maximum", "minimum", "maxItems", "minItems", "pattern"] {
            self.limits.extend(schema.get(limit).map(|value| (limit, value.clone())));
        }
        items(&schema["allOf"]).for_each(|part| self.add(document, part));
        let alternatives: Vec<&Value> = items(&schema["oneOf"]).chain(items(&schema["anyOf"])).collect();
        let (nulls, others): (Vec<&Value>, Vec<&Value>) =
            alternatives.into_iter().partition(|schema| schema["type"] == "null");
        self.is_nullable |= !nulls.is_empty();
        match others.as_slice() {
            [only] => self.add(document, only),
            several => {
                self.variants.extend(several.iter().map(|one| (tag_of(document, one), (*one).clone())))
            }
        }
    }

    fn kind(&self) -> String {
        let kinds: Vec<&str> = self.kinds.iter().chain(&self.format).map(String::as_str).collect();
        if kinds.is_empty() { "anything".to_owned() } else { kinds.join(" ") }
    }
}

/// The one value of the property that tells a variant apart; of untold ones, the whole schema.
fn tag_of(document: &Value, variant: &Value) -> String {
    let shape = Shape::of(document, variant);
    let mut tags =
        shape.properties.iter().filter_map(|(name, schema)| match schema["enum"].as_array()?.as_slice() {
            [only] if shape.required.contains(name) => Some(format!("{name}={}", text(only))),
            _ => None,
        });
    tags.next().unwrap_or_else(|| variant.to_string())
}

/// Whether somebody without credentials may call.
fn is_open(operation: &Value) -> bool {
    operation["security"] == json!([]) || items(&operation["security"]).any(|way| *way == json!({}))
}

/// What is behind a reference, or the value itself.
fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            document.pointer(reference.trim_start_matches('#')).expect("a reference that leads somewhere")
        }
        None => value,
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
