//! Promises about moving a ward to another database.

use std::{path::Path, process::Child};

use crate::{
    house::{Database, EVIDENCE, compare, furnish, readings, tamper},
    server::{block_on, is_ready, key_in, run, said, serve},
};

fn stop(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn sqlite(directory: &Path) -> String {
    format!("sqlite:{}", directory.join("cchc.db").display())
}

#[test]
fn a_ward_moves_to_postgres_and_everything_reads_as_before() {
    let Some(database) = Database::create() else { return };
    let home = tempfile::tempdir().unwrap();
    let (from, key) = (sqlite(home.path()), key_in(home.path()));
    let treasures = furnish(home.path());
    let (child, address) = serve(&from, &key);
    let before = block_on(async {
        assert!(is_ready(&address).await);
        readings(&address, &treasures).await
    });
    stop(child);
    assert!(before.iter().any(|(_, bytes)| bytes == EVIDENCE));
    let copied = run(&["copy", "--from", &from, "--to", &database.url], &[]);
    assert!(copied.status.success(), "{}", said(&copied));
    for word in ["submissions ", "audit_events ", " ok\n", "3 audit chains", "CCHC_DOCUMENTS_URL (file:///"] {
        assert!(said(&copied).contains(word), "no {word} in {}", said(&copied));
    }
    assert!(!said(&copied).contains(&database.url), "a URL may hold a password");
    let (child, address) = serve(&database.url, &key);
    let after = block_on(async {
        assert!(is_ready(&address).await);
        readings(&address, &treasures).await
    });
    stop(child);
    compare(&before, &after);
    let again = run(&["copy", "--from", &from, "--to", &database.url], &[]);
    assert!(!again.status.success() && said(&again).contains("The target is not empty"), "{}", said(&again));
    let documents = format!("file://{}", home.path().join("documents").display());
    let environment = [("CCHC_DATABASE_URL", database.url.as_str()), ("CCHC_DOCUMENTS_URL", &documents)];
    let verified = run(&["verify"], &environment);
    assert!(said(&verified).contains("1 documents are what was filed"), "{}", said(&verified));
}

#[test]
fn a_copy_says_in_a_sentence_what_is_in_the_way() {
    let home = tempfile::tempdir().unwrap();
    furnish(home.path());
    let from = sqlite(home.path());
    let copy = |from: &str, to: &str| {
        let output = run(&["copy", "--from", from, "--to", to], &[]);
        assert!(!output.status.success(), "{}", said(&output));
        said(&output)
    };
    let elsewhere = |name: &str| format!("sqlite:{}", home.path().join(name).display());
    let said = copy(&elsewhere("typo.db"), &elsewhere("target.db"));
    assert!(said.contains("There is no database"), "{said}");
    assert!(!home.path().join("typo.db").exists());
    assert!(copy(&from, &from).contains("The target is not empty"));
    assert!(copy("mysql://x", &from).contains("begins with `sqlite:` or `postgres://`"));
    tamper(
        &home.path().join("cchc.db"),
        "UPDATE audit_events SET reason = 'x' WHERE seq = 5 AND chain <> 'city'",
    );
    let said = copy(&from, &elsewhere("target.db"));
    assert!(
        said.contains("The audit chain of ward long-") && said.contains("broken at event number 5"),
        "{said}"
    );
}
