//! What the databases say about how they would answer.

use cchc::db::{AnyConnection, Location};
use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
    sql_query, sql_types::Text,
};
use serde_json::Value;

use crate::{record::Seen, support::App};

/// Rows that a statement may sort before it shows a page of them: about what one ward has of a kind in a year.
const MOST_SORTED: f64 = 2000.0;

/// Tables that stay small, whatever the city does: one row for all, for each parameter, for each migration.
const SMALL: &[&str] =
    &["change_heads", "n", "json_each", "asked", "sqlite_master", "__diesel_schema_migrations"];

/// Indexes that hold only what is wanted: deliveries that wait, or were given up.
const ALL_WANTED: &[&str] = &["webhook_deliveries_waiting", "webhook_deliveries_dead"];

/// What reads a table from end to end on purpose: a part of the statement without quotes, the table as it is called
/// there, the reason.
#[rustfmt::skip]
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (BACKLOG, "t", "webhooks are few, and operators want the sum over all of them"),
    (BACKLOG, "s", "webhooks are few, and operators want the sum over all of them"),
    (BACKLOG, "webhook_subscriptions", "webhooks are few, and operators want the sum over all of them"),
    (BACKLOG, "clients", "one or two for each ward, and operators want the sum over all of them"),
    (QUEUES, "h", "one row for each queue that waits, made from the index of what waits"),
    ("DELETE FROM webhook_deliveries", "webhook_subscriptions", "webhooks are few, and the sweep asks which there are"),
    ("audit_chains.seq FROM audit_chains", "audit_chains", "one row for each ward, and operators want their sum"),
    ("AS versions FROM wards", "wards", "one row for each ward, and the mark of the list of wards is over all of them"),
    ("AS ward_versions", "a", "one row for each ward, and which of them are open moves the mark"),
    (MERGED, "plans", "one row for each ward and year, in the order that is asked for; units are merged once in years"),
    (ALL_WARDS, "w", "one row for each ward, and the dictionary without a ward is of all of them"),
    ("SELECT wards.id FROM wards WHERE (wards.public_results", "wards", "one row for each ward, and the feed of nobody is of all that are open"),
];
const BACKLOG: &str = "SELECT COUNT(d.id) AS waiting";
const MERGED: &str = "(plan_items.plan_id = ANY(SELECT plans.id FROM plans WHERE ((plans.ward_id";
const ALL_WARDS: &str = "AND w.public_results)) AND TRUE";
const QUEUES: &str =
    "SELECT d.id FROM (SELECT subscription_id, queue, MIN(seq) AS seq FROM webhook_deliveries";

/// What an index can serve it serves, however few rows the tests' city has of a kind: what is read from end to end even
/// so has no index. Without this the answer would hang on how many rows make a planner change its mind.
const INDEXES_FIRST: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
    SET random_page_cost = 1.1";

/// All that no index serves.
pub fn find_faults(app: &App, seen: &Seen) -> Vec<String> {
    let mut explainer = Explainer::open(app);
    let mut found = Vec::new();
    for (sql, call) in &seen.statements {
        let mut faults = explainer.faults(sql);
        let bare = sql.replace(['`', '"'], "");
        faults
            .retain(|(table, _)| !EXCEPTIONS.iter().any(|(part, of, _)| bare.contains(part) && of == table));
        let faults: Vec<String> = faults.into_iter().map(|(_, fault)| fault).collect();
        if !faults.is_empty() {
            found.push(format!("{}\n    {call}\n    {sql}", faults.join("; ")));
        }
    }
    found
}

struct Explainer(AnyConnection);

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

impl Explainer {
    fn open(app: &App) -> Self {
        Self(match app.services.db.location() {
            Location::Sqlite(path) => {
                AnyConnection::Sqlite(SqliteConnection::establish(path.to_str().unwrap()).unwrap())
            }
            Location::Postgres(url) => {
                let mut connection = PgConnection::establish(url).unwrap();
                // The plan for any values, which is what a prepared statement gets in the long run.
                connection.batch_execute("SET plan_cache_mode = force_generic_plan").unwrap();
                connection.batch_execute(INDEXES_FIRST).unwrap();
                // As the program connects: behind the wall, in a ward.
                let ward = format!("SELECT set_config('cchc.ward', '{}', false)", app.ward("long-my"));
                connection.batch_execute(&ward).unwrap();
                AnyConnection::Postgres(connection)
            }
        })
    }

    /// Tables and what is wrong with how they are read.
    fn faults(&mut self, sql: &str) -> Vec<(String, String)> {
        match &mut self.0 {
            AnyConnection::Sqlite(connection) => on_sqlite(connection, sql),
            AnyConnection::Postgres(connection) => on_postgres(connection, sql),
        }
    }
}

fn on_sqlite(connection: &mut SqliteConnection, sql: &str) -> Vec<(String, String)> {
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
        .load(connection)
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    let is_page = sql.contains("LIMIT") && !steps.iter().any(|step| step.detail.contains("USE TEMP B-TREE"));
    let mut found = Vec::new();
    for Step { detail } in steps {
        let Some(scan) = detail.strip_prefix("SCAN ") else { continue };
        let table = scan.split(' ').next().unwrap_or_default().to_owned();
        let of_rows = !scan.starts_with("CONSTANT ROW") && !scan.starts_with('(');
        let all_wanted = ALL_WANTED.iter().any(|index| scan.contains(index));
        // A page in the order of an index ends when it is full.
        let in_order = is_page && scan.contains(" INDEX ");
        if of_rows && !in_order && !all_wanted && !SMALL.contains(&table.as_str()) {
            found.push((table, detail.clone()));
        }
    }
    found
}

fn on_postgres(connection: &mut PgConnection, sql: &str) -> Vec<(String, String)> {
    let (sql, parameters) = with_a_limit(sql);
    let values = vec!["NULL"; parameters].join(", ");
    let execute = if parameters == 0 { "probe".to_owned() } else { format!("probe({values})") };
    let explained = connection.batch_execute(&format!("PREPARE probe AS {sql}")).and_then(|()| {
        sql_query(format!("EXPLAIN (FORMAT JSON) EXECUTE {execute}")).load::<Plan>(connection)
    });
    connection.batch_execute("DEALLOCATE ALL").unwrap();
    let mut found = Vec::new();
    match explained {
        Ok(plans) => {
            let plan: Value = serde_json::from_str(&plans[0].plan).expect("a plan");
            inspect(&plan[0]["Plan"], false, &mut found);
        }
        Err(error) => found.push((String::new(), format!("it has no plan: {error}"))),
    }
    found
}

/// The statement for a page of fifty, whatever the number of the parameter; and how many parameters it has.
fn with_a_limit(sql: &str) -> (String, usize) {
    let mut count = 0;
    while sql.contains(&format!("${}", count + 1)) {
        count += 1;
    }
    // The program says of which type each parameter is; here nothing else does.
    let sql = (1..=count).fold(sql.to_owned(), |sql, number| {
        sql.replace(&format!("(${number} IS NULL"), &format!("(CAST(${number} AS TEXT) IS NULL"))
    });
    let Some((before, after)) = sql.rsplit_once("LIMIT $") else { return (sql, count) };
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let number: usize = after[..end].parse().expect("a number");
    // The parameter stays where it was, so that the others keep their numbers.
    (format!("{before}LIMIT 51{}", &after[end..]), if number == count { count - 1 } else { count })
}

fn inspect(node: &Value, in_page: bool, found: &mut Vec<(String, String)>) {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let table = node["Relation Name"].as_str().unwrap_or_default().to_owned();
    let reads_all = match kind {
        "Seq Scan" => true,
        "Index Scan" | "Index Only Scan" => {
            let index = node["Index Name"].as_str().unwrap_or_default();
            node["Index Cond"].is_null() && !in_page && !ALL_WANTED.contains(&index)
        }
        _ => false,
    };
    if reads_all && !SMALL.contains(&table.as_str()) && !table.starts_with("pg_") {
        found.push((
            table.clone(),
            format!("{kind} on {table} ({} rows) by {}", node["Plan Rows"], node["Index Name"]),
        ));
    }
    let children = || node["Plans"].as_array().into_iter().flatten();
    if kind.contains("Sort") && in_page {
        let rows = children().filter_map(|child| child["Plan Rows"].as_f64()).fold(0.0, f64::max);
        if rows > MOST_SORTED {
            found.push((table, format!("{kind} of {rows} rows for one page by {}", node["Sort Key"])));
        }
    }
    // What is sorted or hashed is read to its end first.
    let goes_on = match kind {
        "Limit" => true,
        "Sort" | "Hash" | "Aggregate" | "WindowAgg" => kind == "Sort" && in_page,
        _ => in_page,
    };
    for child in children() {
        inspect(child, goes_on, found);
    }
}
