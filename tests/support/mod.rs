//! What API and contract tests share: a real server over a fresh database, its people, and one way to ask it.
//!
//! ```text
//! both_databases! {
//!     async fn submitter_cannot_verify_own_figures(app: App) {
//!         let head = app.sign_in("ktht.head").await;
//!         head.post("/api/v1/…", json!({ … })).await.refused(403, "forbidden");
//!     }
//! }
//! ```

mod app;
mod builders;
mod client;
mod database;
mod files;
mod office;
mod principals;
mod receiver;

use std::{
    io::Write,
    sync::{Mutex, Once, PoisonError},
};

pub use self::{
    app::{App, MAX_DOCUMENT_BYTES},
    client::{Call, Client, Reply},
    database::{APP_ROLE, Backend, PostgresDatabase, TestDatabase, empty_postgres, empty_sqlite, fill},
    files::{Form, docx, jpg, pdf, png, sha256, xlsx},
    office::Office,
    principals::{DEMO_PASSWORD, NewAccount},
    receiver::{Received, Receiver},
};

/// Declares tests that run on SQLite and on PostgreSQL: either whole functions, or the names of functions beside it.
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: $type:ty) $body:block)+) => {
        $(
            $(#[$meta])*
            async fn $name($app: $type) $body
            $crate::support::both_databases!(@tests $name);
        )+
    };
    (@tests $name:ident) => {
        mod $name {
            #[test]
            fn sqlite() {
                $crate::support::run($crate::support::Backend::Sqlite, super::$name);
            }

            #[test]
            fn postgres() {
                if $crate::support::has_postgres() {
                    $crate::support::run($crate::support::Backend::Postgres, super::$name);
                }
            }
        }
    };
    ($($name:ident),+ $(,)?) => {
        $($crate::support::both_databases!(@tests $name);)+
    };
}
pub(crate) use both_databases;

/// Runs one test over a fresh database with the demo's data.
pub fn run<F: Future<Output = ()>>(backend: Backend, test: impl FnOnce(App) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(test(App::start(backend)));
}

/// Whether there is a PostgreSQL to test on. Without one it says so once, and fails where one is insisted on.
pub fn has_postgres() -> bool {
    static SAY: Once = Once::new();
    if database::postgres_url().is_some() {
        return true;
    }
    assert!(
        std::env::var("CCHC_TEST_REQUIRE_POSTGRES").as_deref() != Ok("1"),
        "CCHC_TEST_REQUIRE_POSTGRES=1, but CCHC_TEST_POSTGRES_URL names no database"
    );
    SAY.call_once(|| {
        // Straight to the real stderr: libtest captures only what is printed by macros.
        let line = "\nSKIPPED: PostgreSQL tests (set CCHC_TEST_POSTGRES_URL to run them)\n";
        std::io::stderr().write_all(line.as_bytes()).expect("stderr");
    });
    false
}

/// Where a service that speaks S3 listens, to test on; without one it says so once, like [`has_postgres`].
pub fn s3_url() -> Option<String> {
    static SAY: Once = Once::new();
    let url = std::env::var("CCHC_TEST_S3_URL").ok();
    assert!(
        url.is_some() || std::env::var("CCHC_TEST_REQUIRE_S3").as_deref() != Ok("1"),
        "CCHC_TEST_REQUIRE_S3=1, but CCHC_TEST_S3_URL names no service"
    );
    if url.is_none() {
        SAY.call_once(|| {
            let line = "\nSKIPPED: S3 tests (set CCHC_TEST_S3_URL to run them)\n";
            std::io::stderr().write_all(line.as_bytes()).expect("stderr");
        });
    }
    url
}

/// The value behind a lock, even if a test panicked while it held it.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
