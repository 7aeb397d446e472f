//! How the house is built (src/lib.rs): floors, concepts and their edges, sizes, and where diesel, actix and the clock are.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Source, sources};

/// Floors from the ground up; a file imports only from its own floor and those below.
const FLOORS: &[(&str, u8)] = &[
    ("error", 0),
    ("kernel", 0),
    ("schema", 1),
    ("settings", 1),
    ("telemetry", 1),
    ("db", 1),
    ("storage", 1),
    ("access", 2),
    ("audit", 2),
    ("outbox", 2),
    ("sheets", 2),
    ("moving", 3),
    ("context", 3),
    ("http", 4),
    // Concepts stand on floor 5.
    ("server", 6),
    ("demo", 6),
    ("config", 7),
    ("commands", 8),
    ("main", 8),
    ("lib", 8),
];

const CONCEPTS: u8 = 5;

/// Which concept may use which others: their `model`, `rules` and `actions`.
#[rustfmt::skip]
const EDGES: &[(&str, &[&str])] = &[
    ("wards",        &[]),
    ("units",        &[]),
    ("accounts",     &["units", "wards"]),
    ("clients",      &["units", "wards"]),
    ("sessions",     &["accounts", "clients", "units", "wards"]),
    ("audit_trail",  &[]),
    ("plans",        &["units"]),
    ("items",        &["plans", "units"]),
    ("issuing",      &["items", "plans"]),
    ("imports",      &["items", "plans", "units"]),
    ("periods",      &["plans"]),
    ("verdicts",     &["items"]),
    ("submissions",  &["extensions", "items", "periods", "plans", "units", "verdicts"]),
    ("approvals",    &["delegations", "items", "plans", "submissions", "wards"]),
    ("results",      &["items", "periods", "plans", "submissions", "units", "verdicts"]),
    ("publications", &["changes", "items", "periods", "plans", "results", "submissions", "verdicts", "wards"]),
    ("changes",      &[]),
    ("webhooks",     &["clients"]),
    ("sign_ons",     &["accounts", "sessions"]),
    ("public",       &["changes", "items", "periods", "plans", "publications", "results", "verdicts", "wards"]),
    ("documents",     &["submissions"]),
    ("comments",      &["submissions"]),
    ("explanations",  &["submissions"]),
    ("obstacles",     &["items", "plans", "submissions", "units"]),
    ("extensions",    &["periods", "plans", "units"]),
    ("delegations",   &["accounts", "units"]),
    ("plan_checks",   &["items", "plans", "units", "wards"]),
    ("batches",       &["items", "periods", "plans", "submissions", "units", "verdicts", "wards"]),
    ("amendments",    &["items", "periods", "plans", "verdicts"]),
    ("carrying",      &["items", "periods", "plans", "submissions", "units", "verdicts"]),
    ("unit_plans",    &["items", "plans", "units"]),
    ("tracking",      &["explanations", "items", "obstacles", "periods", "plans", "submissions"]),
    ("reorganisations", &["accounts", "clients", "items", "unit_plans", "units"]),
    ("needs",         &["items", "periods", "plans", "results", "submissions", "verdicts"]),
    ("exports",       &["items", "periods", "plans", "results", "submissions", "units", "verdicts", "wards"]),
];

/// Files over the limit, each with its reason.
const LONG_FILES: &[(&str, &str)] =
    &[("src/schema.rs", "every table and nothing else, to be read from the top")];

/// Functions over the limit, each with its reason.
const LONG_FUNCTIONS: &[(&str, &str)] = &[];

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 50;

fn expect_none(rule: &str, faults: Vec<String>) {
    assert!(faults.is_empty(), "{rule}\n{}", faults.join("\n"));
}

/// The floor of a module; concepts are the folders that are on no other.
fn floor_of(module: &str) -> u8 {
    FLOORS.iter().find(|(name, _)| *name == module).map_or(CONCEPTS, |(_, floor)| *floor)
}

fn is_concept(module: &str) -> bool {
    floor_of(module) == CONCEPTS
}

fn modules() -> BTreeSet<String> {
    sources("src")
        .iter()
        .filter_map(|source| source.module().first().map(|name| (*name).to_owned()))
        .collect()
}

/// For each file, the modules of this crate that it names.
fn uses() -> Vec<(Source, Vec<Vec<String>>)> {
    let modules = modules();
    let read = sources("src").into_iter().map(|source| {
        let paths = source.crate_paths();
        // `crate::text_enum` and the like are macros, at home in kernel.
        let known =
            paths.into_iter().filter(|path| path.first().is_some_and(|first| modules.contains(first)));
        let known = known.collect();
        (source, known)
    });
    read.collect()
}

#[test]
fn floors_import_only_downwards() {
    let mut faults = Vec::new();
    for (source, paths) in uses() {
        let own = source.module().first().map_or(u8::MAX, |module| floor_of(module));
        for path in paths {
            let other = path.first().map_or(0, |module| floor_of(module));
            if other > own {
                faults.push(format!("{} uses {}, which is above it", source.path, path.join("::")));
            }
        }
    }
    expect_none("Imports point down only (src/lib.rs)", faults);
}

#[test]
fn every_concept_is_in_the_table_and_uses_only_what_it_may() {
    let mut faults = Vec::new();
    let concepts: BTreeSet<String> = modules().into_iter().filter(|module| is_concept(module)).collect();
    let table: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    faults.extend(concepts.iter().filter(|concept| !table.contains_key(concept.as_str())).map(|concept| {
        format!("{concept} stands neither in EDGES nor in FLOORS of tests/contract/architecture.rs")
    }));
    for (source, paths) in uses() {
        let Some(own) =
            source.module().first().map(|module| (*module).to_owned()).filter(|own| is_concept(own))
        else {
            continue;
        };
        let allowed = table.get(own.as_str()).copied().unwrap_or_default();
        for other in paths.iter().filter_map(|path| path.first()) {
            if is_concept(other) && *other != own && !allowed.contains(&other.as_str()) {
                faults.push(format!("{} uses {other}; EDGES does not allow it", source.path));
            }
        }
    }
    faults.sort();
    faults.dedup();
    expect_none("Concepts use only those that the table allows", faults);
}

#[test]
fn the_table_of_concepts_has_no_cycles() {
    let mut left: BTreeMap<&str, BTreeSet<&str>> =
        EDGES.iter().map(|(concept, uses)| (*concept, uses.iter().copied().collect())).collect();
    while !left.is_empty() {
        let free: Vec<&str> =
            left.iter().filter(|(_, uses)| uses.is_empty()).map(|(concept, _)| *concept).collect();
        assert!(
            !free.is_empty(),
            "these use each other in a circle, or one that is not in the table: {left:?}"
        );
        for concept in free {
            left.remove(concept);
            left.values_mut().for_each(|uses| uses.retain(|used| *used != concept));
        }
    }
}

#[test]
fn a_concept_keeps_its_store_and_its_http_to_itself() {
    let mut faults = Vec::new();
    for (source, paths) in uses() {
        let own = source.module().first().map(|module| (*module).to_owned()).unwrap_or_default();
        for path in paths {
            let [other, layer, ..] = path.as_slice() else { continue };
            let outside = is_concept(other) && *other != own;
            let may = layer == "http" && own == "server";
            if outside && matches!(layer.as_str(), "store" | "http") && !may {
                faults.push(format!("{} uses {}", source.path, path.join("::")));
            }
        }
    }
    expect_none("store and http of a concept are its own; server takes the routes", faults);
}

/// Whether a word stands in the code as a path or an attribute.
fn names(source: &Source, word: &str) -> bool {
    let code = source.code();
    code.contains(&format!("{word}::"))
        || code.contains(&format!("use {word}"))
        || code.contains(&format!("#[{word}"))
}

#[test]
fn diesel_is_only_where_rows_are() {
    let may = |source: &Source| {
        let module = source.module();
        let first = module.first().copied().unwrap_or_default();
        matches!(first, "db" | "schema" | "kernel" | "audit" | "outbox" | "context")
            || (matches!(first, "access" | "moving") && module.get(1) == Some(&"store"))
            || (is_concept(first) && module.iter().skip(1).any(|layer| matches!(*layer, "model" | "store")))
    };
    let faults = sources("src").into_iter().filter(|source| names(source, "diesel") && !may(source));
    expect_none("diesel lives in db, schema, model and store", faults.map(|source| source.path).collect());
}

#[test]
fn actix_is_only_where_http_is() {
    let may = |source: &Source| {
        let module = source.module();
        let first = module.first().copied().unwrap_or_default();
        matches!(first, "server" | "http" | "commands" | "main") || module.contains(&"http")
    };
    let faults = sources("src").into_iter().filter(|source| names(source, "actix_web") && !may(source));
    expect_none("actix_web lives in server and http", faults.map(|source| source.path).collect());
}

#[test]
fn there_is_one_clock() {
    let clocks = ["Utc::now", "Local::now", "SystemTime::now"];
    let faults = sources("src").into_iter().filter(|source| {
        source.path != "src/kernel/time.rs" && clocks.iter().any(|clock| source.text.contains(clock))
    });
    expect_none("The clock is kernel::time", faults.map(|source| source.path).collect());
}

fn all_sources() -> Vec<Source> {
    sources("src").into_iter().chain(sources("tests")).collect()
}

#[test]
fn every_file_says_what_lives_there() {
    let faults = all_sources().into_iter().filter(|source| !source.text.starts_with("//! "));
    expect_none("Every file begins with `//! `", faults.map(|source| source.path).collect());
}

#[test]
fn files_and_functions_stay_short() {
    let mut faults = Vec::new();
    for source in all_sources() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES && !LONG_FILES.iter().any(|(path, _)| *path == source.path) {
            faults.push(format!("{} has {lines} lines", source.path));
        }
        for (name, line, length) in source.long_functions(FUNCTION_LINES) {
            if !LONG_FUNCTIONS.iter().any(|(known, _)| *known == name) {
                faults.push(format!("{}:{line} fn {name} has {length} lines", source.path));
            }
        }
    }
    expect_none(&format!("At most {FILE_LINES} lines a file and {FUNCTION_LINES} a function"), faults);
}

#[test]
fn the_exceptions_are_still_needed() {
    let sources = all_sources();
    for (path, reason) in LONG_FILES {
        let long =
            sources.iter().any(|source| source.path == *path && source.text.lines().count() > FILE_LINES);
        assert!(long, "{path} ({reason}) is short enough; take it off the list");
    }
    for (name, reason) in LONG_FUNCTIONS {
        let long = sources
            .iter()
            .any(|source| source.long_functions(FUNCTION_LINES).iter().any(|(n, ..)| n == name));
        assert!(long, "fn {name} ({reason}) is short enough; take it off the list");
    }
}
