//! The OpenAPI document: what the annotations say, completed with what all operations share.
//!
//! Error answers, security, `x-roles` and the headers follow from permission, method and path, so no handler
//! repeats them. The committed `openapi/openapi.json` is compared with it by `tests/contract/openapi.rs`.

use actix_web::App;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

use super::{deprecation, schemas};
use crate::{
    access::{Permission, policy},
    http::{ProblemBody, problem::ProblemField},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "cchc",
        description = "Kế hoạch cải cách hành chính của phường: chỉ tiêu, số liệu, phê duyệt, công bố.\n\n\
            The reform plan of a ward: items, figures, approvals, publication. \
            Sign in with *Authorize*, scheme `account`, then try any call.",
        license(name = "Apache-2.0", url = "https://www.apache.org/licenses/LICENSE-2.0"),
        contact(name = "cchc")
    ),
    servers((url = "/", description = "This server")),
    components(schemas(ProblemBody, ProblemField)),
    tags(
        (name = "auth", description = "Sign-in, tokens and the caller's own account"),
        (name = "wards", description = "Wards, for the city's operator"),
        (name = "units", description = "Units of the ward"),
        (name = "users", description = "Accounts of the ward's people"),
        (name = "clients", description = "Machine clients"),
        (name = "webhooks", description = "Telling other systems what happened, signed as Standard Webhooks describes"),
        (name = "plans", description = "Plans of a year and their state"),
        (name = "unit plans", description = "Each unit's own plan, made from the ward's (plan V.1.a)"),
        (name = "items", description = "Sections, indicators and tasks of a plan, and who reports them"),
        (name = "amendments", description = "How an issued plan changes"),
        (name = "periods", description = "Reporting periods"),
        (name = "submissions", description = "Figures of units for items and periods"),
        (name = "decisions", description = "Submitting, reviewing, approving"),
        (name = "delegations", description = "Dated authority given to a named account"),
        (name = "tracking", description = "What is to do, who owes what, and reminding of it"),
        (name = "documents", description = "The ward's library of evidence"),
        (name = "comments", description = "What readers say about a figure"),
        (name = "explanations", description = "Asked explanations, findings and conclusions"),
        (name = "obstacles", description = "Difficulties that units meet, and what is decided about them"),
        (name = "results", description = "The ward's results"),
        (name = "publications", description = "Publishing the approved figures of a period"),
        (name = "public", description = "The city portal's side: published figures only"),
        (name = "audit", description = "What happened, and the proof of it"),
        (name = "operation", description = "Running the system")
    )
)]
struct Base;

/// The document as JSON.
#[must_use]
pub fn document() -> Value {
    let (_, api) =
        App::new().into_utoipa_app().openapi(Base::openapi()).configure(super::routes).split_for_parts();
    let mut document = serde_json::to_value(api).unwrap_or_default();
    complete(&mut document);
    super::links::add_links(&mut document);
    document
}

/// The document as it is committed and served.
#[must_use]
pub fn document_text() -> String {
    text_of(&document())
}

/// The text of a document that is at hand already.
pub(super) fn text_of(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}

fn complete(document: &mut Value) {
    let Some(document) = document.as_object_mut() else { return };
    document.insert("openapi".into(), json!("3.1.0"));
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("securitySchemes".into(), security_schemes());
        components.insert("responses".into(), error_responses());
        if let Some(schemas) = components.get_mut("schemas").and_then(Value::as_object_mut) {
            schemas::complete(schemas);
        }
    }
    super::bounds::add_bounds(document);
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, methods) in paths.into_iter().flatten() {
        let Some(methods) = methods.as_object_mut() else { continue };
        for (method, operation) in methods {
            if let Some(operation) = operation.as_object_mut() {
                complete_operation(path, method, operation);
            }
        }
    }
}

fn complete_operation(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let permission = operation.get("x-permission").and_then(Value::as_str).and_then(Permission::parse);
    let Some(permission) = permission else { return };
    let grant = policy::grant(permission);
    operation.insert("x-roles".into(), json!(grant.roles.iter().map(|r| r.as_str()).collect::<Vec<_>>()));
    operation.insert("x-scopes".into(), json!(grant.scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>()));
    operation.insert("security".into(), security_of(permission));
    let has_body = operation.contains_key("requestBody");
    if let Some(body) = operation.get_mut("requestBody") {
        never_null(body);
    }
    add_parameters(path, method, operation);
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let has_query = parameters.is_some_and(|all| all.iter().any(|one| one["in"] == "query"));
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    let is_token = path.starts_with("/api/v1/auth/");
    for status in error_statuses(path, method, permission, has_body, has_query) {
        // The OAuth calls refuse in their own words (RFC 6749), which their annotations describe.
        if !(is_token && responses.contains_key(status)) {
            responses.insert(status.into(), json!({ "$ref": format!("#/components/responses/{status}") }));
        }
    }
    add_answer_headers(method, permission, responses);
    deprecation::describe(operation);
}

/// A body that may be left out is never `null`.
fn never_null(body: &mut Value) {
    let Some(schema) = body.pointer_mut("/content/application~1json/schema") else { return };
    let either = schema["oneOf"].as_array().cloned().unwrap_or_default();
    if let [one] = either.iter().filter(|one| one["type"] != "null").collect::<Vec<_>>().as_slice() {
        *schema = (*one).clone();
    }
}

/// Any one of these opens the operation: people's accounts, machine clients with one of its scopes, a token at hand.
fn security_of(permission: Permission) -> Value {
    let grant = policy::grant(permission);
    if permission == Permission::Public {
        return json!([]);
    }
    let mut alternatives = Vec::new();
    if grant.anonymous {
        alternatives.push(json!({}));
    }
    if !grant.roles.is_empty() {
        alternatives.push(json!({ "account": [] }));
    }
    alternatives.extend(grant.scopes.iter().map(|scope| json!({ "client": [scope.as_str()] })));
    alternatives.push(json!({ "token": [] }));
    Value::Array(alternatives)
}

fn error_statuses(
    path: &str,
    method: &str,
    permission: Permission,
    has_body: bool,
    has_query: bool,
) -> Vec<&'static str> {
    let mut statuses = vec!["400", "500", "503"];
    if permission != Permission::Public {
        statuses.extend(["401", "403", "404"]);
    } else if path.contains('{') {
        statuses.push("404");
    } else if path.starts_with("/api/v1/auth/sso") {
        statuses.extend(["403", "404"]);
    }
    if has_query || has_body {
        statuses.push("422");
    }
    if has_body {
        statuses.extend(["413", "415"]);
    }
    if method != "get" && permission != Permission::Public {
        statuses.extend(["409", "412", "413", "422"]);
    }
    if matches!(method, "patch" | "put" | "delete") {
        statuses.push("428");
    }
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

fn add_parameters(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let public = operation.get("x-permission").and_then(Value::as_str) == Some("public");
    let list = operation.entry("parameters").or_insert_with(|| json!([]));
    let Some(list) = list.as_array_mut() else { return };
    for parameter in list.iter_mut() {
        if parameter["in"] == "path" && parameter["name"] == "id" {
            parameter["schema"] = json!({ "type": "string", "format": "uuid" });
            parameter["description"] = json!("Id of the resource");
        }
    }
    if !public {
        match method {
            "post" => list.push(json!({
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "The same key and body replay the stored answer for 24 hours",
                "schema": { "type": "string", "minLength": 1, "maxLength": 200 },
            })),
            "patch" | "put" | "delete" => list.push(json!({
                "name": "If-Match", "in": "header", "required": needs_version(path),
                "description": "The ETag that was read, such as \"3\" with its quotes",
                "schema": { "type": "string" }, "example": "\"1\"",
            })),
            _ => {}
        }
    }
    if list.is_empty() {
        operation.remove("parameters");
    }
}

/// Whether a change of this path names the version it read. The caller's own password, a year's calendar and a citation
/// have none.
fn needs_version(path: &str) -> bool {
    !path.starts_with("/api/v1/me") && !path.starts_with("/api/v1/calendar") && !path.contains("/evidence/")
}

fn add_answer_headers(method: &str, permission: Permission, responses: &mut Map<String, Value>) {
    for (status, response) in responses.iter_mut().filter(|(status, _)| status.starts_with('2')) {
        let Some(response) = response.as_object_mut() else { continue };
        let headers = response.entry("headers").or_insert_with(|| json!({}));
        headers["X-Request-Id"] = json!({
            "description": "Identifies the request in logs and audit", "schema": { "type": "string" }
        });
        if status == "201" {
            headers["Location"] =
                json!({ "description": "Path of the new resource", "schema": { "type": "string" } });
        }
        if method == "get" && permission != Permission::Public {
            headers["ETag"] = json!({
                "description": "Version of a single resource, for If-Match and If-None-Match",
                "schema": { "type": "string" }
            });
        }
    }
}

/// Three ways to prove who asks, in the order in which a person looks for them.
fn security_schemes() -> Value {
    let token_url = "/api/v1/auth/token";
    json!({
        "account": {
            "type": "oauth2",
            "description": "People: username and password; client_id and client_secret stay empty \
                (RFC 6749, tokens as RFC8725 advises)",
            "flows": { "password": { "tokenUrl": token_url, "refreshUrl": token_url, "scopes": {} } }
        },
        "client": {
            "type": "oauth2",
            "description": "Machines: client_id and client_secret; no scope ticked asks for all that the client has \
                (RFC 6749, tokens as RFC8725 advises)",
            "flows": { "clientCredentials": {
                "tokenUrl": token_url,
                "scopes": {
                    "results:read": "Published figures",
                    "submissions:write": "Drafts for one unit",
                    "wards:manage": "Create and change wards"
                }
            } }
        },
        "token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An access token at hand (RFC 6750, made as RFC8725 advises)"
        }
    })
}

fn error_responses() -> Value {
    let mut responses = Map::new();
    for (status, description) in [
        ("400", "The request cannot be read: malformed body, query or header, or an unknown field"),
        ("401", "No credentials, or bad ones"),
        ("403", "Visible, but not allowed"),
        ("404", "No such thing, or the caller may not know of it"),
        ("409", "Somebody was faster, or the move is not legal now"),
        ("412", "If-Match names an old version"),
        ("413", "The body is too large"),
        ("415", "The body is of a kind this call does not read"),
        ("422", "Readable, but a rule says no"),
        ("428", "If-Match is missing"),
        ("500", "Something failed on our side"),
        ("503", "Not now; see Retry-After"),
    ] {
        let mut headers = Map::new();
        headers.insert(
            "X-Request-Id".into(),
            json!({ "description": "Identifies the request", "schema": { "type": "string" } }),
        );
        if status == "503" {
            headers.insert(
                "Retry-After".into(),
                json!({ "description": "Seconds to wait", "schema": { "type": "integer", "format": "int32" } }),
            );
        }
        let content = json!({ "schema": { "$ref": "#/components/schemas/ProblemBody" } });
        responses.insert(
            status.into(),
            json!({
                "description": description, "content": { "application/problem+json": content }, "headers": headers
            }),
        );
    }
    Value::Object(responses)
}
