//! Moving leaves out no table and no column, loses nothing of a value, and stops at whatever is not right.

use cchc::{
    db::{AnyConnection, Db, DbOptions, Location, Scope, open_fresh},
    moving::{Column, Kind, Table, copy, list_tables},
};
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};

use crate::support::{Backend, PostgresDatabase, TestDatabase, empty_postgres, empty_sqlite, has_postgres};

/// The tables of `src/schema.rs`, read as text; its one view is not among them.
fn tables_of_the_schema() -> Vec<Table> {
    let text = include_str!("../../src/schema.rs");
    let mut tables: Vec<Table> = text.split("diesel::table! {").skip(1).filter_map(read_table).collect();
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    tables
}

fn read_table(text: &str) -> Option<Table> {
    let text: String =
        text.lines().filter(|line| !line.trim().starts_with("//")).map(|l| format!("{l}\n")).collect();
    let (head, body) = text.split_once('{').expect("a table");
    let (name, keys) = head.split_once('(').expect("its key");
    let keys: Vec<&str> = keys.trim_end().trim_end_matches(')').split(", ").collect();
    let mut columns: Vec<Column> = body
        .split('}')
        .next()
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(',').split_once(" -> "))
        .map(|(column, kind)| Column {
            name: column.to_owned(),
            kind: match kind.trim_start_matches("Nullable<").trim_end_matches('>') {
                "Text" => Kind::Text,
                "BigInt" | "Integer" => Kind::Integer,
                "Bool" => Kind::Bool,
                "Date" => Kind::Date,
                "Timestamp" => Kind::Timestamp,
                other => panic!("{name}.{column} is {other}; src/moving does not know it yet"),
            },
            key: keys.iter().position(|key| *key == column).map_or(0, |at| i32::try_from(at + 1).unwrap()),
        })
        .collect();
    columns.sort_by(|a, b| a.name.cmp(&b.name));
    let is_view = name.trim() == "owed_figures";
    (!is_view).then(|| Table { name: name.trim().to_owned(), columns })
}

#[test]
fn no_table_and_no_column_is_forgotten() {
    let expected = tables_of_the_schema();
    assert!(expected.len() > 40, "{} tables", expected.len());
    assert_eq!(list_tables(&mut open_fresh().expect("a database")).expect("its tables"), expected);
    if has_postgres() {
        let database = empty_postgres();
        let db = Db::open(Location::Postgres(database.url()), &DbOptions::of(1)).expect("a database");
        db.migrate().expect("migrations");
        assert_eq!(db.read_blocking(Scope::All, list_tables).expect("its tables"), expected);
    }
}

/// Where a copy goes; gone with the value.
struct Target {
    db: Db,
    location: Location,
    _directory: tempfile::TempDir,
    _postgres: Option<PostgresDatabase>,
}

fn target(backend: Backend) -> Target {
    let (directory, file) = empty_sqlite();
    let postgres = (backend == Backend::Postgres).then(empty_postgres);
    let location =
        postgres.as_ref().map_or(Location::Sqlite(file), |database| Location::Postgres(database.url()));
    let db = Db::open(location.clone(), &DbOptions::of(1)).expect("a database");
    Target { db, location, _directory: directory, _postgres: postgres }
}

fn targets() -> Vec<Target> {
    let mut targets = vec![target(Backend::Sqlite)];
    if has_postgres() {
        targets.push(target(Backend::Postgres));
    }
    targets
}

fn execute(db: &Db, sql: &str) -> usize {
    db.write_blocking(Scope::All, |c| Ok(sql_query(sql).execute(c)?))
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

/// A connection past the program's own.
fn open_file(location: &Location) -> SqliteConnection {
    let Location::Sqlite(file) = location else { panic!("{location:?} is no file") };
    SqliteConnection::establish(file.to_str().expect("Unicode")).expect("a database")
}

/// Every value of a SQLite database as SQLite writes it, with its type.
fn dump(location: &Location) -> Vec<String> {
    let mut connection = AnyConnection::Sqlite(open_file(location));
    let mut lines = Vec::new();
    for table in list_tables(&mut connection).expect("the tables") {
        let values: Vec<String> =
            table.columns.iter().map(|c| format!("typeof(\"{0}\") || quote(\"{0}\")", c.name)).collect();
        let sql = format!(
            "SELECT '{0} ' || {1} AS value FROM {0} ORDER BY value",
            table.name,
            values.join(" || ' ' || ")
        );
        let rows: Vec<Row> = sql_query(sql).load(&mut connection).expect("the rows");
        lines.extend(rows.into_iter().map(|row| row.value));
    }
    lines
}

/// Whether a migrated target is as the migrations leave it: one city chain without events, and no ward.
fn is_untouched(db: &Db) -> bool {
    let count = |sql: &str| {
        let rows: Vec<Row> = db.read_blocking(Scope::All, |c| Ok(sql_query(sql).load(c)?)).expect("a count");
        rows[0].value.clone()
    };
    count("SELECT CAST(count(*) AS TEXT) AS value FROM wards") == "0"
        && count("SELECT CAST(count(*) AS TEXT) AS value FROM audit_events") == "0"
        && count("SELECT CAST(max(seq) + count(*) AS TEXT) AS value FROM audit_chains") == "1"
}

/// Values at which a copy could stumble.
fn put_odd_values(db: &Db) {
    for (sql, least) in [
        (
            "UPDATE wards SET name_en = 'a \"b\" \\ \\N ''c'', ' || char(9, 10, 13, 31, 127) || ' – 🏛 \u{1EC7} e\u{323}\u{302}', jump_percent = 9223372036854775807",
            2,
        ),
        ("UPDATE wards SET area_code = '' WHERE code = 'long-my'", 1),
        (
            "UPDATE plan_items SET baseline_value = -9223372036854775807, note = '007' WHERE code = 'II.2.k'",
            1,
        ),
        ("UPDATE accounts SET locked_until = '2026-06-15 08:00:00.120' WHERE username = 'leader'", 1),
        ("UPDATE accounts SET locked_until = '2026-06-15 08:00:00' WHERE username = 'admin'", 1),
        ("UPDATE accounts SET locked_until = '2026-06-15 08:00:00.000001' WHERE username = 'auditor'", 1),
        ("UPDATE accounts SET locked_until = '9999-12-31 16:59:59.999999' WHERE username = 'supervisor'", 1),
        // The unit above one comes after it, in the order of their keys.
        (
            "UPDATE units SET parent_id = (SELECT max(id) FROM units) WHERE id = (SELECT min(id) FROM units)",
            1,
        ),
    ] {
        assert!(execute(db, sql) >= least, "{sql}");
    }
}

#[test]
fn every_value_gets_there_and_back_as_it_was() {
    let source = TestDatabase::with_demo(Backend::Sqlite);
    let db = Db::open(source.location.clone(), &DbOptions::of(1)).expect("the demo");
    put_odd_values(&db);
    let before = dump(&source.location);
    assert!(before.len() > 1000, "{} rows", before.len());
    for there in targets() {
        let mut copied = Vec::new();
        let proof = copy(&db, &there.db, |table| copied.push(table.clone())).expect("there");
        assert!(proof.chains == 3 && proof.events > 100, "{proof:?}");
        assert_eq!(copied.len(), tables_of_the_schema().len());
        assert!(copied.iter().any(|table| table.table == "submissions" && table.rows > 10));
        let back = target(Backend::Sqlite);
        copy(&there.db, &back.db, |_| {}).expect("and back");
        assert_eq!(dump(&back.location), before);
        // The schema is what migrations make: the references are checked at once again.
        if matches!(there.location, Location::Postgres(_)) {
            let sql = "SELECT conname::text AS value FROM pg_constraint WHERE condeferrable";
            let rows: Vec<Row> =
                there.db.read_blocking(Scope::All, |c| Ok(sql_query(sql).load(c)?)).expect("constraints");
            assert_eq!(rows.len(), 0);
        }
    }
}

#[test]
fn a_target_with_rows_is_refused_and_stays_as_it_is() {
    let source = TestDatabase::with_demo(Backend::Sqlite);
    let db = Db::open(source.location.clone(), &DbOptions::of(1)).expect("the demo");
    for target in targets() {
        target.db.migrate().expect("migrations");
        execute(
            &target.db,
            "INSERT INTO revoked_tokens (jti, expires_at) VALUES ('x', '2026-06-15 08:00:00')",
        );
        let error = copy(&db, &target.db, |_| {}).expect_err("refused").to_string();
        assert!(error.contains("not empty: the table revoked_tokens has rows"), "{error}");
        assert!(is_untouched(&target.db));
        execute(&target.db, "DELETE FROM revoked_tokens");
        execute(&target.db, "UPDATE audit_chains SET seq = 1");
        let error = copy(&db, &target.db, |_| {}).expect_err("refused").to_string();
        assert!(error.contains("not empty: the table audit_chains has rows"), "{error}");
        execute(&target.db, "UPDATE audit_chains SET seq = 0");
        execute(&target.db, "DELETE FROM __diesel_schema_migrations WHERE version > '20260105000000'");
        let error = copy(&db, &target.db, |_| {}).expect_err("refused").to_string();
        assert!(error.contains("another program or version"), "{error}");
    }
}

#[test]
fn a_source_that_somebody_altered_is_refused() {
    let altered = [
        ("UPDATE audit_events SET reason = 'x' WHERE seq = 7 AND chain <> 'city'", "of ward long-"),
        ("DELETE FROM audit_chains WHERE chain <> 'city'", "is broken at event number"),
        (
            "DELETE FROM audit_events WHERE seq = (SELECT max(seq) FROM audit_events)",
            "is broken at event number",
        ),
        ("DELETE FROM __diesel_schema_migrations WHERE version > '20260105000000'", "Run `cchc migrate`"),
        ("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')", "newer version"),
        ("DELETE FROM __diesel_schema_migrations", "nothing of cchc"),
    ];
    for (sql, sentence) in altered {
        let source = TestDatabase::with_demo(Backend::Sqlite);
        let db = Db::open(source.location.clone(), &DbOptions::of(1)).expect("the demo");
        let triggers = "SELECT name AS value FROM sqlite_master WHERE type = 'trigger'";
        let triggers: Vec<Row> =
            db.read_blocking(Scope::All, |c| Ok(sql_query(triggers).load(c)?)).expect("triggers");
        for trigger in triggers {
            execute(&db, &format!("DROP TRIGGER {}", trigger.value));
        }
        assert!(execute(&db, sql) > 0, "{sql}");
        let target = target(Backend::Sqlite);
        let error = copy(&db, &target.db, |_| {}).expect_err(sql).to_string();
        assert!(error.contains(sentence), "{sql}: {error}");
        let tables = target.db.read_blocking(Scope::All, list_tables).expect("its tables");
        assert!(tables.is_empty(), "the target was not even migrated");
    }
}

#[test]
fn what_cannot_be_copied_whole_is_not_copied_at_all() {
    // In the middle of the tables: a value that the target cannot hold, a row whose parent is missing, an odd time.
    let faults = [
        "UPDATE plan_items SET note = 'a' || char(0) || 'b' WHERE code = 'II.2.k'",
        "UPDATE submissions SET created_at = '2026-06-15T08:00:00'",
        "UPDATE submissions SET verify_unit_id = 'nobody'",
    ];
    for sql in faults {
        let source = TestDatabase::with_demo(Backend::Sqlite);
        let db = Db::open(source.location.clone(), &DbOptions::of(1)).expect("the demo");
        // A connection of its own, for it must not check references.
        let altered = sql_query(sql).execute(&mut open_file(&source.location)).expect(sql);
        assert!(altered > 0, "{sql}");
        for target in targets() {
            let told = std::cell::Cell::new(0);
            let outcome = copy(&db, &target.db, |_| told.set(told.get() + 1));
            // SQLite keeps whatever text it is given, odd times and zero bytes too.
            if !sql.contains("nobody") && matches!(target.location, Location::Sqlite(_)) {
                assert!(outcome.is_ok(), "{outcome:?}");
                continue;
            }
            assert!(outcome.is_err() && told.get() > 5, "{sql} {:?}: {outcome:?}", target.location);
            assert!(is_untouched(&target.db), "{sql}");
        }
    }
}
