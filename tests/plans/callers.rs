//! Everybody who may make a call: each role and each machine client.

use cchc::access::{
    actor::{Role, Scope},
    policy,
};

use crate::{
    document::Operation,
    support::{App, Client},
};

/// Who has which role in the demo; first whoever sees the whole ward, last who sees one unit.
const PEOPLE: &[(Role, &str)] = &[
    (Role::Leader, "leader"),
    (Role::Auditor, "auditor"),
    (Role::Admin, "admin"),
    (Role::Coordinator, "vhxh.head"),
    (Role::Supervisor, "supervisor"),
    (Role::DepartmentHead, "ktht.head"),
    (Role::DepartmentStaff, "ktht.staff"),
    (Role::SchoolHead, "thcs.head"),
    (Role::SchoolStaff, "thcs.staff"),
];

/// All who may call it, people first.
pub async fn callers(app: &App, operation: &Operation) -> Vec<(String, Client)> {
    let grant = policy::grant(operation.permission);
    let mut found = Vec::new();
    for (_, username) in PEOPLE.iter().filter(|(role, _)| grant.roles.contains(role)) {
        found.push(((*username).to_owned(), app.sign_in(username).await));
    }
    for scope in grant.scopes {
        let name = format!("plans-{}", scope.as_str().replace(':', "-"));
        let unit = (*scope == Scope::SubmissionsWrite).then_some("KTHTDT");
        found.push((name.clone(), app.add_client(&name, unit.map(|_| "long-my"), unit, &[*scope])));
    }
    if grant.anonymous {
        found.push(("nobody".to_owned(), app.anonymous()));
    }
    found
}
