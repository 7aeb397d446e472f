//! Promises about backups: of the embedded database while it serves, and of PostgreSQL by its own tools.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    house::{
        Database, EVIDENCE, Treasures, bring_in, compare, furnish, readings, run_tool, sign_in, tamper,
        upload,
    },
    server::{Server, block_on, is_ready, key_in, run, said, serve},
};

/// How a backup is spoilt.
type Spoil = fn(&Path);

fn environment(home: &Path) -> Vec<(&'static str, String)> {
    vec![("CCHC_DATABASE_URL", format!("sqlite:{}", home.join("cchc.db").display()))]
}

fn command(arguments: &[&str], environment: &[(&str, String)]) -> Output {
    let environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    run(arguments, &environment)
}

/// Backs up and gives the folder.
fn back_up(home: &Path, to: &Path) -> PathBuf {
    let output = command(&["backup", "--to", &to.display().to_string()], &environment(home));
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8_lossy(&output.stdout).lines().next().unwrap().into()
}

fn restore(backup: &Path, home: &Path) -> Output {
    let to = format!("sqlite:{}", home.join("cchc.db").display());
    run(&["restore", "--from", &backup.display().to_string(), "--to", &to], &[])
}

/// The ids of the documents of KTHTDT.
async fn documents(server: &Server) -> Vec<String> {
    let list = server.get(&server.token("leader").await, "/api/v1/documents?limit=200").await;
    let items = list["items"].as_array().unwrap_or_else(|| panic!("{list}"));
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Comments on a figure over and over, each time with its number; counts those that were answered.
async fn comment_until(
    http: reqwest::Client,
    address: String,
    token: String,
    submission: String,
    answered: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
) {
    while !stop.load(Ordering::SeqCst) {
        let text = format!("Số {:06}", answered.load(Ordering::SeqCst));
        let url = format!("{address}/api/v1/submissions/{submission}/comments");
        let answer = http.post(url).bearer_auth(&token).json(&json!({ "text": text })).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

/// How many comments there are, which must be all from the first on.
async fn count_comments(http: &reqwest::Client, address: &str, submission: &str) -> usize {
    let token = sign_in(http, address, "leader").await;
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let url = format!("{address}/api/v1/submissions/{submission}/comments?limit=200{cursor}");
        let page: Value = http.get(url).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
        let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
        count += items.len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return count,
        }
    }
}

/// Runs `work` while somebody writes comments; tells how many were answered before and after it.
async fn while_others_write<T: Send + 'static>(
    address: &str,
    submission: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> (usize, T, usize) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let token = sign_in(&http, address, "ktht.head").await;
    let (answered, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let writer = tokio::spawn(comment_until(
        http,
        address.to_owned(),
        token,
        submission.to_owned(),
        Arc::clone(&answered),
        Arc::clone(&stop),
    ));
    while answered.load(Ordering::SeqCst) < 20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = answered.load(Ordering::SeqCst);
    let done = tokio::task::spawn_blocking(work).await.unwrap();
    let after = answered.load(Ordering::SeqCst);
    stop.store(true, Ordering::SeqCst);
    writer.await.unwrap();
    (before, done, after)
}

#[test]
fn a_backup_while_others_write_holds_every_write_that_was_answered_before_it() {
    let (home, store, elsewhere) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::demo(home.path(), &[]);
    let (treasures, before, backup, after) = block_on(async {
        let treasures = bring_in(&server).await;
        let (from, to) = (home.path().to_owned(), store.path().join("deep/backups"));
        let work = move || back_up(&from, &to);
        let (before, backup, after) = while_others_write(&server.address, &treasures.submission, work).await;
        (treasures, before, backup, after)
    });
    assert!(after > before, "nobody wrote meanwhile");
    server.kill();
    let new_home = elsewhere.path().join("new/machine");
    let output = restore(&backup, &new_home);
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("2 wards, ") && said(&output).contains("1 documents"),
        "{}",
        said(&output)
    );
    assert!(!new_home.join("cchc.db-wal").exists() && !new_home.join("cchc.db.restoring").exists());
    let verified = command(&["verify"], &environment(&new_home));
    assert!(said(&verified).contains("3 audit chains"), "{}", said(&verified));
    let server = Server::demo(&new_home, &[]);
    block_on(async {
        let kept = count_comments(&server.http, &server.address, &treasures.submission).await;
        assert!((before..=after + 1).contains(&kept), "{before} before, {kept} kept, {after} after");
        let token = server.token("leader").await;
        let url = format!("{}/api/v1/documents/{}/content", server.address, treasures.document);
        let content = server.http.get(url).bearer_auth(&token).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(content, EVIDENCE);
        let figure = server.get(&token, &format!("/api/v1/submissions/{}", treasures.submission)).await;
        assert_eq!(figure["state"], "submitted");
        // And it goes on from there.
        upload(&server, b"%PDF-1.7\nnew\n").await;
        assert_eq!(documents(&server).await.len(), 2);
    });
}

#[test]
fn a_backup_of_a_resting_database_reads_as_before() {
    let (home, store, elsewhere) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let treasures = furnish(home.path());
    let backup = back_up(home.path(), store.path());
    for secret in ["signing-key.pem", "clock.json"] {
        assert!(home.path().join(secret).exists() && !backup.join(secret).exists(), "{secret}");
    }
    assert!(restore(&backup, elsewhere.path()).status.success());
    let read = |home: &Path| {
        let (mut child, address) =
            serve(&format!("sqlite:{}", home.join("cchc.db").display()), &key_in(home));
        let read = block_on(async {
            assert!(is_ready(&address).await);
            readings(&address, &treasures).await
        });
        child.kill().unwrap();
        child.wait().unwrap();
        read
    };
    compare(&read(home.path()), &read(elsewhere.path()));
}

fn refused(output: &Output, sentence: &str) {
    assert!(
        !output.status.success() && said(output).contains(sentence),
        "no {sentence:?} in {}",
        said(output)
    );
}

/// A copy of a backup that may be spoilt.
fn duplicate(backup: &Path, to: &Path) -> PathBuf {
    run_cp(backup, to);
    to.to_owned()
}

fn run_cp(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-r").args([from, to]).status().unwrap();
    assert!(status.success());
}

/// The only document in a folder.
fn document_in(folder: &Path) -> PathBuf {
    let mut path = folder.join("documents/files");
    while path.is_dir() {
        path = fs::read_dir(&path).unwrap().next().unwrap().unwrap().path();
    }
    path
}

#[test]
fn what_is_damaged_is_not_restored_and_nothing_is_written_over() {
    let (home, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    furnish(home.path());
    let store = scratch.path().join("backups");
    let backup = back_up(home.path(), &store);
    refused(&restore(&store, &scratch.path().join("none")), "Name the folder of one backup");
    let spoil: [(&str, Spoil); 6] = [
        ("manifest.json is damaged", |b| replace(&b.join("manifest.json"), "\"program\"", "\"Program\"")),
        ("manifest.json.sha256", |b| fs::remove_file(b.join("manifest.json.sha256")).unwrap()),
        ("cchc.db is damaged", |b| truncate(&b.join("cchc.db"), 4096)),
        ("cchc.db: No such file", |b| fs::remove_file(b.join("cchc.db")).unwrap()),
        ("is not what was filed", |b| replace(&document_in(b), "hồ sơ", "hồ ơs")),
        ("cannot be read as it was filed", |b| fs::remove_file(document_in(b)).unwrap()),
    ];
    for (at, (sentence, spoil)) in spoil.into_iter().enumerate() {
        let copy = duplicate(&backup, &scratch.path().join(format!("copy-{at}")));
        spoil(&copy);
        let target = scratch.path().join(format!("target-{at}"));
        refused(&restore(&copy, &target), sentence);
        let left = fs::read_dir(&target).into_iter().flatten().flatten().map(|entry| entry.file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("cchc.db")).collect();
        assert_eq!(left.len(), 0, "{sentence}: {left:?}");
    }
    let target = scratch.path().join("target");
    fs::create_dir_all(&target).unwrap();
    fs::write(target.join("cchc.db-wal"), "stray").unwrap();
    refused(&restore(&backup, &target), "cchc.db-wal is there already");
    fs::remove_file(target.join("cchc.db-wal")).unwrap();
    assert!(restore(&backup, &target).status.success());
    refused(&restore(&backup, &target), "cchc.db is there already");
    // Documents that are there already stay; one that is another in its place does not pass.
    fs::remove_file(target.join("cchc.db")).unwrap();
    assert!(restore(&backup, &target).status.success());
    fs::remove_file(target.join("cchc.db")).unwrap();
    replace(&document_in(&target), "hồ sơ", "hồ ơs");
    refused(&restore(&backup, &target), "is not what was filed");
}

fn replace(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(old) && old.len() == new.len(), "{}", file.display());
    fs::write(file, text.replace(old, new)).unwrap();
}

fn truncate(file: &Path, by: u64) {
    let length = fs::metadata(file).unwrap().len();
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(length - by).unwrap();
}

#[test]
fn no_backup_is_made_of_what_does_not_hold() {
    let store = tempfile::tempdir().unwrap();
    let to = store.path().display().to_string();
    let spoil: [(&str, Spoil); 4] = [
        ("The audit chain of ward long-", |home| {
            tamper(&home.join("cchc.db"), "DELETE FROM audit_events WHERE seq = 9 AND chain <> 'city'");
        }),
        ("is of a newer version", |home| {
            let sql = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";
            tamper(&home.join("cchc.db"), sql);
        }),
        ("cannot be read as it was filed", |home| fs::remove_file(document_in(home)).unwrap()),
        ("There is no database", |home| fs::remove_file(home.join("cchc.db")).unwrap()),
    ];
    for (sentence, spoil) in spoil {
        let home = tempfile::tempdir().unwrap();
        furnish(home.path());
        spoil(home.path());
        refused(&command(&["backup", "--to", &to], &environment(home.path())), sentence);
        assert_eq!(names(store.path()), Vec::<String>::new(), "{sentence}");
    }
    let elsewhere =
        [("CCHC_DATABASE_URL", "postgres://db/cchc"), ("CCHC_DOCUMENTS_URL", "file:///srv/files")];
    refused(&run(&["backup", "--to", &to], &elsewhere), "pg_dump");
}

/// What is in a folder of backups, without the lock.
fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != ".lock").collect();
    names.sort();
    names
}

#[test]
fn the_newest_backups_are_kept_and_half_ones_are_never_taken_for_whole() {
    let (home, store) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    furnish(home.path());
    // What a killed backup left, and what is no backup of ours.
    fs::create_dir_all(store.path().join(".partial/documents")).unwrap();
    fs::write(store.path().join(".partial/cchc.db"), "half").unwrap();
    fs::create_dir(store.path().join("cchc-notes")).unwrap();
    let first = back_up(home.path(), store.path());
    std::thread::sleep(Duration::from_millis(1100));
    let second = back_up(home.path(), store.path());
    std::thread::sleep(Duration::from_millis(1100));
    let to = store.path().display().to_string();
    let output = command(&["backup", "--to", &to, "--keep", "2"], &environment(home.path()));
    assert!(output.status.success() && said(&output).contains("Removed"), "{}", said(&output));
    assert!(!first.exists() && second.exists());
    assert_eq!(names(store.path()).len(), 3, "{:?}", names(store.path()));
    let lock = fs::File::create(store.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    refused(&command(&["backup", "--to", &to], &environment(home.path())), "Another backup");
}

#[test]
fn documents_in_a_bucket_are_backed_up_and_restored_too() {
    let Ok(endpoint) = std::env::var("CCHC_TEST_S3_URL") else {
        assert!(std::env::var("CCHC_TEST_REQUIRE_S3").is_err(), "CCHC_TEST_S3_URL is not set");
        eprintln!("\nSKIPPED: a test needs CCHC_TEST_S3_URL");
        return;
    };
    let (home, store, elsewhere) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    furnish(home.path());
    let bucket = format!("moving-{}", std::process::id());
    block_on(async {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        assert!(http.put(format!("{endpoint}/{bucket}")).send().await.unwrap().status().is_success());
    });
    let in_bucket = |home: &Path| {
        let mut environment = environment(home);
        for (name, value) in [
            ("CCHC_DOCUMENTS_URL", format!("s3://{bucket}/evidence")),
            ("CCHC_S3_ENDPOINT", endpoint.clone()),
            ("CCHC_S3_ACCESS_KEY_ID", "id".to_owned()),
            ("CCHC_S3_SECRET_ACCESS_KEY", "secret".to_owned()),
        ] {
            environment.push((name, value));
        }
        environment
    };
    // From the directory into the bucket by a restore, and from the bucket by a backup.
    let backup = back_up(home.path(), store.path()).display().to_string();
    let output = command(&["restore", "--from", &backup], &in_bucket(elsewhere.path()));
    assert!(output.status.success(), "{}", said(&output));
    assert!(!elsewhere.path().join("documents").exists());
    let verified = command(&["verify"], &in_bucket(elsewhere.path()));
    assert!(said(&verified).contains("1 documents are what was filed"), "{}", said(&verified));
    let to = store.path().join("from-the-bucket");
    let arguments = ["backup", "--to", &to.display().to_string()];
    let output = command(&arguments, &in_bucket(elsewhere.path()));
    assert!(output.status.success(), "{}", said(&output));
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).lines().next().unwrap());
    assert_eq!(fs::read(document_in(&folder)).unwrap(), EVIDENCE);
}

#[test]
fn a_dump_of_postgres_while_others_write_becomes_a_database_that_serves() {
    let (Some(old), Some(new)) = (Database::create(), Database::create()) else { return };
    let home = tempfile::tempdir().unwrap();
    let key = key_in(home.path());
    let treasures: Treasures = furnish(home.path());
    let from = format!("sqlite:{}", home.path().join("cchc.db").display());
    let copied = run(&["copy", "--from", &from, "--to", &old.url], &[]);
    assert!(copied.status.success(), "{}", said(&copied));
    let (mut child, address) = serve(&old.url, &key);
    let dump = home.path().join("cchc.dump").display().to_string();
    let (before, figures, after) = block_on(async {
        assert!(is_ready(&address).await);
        let figures = readings(&address, &treasures).await;
        let (url, dump) = (old.url.clone(), dump.clone());
        let work = move || run_tool("pg_dump", &["-Fc", "--no-owner", "--file", &dump, "--dbname", &url]);
        let (before, (), after) = while_others_write(&address, &treasures.submission, work).await;
        (before, figures, after)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(after > before, "nobody wrote meanwhile");
    run_tool("pg_restore", &["--exit-on-error", "--no-owner", "--dbname", &new.url, &dump]);
    let documents = format!("file://{}", home.path().join("documents").display());
    let verified =
        run(&["verify"], &[("CCHC_DATABASE_URL", new.url.as_str()), ("CCHC_DOCUMENTS_URL", &documents)]);
    assert!(said(&verified).contains("3 audit chains") && verified.status.success(), "{}", said(&verified));
    let (mut child, address) = serve(&new.url, &key);
    let (kept, restored) = block_on(async {
        assert!(is_ready(&address).await);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let kept = count_comments(&http, &address, &treasures.submission).await;
        (kept, readings(&address, &treasures).await)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!((before..=after + 1).contains(&kept), "{before} before, {kept} kept, {after} after");
    compare(&figures, &restored);
}
