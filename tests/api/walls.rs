//! The walls that PostgreSQL itself stands for: what the application role may do, and which ward's rows it sees.

use std::collections::{BTreeMap, BTreeSet};

use cchc::{
    db::{AnyConnection, Db, DbOptions, GRANTS, Location, Scope},
    error::Result,
    kernel::id::WardId,
    schema::submissions,
};
use diesel::{
    Connection, PgConnection, QueryDsl, QueryableByName, RunQueryDsl, connection::SimpleConnection,
    sql_query, sql_types::Text,
};
use serde_json::json;

use crate::support::{APP_ROLE, App, Backend, both_databases, empty_postgres, has_postgres, run};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

fn texts(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    let rows: Vec<Row> = sql_query(sql).load(connection).unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().map(|row| row.value).collect()
}

/// A connection as the application role, past the program.
fn as_app(app: &App) -> PgConnection {
    PgConnection::establish(app.postgres_url()).expect("the application role connects")
}

fn enter(connection: &mut PgConnection, ward: &str) {
    connection.batch_execute(&format!("SET cchc.ward = '{ward}'")).expect("a setting");
}

#[track_caller]
fn refused(connection: &mut PgConnection, sql: &str, why: &str) {
    let error = connection.batch_execute(sql).expect_err(sql).to_string();
    assert!(error.contains(why), "{sql}: {error}");
}

/// Columns of these tables do not say whose a row is; what they hang on does.
const HANGING: &[(&str, &str, &str)] = &[
    ("sign_in_failures", "account_id", "accounts"),
    ("refresh_tokens", "account_id", "accounts"),
    ("sign_in_codes", "account_id", "accounts"),
    ("item_targets", "item_id", "plan_items"),
    ("item_coordinators", "item_id", "plan_items"),
    ("assignments", "item_id", "plan_items"),
    ("measure_versions", "item_id", "plan_items"),
    ("unit_names", "unit_id", "units"),
    ("unit_plan_links", "unit_plan_item_id", "unit_plan_items"),
    ("submission_drafters", "submission_id", "submissions"),
    ("submission_revisions", "submission_id", "submissions"),
    ("submission_evidence", "submission_id", "submissions"),
    ("revision_evidence", "submission_id", "submissions"),
    ("obstacle_steps", "obstacle_id", "obstacles"),
    ("webhook_deliveries", "subscription_id", "webhook_subscriptions"),
];

/// Without a ward: tokens and states that name nobody, and the number of the last change.
const OF_NO_WARD: &[&str] = &["revoked_tokens", "sign_on_attempts", "change_heads"];

/// What makes a row one of this ward's, in SQL.
fn of_ward(table: &str, ward: &str) -> String {
    if let Some((_, column, above)) = HANGING.iter().find(|(name, ..)| *name == table) {
        return format!("{column} IN (SELECT id FROM {above} WHERE ward_id = '{ward}')");
    }
    match table {
        "wards" => format!("id = '{ward}'"),
        "audit_events" | "audit_chains" => format!("chain = '{ward}'"),
        "webhook_attempts" => format!(
            "delivery_id IN (SELECT id FROM webhook_deliveries WHERE {})",
            of_ward("webhook_deliveries", ward)
        ),
        "outbox_events" => format!(
            "(ward_id = '{ward}' OR id IN (SELECT event_id FROM webhook_deliveries WHERE {}))",
            of_ward("webhook_deliveries", ward)
        ),
        "idempotency_keys" => format!(
            "principal_id IN (SELECT id FROM accounts WHERE ward_id = '{ward}' \
             UNION ALL SELECT id FROM clients WHERE ward_id = '{ward}')"
        ),
        _ => format!("ward_id = '{ward}'"),
    }
}

fn rows(table: &str, condition: &str) -> String {
    format!("SELECT row_to_json(t)::text AS value FROM {table} t WHERE {condition} ORDER BY 1")
}

/// Gives half of Long Mỹ's rows to the other ward, so that it has some in nearly every table.
fn share_rows(app: &App, from: &str, to: &str) {
    // These are unique in their ward, or sign in.
    let kept = ["units", "plans", "outbox_events", "documents", "accounts"];
    let tables = app.sql_texts(
        "SELECT a.table_name::text AS value FROM information_schema.columns a \
         JOIN information_schema.columns b USING (table_schema, table_name) \
         JOIN pg_class c ON c.oid = to_regclass(table_name::text) AND c.relkind = 'r' \
         WHERE table_schema = 'public' AND a.column_name = 'ward_id' AND b.column_name = 'id' ORDER BY 1",
    );
    // Without the triggers of foreign keys, and of what is append-only.
    let mut sql = "SET LOCAL session_replication_role = replica; ".to_owned();
    for table in tables.iter().filter(|table| !kept.contains(&table.as_str())) {
        sql += &format!(
            "UPDATE {table} SET ward_id = '{to}' WHERE ward_id = '{from}' AND id IN \
             (SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM {table}) x WHERE n % 2 = 0); "
        );
    }
    app.owner().write_blocking(Scope::All, |c| Ok(c.batch_execute(&sql)?)).expect("rows of another ward");
}

async fn under_one_wards_setting_no_row_of_another_is_visible(app: App) {
    let mut other = as_app(&app);
    let (mine, theirs) = (app.ward("long-my"), app.ward("long-binh"));
    app.sign_in("lb.leader").await;
    app.sign_in("leader").await;
    share_rows(&app, &mine, &theirs);
    let tables: Vec<String> =
        app.tables().into_iter().filter(|table| !OF_NO_WARD.contains(&table.as_str())).collect();
    let mut filled = BTreeSet::new();
    for table in &tables {
        assert_eq!(texts(&mut other, &rows(table, "true")), Vec::<String>::new(), "{table} without a ward");
    }
    for (ward, foreign) in [(&mine, &theirs), (&theirs, &mine)] {
        enter(&mut other, ward);
        for table in &tables {
            let visible = texts(&mut other, &rows(table, "true"));
            assert_eq!(visible, app.sql_texts(&rows(table, &of_ward(table, ward))), "{table} under {ward}");
            if !app.sql_texts(&rows(table, &of_ward(table, foreign))).is_empty() && !visible.is_empty() {
                filled.insert(table.clone());
            }
        }
        let owed = "SELECT DISTINCT ward_id AS value FROM owed_figures";
        assert_eq!(texts(&mut other, owed).iter().collect::<Vec<_>>(), [ward], "the view");
    }
    assert!(filled.len() >= 14, "both wards have rows only in {filled:?}");
    for table in ["submissions", "submission_revisions", "decisions", "audit_events", "refresh_tokens"] {
        assert!(filled.contains(table), "both wards have rows in {table}: {filled:?}");
    }
    enter(&mut other, "*");
    for table in &tables {
        assert_eq!(texts(&mut other, &rows(table, "true")), app.sql_texts(&rows(table, "true")), "{table}");
    }
}

fn list_everything(connection: &mut AnyConnection) -> Result<Vec<String>> {
    Ok(submissions::table.select(submissions::ward_id).load(connection)?)
}

async fn a_filter_that_was_forgotten_shows_the_own_wards_rows_only(app: App) {
    let (mine, theirs) = (app.ward("long-my"), app.ward("long-binh"));
    share_rows(&app, &mine, &theirs);
    let stored = |ward: &str| app.sql_texts(&rows("submissions", &format!("ward_id = '{ward}'"))).len();
    let [here, there] = [&mine, &theirs].map(|ward| Scope::Ward(WardId::parse(ward).unwrap()));
    // Back and forth, so that a connection of the pool serves one ward after the other.
    for _ in 0..4 {
        for (scope, expected) in
            [(here, stored(&mine)), (there, stored(&theirs)), (Scope::All, stored(&mine) + stored(&theirs))]
        {
            let found = app.services.db.read(scope, list_everything).await.unwrap();
            assert_eq!(found.len(), expected, "{scope:?}");
            assert!(expected > 0);
            let written = app.services.db.write(scope, list_everything).await.unwrap();
            assert_eq!(written.len(), expected, "{scope:?} in a transaction");
        }
    }
}

async fn rows_cannot_be_written_into_another_ward(app: App) {
    let mut other = as_app(&app);
    let (mine, theirs) = (app.ward("long-my"), app.ward("long-binh"));
    let (unit, account) = (app.unit_in("long-binh", "HCC"), app.account("lb.leader"));
    enter(&mut other, &mine);
    let day = |ward: &str| {
        format!(
            "INSERT INTO calendar_days (ward_id, day, working, name) VALUES ('{ward}', '2031-01-01', false, 'x')"
        )
    };
    let policy = "row-level security";
    refused(&mut other, &day(&theirs), policy);
    refused(&mut other, &format!("UPDATE plans SET ward_id = '{theirs}'"), policy);
    refused(
        &mut other,
        &format!("INSERT INTO unit_names VALUES ('{unit}', '2020-01-01', '2021-01-01', 'x', 'x', NULL)"),
        policy,
    );
    refused(
        &mut other,
        &format!("INSERT INTO idempotency_keys VALUES ('{account}', 'k', 'f', NULL, now())"),
        policy,
    );
    refused(&mut other, "INSERT INTO audit_chains VALUES ('city-2', 0, 'x')", policy);
    other.batch_execute(&day(&mine)).expect("a day of the own ward");
    let changed = sql_query(format!("UPDATE units SET name = 'x' WHERE id = '{unit}'")).execute(&mut other);
    assert_eq!(changed.unwrap(), 0, "a row that is not seen is not changed");
}

async fn the_application_role_neither_changes_nor_removes_what_was_written_once(app: App) {
    let mut other = as_app(&app);
    enter(&mut other, "*");
    for table in ["audit_events", "decisions", "submission_revisions", "changes"] {
        for attempt in [
            format!("UPDATE {table} SET kind = kind"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"),
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
            format!("DROP TABLE {table}"),
        ] {
            let attempt = match table {
                "decisions" => attempt.replace("kind = kind", "reason = NULL"),
                "submission_revisions" => attempt.replace("kind = kind", "value = 1"),
                _ => attempt,
            };
            let error = other.batch_execute(&attempt).expect_err(&attempt).to_string();
            assert!(
                error.contains("permission denied") || error.contains("must be owner"),
                "{attempt}: {error}"
            );
        }
    }
    refused(&mut other, "DELETE FROM audit_chains", "permission denied");
    refused(&mut other, "DELETE FROM __diesel_schema_migrations", "permission denied");
    refused(&mut other, "CREATE TABLE more (id TEXT)", "permission denied");
}

fn tables_of_the_schema() -> BTreeSet<String> {
    let text = std::fs::read_to_string("src/schema.rs").expect("the schema");
    let declared = text.split("diesel::table! {").skip(1);
    let names = declared.map(|table| {
        let line = table.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("//"));
        line.and_then(|line| line.split(' ').next()).expect("a name").to_owned()
    });
    names.collect()
}

#[test]
fn every_table_has_its_rights() {
    let granted: BTreeSet<String> = GRANTS.iter().map(|(table, _)| (*table).to_owned()).collect();
    let mut expected = tables_of_the_schema();
    expected.insert("__diesel_schema_migrations".to_owned());
    assert_eq!(granted, expected, "`src/db/grants.rs` beside `src/schema.rs`");
}

async fn postgres_holds_the_rights_that_the_table_names_and_no_others(app: App) {
    let expected: BTreeMap<String, BTreeSet<String>> = GRANTS
        .iter()
        .map(|(table, rights)| ((*table).to_owned(), rights.split(", ").map(str::to_owned).collect()))
        .collect();
    let held = || {
        let mut held: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for pair in app.sql_texts(&format!(
            "SELECT table_name || ' ' || privilege_type AS value FROM information_schema.role_table_grants \
             WHERE grantee IN ('{APP_ROLE}', 'PUBLIC') AND table_schema = 'public'"
        )) {
            let (table, right) = pair.split_once(' ').expect("two words");
            held.entry(table.to_owned()).or_default().insert(right.to_owned());
        }
        held
    };
    assert_eq!(held(), expected);
    app.sql(&format!("GRANT ALL ON audit_events TO {APP_ROLE}"));
    app.owner().grant_to(APP_ROLE).expect("again");
    assert_eq!(held(), expected, "what was too much is taken back");
}

async fn every_table_of_a_ward_stands_behind_the_wall(app: App) {
    let open = app.sql_texts(
        "SELECT relname::text AS value FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
         AND NOT relrowsecurity AND relname NOT LIKE '\\_\\_diesel%' ORDER BY 1",
    );
    let expected: BTreeSet<&str> = OF_NO_WARD.iter().copied().collect();
    assert_eq!(
        open.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        expected,
        "a migration must close it"
    );
    let passing = app.sql_texts(
        "SELECT relname::text AS value FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace \
         AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false)",
    );
    assert_eq!(passing, Vec::<String>::new(), "a view without security_invoker reads past the policies");
}

async fn an_instance_as_the_application_role_says_who_must_migrate(app: App) {
    let told = |db: &Db| db.migrate().expect_err("not up to date").to_string();
    app.services.db.migrate().expect("nothing to do, and nothing done");
    app.sql(&format!("REVOKE INSERT ON decisions FROM {APP_ROLE}"));
    assert!(told(&app.services.db).contains("cchc migrate --grant-to"));
    app.owner().grant_to(APP_ROLE).expect("the right is back");
    app.services.db.migrate().expect("it may serve again");
    app.sql("DELETE FROM __diesel_schema_migrations WHERE version > '20261125000100'");
    assert!(told(&app.services.db).contains("CCHC_MIGRATION_URL"));
    let empty = empty_postgres();
    let db = Db::open(Location::Postgres(empty.url_as_app()), &DbOptions::of(1)).expect("a connection");
    assert!(told(&db).contains("cchc migrate --grant-to"));
}

async fn rights_go_only_to_a_role_that_the_walls_hold_for(app: App) {
    let refusal = |role: &str| app.owner().grant_to(role).expect_err(role).to_string();
    assert!(refusal("nobody_here").contains("there is no role"));
    let owner = app.sql_text("SELECT current_user::text AS value");
    assert!(refusal(&owner).contains("owns the tables"));
}

fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(App) -> F) {
    if has_postgres() {
        run(Backend::Postgres, test);
    }
}

/// Declares tests of what only PostgreSQL has.
macro_rules! on_postgres {
    ($($name:ident),+ $(,)?) => {
        mod postgres {
            $(
                #[test]
                fn $name() {
                    super::on_postgres(super::$name);
                }
            )+
        }
    };
}

on_postgres!(
    under_one_wards_setting_no_row_of_another_is_visible,
    a_filter_that_was_forgotten_shows_the_own_wards_rows_only,
    rows_cannot_be_written_into_another_ward,
    the_application_role_neither_changes_nor_removes_what_was_written_once,
    postgres_holds_the_rights_that_the_table_names_and_no_others,
    every_table_of_a_ward_stands_behind_the_wall,
    an_instance_as_the_application_role_says_who_must_migrate,
    rights_go_only_to_a_role_that_the_walls_hold_for,
);

both_databases! {
    async fn answers_that_have_become_old_go_in_every_ward(app: App) {
        let theirs = app.account("lb.leader");
        app.sql(&format!(
            "INSERT INTO idempotency_keys VALUES ('{theirs}', 'of-the-other-ward', 'f', NULL, '2020-01-01 00:00:00')"
        ));
        let admin = app.sign_in("admin").await;
        let unit = json!({ "code": "MOI", "name": "Phòng Mới", "kind": "department", "active_from": "2026-01-01" });
        admin.post("/api/v1/units", unit).key("k-1").await.expect(201);
        let left = app.sql_texts("SELECT idempotency_key AS value FROM idempotency_keys");
        assert_eq!(left, ["k-1"]);
    }
}
