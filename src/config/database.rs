//! The part of the configuration that says how the database is used.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::{ConfigError, Raw, cores, parts::secret};
use crate::db::{DbOptions, Location};

/// Longest time that can be asked for, in seconds.
const MOST_SECONDS: u64 = 3600;

/// How the database is used; a replica only beside PostgreSQL.
pub(super) fn options(raw: &mut Raw, database: &Location) -> Result<DbOptions, ConfigError> {
    let usual = DbOptions::default();
    let seconds = |asked: Option<u64>, usual: Duration| {
        asked.map_or(usual, |seconds| Duration::from_secs(seconds.clamp(1, MOST_SECONDS)))
    };
    Ok(DbOptions {
        connections: raw.db_connections.unwrap_or_else(default_connections).clamp(1, 256),
        statement_timeout: seconds(raw.db_statement_timeout_seconds, usual.statement_timeout),
        lock_timeout: seconds(raw.db_lock_timeout_seconds, usual.lock_timeout),
        wait: seconds(raw.db_wait_seconds, usual.wait),
        replica: replica(raw, database)?,
    })
}

fn replica(raw: &mut Raw, database: &Location) -> Result<Option<Location>, ConfigError> {
    let (url, file) = (raw.database_replica_url.take(), raw.database_replica_url_file.take());
    let Some(url) = secret("database_replica_url", url, file)? else { return Ok(None) };
    match (database, Location::parse(url.expose_secret())) {
        (Location::Postgres(_), Some(replica @ Location::Postgres(_))) => Ok(Some(replica)),
        _ => Err(ConfigError(
            "CCHC_DATABASE_REPLICA_URL must begin with `postgres://`, as must CCHC_DATABASE_URL beside it."
                .to_owned(),
        )),
    }
}

/// Twice the cores: a larger pool made PostgreSQL's tail worse, a smaller one starves it.
fn default_connections() -> u32 {
    u32::try_from(cores() * 2).unwrap_or(8).max(4)
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use secrecy::SecretString;

    use super::*;

    fn read(database: &str, change: impl FnOnce(&mut Raw)) -> Result<DbOptions, ConfigError> {
        let mut raw: Raw = Figment::new().extract().expect("the defaults");
        change(&mut raw);
        options(&mut raw, &Location::parse(database).expect("a database"))
    }

    #[test]
    fn times_are_seconds_within_bounds_and_a_replica_is_a_server() {
        let usual = read("postgres://db/cchc", |_| {}).expect("read");
        assert_eq!((usual.wait.as_secs(), usual.statement_timeout.as_secs()), (5, 30));
        assert!(usual.connections >= 4 && usual.replica.is_none());
        let asked = read("postgres://db/cchc", |raw| {
            raw.db_wait_seconds = Some(0);
            raw.db_statement_timeout_seconds = Some(60);
            raw.db_lock_timeout_seconds = Some(1_000_000);
            raw.database_replica_url = Some(SecretString::from("postgres://replica/cchc".to_owned()));
        })
        .expect("read");
        let times = (asked.wait.as_secs(), asked.statement_timeout.as_secs(), asked.lock_timeout.as_secs());
        assert_eq!(times, (1, 60, MOST_SECONDS));
        assert_eq!(asked.replica, Location::parse("postgres://replica/cchc"));
    }

    #[test]
    fn a_replica_beside_a_file_is_refused_and_so_is_a_file_as_replica() {
        for (database, replica) in [
            ("sqlite:x.db", "postgres://db/cchc"),
            ("postgres://db/cchc", "sqlite:x.db"),
            ("postgres://db/cchc", "x"),
        ] {
            let refused = read(database, |raw| {
                raw.database_replica_url = Some(SecretString::from(replica.to_owned()));
            });
            let error = refused.expect_err("refused").to_string();
            assert!(error.contains("CCHC_DATABASE_REPLICA_URL"), "{error}");
        }
    }
}
