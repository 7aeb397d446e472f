//! A disk that is full. Needs root, for a small file system of the test's own.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    rig::{
        Reply, Rig, ask, comment_under, comments, fresh, get, is_ready, skip, some_submission, tell, token,
        verify_chains, wait_until,
    },
    server::{Server, block_on},
    support::{Form, pdf},
};

/// Size of the file system.
const SIZE: &str = "size=48m";
/// More writes than what is left over in the last pages can take.
const MANY: usize = 3000;

/// A file system of its own, gone with this value.
struct Disk(tempfile::TempDir);

impl Disk {
    /// None where it cannot be had.
    fn mount() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", SIZE, "cchc-test"]).arg(directory.path()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(Self(directory))
    }

    /// Takes all that is free.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).unwrap();
        for size in [1 << 16, 1 << 10, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> std::path::PathBuf {
        self.0.path().join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn files_in(directory: &Path) -> usize {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let count = |path: &Path| if path.is_dir() { files_in(path) } else { 1 };
    entries.map(|entry| count(&entry.unwrap().path())).sum()
}

fn upload(server: &Server, token: &str) -> Reply {
    let mut file = pdf("Biên bản");
    file.resize(300_000, b' ');
    let request = fresh().post(format!("{}/api/v1/documents", server.address)).bearer_auth(token);
    let request = request.header("Content-Type", Form::media_type()).body(Form::of("a.pdf", &file).bytes());
    block_on(ask(request)).unwrap()
}

/// Writes until one is refused; gives the texts of the others, and the refusal.
fn write_until_refused(server: &Server, token: &str, submission: &str) -> (Vec<String>, Reply) {
    let http = fresh();
    block_on(async {
        let mut kept = Vec::new();
        for number in 0..MANY {
            let text = format!("đầy đĩa {number} {}", "x".repeat(1500));
            let key = format!("full-{number}");
            let request = comment_under(&key, &http, &server.address, (token, submission, &text));
            let reply = ask(request).await.unwrap();
            if reply.status != 201 {
                return (kept, reply);
            }
            kept.push(text);
        }
        panic!("the disk is not full");
    })
}

/// What is full, whom to tell, and when to come back.
fn is_refused_in_a_sentence(reply: &Reply) {
    assert_eq!((reply.status, &reply.body["code"]), (503, &"storage_unavailable".into()), "{reply:?}");
    let said = reply.body["detail"].as_str().unwrap();
    assert!(reply.retry_after.is_some() && said.contains("quản trị viên"), "{reply:?}");
}

#[test]
fn a_full_disk_refuses_writes_in_a_sentence_while_reads_go_on_and_nothing_is_half_written() {
    let Some(disk) = Disk::mount() else {
        skip("the test of a full disk needs root and the right to mount a small file system");
        return;
    };
    let rig = Rig::sqlite_in(disk.0.path());
    let server = rig.serve(&[]);
    let (leader, clerk) = (token(&server, "leader"), token(&server, "ktht.staff"));
    let submission = some_submission(&server, &leader);
    let before = comments(&server, &leader, &submission).len();
    disk.fill();
    let (mut kept, refusal) = write_until_refused(&server, &leader, &submission);
    is_refused_in_a_sentence(&refusal);
    let document = upload(&server, &clerk);
    is_refused_in_a_sentence(&document);
    for path in ["/api/v1/submissions?limit=50", "/api/v1/me", "/api/v1/documents"] {
        assert_eq!(get(&server, &leader, path).status, 200, "{path}: reads go on");
    }
    tell(format_args!("full disk: {} writes fitted, then {}", kept.len(), refusal.body["detail"]));
    disk.free();
    let back = wait_until("it is ready", || is_ready(&server));
    // The key of the write that was refused.
    let text = format!("đầy đĩa {} {}", kept.len(), "x".repeat(1500));
    let key = format!("full-{}", kept.len());
    let again = comment_under(&key, &fresh(), &server.address, (&leader, &submission, &text));
    assert_eq!(block_on(ask(again)).unwrap().status, 201);
    kept.push(text);
    assert_eq!(upload(&server, &clerk).status, 201);
    tell(format_args!("full disk: writes {} ms after space was there", back.as_millis()));
    let stored = comments(&server, &leader, &submission);
    assert_eq!(stored[before..], kept, "what was acknowledged, and no more");
    wait_until("no half file is left", || files_in(&rig.directory.join("documents")) == 1);
    verify_chains(&server);
    server.kill();
    let server = rig.serve(&[]);
    assert_eq!(comments(&server, &leader, &submission).len(), before + kept.len(), "after a kill, too");
}
