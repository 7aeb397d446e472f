//! What the program asks its databases, statement by statement.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use cchc::db::Location;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

use crate::support::App;

/// By the URL or path of the database, in the order of asking.
static LOG: Mutex<Option<HashMap<String, Vec<String>>>> = Mutex::new(None);

fn with_log<T>(work: impl FnOnce(&mut HashMap<String, Vec<String>>) -> T) -> T {
    work(LOG.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(HashMap::new))
}

#[derive(Default)]
struct Recorder {
    database: String,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => self.database = name_of(url),
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                let sql = text.split(" -- binds:").next().unwrap_or_default().to_owned();
                if is_a_question(&sql) {
                    with_log(|log| log.entry(self.database.clone()).or_default().push(sql));
                }
            }
            _ => {}
        }
    }
}

/// Whether the statement has a plan, and is the program's own: those of the tests call their column `value`.
fn is_a_question(sql: &str) -> bool {
    let starts = |words: &[&str]| words.iter().any(|word| sql.starts_with(word));
    starts(&["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "])
        && !sql.contains("AS value")
        && !starts(&["SELECT 1", "SELECT set_config", "SELECT pg_"])
}

/// Records all connections that are made from now on.
pub fn start() {
    set_default_instrumentation(|| Some(Box::new(Recorder::default()))).expect("the recorder in its place");
}

/// What was asked of this app's database since the last call.
pub fn take(app: &App) -> Vec<String> {
    let name = match app.services.db.location() {
        Location::Sqlite(path) => path.display().to_string(),
        Location::Postgres(url) => name_of(url),
    };
    with_log(|log| log.remove(&name)).unwrap_or_default()
}

/// The URL without its parameters, to which the program adds its own.
fn name_of(url: &str) -> String {
    url.split('?').next().unwrap_or_default().to_owned()
}

/// Each statement once, with the first call that needed it.
#[derive(Default)]
pub struct Seen {
    pub statements: BTreeMap<String, String>,
}

impl Seen {
    /// Adds what was asked for this call; says how many statements that were.
    pub fn add(&mut self, app: &App, call: &str) -> usize {
        let asked = take(app);
        let count = asked.len();
        for sql in asked {
            self.statements.entry(with_short_lists(&sql)).or_insert_with(|| call.to_owned());
        }
        count
    }
}

/// Lists of parameters and rows of values cut short, so that the same statement over more things is the same.
fn with_short_lists(sql: &str) -> String {
    let mut short = sql.to_owned();
    while short.contains("?, ?, ?, ?, ?, ?, ?, ?, ?") && short.contains(" IN (") {
        short = short.replace("?, ?, ?, ?, ?, ?, ?, ?, ?", "?, ?");
    }
    let first_row = short.find(" VALUES (").and_then(|at| Some(at + short[at..].find("), (")? + 1));
    match first_row {
        Some(end) if short.starts_with("INSERT ") && short.ends_with(')') => short[..end].to_owned(),
        _ => short,
    }
}
