//! What a webhook may look like, and when a failed delivery is tried again. Values in, decisions out.

use reqwest::Url;

use super::model::{Failure, Webhook};
use crate::{
    error::{Code, Error, Faults, Result, text},
    kernel::time::Timestamp,
    outbox::{EventKind, Listener, may_hear},
};

/// Most webhooks of one client: one for each kind and some to spare; more would only multiply the same calls.
pub const MAX_WEBHOOKS: i64 = 20;
/// Longest URL, in bytes.
pub const MAX_URL: usize = 2000;
/// How long two secrets sign after a rotation where nobody says: a working day, so that receivers change over unhurried.
pub const OVERLAP_SECONDS: i64 = 24 * 3600;
/// The longest time for which two secrets sign.
pub const MAX_OVERLAP_SECONDS: i64 = 7 * 24 * 3600;

/// Seconds from each failed attempt to the next, before jitter; after the last the delivery is dead.
pub const RETRY_SECONDS: &[i64] =
    &[5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 86_400];
/// Seconds after which an event that could not be delivered is given up, however often it was tried. So what has piled
/// up behind a receiver that stays away does not wait its own three days each.
pub const GIVE_UP_SECONDS: i64 = 3 * 24 * 3600;

/// Days for which delivered and dead deliveries are kept, with their attempts.
pub const KEEP_DAYS: i64 = 30;

/// The URL of a receiver, taken apart.
///
/// # Errors
/// `invalid_url` for anything but http or https with a host, and for one with credentials or a fragment.
pub fn parse_url(url: &str) -> Result<Url> {
    let refused = || Error::field("/url", Code::InvalidUrl);
    if url.len() > MAX_URL {
        return Err(Error::field("/url", Code::TooLong));
    }
    let url = Url::parse(url).map_err(|_| refused())?;
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let fits = matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && bare;
    if fits { Ok(url) } else { Err(refused()) }
}

/// Checks of what a client wants to be told.
///
/// # Errors
/// `invalid` with each kind that is named twice, cannot be asked for, or may not be heard by this client.
pub fn check_kinds(kinds: &[EventKind], listener: &Listener) -> Result<()> {
    let mut faults = Faults::new();
    if kinds.is_empty() {
        faults.add("/kinds", Code::Required);
    }
    for (index, kind) in kinds.iter().enumerate() {
        let pointer = format!("/kinds/{index}");
        if kinds.iter().take(index).any(|before| before == kind) {
            faults.add(pointer, Code::DuplicateRow);
        } else if *kind == EventKind::Ping {
            faults.add_because(
                pointer,
                Code::NotApplicableHere,
                text("Tin thử không cần đăng ký; hãy bỏ đi", "A ping needs no subscription; remove it"),
            );
        } else if !may_hear(listener, *kind) {
            faults.add_because(
                pointer,
                Code::NotApplicableHere,
                text(
                    "Phạm vi quyền của máy khách không cho nhận loại tin này; hãy bỏ đi hoặc cấp thêm quyền",
                    "The client's scopes do not cover this kind; remove it or grant the scope",
                ),
            );
        }
    }
    faults.into_result(Code::Invalid)
}

/// How long two secrets sign after a rotation.
///
/// # Errors
/// `out_of_range` beyond a week.
pub fn check_overlap(seconds: Option<i64>) -> Result<i64> {
    let seconds = seconds.unwrap_or(OVERLAP_SECONDS);
    if (0..=MAX_OVERLAP_SECONDS).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(Error::field("/overlap_seconds", Code::OutOfRange))
    }
}

/// What can be sent by hand goes to a webhook that is told.
///
/// # Errors
/// `webhook_inactive`.
pub fn require_active(webhook: &Webhook) -> Result<()> {
    if webhook.active { Ok(()) } else { Err(Error::new(Code::WebhookInactive)) }
}

/// When a delivery that failed so many times is tried again; `None` when it is given up. `dice` (0 to 255) spreads the
/// times by a fifth to either side, so that receivers that come back are not met by all at once.
#[must_use]
pub fn next_attempt(
    failure: Failure,
    attempts: i32,
    queued_at: Timestamp,
    now: Timestamp,
    dice: u8,
) -> Option<Timestamp> {
    if failure == Failure::Gone {
        return None;
    }
    let index = usize::try_from(attempts - 1).ok()?;
    let seconds = *RETRY_SECONDS.get(index)?;
    let next = now.plus_seconds(seconds * (80 + 40 * i64::from(dice) / 255) / 100);
    (next <= queued_at.plus_seconds(GIVE_UP_SECONDS)).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::EPOCH;

    #[test]
    fn retries_spread_over_about_three_days_and_end() {
        for dice in [0, 128, 255] {
            let (mut now, mut attempts) = (AT, 1);
            while let Some(next) = next_attempt(Failure::Status, attempts, AT, now, dice) {
                assert!(next > now);
                now = next;
                attempts += 1;
            }
            let hours = now.unix_seconds() / 3600;
            assert!((40..=72).contains(&hours), "{attempts} attempts in {hours} hours");
            assert!((11..=13).contains(&attempts), "{attempts} attempts in {hours} hours");
        }
    }

    #[test]
    fn jitter_is_a_fifth_to_either_side() {
        let wait = |dice| next_attempt(Failure::TimedOut, 4, AT, AT, dice).map(Timestamp::unix_seconds);
        assert_eq!([wait(0), wait(255)], [Some(480), Some(720)]);
    }

    #[test]
    fn what_piled_up_behind_a_dead_receiver_is_tried_once_and_given_up() {
        let late = AT.plus_seconds(GIVE_UP_SECONDS);
        assert_eq!(next_attempt(Failure::Unreachable, 1, AT, late, 0), None);
        assert!(next_attempt(Failure::Unreachable, 1, late, late, 0).is_some());
    }

    #[test]
    fn gone_is_never_tried_again() {
        assert_eq!(next_attempt(Failure::Gone, 1, AT, AT, 0), None);
    }

    #[test]
    fn a_url_is_complete_and_carries_no_credentials() {
        for good in ["https://portal.example.vn/hooks?key=1", "https://1.1.1.1:8443/", "http://10.0.0.1/x"] {
            assert!(parse_url(good).is_ok(), "{good}");
        }
        let long = format!("https://portal.example.vn/{}", "x".repeat(MAX_URL));
        for bad in [
            "",
            "portal.example.vn",
            "/hooks",
            "ftp://portal.example.vn",
            "file:///etc/passwd",
            "https://",
            "https://u@portal.example.vn",
            "https://u:p@portal.example.vn",
            "https://portal.example.vn/#x",
            "mailto:a@example.vn",
            &long,
        ] {
            assert!(parse_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_overlap_is_bounded() {
        assert_eq!(check_overlap(None).ok(), Some(86_400));
        assert_eq!(check_overlap(Some(0)).ok(), Some(0));
        assert!(check_overlap(Some(-1)).is_err() && check_overlap(Some(MAX_OVERLAP_SECONDS + 1)).is_err());
    }
}
