//! Where a call comes from, and whether a client may call from there.

use std::net::{IpAddr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};

use crate::{
    error::{Error, Result},
    kernel::json::JsonText,
};

/// Reads `10.20.0.0/16`, `2001:db8::/32` or a single address; `None` for anything else. Bits of the host are dropped,
/// and IPv4 networks that are written as IPv6 become what they are.
#[must_use]
pub fn parse_network(text: &str) -> Option<IpNet> {
    let network: IpNet = text
        .parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(|address| address.to_canonical().into()))?;
    let (address, length) = (network.addr().to_canonical(), network.prefix_len());
    match (network, address) {
        (IpNet::V6(_), IpAddr::V4(address)) if length >= 96 => {
            Ipv4Net::new(address, length - 96).ok().map(|network| IpNet::V4(network.trunc()))
        }
        _ => Some(network.trunc()),
    }
}

/// The networks that the database keeps for a client.
///
/// # Errors
/// Internal, when the text in the database is no list of networks.
pub fn read_networks(text: &JsonText) -> Result<Vec<IpNet>> {
    text.read().map_err(Error::internal)
}

/// Whether a call from this address is admitted: from anywhere where no network is named. An address that is not known
/// is in none.
#[must_use]
pub fn admits(networks: &[IpNet], caller: Option<IpAddr>) -> bool {
    networks.is_empty() || caller.is_some_and(|caller| is_within(networks, caller))
}

fn is_within(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// The address of whoever calls: that of the connection, or, where a trusted proxy passed the call on, the right-most
/// in `X-Forwarded-For` that is no trusted proxy. What others wrote to the left of it proves nothing. Where a proxy
/// wrote no address, it is the proxy's own.
#[must_use]
pub fn caller_of(connection: Option<IpAddr>, forwarded: &[&str], trusted: &[IpNet]) -> Option<IpAddr> {
    let connection = connection?.to_canonical();
    let mut caller = connection;
    for hop in forwarded.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_within(trusted, caller) {
            break;
        }
        match parse_address(hop.trim()) {
            Some(address) => caller = address,
            None => return Some(connection),
        }
    }
    Some(caller)
}

/// Some proxies add the port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let address = text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| parse_network(text).expect("a network")).collect()
    }

    #[test]
    fn networks_are_read_as_people_write_them() {
        let cases = [
            ("10.20.0.0/16", Some("10.20.0.0/16")),
            ("10.20.30.40/16", Some("10.20.0.0/16")),
            ("203.0.113.7", Some("203.0.113.7/32")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("2001:db8::1", Some("2001:db8::1/128")),
            ("::ffff:10.20.0.0/112", Some("10.20.0.0/16")),
            ("::ffff:10.20.0.1", Some("10.20.0.1/32")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("::/0", Some("::/0")),
            ("10.20.0.0/33", None),
            ("10.20/16", None),
            ("phuong-long-my.vn", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let read = parse_network(text).map(|network| network.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_trusted_proxies_say_where_a_call_comes_from() {
        let trusted = nets(&["10.0.0.0/8", "2001:db8:aaaa::/48"]);
        let cases: &[(&str, &[&str], &str)] = &[
            ("203.0.113.7", &[], "203.0.113.7"),
            // Whoever is no proxy may write what it likes.
            ("203.0.113.7", &["192.0.2.1"], "203.0.113.7"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            ("10.0.0.1", &["192.0.2.1, 10.0.0.2"], "192.0.2.1"),
            ("10.0.0.1", &["192.0.2.1", "10.0.0.2"], "192.0.2.1"),
            // What the caller wrote itself stands to the left of what the proxy saw.
            ("10.0.0.1", &["10.9.9.9, 203.0.113.7"], "203.0.113.7"),
            ("10.0.0.1", &["10.9.9.9", "203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            // A caller within the trusted networks.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &["192.0.2.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["không, 192.0.2.1"], "192.0.2.1"),
            ("10.0.0.1", &["192.0.2.1:52011"], "192.0.2.1"),
            ("2001:db8:aaaa::1", &["[2001:db8::7]:443"], "2001:db8::7"),
            ("::ffff:10.0.0.1", &["::ffff:192.0.2.1"], "192.0.2.1"),
            ("::ffff:203.0.113.7", &["192.0.2.1"], "203.0.113.7"),
        ];
        for (connection, forwarded, expected) in cases {
            let found = caller_of(connection.parse().ok(), forwarded, &trusted);
            assert_eq!(found, expected.parse().ok(), "{connection} with {forwarded:?}");
        }
        assert_eq!(caller_of(None, &["192.0.2.1"], &trusted), None);
    }

    #[test]
    fn a_client_without_networks_calls_from_anywhere() {
        let caller: Option<IpAddr> = "203.0.113.7".parse().ok();
        assert!(admits(&[], caller) && admits(&[], None));
        assert!(admits(&nets(&["192.0.2.0/24", "203.0.113.0/24"]), caller));
        assert!(!admits(&nets(&["192.0.2.0/24", "::/0"]), caller));
        assert!(!admits(&nets(&["0.0.0.0/0"]), None));
    }
}
