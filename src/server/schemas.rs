//! Schemas of the document, mended where the derived ones are hard on readers: generators of clients among them.

use serde_json::{Map, Value, json};

/// Completes the components' schemas.
pub(super) fn complete(schemas: &mut Map<String, Value>) {
    name_rows_of_lists(schemas);
    flatten_tagged_unions(schemas);
    schemas.values_mut().for_each(size_integers);
}

/// Counts (`usize`) name no size of their own; in the document every integer does.
fn size_integers(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let is_integer = fields.get("type").is_some_and(|kind| {
                kind == "integer" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|k| k == "integer"))
            });
            if is_integer && !fields.contains_key("format") {
                fields.insert("format".into(), json!("int64"));
            }
            fields.values_mut().for_each(size_integers);
        }
        Value::Array(all) => all.iter_mut().for_each(size_integers),
        _ => {}
    }
}

/// The rows of a list such as `Page_PlanView` are derived in place, which would make a second, nameless type of each.
fn name_rows_of_lists(schemas: &mut Map<String, Value>) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for list in &names {
        let Some(row) = list.split_once('_').map(|(_, row)| row).filter(|row| schemas.contains_key(*row))
        else {
            continue;
        };
        if let Some(rows) = schemas.get_mut(list).and_then(|list| list.pointer_mut("/properties/items/items"))
        {
            *rows = json!({ "$ref": reference_to(row) });
        }
    }
}

/// A tagged union is derived as pairs of a variant and its tag, which few readers can tell apart. Here each variant
/// holds its tag, and the union points to its variants by it.
fn flatten_tagged_unions(schemas: &mut Map<String, Value>) {
    let unions: Vec<(String, Vec<Variant>)> = schemas
        .iter()
        .filter_map(|(name, schema)| {
            let pairs = schema.get("oneOf")?.as_array()?;
            let variants: Option<Vec<Variant>> = pairs.iter().map(Variant::of_pair).collect();
            Some((name.clone(), variants?))
        })
        .collect();
    for (name, variants) in unions {
        let Some(property) = variants.first().map(|variant| variant.property.clone()) else { continue };
        if let Some(union) = schemas.get_mut(&name).and_then(Value::as_object_mut) {
            union.insert(
                "oneOf".into(),
                variants.iter().map(|v| json!({ "$ref": reference_to(&v.name) })).collect(),
            );
            let mapping: Map<String, Value> =
                variants.iter().map(|v| (v.tag.clone(), json!(reference_to(&v.name)))).collect();
            union.insert("discriminator".into(), json!({ "propertyName": property, "mapping": mapping }));
        }
        // Bodies refuse unknown fields; answers may gain some.
        let is_closed = !name.ends_with("View");
        for variant in variants {
            if let Some(schema) = schemas.get_mut(&variant.name).and_then(Value::as_object_mut) {
                variant.put_into(schema, is_closed);
            }
        }
    }
}

fn reference_to(name: &str) -> String {
    format!("#/components/schemas/{name}")
}

/// One variant of a tagged union.
struct Variant {
    /// Its schema.
    name: String,
    /// Name of the property that tells it apart.
    property: String,
    /// What that property says.
    tag: String,
    /// Schema of that property.
    schema: Value,
}

impl Variant {
    /// `{"allOf": [{"$ref": …}, {"properties": {"kind": {"enum": ["…"]}}}]}`; none for anything else.
    fn of_pair(pair: &Value) -> Option<Self> {
        let [variant, tagged] = pair.get("allOf")?.as_array()?.as_slice() else { return None };
        let (property, schema) = tagged.get("properties")?.as_object()?.iter().next()?;
        Some(Self {
            name: variant.get("$ref")?.as_str()?.rsplit('/').next()?.to_owned(),
            property: property.clone(),
            tag: schema.pointer("/enum/0")?.as_str()?.to_owned(),
            schema: schema.clone(),
        })
    }

    fn put_into(self, schema: &mut Map<String, Value>, is_closed: bool) {
        if let Some(properties) = schema.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
            properties.insert(self.property.clone(), self.schema);
        }
        if let Some(required) = schema.entry("required").or_insert_with(|| json!([])).as_array_mut() {
            required.insert(0, json!(self.property));
        }
        if is_closed {
            schema.insert("additionalProperties".into(), json!(false));
        }
    }
}
