//! Which addresses are trusted with a sign-on, and whom a provider's claims name.

use openidconnect::url::{Host, Url};
use serde_json::{Map, Value};

use crate::kernel::text::clean;

/// How long a browser may take at the provider: reading a letter with a code takes minutes, not hours.
pub const ATTEMPT_SECONDS: i64 = 10 * 60;
/// Attempts under way at most. Nobody need sign in for one, so their number is bounded; a city's staff is smaller.
pub const MAX_ATTEMPTS: i64 = 10_000;

/// What the provider says about a person.
pub type Claims = Map<String, Value>;

/// Whether an address may take part in a sign-on: nobody in between reads or changes what it sends.
#[must_use]
pub fn is_safe_url(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let private = match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Domain(name))) => name == "localhost",
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    };
    private && url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
}

/// The address with one more parameter.
#[must_use]
pub fn with_parameter(address: &str, name: &str, value: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    url.query_pairs_mut().append_pair(name, value);
    Some(url.into())
}

/// Whether a text can be the S256 challenge of a verifier: 43 characters of base64url (RFC 7636 §4.2).
#[must_use]
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// The username that these claims name, as sign-in by password would read it. An e-mail address counts only if the
/// provider verified it (OpenID Connect Core §5.7): otherwise anybody could enter that of somebody else.
#[must_use]
pub fn username_of(claims: &Claims, claim: &str) -> Option<String> {
    if claim == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
        return None;
    }
    let name = clean(claims.get(claim)?.as_str()?).to_lowercase();
    Some(name).filter(|name| !name.is_empty() && !name.contains('\0'))
}

/// Whether an ID token was issued to this client (OpenID Connect Core §3.1.3.7, steps 4 and 5).
#[must_use]
pub fn is_for(client_id: &str, authorized_party: Option<&str>, audiences: usize) -> bool {
    authorized_party.map_or(audiences == 1, |party| party == client_id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn username(claims: Value, claim: &str) -> Option<String> {
        username_of(claims.as_object().expect("an object"), claim)
    }

    #[test]
    fn the_claim_names_an_account_as_a_person_would_type_it() {
        let named =
            |value| username(json!({ "preferred_username": value, "sub": "7" }), "preferred_username");
        assert_eq!(named(json!(" KTHT.Staff ")).as_deref(), Some("ktht.staff"));
        for nothing in [json!(""), json!("  "), json!(7), json!(null), json!(["ktht.staff"]), json!("a\0b")] {
            assert_eq!(named(nothing.clone()), None, "{nothing}");
        }
        assert_eq!(username(json!({ "sub": "7" }), "preferred_username"), None);
        assert_eq!(username(json!({ "sub": "7" }), "sub").as_deref(), Some("7"));
    }

    #[test]
    fn an_email_counts_only_when_the_provider_verified_it() {
        let email =
            |verified| username(json!({ "email": "a@long-my.vn", "email_verified": verified }), "email");
        assert_eq!(email(json!(true)).as_deref(), Some("a@long-my.vn"));
        for doubtful in [json!(false), json!("true"), json!(1), json!(null)] {
            assert_eq!(email(doubtful.clone()), None, "{doubtful}");
        }
        assert_eq!(username(json!({ "email": "a@long-my.vn" }), "email"), None);
    }

    #[test]
    fn only_addresses_that_nobody_listens_to_take_part() {
        for safe in
            ["https://id.example.vn", "http://127.0.0.1:9000/x", "http://localhost", "http://[::1]:8080"]
        {
            assert!(is_safe_url(safe), "{safe}");
        }
        for unsafe_one in [
            "http://id.example.vn",
            "http://127.0.0.1.example.vn",
            "http://localhost.example.vn",
            "http://10.0.0.1",
            "https://user@id.example.vn",
            "https://app.example.vn/#/in",
            "ftp://localhost",
            "javascript:alert(1)",
            "id.example.vn",
            "",
        ] {
            assert!(!is_safe_url(unsafe_one), "{unsafe_one}");
        }
    }

    #[test]
    fn a_parameter_joins_those_that_are_there() {
        let with = |address| with_parameter(address, "code", "a b");
        assert_eq!(with("https://app.vn/in").as_deref(), Some("https://app.vn/in?code=a+b"));
        assert_eq!(with("https://app.vn/in?x=1").as_deref(), Some("https://app.vn/in?x=1&code=a+b"));
    }

    #[test]
    fn a_challenge_is_43_characters_of_base64url() {
        assert!(is_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(!is_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c="));
        assert!(!is_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw"));
    }

    #[test]
    fn a_token_for_several_names_the_one_it_was_issued_to() {
        assert!(
            is_for("cchc", None, 1) && is_for("cchc", Some("cchc"), 1) && is_for("cchc", Some("cchc"), 2)
        );
        assert!(!is_for("cchc", None, 2) && !is_for("cchc", Some("other"), 1) && !is_for("cchc", None, 0));
    }
}
