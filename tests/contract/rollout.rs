//! Migrations after the last release: what they may do while the program before still serves (expand, move, contract).

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use cchc::db::{Db, DbOptions, Location, Scope};
use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_query};

use crate::support::{PostgresDatabase, empty_postgres, empty_sqlite, has_postgres};

/// What the program before may still need, or must not be refused: a part of a statement, and why not.
const FORBIDDEN: &[(&str, &str)] = &[
    ("DROP TABLE", "the program before still reads it; drop it one release later"),
    ("DROP COLUMN", "the program before still reads it; drop it one release later"),
    ("DROP VIEW", "the program before still reads it; CREATE OR REPLACE, or a view of another name"),
    ("RENAME", "the program before knows the old name; add the new one beside it"),
    ("TYPE", "it rewrites the table, and the program before reads the old type; add a column beside it"),
    ("SET NOT NULL", "the program before may leave it out; require it one release later"),
    ("ADD CONSTRAINT", "the program before may write what it refuses; add it one release later"),
    ("CREATE TRIGGER", "it may refuse what the program before does"),
    ("CREATE POLICY", "it may hide what the program before needs"),
    ("REVOKE", "the program before may need the right"),
    ("DELETE FROM", "the program before may need the rows"),
    ("UPDATE", "it locks many rows for long; fill in small steps, after all instances know the column"),
];

/// Why a statement is safe all the same stands in a line above it.
const SAFE: &str = "-- Safe beside the release before: ";

/// The last migration of the last release.
fn last_released() -> String {
    let text = std::fs::read_to_string("migrations/released").expect("migrations/released");
    let last = text.lines().rfind(|line| !line.starts_with('#') && !line.is_empty()).expect("a release");
    last.split_whitespace().nth(2).expect("version, commit, migration").to_owned()
}

/// Statements with the comments before them, without what is inside a function; a `DO` block is one statement.
fn statements(text: &str) -> Vec<String> {
    let mut outside = String::new();
    for (at, part) in text.split("$$").enumerate() {
        let is_done_now = outside.trim_end().ends_with("DO");
        match at % 2 {
            0 => outside.push_str(part),
            _ if is_done_now => outside.push_str(&part.replace(';', " ")),
            _ => outside.push('…'),
        }
    }
    // A trigger's body on SQLite ends with END, and has statements of its own.
    let mut found = Vec::new();
    let mut open = String::new();
    for part in outside.split_inclusive(';') {
        open.push_str(part);
        let upper = open.to_uppercase();
        if !upper.contains("CREATE TRIGGER") || !upper.contains("BEGIN") || upper.trim_end().ends_with("END;")
        {
            found.push(std::mem::take(&mut open));
        }
    }
    found
}

fn without_comments(statement: &str) -> String {
    let lines = statement.lines().filter(|line| !line.trim_start().starts_with("--"));
    let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>();
    words.join(" ").to_uppercase()
}

/// What a migration does that it must not.
fn faults(text: &str, database: &str, in_transaction: bool) -> Vec<String> {
    let all = statements(text);
    let bare: Vec<String> = all.iter().map(|statement| without_comments(statement)).collect();
    let makes = |table: &str| bare.iter().any(|one| one.starts_with(&format!("CREATE TABLE {table} ")));
    let mut found = Vec::new();
    for (statement, sql) in all.iter().zip(&bare) {
        let mut wrong: Vec<String> = FORBIDDEN
            .iter()
            .filter(|(part, _)| format!(" {} ", sql.replace('\'', " ")).contains(&format!(" {part} ")))
            // What a trigger waits for is not what it does.
            .filter(|(part, _)| !(sql.starts_with("CREATE TRIGGER") && *part == "UPDATE"))
            .map(|(part, why)| format!("{part}: {why}"))
            .collect();
        if sql.contains("ADD COLUMN") && sql.contains("NOT NULL") && !sql.contains("DEFAULT") {
            wrong.push(
                "ADD COLUMN … NOT NULL: the program before leaves it out; give it a default".to_owned(),
            );
        }
        let table =
            sql.split(" ON ").nth(1).and_then(|rest| rest.split([' ', '(']).next()).unwrap_or_default();
        if database == "postgres" && sql.starts_with("CREATE") && sql.contains("INDEX ") && !makes(table) {
            if !sql.contains("CONCURRENTLY IF NOT EXISTS") {
                wrong.push(
                    "CREATE INDEX: writes wait until it is built; CONCURRENTLY IF NOT EXISTS".to_owned(),
                );
            } else if in_transaction || all.iter().filter(|one| one.trim_end().ends_with(';')).count() != 1 {
                wrong
                    .push("CONCURRENTLY: alone in its migration, with run_in_transaction = false".to_owned());
            }
        }
        if !statement.contains(SAFE) {
            found.extend(wrong);
        }
    }
    found
}

#[test]
fn migrations_since_the_release_leave_the_program_before_at_work() {
    let last = last_released();
    let mut released = false;
    for database in ["sqlite", "postgres"] {
        let mut names: Vec<String> = std::fs::read_dir(Path::new("migrations").join(database))
            .expect("the migrations")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        released |= names.contains(&last);
        for name in names.iter().filter(|name| **name > last) {
            let folder = Path::new("migrations").join(database).join(name);
            let text = std::fs::read_to_string(folder.join("up.sql")).expect("an up.sql");
            let metadata = std::fs::read_to_string(folder.join("metadata.toml")).unwrap_or_default();
            let faults = faults(&text, database, !metadata.contains("run_in_transaction = false"));
            assert!(
                faults.is_empty(),
                "{}: {faults:#?}\nIf it is safe, say why above the statement: {SAFE}…",
                folder.display()
            );
        }
    }
    assert!(released, "{last} of migrations/released is no migration");
}

#[test]
fn what_would_break_the_program_before_is_found() {
    for (sql, database) in [
        ("ALTER TABLE a DROP COLUMN b;", "sqlite"),
        ("CREATE TABLE c (id TEXT);\nALTER TABLE a RENAME TO d;", "sqlite"),
        ("ALTER TABLE a ALTER COLUMN b TYPE BIGINT;", "postgres"),
        ("ALTER TABLE a ADD COLUMN b TEXT NOT NULL;", "postgres"),
        ("CREATE TRIGGER t BEFORE UPDATE ON a BEGIN SELECT raise(ABORT, 'no'); END;", "sqlite"),
        ("CREATE INDEX i ON a (b);", "postgres"),
        ("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b);", "postgres"),
        ("UPDATE a SET b = 1;", "sqlite"),
        (
            "DO $$ BEGIN PERFORM 1; EXECUTE format('CREATE POLICY p ON %I USING (true)', 'a'); END $$;",
            "postgres",
        ),
    ] {
        assert!(!faults(sql, database, true).is_empty(), "{sql}");
    }
    for (sql, database, in_transaction) in [
        (
            "ALTER TABLE a ADD COLUMN b TEXT;\nALTER TABLE a ADD COLUMN c TEXT NOT NULL DEFAULT '';",
            "postgres",
            true,
        ),
        ("CREATE TABLE c (id TEXT);\nCREATE INDEX i ON c (id);", "postgres", true),
        ("-- Why: x\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b);", "postgres", false),
        ("CREATE INDEX i ON a (b);", "sqlite", true),
        (
            "-- Safe beside the release before: it never changes one.\nCREATE TRIGGER t BEFORE UPDATE ON a BEGIN \
             SELECT raise(ABORT, 'no'); END;",
            "sqlite",
            true,
        ),
        ("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ UPDATE a SET b = 1; $$;", "postgres", true),
    ] {
        assert_eq!(faults(sql, database, in_transaction), Vec::<String>::new(), "{sql}");
    }
}

/// What a later program left behind: a migration that this one does not know.
const LATER: &str = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')";

fn open(location: Location) -> Db {
    Db::open(location, &DbOptions::of(2)).expect("the database opens")
}

fn start_after_a_later_program(location: Location) {
    let db = open(location.clone());
    db.migrate().expect("the first start");
    db.write_blocking(Scope::All, |c| Ok(sql_query(LATER).execute(c)?)).expect("a later migration");
    open(location).migrate().expect("a program that is older than the schema starts");
}

#[test]
fn a_program_older_than_the_schema_starts_and_leaves_it_alone() {
    let (_directory, file) = empty_sqlite();
    start_after_a_later_program(Location::Sqlite(file));
    if has_postgres() {
        start_after_a_later_program(Location::Postgres(empty_postgres().url()));
    }
}

#[test]
fn instances_that_start_at_once_migrate_once() {
    if !has_postgres() {
        return;
    }
    let database = empty_postgres();
    let start = || {
        let location = Location::Postgres(database.url());
        std::thread::spawn(move || open(location).migrate())
    };
    let starts: Vec<_> = (0..4).map(|_| start()).collect();
    for start in starts {
        start.join().expect("a start").expect("it migrated or waited");
    }
}

/// A migrated database, as a program without this migration would have left it.
fn before(migration: &str, down: &str) -> (PostgresDatabase, impl Fn() -> PgConnection) {
    let database = empty_postgres();
    let url = database.url();
    open(Location::Postgres(url.clone())).migrate().expect("the schema");
    let connect = move || PgConnection::establish(&url).expect("a connection");
    let version = migration.split('_').next().expect("its stamp").replace('-', "");
    let forget = format!("{down}; DELETE FROM __diesel_schema_migrations WHERE version = '{version}'");
    connect().batch_execute(&forget).expect("the schema before");
    (database, connect)
}

#[test]
fn a_migration_that_waits_for_a_table_lets_requests_pass() {
    if !has_postgres() {
        return;
    }
    let name = "2026-11-25-002000_raise_walls";
    let down = std::fs::read_to_string(tree().join(name).join("down.sql")).expect("its way back");
    let (database, connect) = before(name, &down);
    let (mut long, mut short) = (connect(), connect());
    long.batch_execute("BEGIN; SELECT count(*) FROM submissions").expect("a long reader");
    let location = Location::Postgres(database.url());
    let migrating = std::thread::spawn(move || open(location).migrate());
    std::thread::sleep(Duration::from_millis(500));
    // Behind the migration, which would wait for the long reader's end.
    short.batch_execute("SET statement_timeout = '8s'").expect("a limit");
    for _ in 0..3 {
        short.batch_execute("SELECT count(*) FROM submissions").expect("an answer within the limit");
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(!migrating.is_finished(), "it waited for nobody");
    long.batch_execute("ROLLBACK").expect("the end of the reader");
    migrating.join().expect("the thread").expect("it tried again");
}

#[test]
fn an_index_whose_building_was_broken_off_is_built_anew() {
    if !has_postgres() {
        return;
    }
    let broken = "UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = 'submissions_by_plan'::regclass";
    let (database, connect) = before("2026-11-25-002130_index_plan_submissions", broken);
    open(Location::Postgres(database.url())).migrate().expect("the rest of the way");
    let there = "SELECT 1 FROM pg_index WHERE indexrelid = 'submissions_by_plan'::regclass AND indisvalid";
    assert_eq!(sql_query(there).execute(&mut connect()).expect("the index"), 1);
}

fn tree() -> PathBuf {
    Path::new("migrations").join("postgres")
}
