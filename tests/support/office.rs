//! LibreOffice, for tests that look at a file as people do.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Once,
    thread::sleep,
    time::{Duration, Instant},
};

/// The longest that one conversion may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A LibreOffice on this machine.
#[derive(Debug)]
pub struct Office {
    program: PathBuf,
}

impl Office {
    /// The machine's LibreOffice with Calc, for spreadsheets. Without it the test is skipped, which is said once, or
    /// fails where it is insisted on.
    pub fn with_calc() -> Option<Self> {
        static SAY: Once = Once::new();
        Self::with("Calc", "libsclo.so", &SAY)
    }

    /// Like [`Office::with_calc`], with Writer, for documents.
    pub fn with_writer() -> Option<Self> {
        static SAY: Once = Once::new();
        Self::with("Writer", "libswlo.so", &SAY)
    }

    /// The first LibreOffice in `PATH` that has this part; distributions package the parts one by one.
    fn with(part: &str, library: &str, say: &Once) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::split_paths(&path)
            .flat_map(|folder| ["soffice", "libreoffice"].map(|name| folder.join(name)))
            .filter_map(|link| link.canonicalize().ok())
            .find(|program| program.with_file_name(library).is_file());
        if program.is_none() {
            assert!(
                std::env::var("CCHC_TEST_REQUIRE_OFFICE").as_deref() != Ok("1"),
                "CCHC_TEST_REQUIRE_OFFICE=1, but no soffice in PATH has {part}"
            );
            say.call_once(|| {
                // Straight to the real stderr: libtest captures only what is printed by macros.
                let line = format!("\nSKIPPED: tests with LibreOffice {part} (install it to run them)\n");
                std::io::stderr().write_all(line.as_bytes()).expect("stderr");
            });
        }
        program.map(|program| Self { program })
    }

    /// Opens a file and writes it in another format: `pdf`, `xlsx`, `txt:Text (encoded):UTF8` …
    ///
    /// Each conversion has a profile of its own, so that several may run at once.
    pub fn convert(&self, bytes: &[u8], extension: &str, to: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join(format!("source.{extension}"));
        std::fs::write(&source, bytes).expect("the source");
        let result = folder.path().join("out");
        let mut child = Command::new(&self.program)
            .arg(format!("-env:UserInstallation=file://{}", folder.path().join("profile").display()))
            .args(["--headless", "--norestore", "--convert-to", to, "--outdir"])
            .args([&result, &source])
            .env("HOME", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // The program is a script that starts others; all of them end together.
            .process_group(0)
            .spawn()
            .expect("soffice starts");
        let begun = Instant::now();
        while child.try_wait().expect("a child").is_none() {
            if begun.elapsed() > PATIENCE {
                let group = format!("-{}", child.id());
                Command::new("kill").args(["-KILL", "--", &group]).status().expect("kill");
                child.wait().expect("a child");
                panic!("soffice took longer than {PATIENCE:?}");
            }
            sleep(Duration::from_millis(50));
        }
        let name = format!("source.{}", to.split(':').next().expect("an extension"));
        std::fs::read(result.join(name)).unwrap_or_else(|error| panic!("no {to} from {extension}: {error}"))
    }
}
