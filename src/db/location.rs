//! Where the data is: by URL, completed with what keeps a dead server from holding anybody up.

use std::path::PathBuf;

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// An embedded database in this file.
    Sqlite(PathBuf),
    /// A PostgreSQL server by URL, or several: `postgres://user@a:5432,b:5432/cchc`.
    Postgres(String),
}

impl Location {
    /// Reads `sqlite:path` or `postgres://…`; `None` for anything else.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(Self::Postgres(url.to_owned()));
        }
        url.strip_prefix("sqlite:")
            .map(|path| path.trim_start_matches("//"))
            .filter(|path| !path.is_empty())
            .map(|path| Self::Sqlite(path.into()))
    }
}

/// What libpq is told where the URL does not say otherwise. Its own defaults let a host that vanished hold a
/// connection for minutes, and a connection attempt for as long as the kernel likes.
const ALWAYS: &[(&str, &str)] = &[
    ("fallback_application_name", "cchc"),
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "15000"),
];
/// Of several hosts, the one that takes writes.
const OF_SEVERAL_PRIMARIES: &[(&str, &str)] = &[("target_session_attrs", "read-write")];
/// Of several hosts, any, and not always the first.
const OF_SEVERAL_REPLICAS: &[(&str, &str)] =
    &[("target_session_attrs", "prefer-standby"), ("load_balance_hosts", "random")];

/// The URL of what takes writes, completed.
pub(super) fn of_primary(url: &str) -> String {
    complete(url, OF_SEVERAL_PRIMARIES)
}

/// The URL of what answers reads only, completed.
pub(super) fn of_replica(url: &str) -> String {
    complete(url, OF_SEVERAL_REPLICAS)
}

fn complete(url: &str, of_several: &[(&str, &str)]) -> String {
    let (hosts, query) = parts(url);
    let said: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let of_several = if hosts.contains(',') { of_several } else { &[] };
    let mut completed = url.to_owned();
    let mut separator = match query {
        "" if url.ends_with('?') => "",
        "" => "?",
        _ => "&",
    };
    for (name, value) in ALWAYS.iter().chain(of_several).filter(|(name, _)| !said.contains(name)) {
        completed.push_str(&format!("{separator}{name}={value}"));
        separator = "&";
    }
    completed
}

/// The hosts and the query, found as libpq finds them: a password may hold `?`, but neither `@` nor `/`.
fn parts(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = match rest.find(['@', '/']) {
        Some(at) if rest.get(at..).is_some_and(|found| found.starts_with('@')) => {
            rest.get(at + 1..).unwrap_or_default()
        }
        _ => rest,
    };
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    (address.split('/').next().unwrap_or_default(), query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_sqlite_or_postgres_with_any_number_of_hosts() {
        let postgres = |url: &str| Some(Location::Postgres(url.to_owned()));
        let several = "postgres://u:p@a:5432,b:5432/cchc?target_session_attrs=read-write";
        assert_eq!(Location::parse(several), postgres(several));
        assert_eq!(Location::parse("postgresql:///cchc"), postgres("postgresql:///cchc"));
        assert_eq!(Location::parse("sqlite:///var/x.db"), Some(Location::Sqlite("/var/x.db".into())));
        assert_eq!(Location::parse("sqlite:/var/x.db"), Some(Location::Sqlite("/var/x.db".into())));
        assert!(Location::parse("sqlite:").is_none() && Location::parse("mysql://a/b").is_none());
    }

    #[test]
    fn what_the_operator_did_not_say_is_added() {
        let completed = of_primary("postgres://u:p@db/cchc");
        let expected = "postgres://u:p@db/cchc?fallback_application_name=cchc&connect_timeout=5&keepalives_idle=10\
                        &keepalives_interval=5&keepalives_count=3&tcp_user_timeout=15000";
        assert_eq!(completed, expected);
        assert_eq!(of_replica("postgres://u:p@db/cchc"), expected, "one host is not chosen among");
        assert!(of_primary("postgres://db/cchc?").starts_with("postgres://db/cchc?fallback"));
    }

    #[test]
    fn what_the_operator_said_stays() {
        let completed = of_primary("postgres://db/cchc?connect_timeout=2&sslmode=verify-full");
        assert!(completed.contains("?connect_timeout=2&sslmode=verify-full&fallback"), "{completed}");
        assert_eq!(completed.matches("connect_timeout").count(), 1);
        let any = of_primary("postgres://a,b/cchc?target_session_attrs=any");
        assert_eq!(any.matches("target_session_attrs").count(), 1, "{any}");
    }

    #[test]
    fn of_several_hosts_writes_go_to_the_one_that_takes_them_and_reads_to_any() {
        let primary = of_primary("postgres://u:p?w@a:1,b:2/cchc");
        assert!(primary.starts_with("postgres://u:p?w@a:1,b:2/cchc?fallback"), "{primary}");
        assert!(primary.ends_with("&target_session_attrs=read-write"), "{primary}");
        let replica = of_replica("postgres://a,b/cchc?user=x@y");
        let chosen = "&target_session_attrs=prefer-standby&load_balance_hosts=random";
        assert!(replica.ends_with(chosen), "{replica}");
    }
}
