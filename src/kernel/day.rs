//! Dates on the wire: `yyyy-mm-dd` as RFC 3339 writes them, of years that both databases and every reader can hold.
//!
//! chrono alone also reads `2026-6-1` and `-262143-01-01`, which the document does not allow.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, de::Error};

/// The years of a date.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9999;

/// What [`read`] says of a date whose year is a slip of the pen, such as 0206: it is a date, but not one of ours.
pub const OUT_OF_RANGE: &str = "date out of range";

/// Why a text is no date of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no date, or not written as one.
    Form,
    /// Its year lies outside those that a plan, a law or a baseline can have.
    Year,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Day(#[serde(deserialize_with = "read")] NaiveDate);

/// For `#[serde(deserialize_with = "day::read")]` on a date.
///
/// # Errors
/// When it is no date, is written otherwise, or lies outside the years.
pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(|fault| match fault {
        Fault::Form => D::Error::custom("invalid date"),
        Fault::Year => D::Error::custom(OUT_OF_RANGE),
    })
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

/// A date as RFC 3339 writes it.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<NaiveDate, Fault> {
    let day: NaiveDate = text.parse().map_err(|_| Fault::Form)?;
    match day.to_string() == text {
        _ if !YEARS.contains(&day.year()) => Err(Fault::Year),
        true => Ok(day),
        false => Err(Fault::Form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_in_one_way_only() {
        assert!(parse("2026-06-01").is_ok());
        for (text, fault) in [
            ("2026-6-1", Fault::Form),
            ("+2026-06-01", Fault::Form),
            (" 2026-06-01", Fault::Form),
            ("2026-02-30", Fault::Form),
            ("-0001-01-01", Fault::Year),
            ("0206-01-08", Fault::Year),
            ("+262142-12-31", Fault::Year),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }
}
