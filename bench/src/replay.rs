//! The bare SQL loop: what the program asks the database for one request is listened to, and then asked again by as
//! many threads as it has connections, with nothing around it. All columns of all rows are fetched, none is read.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use cchc::db::Location;
use diesel::{
    Connection, PgConnection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    backend::Backend,
    connection::{Instrumentation, InstrumentationEvent, SimpleConnection, set_default_instrumentation},
    deserialize,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    row::{Field, NamedRow, Row},
    serialize::ToSql,
    sql_types::{Array, BigInt, Bool, Date, HasSqlType, Text, Timestamp, Untyped},
};

use crate::{Failure, load::Sample};

static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Listens to all connections that are opened from now on.
///
/// # Errors
/// When diesel does not take the listener.
pub fn listen() -> Result<(), Failure> {
    fn listener() -> Option<Box<dyn Instrumentation>> {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                HEARD.lock().unwrap_or_else(PoisonError::into_inner).push(query.to_string());
            }
        }))
    }
    Ok(set_default_instrumentation(listener)?)
}

/// What was asked since the last call. How a pool looks whether a connection lives is no part of it.
#[must_use]
pub fn take_heard() -> Vec<String> {
    let heard = std::mem::take(&mut *HEARD.lock().unwrap_or_else(PoisonError::into_inner));
    heard.into_iter().filter(|sql| !sql.trim_start().starts_with("SELECT 1")).collect()
}

/// A value, read back from what diesel shows of it.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Integer(i64),
    Bool(bool),
    Timestamp(chrono::NaiveDateTime),
    Date(chrono::NaiveDate),
    List(Vec<String>),
    Null,
}

/// A statement with its values.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text between the placeholders.
    parts: Vec<String>,
    /// Which value stands at each placeholder: `$1` may stand more than once.
    places: Vec<usize>,
    binds: Vec<Value>,
}

impl Statement {
    /// Reads what diesel shows: `SELECT … -- binds: […]`.
    ///
    /// # Errors
    /// When a value is of a sort that nobody here knows.
    pub fn read(shown: &str) -> Result<Self, Failure> {
        let (sql, binds) = shown.rsplit_once(" -- binds: ").unwrap_or((shown, "[]"));
        let mut rest = binds.trim();
        let mut list = Vec::new();
        rest = rest.strip_prefix('[').ok_or("no list of values")?;
        while !rest.starts_with(']') {
            let (value, after) = read_value(rest)?;
            list.push(value);
            rest = after.trim_start_matches([',', ' ']);
        }
        let (parts, places) = split(sql)?;
        if let Some(place) = places.iter().find(|place| **place >= list.len()) {
            return Err(format!("place {place}, but {} values: {shown}", list.len()).into());
        }
        Ok(Self { parts, places, binds: list })
    }
}

/// Cuts SQL at its placeholders, `?` or `$1`; the second list says which value stands at each.
fn split(sql: &str) -> Result<(Vec<String>, Vec<usize>), Failure> {
    let (mut parts, mut places) = (vec![String::new()], Vec::new());
    let mut quote = None;
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        match quote {
            Some(end) if letter == end => quote = None,
            Some(_) => {}
            None if matches!(letter, '\'' | '"' | '`') => quote = Some(letter),
            None if letter == '?' || letter == '$' => {
                let mut number = String::new();
                number.extend(std::iter::from_fn(|| letters.next_if(char::is_ascii_digit)));
                places.push(if number.is_empty() { places.len() } else { number.parse::<usize>()? - 1 });
                parts.push(String::new());
                continue;
            }
            None => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    Ok((parts, places))
}

fn read_value(text: &str) -> Result<(Value, &str), Failure> {
    if let Some(rest) = text.strip_prefix('"') {
        let (text, after) = read_string(rest)?;
        return Ok((Value::Text(text), after));
    }
    if let Some(mut rest) = text.strip_prefix('[') {
        let mut list = Vec::new();
        while !rest.starts_with(']') {
            let (value, after) = read_value(rest)?;
            match value {
                Value::Text(text) => list.push(text),
                other => return Err(format!("a list of {other:?}").into()),
            }
            rest = after.trim_start_matches([',', ' ']);
        }
        return Ok((Value::List(list), &rest[1..]));
    }
    let end = text.find([',', ']', '(', ')']).ok_or("an endless value")?;
    let (word, rest) = text.split_at(end);
    if let Some(inner) = rest.strip_prefix('(') {
        let (value, after) = read_value(inner)?;
        return Ok((value, after.strip_prefix(')').ok_or("a bracket that stays open")?));
    }
    Ok((read_word(word), rest))
}

fn read_word(word: &str) -> Value {
    if let Ok(number) = word.parse() {
        return Value::Integer(number);
    }
    if let Ok(yes) = word.parse() {
        return Value::Bool(yes);
    }
    if let Ok(at) = word.parse() {
        return Value::Timestamp(at);
    }
    if let Ok(day) = word.parse() {
        return Value::Date(day);
    }
    if word == "None" {
        return Value::Null;
    }
    // One of a few words, shown by its name in the program: `NineMonths` is `nine_months` in the database.
    let mut text = String::new();
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    Value::Text(text)
}

/// Reads up to the closing quote, after the opening one.
fn read_string(text: &str) -> Result<(String, &str), Failure> {
    let mut read = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((read, &text[at + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => read.push('\n'),
                Some((_, 't')) => read.push('\t'),
                Some((_, other)) => read.push(other),
                None => break,
            },
            other => read.push(other),
        }
    }
    Err("a text that does not end".into())
}

impl Statement {
    /// Whether it asks for rows; others begin and end transactions.
    #[must_use]
    pub fn is_question(&self) -> bool {
        self.parts.first().is_some_and(|text| text.starts_with("SELECT") || text.starts_with("WITH"))
    }
}

impl std::fmt::Display for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.parts.join("?"))
    }
}

/// A row whose columns are fetched and dropped.
struct Passed;

impl<DB: Backend> QueryableByName<DB> for Passed {
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        for at in 0..Row::field_count(row) {
            if let Some(field) = Row::get(row, at) {
                std::hint::black_box(field.is_null());
            }
        }
        Ok(Self)
    }
}

/// How each database takes a list; SQLite never gets one.
trait Lists: Backend {
    fn push<'b>(out: &mut AstPass<'_, 'b, Self>, list: &'b [String]) -> QueryResult<()>;
}

impl Lists for diesel::pg::Pg {
    fn push<'b>(out: &mut AstPass<'_, 'b, Self>, list: &'b [String]) -> QueryResult<()> {
        out.push_bind_param::<Array<Text>, _>(list)
    }
}

impl Lists for diesel::sqlite::Sqlite {
    fn push<'b>(_: &mut AstPass<'_, 'b, Self>, _: &'b [String]) -> QueryResult<()> {
        Ok(())
    }
}

impl<DB> QueryFragment<DB> for Statement
where
    DB: Lists
        + HasSqlType<Text>
        + HasSqlType<BigInt>
        + HasSqlType<Bool>
        + HasSqlType<Timestamp>
        + HasSqlType<Date>,
    String: ToSql<Text, DB>,
    i64: ToSql<BigInt, DB>,
    bool: ToSql<Bool, DB>,
    chrono::NaiveDateTime: ToSql<Timestamp, DB>,
    chrono::NaiveDate: ToSql<Date, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for (at, part) in self.parts.iter().enumerate() {
            out.push_sql(part);
            match self.places.get(at).and_then(|place| self.binds.get(*place)) {
                None => {}
                Some(Value::Text(value)) => out.push_bind_param::<Text, _>(value)?,
                Some(Value::Integer(value)) => out.push_bind_param::<BigInt, _>(value)?,
                Some(Value::Bool(value)) => out.push_bind_param::<Bool, _>(value)?,
                Some(Value::Timestamp(value)) => out.push_bind_param::<Timestamp, _>(value)?,
                Some(Value::Date(value)) => out.push_bind_param::<Date, _>(value)?,
                Some(Value::List(list)) => DB::push(&mut out, list)?,
                Some(Value::Null) => out.push_sql("NULL"),
            }
        }
        Ok(())
    }
}

/// A connection set up as the program sets up its own for reading.
enum Any {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Any {
    fn open(location: &Location) -> Result<Self, Failure> {
        Ok(match location {
            Location::Sqlite(path) => {
                let mut c = SqliteConnection::establish(&path.to_string_lossy())?;
                c.batch_execute(
                    "PRAGMA busy_timeout = 10000; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -4000; \
                     PRAGMA query_only = ON;",
                )?;
                Self::Sqlite(c)
            }
            Location::Postgres(url) => {
                let mut c = PgConnection::establish(url)?;
                c.batch_execute("SET timezone = 'UTC'; SET statement_timeout = '30s';")?;
                Self::Postgres(c)
            }
        })
    }

    fn ask(&mut self, statement: &Statement) -> QueryResult<usize> {
        let passed: Vec<Passed> = match self {
            Self::Sqlite(c) => Borrowed(statement).load(c)?,
            Self::Postgres(c) => Borrowed(statement).load(c)?,
        };
        Ok(passed.len())
    }
}

/// A statement that is run without being copied.
struct Borrowed<'s>(&'s Statement);

impl QueryId for Borrowed<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Borrowed<'_> {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Borrowed<'_> {}

impl<DB> QueryFragment<DB> for Borrowed<'_>
where
    DB: Backend,
    Statement: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

/// How long this statement takes, in microseconds, the median of some runs, and how many rows it finds.
///
/// # Errors
/// When the database fails.
pub fn time(location: &Location, statement: &Statement) -> Result<(u128, usize), Failure> {
    let mut connection = Any::open(location)?;
    let mut rows = connection.ask(statement)?;
    let mut times = Vec::new();
    for _ in 0..15 {
        let begun = Instant::now();
        rows = connection.ask(statement)?;
        times.push(begun.elapsed().as_micros());
    }
    times.sort_unstable();
    Ok((times[times.len() / 2], rows))
}

/// Asks the statements of one request after the other's for so long, on so many connections.
///
/// # Errors
/// When the database fails.
pub fn run(
    location: &Location,
    requests: &[Vec<Statement>],
    connections: usize,
    duration: Duration,
) -> Result<Sample, Failure> {
    let stop = AtomicBool::new(false);
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    let times = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(|| -> Result<Vec<u32>, Failure> {
                    let mut connection = Any::open(location)?;
                    let mut times = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let request = &requests[next.fetch_add(1, Ordering::Relaxed) % requests.len()];
                        let begun = Instant::now();
                        for statement in request {
                            connection.ask(statement)?;
                        }
                        times.push(u32::try_from(begun.elapsed().as_micros())?);
                    }
                    Ok(times)
                })
            })
            .collect();
        std::thread::sleep(duration);
        stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a thread of the loop broke")??);
        }
        Ok::<_, Failure>(all)
    })?;
    Ok(Sample::of(times, started.elapsed(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_diesel_shows_is_read_back() {
        let shown = "SELECT a FROM t WHERE b = $1 AND c = '?' AND $1 = b AND d < $2 AND e = ANY($3) LIMIT $4 \
                     -- binds: [WardId(RawId(\"0193\")), Timestamp(2025-01-02T03:04:05), [\"x\", \"y\"], 51]";
        let read = Statement::read(shown).expect("reads");
        assert_eq!((read.parts.len(), &read.places[..]), (6, &[0, 0, 1, 2, 3][..]));
        assert_eq!(read.binds[0], Value::Text("0193".to_owned()));
        assert!(matches!(read.binds[1], Value::Timestamp(_)));
        assert_eq!(read.binds[2], Value::List(vec!["x".to_owned(), "y".to_owned()]));
        assert_eq!(read.binds[3], Value::Integer(51));
        assert_eq!(read_word("NineMonths"), Value::Text("nine_months".to_owned()));
    }
}
