//! One event: what happened to what, with the fields that changed.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::access::Actor;

/// Something that happened, before it is chained. Never holds a secret: what it compares are the views people see.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened, past tense: `submission.approved`.
    pub kind: &'static str,
    /// What it happened to: `submission`.
    pub subject_kind: &'static str,
    /// The id of that.
    pub subject_id: String,
    /// `{field: {before, after}}` of the fields that changed.
    pub changes: Value,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// Who did it, where the request only now found out.
    pub actor: Option<Actor>,
}

impl Event {
    /// An event without field changes.
    pub fn new(kind: &'static str, subject_kind: &'static str, subject_id: impl ToString) -> Self {
        Self {
            kind,
            subject_kind,
            subject_id: subject_id.to_string(),
            changes: json!({}),
            reason: None,
            actor: None,
        }
    }

    /// The same event, done by this person: a request that signs in proves only now who it is.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

    /// The same event with the fields in which the two states differ.
    #[must_use]
    pub fn between<T: Serialize>(mut self, before: Option<&T>, after: Option<&T>) -> Self {
        self.changes = difference(&object(before), &object(after));
        self
    }

    /// The same event with one more fact.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Serialize) -> Self {
        if let Value::Object(changes) = &mut self.changes {
            changes.insert(field.to_owned(), json!({ "after": value }));
        }
        self
    }

    /// The same event with the actor's reason.
    #[must_use]
    pub fn because(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }
}

fn object<T: Serialize>(state: Option<&T>) -> Map<String, Value> {
    match state.map(serde_json::to_value) {
        Some(Ok(Value::Object(fields))) => fields,
        _ => Map::new(),
    }
}

fn difference(before: &Map<String, Value>, after: &Map<String, Value>) -> Value {
    let mut changes = Map::new();
    for field in before.keys().chain(after.keys()) {
        // A field that is not there and one that is null say the same.
        let (old, new) =
            [before, after].map(|state| state.get(field).filter(|value| !value.is_null())).into();
        if old != new {
            changes.insert(field.clone(), json!({ "before": old, "after": new }));
        }
    }
    Value::Object(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changed_fields_are_kept() {
        let event = Event::new("unit.changed", "unit", 1)
            .between(Some(&json!({"name": "A", "code": "X"})), Some(&json!({"name": "B", "code": "X"})));
        assert_eq!(event.changes, json!({"name": {"before": "A", "after": "B"}}));
        let event =
            Event::new("unit.created", "unit", 1).between(None, Some(&json!({"name": "A", "note": null})));
        assert_eq!(event.changes, json!({"name": {"before": null, "after": "A"}}));
    }
}
