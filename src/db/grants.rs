//! What PostgreSQL's application role may do: what the program needs, table by table, and nothing else.
//!
//! The owner of the tables migrates; the application role serves. It changes no table, empties none, and neither changes
//! nor deletes what was written down once: audit events, decisions, revisions, published changes.

use diesel::{
    OptionalExtension, PgConnection, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{Bool, Text},
};

use crate::error::{Error, Result};

const READ: &str = "SELECT";
/// Written once, and kept.
const APPEND: &str = "SELECT, INSERT";
/// Written and changed, and never deleted.
const KEEP: &str = "SELECT, INSERT, UPDATE";
/// Written and deleted, but never changed in place.
const REPLACE: &str = "SELECT, INSERT, DELETE";
/// One row that is there from the beginning.
const ADVANCE: &str = "SELECT, UPDATE";
const ALL: &str = "SELECT, INSERT, UPDATE, DELETE";

/// Table by table, in the order of `src/schema.rs`.
#[rustfmt::skip]
pub const GRANTS: &[(&str, &str)] = &[
    ("wards",                  KEEP),
    ("units",                  KEEP),
    ("calendar_days",          REPLACE),
    ("accounts",               KEEP),
    ("sign_in_failures",       REPLACE),
    ("clients",                ALL),
    ("refresh_tokens",         ALL),
    ("revoked_tokens",         REPLACE),
    ("plans",                  KEEP),
    ("plan_items",             ALL),
    ("item_targets",           REPLACE),
    ("item_coordinators",      REPLACE),
    ("assignments",            REPLACE),
    ("periods",                KEEP),
    ("extensions",             APPEND),
    ("owed_figures",           READ),
    ("delegations",            KEEP),
    ("submissions",            ALL),
    ("submission_drafters",    APPEND),
    ("submission_revisions",   APPEND),
    ("decisions",              APPEND),
    ("publications",           KEEP),
    ("reminders",              APPEND),
    // Those that have become old go by `forget_answers`.
    ("idempotency_keys",       KEEP),
    ("audit_chains",           KEEP),
    ("audit_events",           APPEND),
    ("document_files",         APPEND),
    ("documents",              KEEP),
    ("submission_evidence",    REPLACE),
    ("revision_evidence",      APPEND),
    ("comments",               APPEND),
    ("explanation_requests",   KEEP),
    ("assessments",            APPEND),
    ("obstacles",              KEEP),
    ("obstacle_steps",         APPEND),
    ("measure_versions",       APPEND),
    ("amendments",             ALL),
    ("unit_names",             APPEND),
    ("unit_plans",             KEEP),
    ("unit_plan_items",        ALL),
    ("unit_plan_links",        REPLACE),
    ("change_heads",           ADVANCE),
    ("changes",                APPEND),
    ("webhook_subscriptions",  ALL),
    ("outbox_heads",           KEEP),
    ("outbox_events",          REPLACE),
    ("webhook_deliveries",     ALL),
    ("webhook_attempts",       APPEND),
    ("sign_on_attempts",       REPLACE),
    ("sign_in_codes",          REPLACE),
    ("__diesel_schema_migrations", READ),
];

/// What whoever starts an instance is told, where its role lacks the schema or a right.
pub(super) const ADVICE: &str = "the database does not have this release's schema, or this role lacks a right to it, and \
    it may not change either: run `cchc migrate --grant-to ROLE` of this release first, with the URL of the tables' owner \
    in CCHC_MIGRATION_URL_FILE and the name of this role for ROLE";

#[derive(QueryableByName)]
struct Truth {
    #[diesel(sql_type = Bool)]
    truth: bool,
}

/// Whether this role owns the tables, or may make them where none are yet.
pub(super) fn may_migrate(connection: &mut PgConnection) -> QueryResult<bool> {
    let sql = "SELECT coalesce(CASE WHEN to_regclass('wards') IS NULL \
        THEN has_schema_privilege(current_schema(), 'CREATE') \
        ELSE (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('wards')) END, false) AS truth";
    Ok(sql_query(sql).get_result::<Truth>(connection)?.truth)
}

/// Whether this role has every right that the program needs, on tables that are all there.
pub(super) fn may_serve(connection: &mut PgConnection) -> QueryResult<bool> {
    let rights =
        GRANTS.iter().flat_map(|(table, rights)| rights.split(", ").map(move |right| (table, right)));
    let rows: Vec<String> = rights.map(|(table, right)| format!("('{table}', '{right}')")).collect();
    let sql = format!(
        "SELECT coalesce(bool_and(has_table_privilege(to_regclass(r.name), r.held)), false) \
           AND count(*) = count(to_regclass(r.name)) AS truth FROM (VALUES {}) AS r (name, held)",
        rows.join(", ")
    );
    Ok(sql_query(sql).get_result::<Truth>(connection)?.truth)
}

/// A role, as PostgreSQL spells it in a statement.
#[derive(QueryableByName)]
struct Grantee {
    #[diesel(sql_type = Bool)]
    passes: bool,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    schema: String,
}

const FIND_GRANTEE: &str = "SELECT quote_ident(rolname) AS role, quote_ident(current_schema()) AS schema, \
    rolsuper OR rolbypassrls OR pg_has_role(oid, \
      (SELECT relowner FROM pg_class WHERE oid = to_regclass('wards')), 'MEMBER') AS passes \
    FROM pg_roles WHERE rolname = $1";

/// Gives a role these rights and takes all others on these tables from it. Repeating it changes nothing.
///
/// # Errors
/// Internal, with what to do, where there is no such role or no wall would hold for it; when the database fails.
pub(super) fn grant_to(connection: &mut PgConnection, role: &str) -> Result<()> {
    let found: Option<Grantee> =
        sql_query(FIND_GRANTEE).bind::<Text, _>(role).get_result(connection).optional()?;
    match found {
        None => Err(Error::internal(format!(
            "there is no role {role}: make it first, with CREATE ROLE … LOGIN PASSWORD …"
        ))),
        Some(Grantee { passes: true, .. }) => Err(Error::internal(format!(
            "{role} owns the tables, is a superuser or bypasses row-level security, so no wall would hold for it: \
             name another role"
        ))),
        Some(Grantee { role, schema, .. }) => Ok(connection.batch_execute(&statements(&role, &schema))?),
    }
}

fn statements(role: &str, schema: &str) -> String {
    let tables = GRANTS.iter().map(|(table, rights)| {
        format!("REVOKE ALL ON {table} FROM {role}; GRANT {rights} ON {table} TO {role}; ")
    });
    let others = format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT EXECUTE ON FUNCTION forget_answers TO {role};"
    );
    tables.chain([others]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_down_once_is_neither_changed_nor_deleted() {
        for (table, rights) in GRANTS {
            let lasting = ["audit_events", "decisions", "submission_revisions", "changes"].contains(table);
            assert!(!lasting || *rights == APPEND, "{table}: {rights}");
            assert!(!rights.contains("TRUNCATE"), "{table}: {rights}");
        }
    }
}
