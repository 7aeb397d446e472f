//! Working days: weekends and a ward's calendar of holidays and swapped days (RULES §4).

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The days that differ from the week's rhythm: `true` a swapped working day, `false` a holiday.
#[derive(Clone, Debug, Default)]
pub struct WorkingDays(BTreeMap<NaiveDate, bool>);

impl WorkingDays {
    /// A calendar with these exceptions.
    #[must_use]
    pub fn new(exceptions: impl IntoIterator<Item = (NaiveDate, bool)>) -> Self {
        Self(exceptions.into_iter().collect())
    }

    /// Whether people work on this day.
    #[must_use]
    pub fn is_working(&self, day: NaiveDate) -> bool {
        self.0.get(&day).copied().unwrap_or_else(|| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
    }

    /// The `count`-th working day after `day` (`count` of at least 1).
    #[must_use]
    pub fn after(&self, day: NaiveDate, count: u32) -> NaiveDate {
        let mut current = day;
        let mut left = count;
        // A year without a working day cannot be; the bound keeps a wrong calendar from hanging a request.
        for _ in 0..3660 {
            if left == 0 {
                break;
            }
            current = current.checked_add_days(Days::new(1)).unwrap_or(current);
            if self.is_working(current) {
                left -= 1;
            }
        }
        current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn weekends_holidays_and_swapped_days_are_respected() {
        let calendar = WorkingDays::new([(day("2026-06-15"), false), (day("2026-06-20"), true)]);
        assert_eq!(calendar.after(day("2026-03-14"), 1), day("2026-03-16"));
        assert_eq!(calendar.after(day("2026-06-14"), 1), day("2026-06-16"));
        assert_eq!(calendar.after(day("2026-06-19"), 1), day("2026-06-20"));
    }
}
