//! What an extension moves: the closing time always, the due time only if granted before it or if it says so.

use super::model::Extension;
use crate::{kernel::time::Timestamp, periods::Period};

/// Until when one unit's figures are on time, and until when they are taken at all; both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until when they are on time.
    pub due_at: Timestamp,
    /// Until when they are taken.
    pub closes_at: Timestamp,
}

/// The limits of a unit in a period with these extensions. The view `owed_figures` says the same in SQL.
#[must_use]
pub fn limits<'e>(period: &Period, extensions: impl IntoIterator<Item = &'e Extension>) -> Limits {
    let mut limits = Limits { due_at: period.due_at, closes_at: period.hard_close_at };
    for extension in extensions {
        limits.closes_at = limits.closes_at.max(extension.until);
        if extension.moves_due {
            limits.due_at = limits.due_at.max(extension.until);
        }
    }
    limits
}

/// Whether an extension that is granted now moves the due time: not after it, unless it says so (RULES §4).
#[must_use]
pub fn moves_due(limits: Limits, now: Timestamp, waives_lateness: bool) -> bool {
    waives_lateness || now <= limits.due_at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn the_due_time_moves_only_when_granted_before_it_or_when_it_says_so() {
        let due_at = time("2026-06-15T17:00:00+07:00");
        let limits = Limits { due_at, closes_at: due_at };
        for (now, waives, moves) in [
            (due_at, false, true),
            (due_at.plus_seconds(1), false, false),
            (due_at.plus_seconds(1), true, true),
        ] {
            assert_eq!(moves_due(limits, now, waives), moves, "{now} {waives}");
        }
    }
}
