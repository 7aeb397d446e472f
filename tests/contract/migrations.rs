//! Migrations: the same names in both trees, a reason in the first line, and a way back that was walked.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text,
};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

use crate::support::{empty_postgres, empty_sqlite, has_postgres};

fn tree(database: &str) -> PathBuf {
    Path::new("migrations").join(database)
}

fn names(database: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(tree(database)).expect("the migrations").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn both_databases_have_the_same_migrations() {
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

#[test]
fn every_migration_says_why_and_has_a_way_back() {
    for database in ["sqlite", "postgres"] {
        for name in names(database) {
            for file in ["up.sql", "down.sql"] {
                let path = tree(database).join(&name).join(file);
                let text =
                    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                let reason = text.lines().next().and_then(|line| line.strip_prefix("-- Why: "));
                assert!(
                    reason.is_some_and(|reason| reason.len() > 10),
                    "{} does not begin with `-- Why: …`",
                    path.display()
                );
                let work = text.lines().any(|line| !line.trim().is_empty() && !line.trim().starts_with("--"));
                assert!(work, "{} does nothing", path.display());
            }
        }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

const SQLITE_SCHEMA: &str = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS value FROM sqlite_master \
    WHERE name NOT LIKE '%diesel%' AND name NOT LIKE 'sqlite_%' ORDER BY 1";

const POSTGRES_SCHEMA: &str = "\
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS value \
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '%diesel%' \
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '%diesel%' \
    UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE '%diesel%' \
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal \
    UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
    ORDER BY 1";

/// Up, all the way down, and up again: nothing is left in between, and the second time makes what the first did.
fn walk_there_and_back<C, B>(mut connection: C, database: &str, schema: impl Fn(&mut C) -> Vec<String>)
where
    C: MigrationHarness<B>,
    B: diesel::backend::Backend,
{
    let migrations = || FileBasedMigrations::from_path(tree(database)).expect("the migrations");
    assert_eq!(schema(&mut connection), Vec::<String>::new(), "the database is not empty");
    connection.run_pending_migrations(migrations()).expect("up");
    let first = schema(&mut connection);
    assert!(!first.is_empty(), "the migrations make nothing");
    connection.revert_all_migrations(migrations()).expect("down");
    assert_eq!(schema(&mut connection), Vec::<String>::new(), "the way back leaves something");
    connection.run_pending_migrations(migrations()).expect("up again");
    assert_eq!(schema(&mut connection), first, "the second way up makes something else");
}

fn values(rows: Vec<Row>) -> Vec<String> {
    rows.into_iter().map(|row| row.value).collect()
}

#[test]
fn the_way_back_works_on_sqlite() {
    let (_directory, file) = empty_sqlite();
    let connection = SqliteConnection::establish(file.to_str().expect("a Unicode path")).expect("a database");
    walk_there_and_back(connection, "sqlite", |c| {
        values(sql_query(SQLITE_SCHEMA).load(c).expect("the schema"))
    });
}

#[test]
fn the_way_back_works_on_postgres() {
    if !has_postgres() {
        return;
    }
    let database = empty_postgres();
    let connection = PgConnection::establish(&database.url()).expect("a database");
    walk_there_and_back(connection, "postgres", |c| {
        values(sql_query(POSTGRES_SCHEMA).load(c).expect("the schema"))
    });
}
