//! A call of any operation with real ids of Long Mỹ, as somebody would make it who may.

use cchc::access::{
    actor::{Role, Scope},
    policy,
};
use reqwest::Method;
use serde_json::Value;

use super::document::Operation;
use crate::support::{App, Call, Client, Form, pdf};

/// A call, ready to be made by anybody.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub method: Method,
    /// With its query.
    pub path: String,
    pub media_type: String,
    pub body: Option<Value>,
    pub version: Option<i64>,
    /// Somebody who may make it.
    pub client: Client,
}

impl Prepared {
    /// The call, made by this caller.
    pub fn by(&self, client: &Client) -> Call {
        let call = client.call(self.method.clone(), &self.path).if_match(self.version);
        match &self.body {
            Some(body) if self.media_type.starts_with("application/x-www-form-urlencoded") => {
                call.raw(&self.media_type, form(body))
            }
            Some(body) if self.media_type.starts_with("multipart/") => {
                call.raw(&Form::media_type(), multipart(body).bytes())
            }
            Some(body) => call.json(body),
            None => call,
        }
    }

    /// A call that changes nothing: the gate refuses its unknown parameter, but only after it admitted the caller.
    pub fn probe(&self, client: &Client) -> Call {
        let sign = if self.path.contains('?') { '&' } else { '?' };
        let probe = Self { path: format!("{}{sign}__probe=1", self.path), ..self.clone() };
        probe.by(client)
    }
}

/// A form's fields as they travel.
pub fn form(body: &Value) -> Vec<u8> {
    let fields: Vec<(String, String)> = body
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    serde_urlencoded::to_string(fields).expect("a form").into_bytes()
}

/// The same for a form with a file.
fn multipart(body: &Value) -> Form {
    let fields =
        body.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?)));
    fields.fold(Form::default(), |form, (name, value)| match name.as_str() {
        "file" => form.file("mau.pdf", "application/pdf", value.as_bytes()),
        name => form.text(name, value),
    })
}

/// The call with real ids and the document's example.
pub async fn prepare(app: &App, operation: &Operation) -> Prepared {
    let example = operation.body.as_ref().and_then(|body| body.example.clone());
    Prepared {
        method: operation.method.clone(),
        path: path_of(app, operation),
        media_type: operation.body.as_ref().map(|body| body.media_type.clone()).unwrap_or_default(),
        body: example.map(|example| with_real_ids(app, example)),
        version: operation.needs_version().then(|| version_of(app, operation)),
        client: somebody_for(app, operation).await,
    }
}

/// Somebody who may call it, from the demo where it has such a person.
async fn somebody_for(app: &App, operation: &Operation) -> Client {
    let grant = policy::grant(operation.permission);
    let people = [
        (Role::Leader, "leader"),
        (Role::Auditor, "auditor"),
        (Role::Admin, "admin"),
        (Role::Coordinator, "vhxh.head"),
        (Role::DepartmentHead, "ktht.head"),
        (Role::DepartmentStaff, "ktht.staff"),
        (Role::SchoolHead, "thcs.head"),
        (Role::SchoolStaff, "thcs.staff"),
        (Role::Supervisor, "supervisor"),
    ];
    if operation.path.starts_with("/public/") {
        return app.city_portal().await;
    }
    match people.iter().find(|(role, _)| grant.roles.contains(role)) {
        Some((_, username)) => app.sign_in(username).await,
        None => app.add_client(&format!("for-{}", operation.permission), None, None, grant.scopes),
    }
}

/// The path with real ids of Long Mỹ, and with the query it cannot do without.
fn path_of(app: &App, operation: &Operation) -> String {
    let mut path = String::new();
    let mut before = "";
    for segment in operation.path.split('/').skip(1) {
        path.push('/');
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => path.push_str(&sample(app, before, name)),
            None => path.push_str(segment),
        }
        before = segment;
    }
    let query: Vec<String> = operation.required_query().iter().map(|name| query_sample(name)).collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

fn query_sample(name: &str) -> String {
    let value = match name {
        "period" => "2026-Q1",
        "year" => "2026",
        "format" => "json",
        "as_of" => "2026-06-15",
        "from_year" => "2026",
        "item" => "II.2.k",
        other => panic!("say in tests/contract/calls.rs what to send as ?{other}="),
    };
    format!("{name}={value}")
}

/// The table that a segment of a path names.
fn table_of(segment: &str) -> Option<&'static str> {
    Some(match segment {
        "wards" => "wards",
        "units" => "units",
        "users" => "accounts",
        "clients" => "clients",
        "plans" => "plans",
        "items" => "plan_items",
        "unit-plans" => "unit_plans",
        "unit-plan-items" => "unit_plan_items",
        "amendments" => "amendments",
        "periods" => "periods",
        "submissions" => "submissions",
        "publications" => "publications",
        "delegations" => "delegations",
        "documents" => "documents",
        "webhooks" => "webhook_subscriptions",
        _ => return None,
    })
}

/// A real value for a parameter of a path.
fn sample(app: &App, segment: &str, name: &str) -> String {
    let ward = app.ward("long-my");
    match (segment, name) {
        ("wards", "code") => "long-my".to_owned(),
        ("plans" | "calendar", "year") => "2026".to_owned(),
        ("revisions", "n") => "1".to_owned(),
        ("wards", _) => ward,
        ("units", _) => app.unit("KTHTDT"),
        ("users", _) => app.account("thcs.staff"),
        ("clients", _) => ward_client(app),
        ("plans", _) => app.plan(),
        ("items", _) => app.item("II.2.k", "indicator"),
        ("unit-plans", _) => first(app, "unit_plans", &format!("ward_id = '{ward}' AND status = 'draft'")),
        ("unit-plan-items", _) => {
            let plan = sample(app, "unit-plans", "id");
            first(app, "unit_plan_items", &format!("unit_plan_id = '{plan}'"))
        }
        ("amendments", _) => draft_amendment(app),
        ("periods", _) => app.period("2026-H1"),
        ("submissions", _) => {
            first(app, "submissions", &format!("ward_id = '{ward}' AND submitted_revision > 0"))
        }
        ("delegations", _) => delegation(app),
        ("explanation-requests", _) => request_for_explanation(app),
        ("obstacles", _) => obstacle(app),
        ("publications", _) => {
            first(app, "publications", &format!("ward_id = '{ward}' AND withdrawn_at IS NULL"))
        }
        ("webhooks", _) => webhook(app),
        ("webhook-deliveries", _) => webhook_delivery(app),
        ("documents" | "evidence", _) => sample_document(app),
        _ => panic!("say in tests/contract/calls.rs which {{{name}}} of /{segment}/ to call with"),
    }
}

fn first(app: &App, table: &str, which: &str) -> String {
    app.sql_text(&format!("SELECT id AS value FROM {table} WHERE {which} ORDER BY id LIMIT 1"))
}

/// A delegation of the leader; the demo has none.
fn delegation(app: &App) -> String {
    let find = format!("SELECT id AS value FROM delegations WHERE ward_id = '{}'", app.ward("long-my"));
    if let Some(id) = app.sql_texts(&find).pop() {
        return id;
    }
    let id = cchc::kernel::id::RawId::generate();
    app.sql(&format!(
        "INSERT INTO delegations (id, ward_id, grantor_id, delegate_id, starts_at, ends_at, reason, created_at, version) \
         VALUES ('{id}', '{}', '{}', '{}', '2026-01-01 00:00:00', '2026-12-31 00:00:00', 'Đi công tác', \
         '2026-01-01 00:00:00', 1)",
        app.ward("long-my"),
        app.account("leader"),
        app.account("leader.deputy"),
    ));
    id.to_string()
}

/// The ward's own machine client; the demo has none.
fn ward_client(app: &App) -> String {
    let find = "SELECT id AS value FROM clients WHERE client_id = 'ward-system'";
    if let Some(id) = app.sql_texts(find).pop() {
        return id;
    }
    app.add_client("ward-system", Some("long-my"), Some("KTHTDT"), &[Scope::SubmissionsWrite]);
    app.sql_text(find)
}

/// A webhook of the ward's own client; the demo has none.
fn webhook(app: &App) -> String {
    let find = "SELECT id AS value FROM webhook_subscriptions";
    if let Some(id) = app.sql_texts(find).pop() {
        return id;
    }
    let (id, ward, client) = (cchc::kernel::id::RawId::generate(), app.ward("long-my"), ward_client(app));
    app.sql(&format!(
        "INSERT INTO webhook_subscriptions (id, ward_id, client_row_id, url, kinds, active, secret_version, \
         created_at, version) VALUES ('{id}', '{ward}', '{client}', 'https://1.1.1.1/cchc', \
         '[\"submission.approved\"]', TRUE, 1, '2026-06-15 01:00:00', 1)"
    ));
    id.to_string()
}

/// A delivery to it; the demo has none.
fn webhook_delivery(app: &App) -> String {
    let find = "SELECT id AS value FROM webhook_deliveries";
    if let Some(id) = app.sql_texts(find).pop() {
        return id;
    }
    let (id, ward, webhook) = (cchc::kernel::id::RawId::generate(), app.ward("long-my"), webhook(app));
    app.sql(&format!(
        "INSERT INTO outbox_events (id, ward_id, seq, kind, data, at) \
         VALUES ('{id}', '{ward}', 1, 'submission.approved', '{{}}', '2026-06-15 01:00:00')"
    ));
    app.sql(&format!(
        "INSERT INTO webhook_deliveries (id, subscription_id, event_id, queue, seq, state, attempts, queued_at, \
         next_attempt_at) VALUES ('{id}', '{webhook}', '{id}', '{ward}', 1, 'dead', 13, '2026-06-15 01:00:00', \
         '2026-06-15 01:00:00')"
    ));
    id.to_string()
}

/// A document of KTHTDT; the demo has none.
fn sample_document(app: &App) -> String {
    let known = app.sql_texts("SELECT id AS value FROM documents WHERE name = 'mau.pdf'").pop();
    known.unwrap_or_else(|| app.add_document("KTHTDT", "ktht.staff", &pdf("mẫu")))
}

/// What KTHTDT is asked about its first quarter; the demo asks nothing.
fn request_for_explanation(app: &App) -> String {
    let find = "SELECT id AS value FROM explanation_requests";
    if let Some(id) = app.sql_texts(find).pop() {
        return id;
    }
    let submission = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    app.sql(&format!(
        "INSERT INTO explanation_requests (id, ward_id, submission_id, unit_id, revision, question, due_at, asked_by, \
         asked_unit_id, asked_at, version) SELECT id, ward_id, id, unit_id, 1, 'Vì sao?', '2026-06-19 10:00:00', \
         '{}', '{}', '2026-06-15 01:00:00', 1 FROM submissions WHERE id = '{submission}'",
        app.account("leader"),
        app.unit("UBND"),
    ));
    app.sql_text(find)
}

/// What stands in KTHTDT's way; the demo has nothing that does.
fn obstacle(app: &App) -> String {
    let find = "SELECT id AS value FROM obstacles";
    if let Some(id) = app.sql_texts(find).pop() {
        return id;
    }
    let (item, account) = (app.item("II.2.k", "indicator"), app.account("ktht.staff"));
    app.sql(&format!(
        "INSERT INTO obstacles (id, ward_id, plan_id, item_id, unit_id, description, state, raised_by, raised_at, \
         version) SELECT id, ward_id, plan_id, id, '{}', 'Máy quét hỏng', 'open', '{account}', \
         '2026-06-15 01:00:00', 1 FROM plan_items WHERE id = '{item}'",
        app.unit("KTHTDT"),
    ));
    app.sql_text(find)
}

/// A draft amendment of the plan; the demo has none.
fn draft_amendment(app: &App) -> String {
    let (ward, plan, author) = (app.ward("long-my"), app.plan(), app.account("vhxh.head"));
    let find = format!("SELECT id AS value FROM amendments WHERE plan_id = '{plan}'");
    if let Some(id) = app.sql_texts(&find).pop() {
        return id;
    }
    let id = cchc::kernel::id::RawId::generate();
    app.sql(&format!(
        "INSERT INTO amendments (id, ward_id, plan_id, number, decided_on, effective_on, reason, changes, status, \
         created_by, created_at, version) \
         VALUES ('{id}', '{ward}', '{plan}', '86/QĐ-UBND', '2026-06-01', '2026-07-01', 'Điều chỉnh', \
         '[{{\"op\":\"withdraw\",\"item_id\":\"V.2.i\"}}]', 'draft', '{author}', '2026-06-01 01:00:00', 1)"
    ));
    app.sql_text(&find)
}

/// The version of the resource that the path names by its id.
fn version_of(app: &App, operation: &Operation) -> i64 {
    let segments: Vec<&str> = operation.path.split('/').collect();
    let filled = path_of(app, operation);
    let values: Vec<&str> = filled.split('?').next().unwrap_or_default().split('/').collect();
    let at = segments.iter().rposition(|segment| *segment == "{id}").expect("a parameter in the path");
    let table =
        table_of(segments[at - 1]).unwrap_or_else(|| panic!("no table known for {}", operation.key()));
    version_in(app, table, values[at])
}

/// The version of a row.
pub fn version_in(app: &App, table: &str, id: &str) -> i64 {
    let text = app.sql_text(&format!("SELECT CAST(version AS TEXT) AS value FROM {table} WHERE id = '{id}'"));
    text.parse().expect("a version")
}

/// The same body with ids that exist; what may be left out is left out.
pub fn with_real_ids(app: &App, body: Value) -> Value {
    let mut units = ["KTHTDT", "HCC", "VHXH", "VP"].iter().cycle().map(|code| app.unit(code));
    real(app, "", body, &mut units)
}

fn real(app: &App, key: &str, value: Value, units: &mut dyn Iterator<Item = String>) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name.clone(), real(app, &name, value, units))).collect()
        }
        Value::Array(all) => all.into_iter().map(|value| real(app, key, value, units)).collect(),
        Value::String(text) if is_id(&text) => match key.trim_end_matches('s') {
            name if name.ends_with("unit_id") => units.next().into(),
            "client_id" => ward_client(app).into(),
            "item_id" | "contributes_to" => app.item("II.2.k", "indicator").into(),
            "period_id" => app.period("2026-H1").into(),
            "plan_id" => app.plan().into(),
            "delegate_id" => app.account("leader.deputy").into(),
            _ => Value::Null,
        },
        // An address on the public internet that needs no look-up; nothing is sent there.
        Value::String(_) if key == "url" => "https://1.1.1.1/cchc".into(),
        other => other,
    }
}

/// Whether a text is an id.
pub fn is_id(text: &str) -> bool {
    text.len() == 36 && cchc::kernel::id::RawId::parse(text).is_some()
}
