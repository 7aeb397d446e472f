//! The role table, as a person reads it.

use cchc::access::policy;

#[test]
fn the_committed_role_table_is_the_one_in_force() {
    let committed = std::fs::read_to_string("docs/roles.md").unwrap_or_default();
    assert!(
        committed == policy::readable_table(),
        "docs/roles.md is not the table in src/access/policy.rs. Look at what changed, then refresh it: \
         cargo run -- roles > docs/roles.md"
    );
}
