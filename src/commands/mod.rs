//! What the commands do.

pub mod admin;
pub mod backup;
pub mod clients;
pub mod copy;
pub mod demo;
pub mod serve;
pub mod work;

/// Why a command failed, for the console.
pub type Failure = Box<dyn std::error::Error>;

/// The sentence of an error, without what is said to callers of the API.
pub fn reason(error: cchc::error::Error) -> Failure {
    match error.cause {
        Some(cause) => cause,
        None => error.detail.en.into(),
    }
}

/// Logs to standard error: `RUST_LOG` chooses what, `CCHC_LOG_FORMAT=json` how.
pub fn start_logging(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("CCHC_LOG_FORMAT").is_ok_and(|format| format == "json") {
        builder.json().init();
    } else {
        builder.init();
    }
}
