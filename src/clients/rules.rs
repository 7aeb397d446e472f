//! What a client may look like, who may hold which scope (RULES §2), and what proves that it is the client.

use std::net::IpAddr;

use ipnet::IpNet;
use subtle::{Choice, ConstantTimeEq};

use super::model::Client;
use crate::{
    access::{
        Scope,
        networks::{self, parse_network},
    },
    error::{Code, Faults, Result, text},
    kernel::time::Timestamp,
};

/// Most networks of one client.
pub const MAX_NETWORKS: usize = 50;
/// Longest time for which a secret works beside its successor: seven days.
pub const MAX_OVERLAP_SECONDS: i64 = 7 * 24 * 3600;

/// Checks what was written about a client.
///
/// # Errors
/// `invalid` with every field at fault.
pub fn check_client(client: &Client, scopes: &[Scope]) -> Result<()> {
    let mut faults = Faults::new();
    faults.check_text("/client_id", &client.client_id, 3, 64);
    let harmless = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if !client.client_id.chars().all(harmless) {
        faults.add("/client_id", Code::OutOfRange);
    }
    faults.check_text("/name", &client.name, 1, 200);
    if scopes.is_empty() {
        faults.add("/scopes", Code::Required);
    }
    for (index, scope) in scopes.iter().enumerate() {
        if !may_hold(*scope, client.ward_id.is_some()) {
            faults.add(format!("/scopes/{index}"), Code::UnknownScope);
        }
    }
    let writes = scopes.contains(&Scope::SubmissionsWrite);
    match (writes, client.unit_id) {
        (true, None) => faults.add("/unit_id", Code::Required),
        (false, Some(_)) => faults.add("/unit_id", Code::NotApplicableHere),
        _ => {}
    }
    faults.into_result(Code::Invalid)
}

/// Wards are the city's business; drafting is for one unit of a ward.
const fn may_hold(scope: Scope, of_ward: bool) -> bool {
    match scope {
        Scope::ResultsRead => true,
        Scope::SubmissionsWrite => of_ward,
        Scope::WardsManage => !of_ward,
    }
}

/// Reads the networks that somebody wrote.
///
/// # Errors
/// `invalid` with every entry at fault.
pub fn read_networks(texts: &[String]) -> Result<Vec<IpNet>> {
    let mut faults = Faults::new();
    if texts.len() > MAX_NETWORKS {
        let sentence = text(
            format!("Tối đa {MAX_NETWORKS} mạng; hãy gộp các mạng liền nhau"),
            format!("At most {MAX_NETWORKS} networks; join those that lie side by side"),
        );
        faults.add_because("/allowed_networks", Code::OutOfRange, sentence);
    }
    let mut networks = Vec::with_capacity(texts.len().min(MAX_NETWORKS));
    for (index, written) in texts.iter().enumerate().take(MAX_NETWORKS) {
        match parse_network(written.trim()) {
            Some(network) => networks.push(network),
            None => faults.add_because(
                format!("/allowed_networks/{index}"),
                Code::InvalidValue,
                text(
                    "Đây không phải là mạng; hãy ghi như 10.20.0.0/16, 2001:db8::/32 hoặc một địa chỉ IP",
                    "This is no network; write it like 10.20.0.0/16, 2001:db8::/32 or a single IP address",
                ),
            ),
        }
    }
    faults.into_result(Code::Invalid)?;
    Ok(networks)
}

/// Checks when a new client is to end.
///
/// # Errors
/// `invalid`, when that is over already.
pub fn check_expiry(expires_at: Option<Timestamp>, now: Timestamp) -> Result<()> {
    let mut faults = Faults::new();
    if expires_at.is_some_and(|end| end <= now) {
        let sentence = text(
            "Thời điểm hết hạn đã qua; hãy chọn thời điểm sau này hoặc bỏ trống",
            "That time is over; choose a later one, or none",
        );
        faults.add_because("/expires_at", Code::OutOfRange, sentence);
    }
    faults.into_result(Code::Invalid)
}

/// For how long the secret before still works, in seconds; 0: not at all.
///
/// # Errors
/// `invalid`, when that is too long.
pub fn check_overlap(seconds: i64) -> Result<()> {
    let mut faults = Faults::new();
    if !(0..=MAX_OVERLAP_SECONDS).contains(&seconds) {
        let sentence = text(
            format!("Từ 0 đến {MAX_OVERLAP_SECONDS} giây (7 ngày)"),
            format!("0 to {MAX_OVERLAP_SECONDS} seconds (7 days)"),
        );
        faults.add_because("/overlap_seconds", Code::OutOfRange, sentence);
    }
    faults.into_result(Code::Invalid)
}

/// Why a client gets no token. The caller is not told, the audit trail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The secret is not its secret.
    Secret,
    /// It has ended.
    Expired,
    /// It may not call from there.
    Network,
}

impl Unfit {
    /// The word in the audit trail.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Expired => "expired",
            Self::Network => "network",
        }
    }
}

/// Whether whoever shows a secret of this digest, from there and now, is the client and may come in.
///
/// # Errors
/// Internal, when the networks in the database cannot be read.
pub fn check_sign_in(
    client: &Client,
    digest: &str,
    caller: Option<IpAddr>,
    now: Timestamp,
) -> Result<Option<Unfit>> {
    let networks = networks::read_networks(&client.allowed_networks)?;
    Ok(if !fits(client, digest, now) {
        Some(Unfit::Secret)
    } else if client.expires_at.is_some_and(|end| end <= now) {
        Some(Unfit::Expired)
    } else if !networks::admits(&networks, caller) {
        Some(Unfit::Network)
    } else {
        None
    })
}

/// Compares with both secrets, in a time that tells nothing of either.
fn fits(client: &Client, digest: &str, now: Timestamp) -> bool {
    let equals = |hash: &str| hash.as_bytes().ct_eq(digest.as_bytes());
    let previous = client.previous_secret_hash.as_deref().unwrap_or(&client.secret_hash);
    let overlaps = client.previous_secret_until.is_some_and(|until| now < until);
    bool::from(equals(&client.secret_hash) | (equals(previous) & Choice::from(u8::from(overlaps))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clients::ClientRowId,
        kernel::{json::JsonText, time::Clock},
    };

    fn client() -> Client {
        Client {
            id: ClientRowId::generate(),
            ward_id: None,
            unit_id: None,
            client_id: "portal".into(),
            name: "Cổng".into(),
            scopes: JsonText::of(&[Scope::ResultsRead]),
            secret_hash: "new".into(),
            credential_version: 1,
            version: 1,
            expires_at: None,
            allowed_networks: JsonText::of::<[IpNet]>(&[]),
            previous_secret_hash: None,
            previous_secret_until: None,
            last_used_at: None,
        }
    }

    #[test]
    fn a_secret_works_until_it_is_replaced_and_for_the_overlap() {
        let now = Clock::real_now();
        let plain = client();
        assert!(fits(&plain, "new", now) && !fits(&plain, "old", now) && !fits(&plain, "", now));
        let rotated =
            Client { previous_secret_hash: Some("old".into()), previous_secret_until: Some(now), ..client() };
        assert!(fits(&rotated, "old", now.plus_seconds(-1)) && fits(&rotated, "new", now.plus_seconds(-1)));
        assert!(!fits(&rotated, "old", now) && fits(&rotated, "new", now));
        assert!(!fits(&rotated, "older", now.plus_seconds(-1)));
    }

    #[test]
    fn a_client_comes_in_before_its_end_and_from_its_networks() {
        let now = Clock::real_now();
        let caller = "203.0.113.7".parse().ok();
        let bound = Client {
            expires_at: Some(now),
            allowed_networks: JsonText::of(&read_networks(&["203.0.113.0/24".into()]).expect("networks")),
            ..client()
        };
        let check = |digest, caller, at| check_sign_in(&bound, digest, caller, at).expect("networks");
        let before = now.plus_seconds(-1);
        assert_eq!(check("new", caller, before), None);
        assert_eq!(check("new", caller, now), Some(Unfit::Expired));
        assert_eq!(check("new", "192.0.2.1".parse().ok(), before), Some(Unfit::Network));
        assert_eq!(check("new", None, before), Some(Unfit::Network));
        assert_eq!(check("old", caller, before), Some(Unfit::Secret));
    }

    #[test]
    fn an_overlap_is_at_most_seven_days() {
        assert!(check_overlap(0).is_ok() && check_overlap(MAX_OVERLAP_SECONDS).is_ok());
        assert!(check_overlap(-1).is_err() && check_overlap(MAX_OVERLAP_SECONDS + 1).is_err());
    }
}
