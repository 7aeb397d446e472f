//! The README names what the code has: configuration keys, demo accounts, commands.

use std::collections::BTreeSet;

use cchc::{config::KEYS, demo};

const README: &str = include_str!("../../README.md");

/// Read by the commands themselves, not part of the configuration of `serve`.
const OTHERS: &[&str] = &[
    "CCHC_CONFIG",
    "CCHC_DEMO_PASSWORD",
    "CCHC_LOG_FORMAT",
    "CCHC_PASSWORD",
    "CCHC_TEST_POSTGRES_URL",
    "CCHC_URL",
];

#[test]
fn the_readme_names_every_configuration_key_and_no_other() {
    let named: BTreeSet<&str> = README
        .split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .filter(|word| word.starts_with("CCHC_"))
        .collect();
    let keys: Vec<String> = KEYS.iter().map(|key| format!("CCHC_{}", key.to_uppercase())).collect();
    let mut expected: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
    expected.extend(OTHERS);
    assert_eq!(named, expected);
}

#[test]
fn the_readme_names_every_demo_account() {
    for account in demo::list_accounts().unwrap() {
        assert!(README.contains(&format!("`{}`", account.username)), "{}", account.username);
    }
}
