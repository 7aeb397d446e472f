//! PostgreSQL servers that are killed, replaced, or cannot be reached.

use std::{thread::sleep, time::Duration};

use crate::{
    ledger::Ledger,
    rig::{Pair, Rig, is_ready, tell, wait_until},
    servers::{Postgres, has_programs},
};

#[test]
fn postgresql_killed_in_mid_commit_loses_nothing_and_the_instances_find_it_again() {
    let Some(Pair { ledger, first, second, rig: _rig, database }) = Pair::start() else { return };
    for _ in 0..2 {
        database.kill();
        let unready = wait_until("both say so", || !is_ready(&first) && !is_ready(&second));
        sleep(Duration::from_secs(1));
        database.start();
        let back = ledger.wait_for_more(20);
        tell(format_args!(
            "PostgreSQL killed: said after {} ms, 20 writes {} ms after it was started",
            unready.as_millis(),
            back.as_millis()
        ));
    }
    ledger.close("kill -9 of PostgreSQL, twice", &second);
}

#[test]
fn a_promoted_replica_takes_over_with_every_acknowledged_write() {
    if !has_programs() {
        return;
    }
    let old = Postgres::primary(&[]);
    let mut rig = Rig::postgres(&old);
    let new = old.replica();
    // What is acknowledged is on both.
    old.psql("ALTER SYSTEM SET synchronous_standby_names = '*'");
    old.psql("SELECT pg_reload_conf()");
    wait_until("the replica is waited for", || {
        old.psql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"
    });
    rig.database = format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/postgres?target_session_attrs=read-write",
        old.port, new.port
    );
    let (first, second) = (rig.serve(&[]), rig.serve(&[]));
    let ledger = Ledger::open(&[&first, &second]);
    old.kill();
    let unready = wait_until("both say so", || !is_ready(&first) && !is_ready(&second));
    new.promote();
    let back = ledger.wait_for_more(20);
    tell(format_args!(
        "primary lost: said after {} ms, 20 writes {} ms after the replica was promoted",
        unready.as_millis(),
        back.as_millis()
    ));
    ledger.close("promotion of a synchronous replica", &first);
}
