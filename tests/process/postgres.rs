//! Promises about the connections to PostgreSQL: what breaks is replaced, what might be done is not done twice.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use cchc::{
    access::{password::Hasher, token::Tokens},
    context::{Recent, Services},
    db::{AnyConnection, Db, DbOptions, Location, Probe, Scope},
    error::{Code, Result},
    kernel::time::{Clock, Timestamp},
    storage::Storage,
    telemetry::Metrics,
};
use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use secrecy::SecretString;

use crate::{
    server::{PASSWORD, block_on},
    servers::{Postgres, has_programs, wait_until},
};

/// Ends every other session of cchc's, as a server does that stops.
const CUT: &str = "SELECT count(pg_terminate_backend(pid, 5000)) AS number FROM pg_stat_activity \
                   WHERE application_name = 'cchc' AND pid <> pg_backend_pid()";
/// Ends the session that runs it.
const CUT_OFF: &str = "SELECT pg_terminate_backend(pg_backend_pid())::int::bigint AS number";
const COUNT: &str = "SELECT count(*) AS number FROM kept";
const KEEP: &str = "INSERT INTO kept VALUES (1)";

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

pub fn open(url: &str, options: &DbOptions) -> Db {
    Db::open(Location::parse(url).unwrap(), options).unwrap()
}

fn number(connection: &mut AnyConnection, sql: &str) -> Result<i64> {
    Ok(sql_query(sql).get_result::<Number>(connection)?.number)
}

fn keep(connection: &mut AnyConnection) -> Result<()> {
    sql_query(KEEP).execute(connection)?;
    Ok(())
}

fn code<T>(outcome: Result<T>) -> Code {
    outcome.err().map(|error| error.code).expect("a refusal")
}

/// The demo's two wards, in database `postgres` of this server.
pub fn fill(server: &Postgres) {
    let db = open(&server.url("postgres"), &DbOptions::of(2));
    db.migrate().unwrap();
    let time = Timestamp::parse("2026-06-15T08:00:00+07:00").unwrap();
    let services = Services {
        db,
        clock: Clock::shifted(Clock::shift_to(time)),
        hasher: Hasher::new(8, 1).unwrap(),
        tokens: Tokens::from_pem(&Tokens::generate_pem().unwrap(), "console").unwrap(),
        documents: Storage::in_memory(),
        settings: Arc::default(),
        metrics: Metrics::default(),
        recent: Recent::default(),
    };
    cchc::demo::load(&Arc::new(services), &SecretString::from(PASSWORD)).unwrap();
}

#[test]
fn connections_that_the_server_cut_are_replaced_and_nobody_notices() {
    if !has_programs() {
        return;
    }
    let server = Postgres::primary(&[]);
    server.psql("CREATE TABLE kept (n int)");
    let db = open(&server.url("postgres"), &DbOptions::of(4));
    block_on(async {
        for round in 1..=3 {
            // All four are open before they are cut.
            let asleep = (0..4)
                .map(|_| db.read(Scope::All, |c| number(c, "SELECT 1::bigint AS number FROM pg_sleep(0.2)")));
            for outcome in futures_util::future::join_all(asleep).await {
                outcome.unwrap();
            }
            assert!(server.psql(CUT).parse::<u32>().unwrap() >= 4);
            db.write(Scope::All, keep).await.unwrap();
            assert_eq!(db.read(Scope::All, |c| number(c, COUNT)).await.unwrap(), round);
        }
        server.stop("fast");
        server.start();
        assert_eq!(db.read(Scope::All, |c| number(c, COUNT)).await.unwrap(), 3, "after a restart");
    });
}

#[test]
fn a_read_that_loses_its_connection_is_made_once_more_and_a_write_never() {
    if !has_programs() {
        return;
    }
    let server = Postgres::primary(&[]);
    server.psql("CREATE TABLE kept (n int)");
    let db = open(&server.url("postgres"), &DbOptions::of(2));
    let runs = Arc::new(AtomicU32::new(0));
    block_on(async {
        let counted = Arc::clone(&runs);
        let read = move |c: &mut AnyConnection| {
            let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
            number(c, if first { CUT_OFF } else { COUNT })
        };
        assert_eq!(db.read(Scope::All, read).await.unwrap(), 0);
        assert_eq!(runs.swap(0, Ordering::SeqCst), 2);
        let counted = Arc::clone(&runs);
        let always = move |c: &mut AnyConnection| {
            counted.fetch_add(1, Ordering::SeqCst);
            number(c, CUT_OFF)
        };
        assert_eq!(code(db.read(Scope::All, always).await), Code::Busy);
        assert_eq!(runs.swap(0, Ordering::SeqCst), 2, "once more, and not for ever");
        let counted = Arc::clone(&runs);
        let write = move |c: &mut AnyConnection| {
            counted.fetch_add(1, Ordering::SeqCst);
            keep(c)?;
            number(c, CUT_OFF)
        };
        assert_eq!(code(db.write(Scope::All, write).await), Code::Busy);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert_eq!(db.read(Scope::All, |c| number(c, COUNT)).await.unwrap(), 0, "nothing is half done");
        db.write(Scope::All, keep).await.unwrap();
    });
}

#[test]
fn statements_locks_and_waits_end_in_time_and_say_come_back() {
    if !has_programs() {
        return;
    }
    let server = Postgres::primary(&[]);
    server.psql("CREATE TABLE kept (n int)");
    let second = Duration::from_secs(1);
    let options = DbOptions {
        connections: 1,
        statement_timeout: 3 * second,
        lock_timeout: second,
        wait: second,
        replica: None,
    };
    let (db, other) =
        (open(&server.url("postgres"), &options), open(&server.url("postgres"), &DbOptions::of(1)));
    assert_eq!(server.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cchc'"), "2");
    block_on(async {
        let slow = |c: &mut AnyConnection| number(c, "SELECT 1::bigint AS number FROM pg_sleep(60)");
        let (slow, late) =
            futures_util::future::join(db.read(Scope::All, slow), db.read(Scope::All, |c| number(c, COUNT)))
                .await;
        let refused = [slow.unwrap_err().to_string(), late.unwrap_err().to_string()];
        assert!(refused.iter().any(|said| said.contains("statement timeout")), "{refused:?}");
        assert!(refused.iter().any(|said| said.contains("waiting for connection")), "{refused:?}");
        assert!(refused.iter().all(|said| said.starts_with("busy")), "{refused:?}");
        let locked = other.write_blocking(Scope::All, |c| {
            sql_query("LOCK TABLE kept").execute(c)?;
            Ok(db.write_blocking(Scope::All, keep).unwrap_err())
        });
        let locked = locked.unwrap();
        assert!(locked.code == Code::Busy && locked.to_string().contains("lock timeout"), "{locked}");
        db.write(Scope::All, keep).await.unwrap();
    });
}

#[test]
fn a_primary_that_takes_no_writes_any_more_is_left_for_the_one_that_does() {
    if !has_programs() {
        return;
    }
    let old = Postgres::primary(&[]);
    old.psql("CREATE TABLE kept (n int)");
    let new = old.replica();
    let url = format!("postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres", old.port, new.port);
    let db = open(&url, &DbOptions::of(4));
    block_on(async {
        db.write(Scope::All, keep).await.unwrap();
        new.follow(&old);
        // It lives on, as a primary does that was fenced off or put into the second place.
        old.psql("ALTER SYSTEM SET default_transaction_read_only = on");
        old.psql("SELECT pg_reload_conf()");
        wait_until("the old primary refuses writes", || old.psql("SHOW transaction_read_only") == "on");
        new.promote();
        let mut refused = 0;
        while let Err(error) = db.write(Scope::All, keep).await {
            assert_eq!(error.code, Code::Busy, "{error}");
            refused += 1;
            assert!(refused < 50, "writes do not find the new primary: {error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(refused > 0, "the connections that were open are those of the old one");
        assert_eq!(db.read(Scope::All, |c| number(c, COUNT)).await.unwrap(), 2);
        assert_eq!(old.psql("SELECT count(*) FROM kept"), "1");
    });
}

#[test]
fn a_schema_that_is_older_than_the_program_is_not_ready() {
    if !has_programs() {
        return;
    }
    let server = Postgres::primary(&[]);
    let db = open(&server.url("postgres"), &DbOptions::of(2));
    let probe = Probe::new(db.clone());
    block_on(async {
        assert!(probe.check().await.is_err(), "nothing was migrated");
        db.migrate().unwrap();
        probe.check().await.unwrap();
        let newest = "DELETE FROM __diesel_schema_migrations WHERE version = \
                      (SELECT max(version) FROM __diesel_schema_migrations)";
        server.psql(newest);
        let older = Probe::new(db.clone()).check().await.unwrap_err().to_string();
        assert!(older.contains("cchc migrate"), "{older}");
        probe.check().await.expect("what was current stays so, and is not asked again");
    });
}
