//! For each operation that changes something: who does it, and what must be so before it can succeed.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    calls::{Prepared, prepare, version_in, with_real_ids},
    document::{Operation, operations},
};
use crate::support::{App, DEMO_PASSWORD};

/// Who makes the change in Long Mỹ; `-` is nobody, `city` the city's operator. A new operation needs its line.
#[rustfmt::skip]
const RECIPES: &[(&str, &str)] = &[
    ("POST /api/v1/auth/token",                  "-"),
    ("POST /api/v1/auth/revoke",                 "-"),
    ("PUT /api/v1/me/password",                  "ktht.staff"),
    ("POST /api/v1/wards",                       "city"),
    ("PATCH /api/v1/wards/{id}",                 "city"),
    ("POST /api/v1/units",                       "admin"),
    ("PATCH /api/v1/units/{id}",                 "admin"),
    ("POST /api/v1/units/{id}/rename",           "admin"),
    ("POST /api/v1/units/{id}/split",            "admin"),
    ("POST /api/v1/units/merge",                 "admin"),
    ("POST /api/v1/users",                       "admin"),
    ("PATCH /api/v1/users/{id}",                 "admin"),
    ("POST /api/v1/users/{id}/password-reset",   "admin"),
    ("POST /api/v1/users/{id}/deactivate",       "admin"),
    ("POST /api/v1/clients",                     "admin"),
    ("PATCH /api/v1/clients/{id}",               "admin"),
    ("DELETE /api/v1/clients/{id}",              "admin"),
    ("POST /api/v1/clients/{id}/rotate-secret",  "admin"),
    ("POST /api/v1/webhooks",                    "admin"),
    ("PATCH /api/v1/webhooks/{id}",              "admin"),
    ("DELETE /api/v1/webhooks/{id}",             "admin"),
    ("POST /api/v1/webhooks/{id}/rotate-secret", "admin"),
    ("POST /api/v1/webhooks/{id}/ping",          "admin"),
    ("POST /api/v1/webhook-deliveries/{id}/redeliver", "admin"),
    ("POST /api/v1/plans",                       "vhxh.head"),
    ("POST /api/v1/plans/import",                "vhxh.head"),
    ("PATCH /api/v1/plans/{id}",                 "vhxh.head"),
    ("POST /api/v1/plans/{id}/issue",            "leader"),
    ("POST /api/v1/plans/{id}/close",            "leader"),
    ("POST /api/v1/plans/{id}/amendments",       "vhxh.head"),
    ("PATCH /api/v1/amendments/{id}",            "vhxh.head"),
    ("DELETE /api/v1/amendments/{id}",           "vhxh.head"),
    ("POST /api/v1/amendments/{id}/approve",     "leader"),
    ("POST /api/v1/plans/{id}/carry-over",       "vhxh.head"),
    ("POST /api/v1/plans/{id}/items",            "vhxh.head"),
    ("PATCH /api/v1/items/{id}",                 "vhxh.head"),
    ("DELETE /api/v1/items/{id}",                "vhxh.head"),
    ("PUT /api/v1/items/{id}/assignments",       "vhxh.head"),
    ("POST /api/v1/plans/{id}/unit-plans",       "ktht.staff"),
    ("PATCH /api/v1/unit-plans/{id}",            "hcc.staff"),
    ("POST /api/v1/unit-plans/{id}/issue",       "hcc.head"),
    ("POST /api/v1/unit-plans/{id}/items",       "hcc.staff"),
    ("PATCH /api/v1/unit-plan-items/{id}",       "hcc.staff"),
    ("DELETE /api/v1/unit-plan-items/{id}",      "hcc.staff"),
    ("POST /api/v1/plans/{id}/periods",          "vhxh.head"),
    ("POST /api/v1/plans/{id}/periods/generate", "vhxh.head"),
    ("PATCH /api/v1/periods/{id}",               "vhxh.head"),
    ("PUT /api/v1/calendar/{year}",              "vhxh.head"),
    ("POST /api/v1/periods/{id}/extensions",     "vhxh.head"),
    ("POST /api/v1/delegations",                 "leader"),
    ("DELETE /api/v1/delegations/{id}",          "leader"),
    ("POST /api/v1/decisions/batch",             "leader"),
    ("POST /api/v1/periods/{id}/reminders",      "vhxh.head"),
    ("POST /api/v1/submissions",                 "ktht.staff"),
    ("POST /api/v1/submissions/batch",           "ktht.staff"),
    ("PATCH /api/v1/submissions/{id}",           "ktht.staff"),
    ("DELETE /api/v1/submissions/{id}",          "ktht.staff"),
    ("POST /api/v1/submissions/{id}/decisions",  "ktht.head"),
    ("POST /api/v1/documents",                   "ktht.staff"),
    ("PATCH /api/v1/documents/{id}",             "ktht.staff"),
    ("DELETE /api/v1/documents/{id}",            "ktht.staff"),
    ("PUT /api/v1/submissions/{id}/evidence/{document_id}",    "ktht.staff"),
    ("DELETE /api/v1/submissions/{id}/evidence/{document_id}", "ktht.staff"),
    ("POST /api/v1/submissions/{id}/comments",   "leader"),
    ("POST /api/v1/submissions/{id}/explanation-requests", "leader"),
    ("POST /api/v1/explanation-requests/{id}/answer", "ktht.head"),
    ("POST /api/v1/submissions/{id}/assessments", "leader"),
    ("POST /api/v1/plans/{id}/obstacles",        "ktht.staff"),
    ("POST /api/v1/obstacles/{id}/answer",       "vhxh.head"),
    ("POST /api/v1/obstacles/{id}/escalate",     "vhxh.head"),
    ("POST /api/v1/obstacles/{id}/decide",       "leader"),
    ("POST /api/v1/obstacles/{id}/withdraw",     "ktht.staff"),
    ("POST /api/v1/periods/{id}/publications",   "leader"),
    ("POST /api/v1/publications/{id}/withdraw",  "leader"),
];

/// The operations that change something; fails by name if one of them has no recipe.
pub fn changes() -> Vec<Operation> {
    let changes: Vec<Operation> = operations().into_iter().filter(Operation::is_change).collect();
    let missing: Vec<String> = changes.iter().map(Operation::key).filter(|key| who(key).is_none()).collect();
    assert!(
        missing.is_empty(),
        "no recipe in tests/contract/recipes.rs for operations that change something: {missing:#?}"
    );
    changes
}

fn who(key: &str) -> Option<&'static str> {
    RECIPES.iter().find(|(known, _)| *known == key).map(|(_, who)| *who)
}

/// The change, ready to succeed: real ids, the document's example, and a database in which it is legal.
pub async fn prepare_change(app: &App, operation: &Operation) -> Prepared {
    let key = operation.key();
    let who = who(&key).unwrap_or_else(|| panic!("{key} has no recipe"));
    set_stage(app, &key);
    let mut call = prepare(app, operation).await;
    call.client = match who {
        "-" => app.anonymous(),
        "city" => app.add_client("city-operator", None, None, &[cchc::access::Scope::WardsManage]),
        username => app.sign_in(username).await,
    };
    adapt(app, &key, &mut call).await;
    call
}

/// Puts the database into a state in which the change is legal.
fn set_stage(app: &App, key: &str) {
    let builds_plan = matches!(
        key,
        "PATCH /api/v1/plans/{id}"
            | "POST /api/v1/plans/{id}/issue"
            | "POST /api/v1/plans/{id}/items"
            | "PATCH /api/v1/items/{id}"
            | "DELETE /api/v1/items/{id}"
            | "PUT /api/v1/items/{id}/assignments"
    );
    if builds_plan {
        app.sql(&format!("UPDATE plans SET status = 'draft' WHERE id = '{}'", app.plan()));
    }
}

/// What the document's example cannot know.
async fn adapt(app: &App, key: &str, call: &mut Prepared) {
    match key {
        "POST /api/v1/auth/token" => {
            call.body = Some(
                json!({ "grant_type": "password", "username": "ktht.staff", "password": DEMO_PASSWORD }),
            );
        }
        "POST /api/v1/auth/revoke" => {
            let fields =
                [("grant_type", "password"), ("username", "ktht.staff"), ("password", DEMO_PASSWORD)];
            let reply = app.anonymous().form("/api/v1/auth/token", &fields).await.expect(200);
            call.body = Some(json!({ "token": reply.text_at("refresh_token") }));
        }
        "PUT /api/v1/me/password" => {
            for (name, value) in call.body.as_mut().and_then(Value::as_object_mut).into_iter().flatten() {
                let current = name.contains("current") || name.contains("old");
                *value = json!(if current { DEMO_PASSWORD } else { "mat-khau-moi-2026" });
            }
        }
        "DELETE /api/v1/items/{id}" => {
            let id = add_item(app, &call.client).await;
            aim(app, call, "/api/v1/items/", "plan_items", &id);
        }
        "POST /api/v1/plans/{id}/periods/generate" => {
            let plan = add_plan(app, &call.client).await;
            call.path = format!("/api/v1/plans/{plan}/periods/generate");
        }
        "PATCH /api/v1/submissions/{id}" | "DELETE /api/v1/submissions/{id}" => {
            let id = app.draft_free_figure().await;
            aim(app, call, "/api/v1/submissions/", "submissions", &id);
        }
        "POST /api/v1/decisions/batch" => {
            app.carry_free_figure_to("endorsed").await;
        }
        "POST /api/v1/submissions/{id}/decisions" => {
            let id = app.draft_free_figure().await;
            call.path = format!("/api/v1/submissions/{id}/decisions");
            call.body = Some(json!({ "action": "submit" }));
        }
        "PUT /api/v1/submissions/{id}/evidence/{document_id}"
        | "DELETE /api/v1/submissions/{id}/evidence/{document_id}" => aim_evidence(app, call).await,
        "POST /api/v1/obstacles/{id}/decide" => {
            app.sql("UPDATE obstacles SET state = 'escalated'");
        }
        _ => {}
    }
}

/// Points the call at a draft that cites the document, or does not yet.
async fn aim_evidence(app: &App, call: &mut Prepared) {
    let submission = app.draft_free_figure().await;
    let document = call.path.rsplit('/').next().unwrap_or_default().to_owned();
    if call.method == Method::DELETE {
        app.sql(&format!("INSERT INTO submission_evidence VALUES ('{submission}', '{document}')"));
    }
    aim(app, call, "/api/v1/submissions/", "submissions", &submission);
    call.path = format!("{}/evidence/{document}", call.path);
}

/// Points the call at another row.
fn aim(app: &App, call: &mut Prepared, path: &str, table: &str, id: &str) {
    call.path = format!("{path}{id}");
    call.version = Some(version_in(app, table, id));
}

fn example(app: &App, key: &str) -> Value {
    let operation = operations().into_iter().find(|operation| operation.key() == key);
    let body = operation.and_then(|operation| operation.body).and_then(|body| body.example);
    with_real_ids(app, body.unwrap_or_else(|| panic!("{key} has no example")))
}

/// An item of the plan on which nothing hangs.
async fn add_item(app: &App, client: &crate::support::Client) -> String {
    let body = example(app, "POST /api/v1/plans/{id}/items");
    let path = format!("/api/v1/plans/{}/items", app.plan());
    client.call(Method::POST, &path).json(body).await.expect(201).id()
}

/// A plan of a later year, still a draft.
async fn add_plan(app: &App, client: &crate::support::Client) -> String {
    let body = example(app, "POST /api/v1/plans");
    client.post("/api/v1/plans", body).await.expect(201).id()
}
