//! A date is written in one way, in every body that has one: chrono alone would read more than the document allows.

use serde_json::{Value, json};

use super::{
    calls::{Prepared, prepare},
    document::{Body, operations, resolve},
};
use crate::support::{App, both_databases};

both_databases!(a_date_that_is_written_otherwise_is_refused_everywhere);

/// Short, far before, far behind what a database keeps, and before all that a plan knows of.
const OTHERWISE: [&str; 4] = ["2026-6-1", "-262143-01-01", "+262142-12-31", "1899-12-31"];

async fn a_date_that_is_written_otherwise_is_refused_everywhere(app: App) {
    let mut met = 0;
    for operation in operations() {
        let Some(body) = operation.body.as_ref().filter(|body| body.media_type == "application/json") else {
            continue;
        };
        let call = prepare(&app, &operation).await;
        let mut example = call.body.clone().unwrap_or_default();
        add_dates(body, &mut example);
        let mut places = Vec::new();
        dates_of(&example, "", &mut places);
        for (place, text) in places.iter().flat_map(|place| OTHERWISE.map(|text| (place, text))) {
            let mut spoilt = example.clone();
            *spoilt.pointer_mut(place).expect("a date") = json!(text);
            let bare = Prepared { body: None, ..call.clone() };
            let reply = bare.by(&call.client).json(spoilt).await;
            // 422: a year that is none of ours, or a file of a plan, which says all that is wrong with it at once.
            assert!([400, 422].contains(&reply.status), "{}: {place} {text}\n{reply}", operation.key());
            met += 1;
        }
    }
    assert!(met > 100, "only {met} dates were tried");
}

/// Puts a date into each field that is one and that the example leaves out.
fn add_dates(body: &Body, example: &mut Value) {
    let Some(example) = example.as_object_mut() else { return };
    for (name, field) in resolve(&body.schema)["properties"].as_object().into_iter().flatten() {
        if field["format"] == "date" {
            example.insert(name.clone(), json!("2026-06-01"));
        }
    }
}

/// Where the value holds a date.
fn dates_of(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, one)| dates_of(one, &format!("{at}/{name}"), found))
        }
        Value::Array(all) => {
            all.iter().enumerate().for_each(|(index, one)| dates_of(one, &format!("{at}/{index}"), found));
        }
        Value::String(text) if text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok() => {
            found.push(at.to_owned());
        }
        _ => {}
    }
}
