//! Links of the document: where an answer leads, for those who walk it by program.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Operation, operations};

/// What an answer with a success links to: operation, then parameters.
fn links_of(operation: &Operation) -> Vec<(&'static str, &'static Value)> {
    let answers = operation.raw["responses"].as_object().into_iter().flatten();
    let links = answers.flat_map(|(_, answer)| answer["links"].as_object().into_iter().flatten());
    links.map(|(_, link)| (link["operationId"].as_str().unwrap_or_default(), &link["parameters"])).collect()
}

#[test]
fn every_link_leads_to_an_operation_that_takes_its_parameters() {
    let all = operations();
    let by_name: BTreeMap<&str, &Operation> =
        all.iter().map(|one| (one.raw["operationId"].as_str().unwrap_or_default(), one)).collect();
    let mut met = 0;
    for operation in &all {
        for (name, parameters) in links_of(operation) {
            let target =
                by_name.get(name).unwrap_or_else(|| panic!("{}: {name} is nothing", operation.key()));
            let taken = target.raw["parameters"].as_array().into_iter().flatten();
            let taken: Vec<&str> = taken.filter_map(|one| one["name"].as_str()).collect();
            for (parameter, _) in parameters.as_object().into_iter().flatten() {
                assert!(
                    taken.contains(&parameter.as_str()),
                    "{}: {name} takes no {parameter}",
                    operation.key()
                );
                met += 1;
            }
        }
    }
    assert!(met > 200, "only {met} links");
}

#[test]
fn what_is_created_leads_to_what_can_be_done_with_it() {
    let all = operations();
    let links = |name: &str| {
        let operation = all.iter().find(|one| one.raw["operationId"] == name).expect("an operation");
        links_of(operation).into_iter().collect::<BTreeMap<_, _>>()
    };
    let created = links("create_submission");
    assert_eq!(created["get_submission"]["id"], "$response.body#/id");
    assert_eq!(created["update_submission"]["If-Match"], "$response.header.ETag");
    assert_eq!(created["create_decision"]["id"], "$response.body#/id");
    assert_eq!(links("create_decision")["get_submission"]["id"], "$response.body#/submission/id");
    assert_eq!(links("list_plans")["get_plan"]["id"], "$response.body#/items/0/id");
    assert_eq!(links("create_document")["attach_evidence"]["document_id"], "$response.body#/id");
    assert_eq!(links("list_items")["get_item"]["id"], "$response.body#/items/0/id");
    assert_eq!(links("list_public_wards")["get_public_results"]["code"], "$response.body#/items/0/code");
}
