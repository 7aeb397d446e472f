//! Promises about the way to PostgreSQL: encrypted, and only to the server whose certificate is vouched for.

use std::{path::Path, process::Command};

use cchc::db::{Db, DbOptions, Location};

use crate::{
    server::has,
    servers::{Postgres, has_programs, wait_until},
};

/// A root of its own, and a certificate of 127.0.0.1 signed by it: files `<name>-root.crt`, `<name>.crt`, `<name>.key`.
fn certify(directory: &Path, name: &str) {
    let script = format!(
        "set -e
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name}-root -keyout {name}-root.key -out {name}-root.crt
openssl req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr
printf 'subjectAltName=IP:127.0.0.1' >{name}.ext
openssl x509 -req -in {name}.csr -CA {name}-root.crt -CAkey {name}-root.key -CAcreateserial -days 2 \
  -extfile {name}.ext -out {name}.crt"
    );
    let made = Command::new("sh").args(["-c", &script]).current_dir(directory).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn a_server_is_trusted_by_its_root_and_no_other() {
    if !has_programs() || !has("openssl") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for name in ["ours", "theirs"] {
        certify(directory.path(), name);
    }
    let server = Postgres::primary(&[]);
    for (setting, file) in [("ssl_cert_file", "ours.crt"), ("ssl_key_file", "ours.key")] {
        let path = server.put(file, &std::fs::read(directory.path().join(file)).unwrap());
        server.psql(&format!("ALTER SYSTEM SET {setting} = '{}'", path.display()));
    }
    server.psql("ALTER SYSTEM SET ssl = on");
    server.psql("SELECT pg_reload_conf()");
    wait_until("the server speaks TLS", || server.psql("SHOW ssl") == "on");
    let open = |root: &str, mode: &str| {
        let root = directory.path().join(root).display().to_string();
        let url =
            format!("{}?sslmode={mode}&sslrootcert={root}&application_name=tls", server.url("postgres"));
        Db::open(Location::parse(&url).unwrap(), &DbOptions::of(1))
    };
    let refused = open("theirs-root.crt", "verify-full").unwrap_err().to_string();
    assert!(refused.contains("certificate verify failed"), "{refused}");
    let trusted = open("ours-root.crt", "verify-full").unwrap();
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'tls'";
    assert_eq!(server.psql(encrypted), "t");
    drop(trusted);
}
