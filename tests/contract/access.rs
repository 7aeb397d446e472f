//! Who may call what (RULES §2): every operation, with no credentials, bad ones, each role, and another ward's people.

use std::collections::{BTreeMap, BTreeSet};

use cchc::access::{Permission, Role, Scope, policy};
use reqwest::Method;
use serde_json::Value;

use super::{
    calls::{Prepared, is_id, prepare},
    document::{Operation, operations},
    recipes::{changes, prepare_change},
};
use crate::support::{App, Client, NewAccount, Reply, both_databases};

both_databases!(
    no_operation_admits_bad_credentials,
    every_operation_admits_exactly_the_roles_of_the_table,
    a_path_refuses_methods_it_does_not_have,
    nobody_of_another_ward_reads_by_id_or_list,
    nobody_of_another_ward_changes_anything,
);

/// Tables that a refused call may write to, or a sign-in.
const TRACES: &[&str] =
    &["audit_chains", "audit_events", "refresh_tokens", "revoked_tokens", "idempotency_keys"];

/// What the demo's people work with.
fn content(app: &App) -> BTreeMap<String, Vec<String>> {
    app.rows(TRACES)
}

#[track_caller]
fn expect_unchanged(app: &App, before: &BTreeMap<String, Vec<String>>, what: &str) {
    let after = content(app);
    for (table, rows) in before {
        assert!(after.get(table) == Some(rows), "{what} changed {table}");
    }
}

/// The gate lets this caller through: the call fails on its unknown parameter, which is looked at after the role.
async fn expect_admitted(call: &Prepared, client: &Client, who: &str) {
    let reply = call.probe(client).await;
    assert!(reply.status == 400 && reply.code() == "malformed_query", "{who} is not admitted\n{reply}");
}

#[track_caller]
fn expect_denied(reply: Reply, status: u16, code: &str, who: &str) {
    let fits = reply.status == status && reply.code() == code;
    assert!(fits, "{who} must be refused with {status} {code}\n{reply}");
}

async fn no_operation_admits_bad_credentials(app: App) {
    let nobody = app.anonymous();
    let bad = [
        ("garbage", app.with_token("garbage")),
        ("garbage in three parts", app.with_token("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")),
        ("an expired token", app.expired("leader")),
    ];
    let before = content(&app);
    for operation in operations() {
        let call = prepare(&app, &operation).await;
        if policy::grant(operation.permission).anonymous {
            expect_admitted(&call, &nobody, "nobody").await;
        } else {
            let reply = call.by(&nobody).await;
            assert!(!reply.header("WWW-Authenticate").is_empty(), "no WWW-Authenticate\n{reply}");
            expect_denied(reply, 401, "unauthenticated", "nobody");
        }
        if operation.permission == Permission::Public {
            continue;
        }
        for (who, client) in &bad {
            expect_denied(call.by(client).await, 401, "unauthenticated", who);
        }
        let basic = call.by(&nobody).header("Authorization", "Basic bGVhZGVyOmxvbmctbXktMjAyNg==").await;
        expect_denied(basic, 401, "unauthenticated", "Basic");
    }
    expect_rows_of_helpers_only(&app, &before);
}

/// Tables to which the walk itself adds a row where the demo has none to call with (`calls.rs`).
const SAMPLES: &[&str] = &[
    "amendments",
    "clients",
    "delegations",
    "document_files",
    "documents",
    "explanation_requests",
    "obstacles",
    "outbox_events",
    "webhook_deliveries",
    "webhook_subscriptions",
];

/// The walk itself may add samples, nothing else.
#[track_caller]
fn expect_rows_of_helpers_only(app: &App, before: &BTreeMap<String, Vec<String>>) {
    let without_samples = before.iter().filter(|(table, _)| !SAMPLES.contains(&table.as_str()));
    let before = without_samples.map(|(table, rows)| (table.clone(), rows.clone())).collect();
    expect_unchanged(app, &before, "a refused call");
}

/// One account per role with that role alone, and one machine client per scope.
async fn one_of_each(app: &App) -> (Vec<(Role, Client)>, Vec<(Scope, Client)>) {
    let mut people = Vec::new();
    for role in Role::ALL {
        let school = matches!(role, Role::SchoolHead | Role::SchoolStaff);
        let username = format!("only.{role}");
        let unit = if school { "TH-THCS" } else { "KTHTDT" };
        let new = NewAccount { username: &username, ward: "long-my", unit, roles: &[*role] };
        people.push((*role, app.add_account(new).await));
    }
    let clients = Scope::ALL.iter().map(|scope| {
        let ward = (*scope == Scope::SubmissionsWrite).then_some("long-my");
        let name = format!("only-{}", scope.as_str().replace(':', "-"));
        (*scope, app.add_client(&name, ward, ward.map(|_| "KTHTDT"), &[*scope]))
    });
    (people, clients.collect())
}

async fn every_operation_admits_exactly_the_roles_of_the_table(app: App) {
    let (people, clients) = one_of_each(&app).await;
    let city = app.city_portal().await;
    let before = content(&app);
    let mut denied = 0;
    for operation in operations() {
        let grant = policy::grant(operation.permission);
        let call = prepare(&app, &operation).await;
        let callers = people
            .iter()
            .map(|(role, client)| (role.as_str(), client, grant.roles.contains(role)))
            .chain(
                clients.iter().map(|(scope, client)| (scope.as_str(), client, grant.scopes.contains(scope))),
            )
            .chain([("city-portal", &city, grant.scopes.contains(&Scope::ResultsRead))]);
        for (who, client, may) in callers {
            if may || operation.permission == Permission::Public {
                expect_admitted(&call, client, who).await;
            } else {
                expect_denied(call.by(client).await, 403, "forbidden", who);
                denied += 1;
            }
        }
    }
    expect_rows_of_helpers_only(&app, &before);
    let recorded = app.sql_texts("SELECT kind AS value FROM audit_events WHERE kind = 'access.denied'");
    assert!(recorded.len() >= denied, "{denied} attempts were denied, {} recorded", recorded.len());
}

async fn a_path_refuses_methods_it_does_not_have(app: App) {
    let leader = app.sign_in("leader").await;
    let mut paths: BTreeMap<String, (BTreeSet<String>, Prepared)> = BTreeMap::new();
    for operation in operations() {
        let call = prepare(&app, &operation).await;
        let entry = paths.entry(operation.path.clone()).or_insert_with(|| (BTreeSet::new(), call));
        entry.0.insert(operation.method.to_string());
    }
    for (methods, call) in paths.into_values() {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if methods.contains(method.as_str()) {
                continue;
            }
            let path = call.path.split('?').next().unwrap_or_default();
            let reply = leader.call(method, path).await.refused(405, "method_not_allowed");
            let allowed: BTreeSet<String> = reply.header("Allow").split(", ").map(str::to_owned).collect();
            assert_eq!(allowed, methods, "{reply}");
        }
    }
    leader.get("/api/v1/khong-co").await.refused(404, "not_found");
    app.anonymous().get("/api/v1/khong-co").await.refused(404, "not_found");
}

/// People and machines of Long Bình, one for each role and scope that may call the operation at home.
async fn foreigners(app: &App, permission: Permission) -> Vec<Client> {
    let grant = policy::grant(permission);
    let ward = app.ward("long-binh");
    let units =
        app.sql_texts(&format!("SELECT code AS value FROM units WHERE ward_id = '{ward}' ORDER BY code"));
    let unit = units.first().expect("a unit of Long Bình");
    let mut found = Vec::new();
    for role in grant.roles {
        let username = format!("foreign.{role}");
        let known = app.sql_texts(&format!("SELECT id AS value FROM accounts WHERE username = '{username}'"));
        found.push(if known.is_empty() {
            app.add_account(NewAccount { username: &username, ward: "long-binh", unit, roles: &[*role] })
                .await
        } else {
            app.sign_in(&username).await
        });
    }
    if grant.scopes.contains(&Scope::SubmissionsWrite) {
        let name = format!("foreign-{permission}");
        found.push(app.add_client(&name, Some("long-binh"), Some(unit), &[Scope::SubmissionsWrite]));
    }
    found
}

/// Whether the ward of the caller decides what it sees.
fn is_of_a_ward(operation: &Operation) -> bool {
    !matches!(
        operation.permission,
        Permission::Public | Permission::PublicResultsRead | Permission::SelfManage
    )
}

fn has_id(operation: &Operation) -> bool {
    operation.path.contains("{id}")
}

/// All ids of rows of Long Mỹ.
fn ids_of_long_my(app: &App) -> BTreeSet<String> {
    let ward = app.ward("long-my");
    let rows = content(app).into_values().flatten();
    let ours = rows.filter(|row| row.contains(&ward)).filter_map(|row| {
        let row: Value = serde_json::from_str(&row).expect("a row");
        row["id"].as_str().map(str::to_owned)
    });
    ours.collect()
}

/// The ids in a text.
fn ids_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-')).filter(|word| is_id(word))
}

#[track_caller]
fn expect_nothing_of(ours: &BTreeSet<String>, reply: &Reply, sent: Option<&str>) {
    let leaked = ids_in(&reply.text).find(|id| ours.contains(*id) && Some(*id) != sent);
    assert!(leaked.is_none(), "Long Bình sees {leaked:?} of Long Mỹ\n{reply}");
}

async fn nobody_of_another_ward_reads_by_id_or_list(app: App) {
    for operation in operations() {
        if operation.is_change() || !is_of_a_ward(&operation) {
            continue;
        }
        let call = prepare(&app, &operation).await;
        // It must succeed for somebody, or else the 404 of the others proves nothing.
        let own = call.by(&call.client).await.expect(200);
        let ours = ids_of_long_my(&app);
        for foreigner in foreigners(&app, operation.permission).await {
            let reply = call.by(&foreigner).await;
            if has_id(&operation) {
                reply.refused(404, "not_found");
                continue;
            }
            expect_nothing_of(&ours, &reply.expect(200), None);
            for (name, id) in filters(&app, &operation) {
                let filtered = foreigner.get(&format!("{}?{name}={id}", operation.path)).await;
                assert!(filtered.status < 500, "{filtered}");
                expect_nothing_of(&ours, &filtered, Some(&id));
            }
        }
        let saw = ids_in(&own.text).any(|id| ours.contains(id));
        let is_list = own.body["items"].as_array().is_some_and(|items| !items.is_empty());
        assert!(saw || !is_list, "the call shows no id of Long Mỹ to its own people\n{own}");
    }
}

/// Filters that name a thing of Long Mỹ.
fn filters(app: &App, operation: &Operation) -> Vec<(&'static str, String)> {
    let things = operation.query().into_iter().filter_map(|name| {
        Some((
            name,
            match name {
                "unit" | "unit_id" => app.unit("KTHTDT"),
                "item" | "item_id" => app.item("II.2.k", "indicator"),
                "period" | "period_id" => app.period("2026-H1"),
                "plan" | "plan_id" => app.plan(),
                "actor" | "actor_id" => app.account("leader"),
                _ => return None,
            },
        ))
    });
    things.collect()
}

async fn nobody_of_another_ward_changes_anything(app: App) {
    for operation in changes().into_iter().filter(is_of_a_ward) {
        let app = app.another();
        let call = prepare_change(&app, &operation).await;
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        let names_ours = ids_in(&body).next().is_some();
        let foreigners = foreigners(&app, operation.permission).await;
        let before = content(&app);
        for foreigner in &foreigners {
            if has_id(&operation) {
                call.by(foreigner).await.refused(404, "not_found");
            } else if names_ours {
                let reply = call.by(foreigner).await;
                assert!(matches!(reply.status, 404 | 422), "a body with ids of another ward\n{reply}");
            }
        }
        expect_unchanged(&app, &before, &operation.key());
        let reply = call.by(&call.client).await;
        assert!(reply.is_success(), "{} must succeed for its recipe\n{reply}", operation.key());
    }
}
