//! Dates on the wire: `yyyy-mm-dd` as RFC 3339 writes them, of years that both databases and every reader can hold.
//!
//! chrono alone also reads `2026-6-1` and `-262143-01-01`, which the document does not allow.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, de::Error};

/// The years of a date.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9999;

#[derive(Deserialize)]
#[serde(transparent)]
struct Day(#[serde(deserialize_with = "read")] NaiveDate);

/// For `#[serde(deserialize_with = "day::read")]` on a date.
///
/// # Errors
/// When it is no date, is written otherwise, or lies outside the years.
pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom("invalid date"))
}

/// For `#[serde(default, deserialize_with = "day::optional")]`: absent and `null` are none.
///
/// # Errors
/// Those of [`read`].
pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    Ok(Option::<Day>::deserialize(deserializer)?.map(|day| day.0))
}

/// [`super::patch::value`] for a date: absent keeps, `null` is refused.
///
/// # Errors
/// Those of [`read`].
pub fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    read(deserializer).map(Some)
}

/// [`super::patch::field`] for a date: absent keeps, `null` clears.
///
/// # Errors
/// Those of [`read`].
pub fn field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<NaiveDate>>, D::Error> {
    optional(deserializer).map(Some)
}

/// A date as RFC 3339 writes it; `None` for anything else.
#[must_use]
pub fn parse(text: &str) -> Option<NaiveDate> {
    let day: NaiveDate = text.parse().ok()?;
    (YEARS.contains(&day.year()) && day.to_string() == text).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_in_one_way_only() {
        assert!(parse("2026-06-01").is_some());
        for text in [
            "2026-6-1",
            "+2026-06-01",
            " 2026-06-01",
            "-0001-01-01",
            "0085-01-08",
            "+262142-12-31",
            "2026-02-30",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
