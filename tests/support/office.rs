//! LibreOffice, where it is on this machine: files opened and saved by the program that clerks use.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How long one conversion may take; the first start of a new profile is slow.
const PATIENCE: Duration = Duration::from_secs(180);

/// The program; says plainly where it is missing, and fails where it is insisted on.
pub fn soffice() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&folders).map(|folder| folder.join("soffice")).find(|path| path.exists());
    if found.is_none() {
        assert!(
            std::env::var("CCHC_TEST_REQUIRE_OFFICE").as_deref() != Ok("1"),
            "CCHC_TEST_REQUIRE_OFFICE=1, but soffice is not on this machine"
        );
        let line = "\nSKIPPED: a test needs LibreOffice (soffice), which is not on this machine\n";
        std::io::stderr().write_all(line.as_bytes()).expect("stderr");
    }
    found
}

/// Opens a file and saves it as another kind (`xlsx`, `pdf`) in this folder; gives the new file.
pub fn convert(input: &Path, to: &str, out_dir: &Path) -> PathBuf {
    let program = soffice().expect("soffice");
    // Two at once would share the user's profile, and the second would do nothing.
    let profile = tempfile::tempdir().expect("a directory");
    let mut child = Command::new(program)
        .arg(format!("-env:UserInstallation=file://{}", profile.path().display()))
        .args(["--headless", "--norestore", "--convert-to", to, "--outdir"])
        .args([out_dir, input])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("soffice starts");
    let started = Instant::now();
    let status = loop {
        match child.try_wait().expect("soffice runs") {
            Some(status) => break status,
            None if started.elapsed() > PATIENCE => {
                child.kill().expect("stopped");
                panic!("soffice did not end within {PATIENCE:?}");
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    let output = out_dir.join(input.file_stem().expect("a name")).with_extension(to);
    assert!(status.success() && output.exists(), "soffice made no {}", output.display());
    output
}
