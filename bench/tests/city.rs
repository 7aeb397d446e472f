//! A tiny city is one that the program accepts: it answers, proves its chains, and goes on from there.

use cchc::db::Location;
use cchc_bench::{
    Failure,
    city::{self, Options, Size},
    http::{Connection, Request},
    program,
};
use diesel::{Connection as _, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use serde_json::{Value, json};

const TINY: Size = Size { wards: 2, years: 2, units: 3, leaves: 35 };

fn options(to: String, wards: usize, template: &std::path::Path) -> Options {
    Options { size: Size { wards, ..TINY }, to, template: Some(template.to_owned()) }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(file: &std::path::Path, sql: &str) -> Vec<String> {
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).expect("opens");
    let found: Vec<Line> = sql_query(sql).load(&mut connection).expect("answers");
    found.into_iter().map(|line| line.line).collect()
}

#[test]
fn a_tiny_city_answers_proves_its_chains_and_goes_on_sqlite() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let template = directory.path().join("ward.db");
    let two = directory.path().join("two.db");
    let report = city::make(&options(format!("sqlite:{}", two.display()), 2, &template))?;
    let rows = |table: &str| report.rows.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| *rows);
    assert_eq!(rows("submissions"), 2 * 2 * 4 * 3 * 35);
    assert_eq!(rows("publications"), 2 * 7);

    assert_eq!(lines(&two, "SELECT \"table\" AS line FROM pragma_foreign_key_check"), Vec::<String>::new());
    assert_eq!(lines(&two, "SELECT integrity_check AS line FROM pragma_integrity_check"), ["ok"]);
    let indexes = "SELECT name AS line FROM sqlite_master WHERE type = 'index' ORDER BY name";
    assert_eq!(lines(&two, indexes), lines(&template, indexes), "all indexes are there again");

    let one = directory.path().join("one.db");
    city::make(&options(format!("sqlite:{}", one.display()), 1, &template))?;
    for table in ["submissions", "audit_events", "publications", "accounts"] {
        let of_first = format!(
            "SELECT json_array(t.id, t.*) AS line FROM {table} t WHERE t.id LIKE '%-7001-%' ORDER BY t.id"
        );
        let of_first = of_first.replace(
            "json_array(t.id, t.*)",
            match table {
                "submissions" => "json_array(id, content, state, unit_id, version, updated_at)",
                "audit_events" => "json_array(id, chain, seq, at, changes, hash)",
                "publications" => "json_array(id, content, hash, published_at)",
                _ => "json_array(id, username, unit_id, password_hash)",
            },
        );
        assert_eq!(lines(&one, &of_first), lines(&two, &of_first), "ward 1 is the same in both: {table}");
        assert!(!lines(&one, &of_first).is_empty());
    }
    walk(Location::Sqlite(two), directory.path())
}

#[test]
fn a_tiny_city_answers_proves_its_chains_and_goes_on_postgres() -> Result<(), Failure> {
    let Ok(url) = std::env::var("CCHC_TEST_POSTGRES_URL") else {
        assert!(std::env::var("CCHC_TEST_REQUIRE_POSTGRES").is_err(), "CCHC_TEST_POSTGRES_URL is not set");
        eprintln!("SKIPPED: PostgreSQL (set CCHC_TEST_POSTGRES_URL)");
        return Ok(());
    };
    let name = format!("bench_{}", std::process::id());
    let mut admin = diesel::PgConnection::establish(&url)?;
    sql_query(format!("CREATE DATABASE {name}")).execute(&mut admin)?;
    let (server, _) = url.rsplit_once('/').ok_or("a URL with a database")?;
    let url = format!("{server}/{name}");
    let directory = tempfile::tempdir()?;
    city::make(&options(url.clone(), 2, &directory.path().join("ward.db")))?;
    let walked = walk(Location::Postgres(url), directory.path());
    sql_query(format!("DROP DATABASE {name} WITH (FORCE)")).execute(&mut admin)?;
    walked
}

/// Reads everything, proves the chains, and takes a new figure from its draft to its approval, in the second ward.
fn walk(location: Location, documents: &std::path::Path) -> Result<(), Failure> {
    let served = program::serve(program::services(location, 4, documents)?, 1)?;
    let http = &mut Connection::open(served.address)?;
    let code = city::ward_code(2);
    let leader = http.sign_in(&format!("{code}.leader"))?;
    let auditor = http.sign_in(&format!("{code}.auditor"))?;

    let proof = http.read("/api/v1/audit-events/verify", &auditor)?;
    assert_eq!(proof["intact"], true, "{proof}");
    assert!(proof["checked"].as_i64() > Some(2000), "{proof}");

    let plans = http.read("/api/v1/plans?limit=10", &leader)?;
    let plan = plans["items"].as_array().into_iter().flatten().find(|plan| plan["year"] == city::LAST_YEAR);
    let plan =
        plan.ok_or_else(|| format!("no plan in {plans}"))?["id"].as_str().unwrap_or_default().to_owned();
    for period in ["2025-Q1", "2025-Y"] {
        let summary =
            http.read(&format!("/api/v1/plans/{plan}/summary?period={period}&basis=submitted"), &leader)?;
        assert!(summary["coverage"]["reported"].as_i64() > Some(30), "{summary}");
        http.read(&format!("/api/v1/plans/{plan}/completeness?period={period}"), &leader)?;
    }
    let list = http.read("/api/v1/submissions?limit=50", &leader)?;
    let items = list["items"].as_array().ok_or("a list")?;
    assert_eq!(items.len(), 50);
    let one = items[0]["id"].as_str().unwrap_or_default();
    http.read(&format!("/api/v1/submissions/{one}"), &leader)?;
    let public = http
        .call(&Request::get(format!("/public/v1/wards/{code}/results?year=2025&period=2025-Q3"), &leader))?;
    let public = public.expect(200)?;
    assert!(public.header("etag").is_some());
    assert!(public.json().to_string().contains(&code));
    http.read("/public/v1/changes?limit=10", &leader)?;

    approve_a_new_figure(http, &code, &plan)?;
    let proof = http.read("/api/v1/audit-events/verify", &auditor)?;
    assert_eq!(proof["intact"], true, "{proof}");
    Ok(())
}

fn approve_a_new_figure(http: &mut Connection, code: &str, plan: &str) -> Result<(), Failure> {
    let staff = http.sign_in(&format!("{code}.truong-01.staff"))?;
    let leaf = http.read(&format!("/api/v1/plans/{plan}/items?limit=200"), &staff)?;
    let leaf = leaf["items"].as_array().into_iter().flatten().find(|item| item["code"] == "II.1.a").cloned();
    let periods = http.read(&format!("/api/v1/plans/{plan}/periods?limit=50"), &staff)?;
    let period =
        periods["items"].as_array().into_iter().flatten().find(|period| period["code"] == "DX-01").cloned();
    let (leaf, period) = (leaf.ok_or("no leaf")?, period.ok_or("no extra period")?);
    let draft = json!({ "item_id": leaf["id"], "period_id": period["id"], "numerator": 5, "denominator": 5 });
    let made = http.call(&Request::post("/api/v1/submissions", &staff, &draft))?.expect(201)?.json();
    let path = format!("/api/v1/submissions/{}/decisions", made["id"].as_str().unwrap_or_default());
    for (who, action) in [
        ("truong-01.head", "submit"),
        ("vp.staff", "verify"),
        ("vhxh.head", "endorse"),
        ("leader", "approve"),
    ] {
        let token = http.sign_in(&format!("{code}.{who}"))?;
        http.call(&Request::post(&path, &token, &json!({ "action": action })))?.expect(201)?;
    }
    let now: Value =
        http.read(&format!("/api/v1/submissions/{}", made["id"].as_str().unwrap_or_default()), &staff)?;
    assert_eq!(now["state"], "approved");
    Ok(())
}
