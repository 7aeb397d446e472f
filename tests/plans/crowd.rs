//! A city around the demo's ward: copies of all its rows under other ids, so that planners choose as they would there.

use cchc::db::{AnyConnection, Location};
use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
    sql_query, sql_types::Text,
};

use crate::support::{App, Backend};

/// Copies of the demo's two wards. SQLite plans without counting rows, so there a few will do.
fn wards(backend: Backend) -> usize {
    if backend == Backend::Postgres { 60 } else { 3 }
}

/// Rows of each kind in Long Mỹ of which the demo has none or few.
const ROWS: usize = 120;

/// Columns that hold no id, and of which each row needs its own.
const OWN: &[&str] = &[
    "username",
    "token_hash",
    "object_key",
    "state_hash",
    "code_hash",
    "idempotency_key",
    "sha256",
    "number",
];

struct Crowd {
    connection: AnyConnection,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

/// Fills the app's database.
pub fn fill(app: &App) {
    let mut crowd = Crowd::open(app);
    for statement in SAMPLES {
        crowd.run(statement);
    }
    for table in ["document_files", "documents", "delegations", "obstacles", "webhook_subscriptions"] {
        crowd.multiply(table);
    }
    for table in ["explanation_requests", "outbox_events", "webhook_deliveries", "comments", "assessments"] {
        crowd.multiply(table);
    }
    for table in ["extensions", "reminders", "amendments", "unit_plan_items", "clients", "accounts"] {
        crowd.multiply(table);
    }
    for table in ["webhook_attempts", "obstacle_steps", "submission_evidence", "revision_evidence"] {
        crowd.multiply(table);
    }
    let more = wards(app.backend);
    for table in app.tables() {
        if table != "change_heads" {
            // Of all 3,321 wards of the country most have their row and no plan yet.
            crowd.spread(&table, if table == "wards" { 20 * more } else { more });
        }
    }
    if app.backend == Backend::Postgres {
        crowd.run("ANALYZE");
    }
}

impl Crowd {
    /// Past all constraints but unique ones: samples name things that are not there.
    fn open(app: &App) -> Self {
        let connection = match app.owner().location() {
            Location::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
                connection.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
                AnyConnection::Sqlite(connection)
            }
            Location::Postgres(url) => {
                let mut connection = PgConnection::establish(url).unwrap();
                connection.batch_execute("SET session_replication_role = replica").unwrap();
                AnyConnection::Postgres(connection)
            }
        };
        Self { connection }
    }

    fn run(&mut self, sql: &str) {
        let done = match &mut self.connection {
            AnyConnection::Postgres(c) => c.batch_execute(sql),
            AnyConnection::Sqlite(c) => c.batch_execute(sql),
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn columns(&mut self, table: &str) -> Vec<Column> {
        let sql = match self.connection {
            AnyConnection::Postgres(_) => format!(
                "SELECT column_name::text AS name, upper(data_type)::text AS kind FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"
            ),
            AnyConnection::Sqlite(_) => {
                format!("SELECT name, upper(type) AS kind FROM pragma_table_info('{table}')")
            }
        };
        sql_query(sql).load(&mut self.connection).expect("the columns")
    }

    fn copy(&mut self, table: &str, times: usize, which: &str, value: impl Fn(&Column) -> String) {
        let columns = self.columns(table);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let values: Vec<String> = columns.iter().map(value).collect();
        self.run(&format!(
            "WITH RECURSIVE n (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {times}) \
             INSERT INTO {table} ({}) SELECT {} FROM {table} t CROSS JOIN n WHERE {which}",
            names.join(", "),
            values.join(", "),
        ));
    }

    /// More rows like the first of this table, in the same ward.
    fn multiply(&mut self, table: &str) {
        let key = self.columns(table).remove(0).name;
        let first = format!("t.{key} = (SELECT min({key}) FROM {table})");
        self.copy(table, ROWS, &first, |column| {
            let name = column.name.as_str();
            let itself = matches!(name, "id" | "document_id" | "client_id");
            match (column.kind.as_str(), name) {
                ("TEXT", _) if itself && !(table == "clients" && name == "client_id") => {
                    format!("substr(t.{name}, 1, 24) || CAST(200000000000 + k AS TEXT)")
                }
                ("TEXT", "client_id") => format!("t.{name} || '-' || k"),
                ("TEXT", _) if OWN.contains(&name) => format!("t.{name} || '-' || k"),
                (_, "seq") => format!("t.{name} + k"),
                _ => format!("t.{name}"),
            }
        });
    }

    /// The rows of all wards once more, as many times, with all ids changed alike.
    fn spread(&mut self, table: &str, times: usize) {
        let which =
            if matches!(table, "audit_chains" | "audit_events") { "t.chain <> 'city'" } else { "TRUE" };
        self.copy(table, times, which, |column| {
            let name = column.name.as_str();
            let own = OWN.contains(&name) && name != "number" && name != "sha256"
                || (table, name) == ("wards", "code")
                || (table, name) == ("clients", "client_id");
            match column.kind.as_str() {
                "TEXT" if own => format!("t.{name} || '.' || k"),
                "TEXT" => format!(
                    "CASE WHEN t.{name} LIKE '________-____-7___-____-____________' \
                     THEN CAST(30000000 + k AS TEXT) || substr(t.{name}, 9) ELSE t.{name} END"
                ),
                _ if (table, name) == ("changes", "seq") => format!("t.{name} + 1000 * k"),
                _ => format!("t.{name}"),
            }
        });
    }
}

/// Wards that show their figures to everybody, and rows of kinds that no call needs a sample of. Ids are given for the
/// tables' first columns only.
const SAMPLES: &[&str] = &[
    "UPDATE wards SET public_results = TRUE",
    "INSERT INTO comments (id, ward_id, submission_id, revision, text, author_id, unit_id, created_at) \
     SELECT '01900000-0000-7000-8000-000000000001', d.ward_id, d.submission_id, 1, 'x', d.decided_by, d.unit_id, \
     d.decided_at FROM decisions d WHERE d.id = (SELECT min(x.id) FROM decisions x)",
    "INSERT INTO assessments (id, ward_id, submission_id, revision, kind, cause, text, author_id, unit_id, created_at) \
     SELECT '01900000-0000-7000-8000-000000000002', d.ward_id, d.submission_id, 1, 'finding', 'objective', 'x', \
     d.decided_by, d.unit_id, d.decided_at FROM decisions d WHERE d.id = (SELECT min(x.id) FROM decisions x)",
    "INSERT INTO extensions (id, ward_id, period_id, unit_id, until, reason, waives_lateness, moves_due, granted_by, \
     granted_at) SELECT '01900000-0000-7000-8000-000000000003', s.ward_id, s.period_id, s.unit_id, s.updated_at, 'x', \
     TRUE, FALSE, d.decided_by, s.updated_at FROM submissions s JOIN decisions d ON d.submission_id = s.id \
     WHERE d.id = (SELECT min(x.id) FROM decisions x)",
    "INSERT INTO reminders (id, ward_id, period_id, unit_id, sent_by, sent_at) \
     SELECT '01900000-0000-7000-8000-000000000004', s.ward_id, s.period_id, s.unit_id, d.decided_by, s.updated_at \
     FROM submissions s JOIN decisions d ON d.submission_id = s.id \
     WHERE d.id = (SELECT min(x.id) FROM decisions x)",
    "INSERT INTO obstacle_steps (id, obstacle_id, action, text, taken_by, unit_id, taken_at) \
     SELECT '01900000-0000-7000-8000-000000000005', o.id, 'answer', 'x', o.raised_by, o.unit_id, o.raised_at \
     FROM obstacles o",
    "INSERT INTO webhook_attempts (id, delivery_id, at, status, millis) \
     SELECT '01900000-0000-7000-8000-000000000006', d.id, d.queued_at, 500, 1 FROM webhook_deliveries d",
    "INSERT INTO submission_evidence (submission_id, document_id) SELECT s.id, d.id FROM documents d \
     JOIN submissions s ON s.id = (SELECT min(x.id) FROM submissions x)",
    "INSERT INTO revision_evidence (submission_id, number, document_id) SELECT r.submission_id, r.number, d.id \
     FROM documents d JOIN submission_revisions r ON r.number = 1",
    "INSERT INTO unit_names (unit_id, valid_from, valid_to, name, code) \
     SELECT u.id, '2020-01-01', '2024-12-31', u.name, u.code FROM units u",
    "INSERT INTO sign_in_failures (id, account_id, failed_at) SELECT a.id, a.id, '2026-06-01' FROM accounts a",
    "INSERT INTO idempotency_keys (principal_id, idempotency_key, fingerprint, created_at) \
     SELECT e.id, 'k', 'x', e.at FROM audit_events e",
    "INSERT INTO revoked_tokens (jti, expires_at) SELECT e.id, e.at FROM audit_events e",
    "INSERT INTO sign_on_attempts (state_hash, nonce, pkce_verifier, created_at) \
     SELECT e.id, 'x', 'x', e.at FROM audit_events e",
    "INSERT INTO sign_in_codes (code_hash, account_id, created_at) SELECT e.id, e.id, e.at FROM audit_events e",
];
