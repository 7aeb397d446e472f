//! Promises about the program as people run it: the README's walk, starting, stopping, being killed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by a panic"
)]

mod backup;
mod batches;
mod copies;
mod copy;
mod failover;
mod house;
mod kill;
mod kill_upload;
mod line;
mod office;
mod portal;
mod postgres;
mod replica;
mod rolling;
mod server;
#[path = "../support/postgres.rs"]
mod servers;
mod sso;
mod sso_browser;
mod tls;
mod traced;
mod watched;
mod work;

use std::{io::Write, process::Command};

use diesel::{Connection, connection::SimpleConnection};
use serde_json::Value;

use crate::server::{PASSWORD, Server, block_on, has, is_ready, key_in, run, said, serve};

#[test]
fn the_readme_walk_takes_a_figure_from_draft_to_the_portal() {
    if !has("curl") {
        return;
    }
    let readme = include_str!("../../README.md");
    let script = readme.split("```sh\n").find(|block| block.starts_with("#!/bin/sh")).expect("the script");
    let script = script.split("```").next().expect("its end");
    let directory = tempfile::tempdir().unwrap();
    let server = Server::demo(directory.path(), &[]);
    let walk = Command::new("sh")
        .args(["-c", script])
        .env("CCHC_URL", &server.address)
        .env_remove("CCHC_DEMO_PASSWORD")
        .output()
        .expect("sh");
    let said = String::from_utf8_lossy(&walk.stdout);
    assert!(walk.status.success(), "{said}{}", String::from_utf8_lossy(&walk.stderr));
    for expected in [
        "ktht.staff draft: \"rate\":94 \"verdict\":\"met\" \"verdict\":\"near\"",
        "ktht.head submit: \"to_state\":\"submitted\"",
        "hcc.head verify: \"to_state\":\"verified\"",
        "vhxh.head endorse: \"to_state\":\"endorsed\"",
        "leader approve: \"to_state\":\"approved\"",
        "leader publish: \"number\":1",
        "city-portal reads: {\"code\":\"II.2.k\"",
        "\"numerator\":940,\"denominator\":1000",
    ] {
        assert!(said.contains(expected), "no {expected} in\n{said}");
    }
}

#[test]
fn the_guide_to_a_year_of_reporting_runs_from_top_to_bottom() {
    if !has("curl") || !has("jq") {
        return;
    }
    let guide = include_str!("../../docs/reporting.md");
    let blocks = guide.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    let script = format!("set -eu\n{}", blocks.collect::<Vec<_>>().join("\n"));
    let directory = tempfile::tempdir().unwrap();
    let server = Server::demo(directory.path(), &[]);
    let scratch = tempfile::tempdir().unwrap();
    let walk = Command::new("bash")
        .args(["-o", "pipefail", "-c", &script])
        .current_dir(scratch.path())
        .env("CCHC_URL", &server.address)
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&walk.stdout);
    let complaints = String::from_utf8_lossy(&walk.stderr);
    assert!(walk.status.success() && complaints.is_empty(), "{said}{complaints}");
    // What jq prints where an answer lacks the field that the guide shows.
    assert!(!said.lines().any(|line| line == "null"), "{said}");
}

#[test]
fn the_demo_goes_on_where_it_was_and_begins_anew_on_request() {
    let directory = tempfile::tempdir().unwrap();
    let first = Server::demo(directory.path(), &["--at", "2026-09-15T10:00:00+07:00"]);
    let submission = block_on(first.draft());
    first.kill();
    let second = Server::demo(directory.path(), &[]);
    block_on(async {
        let leader = second.token("leader").await;
        let figure = second.get(&leader, &format!("/api/v1/submissions/{submission}")).await;
        assert_eq!(figure["state"], "draft");
        assert!(figure["created_at"].as_str().unwrap().starts_with("2026-09-15T10:0"), "{figure}");
    });
    second.kill();
    let third = Server::demo(directory.path(), &["--reset"]);
    block_on(async {
        let leader = third.token("leader").await;
        let gone = third.get(&leader, &format!("/api/v1/submissions/{submission}")).await;
        assert_eq!(gone["code"], "not_found");
    });
}

#[test]
fn serve_refuses_missing_and_weak_secrets_and_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}/cchc.db", directory.path().display());
    for (environment, word) in [
        (vec![], "CCHC_SIGNING_KEY_FILE is not set"),
        (vec![("CCHC_SIGNING_KEY", "secret")], "openssl genpkey"),
        (vec![("CCHC_SIGNING_KEY_FILE", "/nowhere/key.pem")], "cannot be read"),
    ] {
        let mut environment = environment;
        environment.push(("CCHC_DATABASE_URL", &database));
        let output = run(&["serve"], &environment);
        assert!(!output.status.success());
        assert!(said(&output).contains(word), "{}", said(&output));
    }
    assert!(!directory.path().join("cchc.db").exists(), "nothing is created by a refused start");
}

#[test]
fn a_ward_is_set_up_from_the_console_as_the_readme_says() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}/cchc.db", directory.path().display());
    let environment = [("CCHC_DATABASE_URL", database.as_str()), ("CCHC_PASSWORD", "mot mat khau du dai")];
    let root = env!("CARGO_MANIFEST_DIR");
    let (ward, plan) =
        (format!("{root}/data/long-my/ward.json"), format!("{root}/data/long-my/plan-2026.json"));
    let broken = directory.path().join("plan.json").display().to_string();
    let text = std::fs::read_to_string(&plan).unwrap().replacen("\"ratio\"", "\"tỷ lệ\"", 1);
    std::fs::write(&broken, text).unwrap();
    let steps: &[Step<'_>] = &[
        (&["migrate"], true, "up to date"),
        (&["import", &ward], true, "Ward long-my"),
        (&["import", "--ward", "long-my", &broken], false, "/items/2/measure/kind [invalid_value] Dòng 3"),
        (&["import", "--ward", "long-my", "--dry-run", &plan], true, "Nothing was kept"),
        (&["import", "--ward", "long-my", &plan], true, "34 indicators, 55 tasks"),
        (&["import", "--ward", "long-my", &plan], false, "plan_year_taken"),
        (
            &[
                "account",
                "create",
                "--ward",
                "long-my",
                "--unit",
                "UBND",
                "--username",
                "admin",
                "--full-name",
                "A",
            ],
            true,
            "admin is created",
        ),
        (
            &["account", "create", "--ward", "long-my", "--unit", "X", "--username", "b", "--full-name", "B"],
            false,
            "no unit X",
        ),
        (
            &["client", "create", "--client-id", "city-portal", "--name", "P", "--scope", "results:read"],
            true,
            "client_secret",
        ),
    ];
    take(steps, &environment);
    take_steps_with_city_clients(&environment);
}

/// A command, whether it succeeds, and a word that it says.
type Step<'a> = (&'a [&'a str], bool, &'a str);

fn take(steps: &[Step<'_>], environment: &[(&str, &str)]) {
    for (arguments, success, word) in steps {
        let output = run(arguments, environment);
        assert_eq!(output.status.success(), *success, "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(word), "{arguments:?}: {}", said(&output));
    }
}

fn take_steps_with_city_clients(environment: &[(&str, &str)]) {
    let steps: &[Step<'_>] = &[
        (
            &["client", "create", "--client-id", "p-2", "--name", "P", "--allow-network", "10.0.0.0/33"],
            false,
            "/allowed_networks/0",
        ),
        (
            &["client", "create", "--client-id", "p-2", "--name", "P", "--expires-at", "2027"],
            false,
            "2027-12-31T",
        ),
        (
            &["client", "rotate", "--client-id", "city-portal", "--overlap-seconds", "3600"],
            true,
            "works until",
        ),
        (&["client", "rotate", "--client-id", "nobody"], false, "not_found"),
        (&["client", "list"], true, "\"client_id\":\"city-portal\""),
    ];
    take(steps, environment);
}

#[test]
fn serve_stops_gracefully_on_sigterm() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}/cchc.db", directory.path().display());
    let (mut child, address) = serve(&database, &key_in(directory.path()));
    let ready = block_on(is_ready(&address));
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let status = child.wait().unwrap();
    assert!(ready && status.success(), "ready: {ready}, {status}");
}

#[test]
fn two_instances_that_start_at_once_share_one_postgres() {
    let Ok(url) = std::env::var("CCHC_TEST_POSTGRES_URL") else {
        let required = std::env::var("CCHC_TEST_REQUIRE_POSTGRES").is_ok();
        assert!(!required, "CCHC_TEST_POSTGRES_URL is not set");
        std::io::stderr().write_all(b"\nSKIPPED: a test needs CCHC_TEST_POSTGRES_URL\n").unwrap();
        return;
    };
    let name = format!("cchc_process_{}", std::process::id());
    let mut server = diesel::PgConnection::establish(&url).unwrap();
    server.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
    let database = format!("{}/{name}", url.rsplit_once('/').unwrap().0);
    let directory = tempfile::tempdir().unwrap();
    let key = key_in(directory.path());
    let mut instances = [serve(&database, &key), serve(&database, &key)];
    let outcome = block_on(async {
        for (_, address) in &instances {
            assert!(is_ready(address).await, "{address}");
        }
        let environment = [("CCHC_DATABASE_URL", database.as_str()), ("CCHC_PASSWORD", PASSWORD)];
        let ward = format!("{}/data/long-my/ward.json", env!("CARGO_MANIFEST_DIR"));
        assert!(run(&["import", &ward], &environment).status.success());
        let account = ["--ward", "long-my", "--unit", "UBND", "--username", "admin", "--full-name", "A"];
        assert!(run(&[&["account", "create"], &account[..]].concat(), &environment).status.success());
        sign_in_here_and_read_there(&instances[0].1, &instances[1].1).await
    });
    for (child, _) in &mut instances {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    server.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
    assert_eq!(outcome, 200);
}

/// A token of one instance is good at the other.
async fn sign_in_here_and_read_there(here: &str, there: &str) -> u16 {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let form = [("grant_type", "password"), ("username", "admin"), ("password", PASSWORD)];
    let tokens: Value = http
        .post(format!("{here}/api/v1/auth/token"))
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    http.get(format!("{there}/api/v1/users")).bearer_auth(token).send().await.unwrap().status().as_u16()
}
