//! Promises about reads by a replica: nobody can tell them from reads by the primary, but that the primary rests.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    failover::instance,
    postgres::fill,
    server::{Server, block_on},
    servers::{Postgres, has_programs},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// The name of the second ward's standing office, as its leader reads it.
async fn name(server: &Server, token: &str) -> String {
    let units = server.get(token, "/api/v1/units?limit=200").await;
    let units = units["items"].as_array().unwrap_or_else(|| panic!("{units}"));
    let office = units.iter().find(|unit| unit["code"] == "VHXH").expect("the standing office");
    office["name"].as_str().unwrap().to_owned()
}

async fn until_named(server: &Server, token: &str, wanted: &str) {
    let end = Instant::now() + PATIENCE;
    while name(server, token).await != wanted {
        assert!(Instant::now() < end, "never read {wanted}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Renames the second ward's office past the program, so that no mark tells of it: who still reads the old name reads
/// it from the replica.
fn rename(primary: &Postgres, name: &str) {
    primary.psql(&format!(
        "UPDATE units SET name = '{name}' WHERE code = 'VHXH' \
         AND ward_id = (SELECT id FROM wards WHERE code = 'long-binh')"
    ));
}

async fn create(server: &Server, token: &str, code: &str) -> String {
    let body = json!({ "code": code, "name": format!("Phòng {code}"), "kind": "department", "active_from": "2026-01-01" });
    let request = server.http.post(format!("{}/api/v1/units", server.address)).bearer_auth(token).json(&body);
    let unit: Value = request.send().await.unwrap().json().await.unwrap();
    unit["id"].as_str().unwrap_or_else(|| panic!("{unit}")).to_owned()
}

#[test]
fn who_wrote_reads_it_on_every_instance_and_others_are_served_by_the_replica() {
    if !has_programs() {
        return;
    }
    let primary = Postgres::primary(&[]);
    fill(&primary);
    let replica = primary.replica();
    let directory = tempfile::tempdir().unwrap();
    let there = replica.url("postgres");
    let environment = [("CCHC_DATABASE_REPLICA_URL", there.as_str())];
    let [here, beside] = [0, 1].map(|_| instance(directory.path(), &primary.url("postgres"), &environment));
    block_on(async {
        let (admin, leader, other) =
            (here.token("admin").await, here.token("leader").await, here.token("lb.leader").await);
        rename(&primary, "Một");
        replica.follow(&primary);
        replica.psql("SELECT pg_wal_replay_pause()");
        let unit = create(&here, &admin, "MOI").await;
        rename(&primary, "Hai");
        for server in [&here, &beside] {
            for token in [&admin, &leader] {
                let read = server.get(token, &format!("/api/v1/units/{unit}")).await;
                assert_eq!(read["code"], "MOI", "the ward's writes are read at once: {read}");
            }
            assert_eq!(name(server, &other).await, "Một", "the other ward is served by the replica");
        }
        replica.psql("SELECT pg_wal_replay_resume()");
        replica.follow(&primary);
        assert_eq!(name(&beside, &other).await, "Hai");

        // Who may do what is never read from the replica.
        replica.psql("SELECT pg_wal_replay_pause()");
        primary.psql("UPDATE accounts SET active = false WHERE username = 'lb.leader'");
        assert_eq!(beside.get(&other, "/api/v1/units").await["code"], "unauthenticated");
        primary.psql("UPDATE accounts SET active = true WHERE username = 'lb.leader'");

        // Without the replica the primary answers; when it is back, it serves again.
        rename(&primary, "Ba");
        replica.kill();
        for server in [&here, &beside] {
            assert_eq!(name(server, &other).await, "Ba");
        }
        replica.start();
        replica.follow(&primary);
        replica.psql("SELECT pg_wal_replay_pause()");
        rename(&primary, "Bốn");
        until_named(&here, &other, "Ba").await;
    });
}

#[test]
fn what_is_public_is_never_older_than_the_feed_of_changes_says() {
    if !has_programs() {
        return;
    }
    let primary = Postgres::primary(&[]);
    fill(&primary);
    primary.psql("UPDATE wards SET public_results = true");
    let replica = primary.replica();
    let directory = tempfile::tempdir().unwrap();
    let there = replica.url("postgres");
    let environment = [("CCHC_DATABASE_REPLICA_URL", there.as_str())];
    let server = instance(directory.path(), &primary.url("postgres"), &environment);
    block_on(async {
        let leader = server.token("leader").await;
        replica.psql("SELECT pg_wal_replay_pause()");
        primary.psql("UPDATE wards SET name = 'Khác'");
        let wards = public(&server, "/public/v1/wards").await;
        assert_eq!(wards["items"].as_array().unwrap().len(), 2, "{wards}");
        assert!(
            !wards.to_string().contains("Khác"),
            "the replica answers while it has all that is public: {wards}"
        );
        let before = public(&server, "/public/v1/changes?limit=200").await;
        withdraw(&server, &leader).await;
        let after = public(&server, "/public/v1/changes?limit=200").await;
        let count = |feed: &Value| feed["items"].as_array().unwrap_or_else(|| panic!("{feed}")).len();
        assert_eq!(count(&after), count(&before) + 1, "{after}");
        let listed = public(&server, "/public/v1/wards/long-my/publications").await;
        assert_ne!(
            listed["items"][0]["withdrawn_at"],
            Value::Null,
            "what is withdrawn is gone at once: {listed}"
        );
    });
}

async fn public(server: &Server, path: &str) -> Value {
    server.http.get(format!("{}{path}", server.address)).send().await.unwrap().json().await.unwrap()
}

/// Withdraws the one publication of the demo.
async fn withdraw(server: &Server, leader: &str) {
    let plans = server.get(leader, "/api/v1/plans").await;
    let plan = plans["items"][0]["id"].as_str().unwrap();
    let periods = server.get(leader, &format!("/api/v1/plans/{plan}/periods?limit=200")).await;
    let quarter =
        periods["items"].as_array().unwrap().iter().find(|period| period["code"] == "2026-Q1").unwrap();
    let path = format!("/api/v1/periods/{}/publications", quarter["id"].as_str().unwrap());
    let published = server.get(leader, &path).await;
    let id = published["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{published}"));
    let url = format!("{}/api/v1/publications/{id}/withdraw", server.address);
    let reason = json!({ "reason": "Cần rà soát lại" });
    let answer = server.http.post(url).bearer_auth(leader).json(&reason).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
