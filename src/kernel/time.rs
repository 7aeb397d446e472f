//! The only clock, and instants: UTC with microseconds in the database, ward time (+07:00) on the wire.

use std::fmt;

use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, TimeDelta, Utc,
};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql},
    serialize::{self, Output, ToSql},
    sql_types,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Seconds by which ward time (Asia/Ho_Chi_Minh, no daylight saving) is ahead of UTC (RULES §4).
const WARD_OFFSET_SECONDS: i32 = 7 * 3600;

/// An instant, kept in UTC and cut to microseconds, which is what PostgreSQL keeps.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    diesel::AsExpression,
    diesel::FromSqlRow,
    utoipa::ToSchema,
)]
#[diesel(sql_type = sql_types::Timestamp)]
#[schema(value_type = DateTime<Utc>)]
pub struct Timestamp(NaiveDateTime);

impl Timestamp {
    /// Before everything that a plan knows of: the Unix epoch.
    pub const EPOCH: Self = Self(DateTime::UNIX_EPOCH.naive_utc());

    /// The instant of a moment in UTC.
    #[must_use]
    pub fn from_utc(moment: DateTime<Utc>) -> Self {
        Self(moment.naive_utc().trunc_subsecs(6))
    }

    /// The instant at which a ward's clock shows this date and time.
    #[must_use]
    pub fn from_ward_time(date: NaiveDate, time: NaiveTime) -> Self {
        Self(date.and_time(time) - TimeDelta::seconds(WARD_OFFSET_SECONDS.into()))
    }

    /// Reads an RFC 3339 time with an offset; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = DateTime::parse_from_rfc3339(text).ok()?;
        let instant = Self::from_utc(moment.with_timezone(&Utc));
        // Seen on a ward's clock, the last hours of 9999 are in a year that RFC 3339 cannot write.
        let year = moment.with_timezone(&Utc).year();
        ((1900..=9999).contains(&year) && instant.ward_date().year() <= 9999).then_some(instant)
    }

    /// The date on a ward's calendar at this instant.
    #[must_use]
    pub fn ward_date(self) -> NaiveDate {
        (self.0 + TimeDelta::seconds(WARD_OFFSET_SECONDS.into())).date()
    }

    /// This instant and so many seconds.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + TimeDelta::seconds(seconds))
    }

    /// Seconds since the Unix epoch, rounded down.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.and_utc().timestamp()
    }

    /// As a clerk writes it: `17:00 ngày 15/06/2026`, ward time.
    #[must_use]
    pub fn in_words(self) -> String {
        self.ward().format("%H:%M ngày %d/%m/%Y").to_string()
    }

    /// For names of files, in UTC, so that they sort by time: `20260615T100000Z`.
    #[must_use]
    pub fn compact(self) -> String {
        self.0.format("%Y%m%dT%H%M%SZ").to_string()
    }

    fn ward(self) -> DateTime<FixedOffset> {
        let utc = self.0.and_utc();
        FixedOffset::east_opt(WARD_OFFSET_SECONDS)
            .map_or_else(|| utc.fixed_offset(), |offset| utc.with_timezone(&offset))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.ward().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("invalid time"))
    }
}

impl<B> ToSql<sql_types::Timestamp, B> for Timestamp
where
    B: Backend,
    NaiveDateTime: ToSql<sql_types::Timestamp, B>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, B>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<B> FromSql<sql_types::Timestamp, B> for Timestamp
where
    B: Backend,
    NaiveDateTime: FromSql<sql_types::Timestamp, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        NaiveDateTime::from_sql(bytes).map(Self)
    }
}

/// Tells the time. Rules see the ward's clock, which a demo may shift; tokens and lockouts see the real one.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// Runs this far ahead of the real clock (behind, if negative).
    Shifted(TimeDelta),
    /// Stands still: the sample history is written at its own times.
    Fixed(Timestamp),
}

impl Clock {
    /// The real clock.
    #[must_use]
    pub const fn real() -> Self {
        Self::Shifted(TimeDelta::zero())
    }

    /// A clock that runs so many seconds ahead of the real one (behind, if negative).
    #[must_use]
    pub fn shifted(seconds: i64) -> Self {
        Self::Shifted(TimeDelta::seconds(seconds))
    }

    /// Seconds by which a clock that shows this instant now is ahead of the real one, rounded up.
    #[must_use]
    pub fn shift_to(at: Timestamp) -> i64 {
        ((at.0 - Utc::now().naive_utc()).num_milliseconds() + 999).div_euclid(1000)
    }

    /// The time by which the rules decide.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Shifted(shift) => Timestamp::from_utc(Utc::now() + *shift),
            Self::Fixed(at) => *at,
        }
    }

    /// The real time, for tokens, lockouts and idempotency.
    #[must_use]
    pub fn real_now() -> Timestamp {
        Timestamp::from_utc(Utc::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ward_time_is_seven_hours_ahead_and_cut_to_microseconds() {
        let at = Timestamp::parse("2026-06-15T17:00:00.123456789+07:00").expect("valid");
        assert_eq!(at.to_string(), "2026-06-15T17:00:00.123456+07:00");
        assert_eq!(at.in_words(), "17:00 ngày 15/06/2026");
        assert_eq!(at.compact(), "20260615T100000Z");
        assert_eq!(
            Timestamp::parse("2026-06-14T23:30:00Z").map(Timestamp::ward_date),
            NaiveDate::from_ymd_opt(2026, 6, 15)
        );
    }

    #[test]
    fn the_last_hours_that_ward_time_cannot_write_are_refused() {
        assert!(Timestamp::parse("9999-12-31T16:59:59Z").is_some());
        assert_eq!(Timestamp::parse("9999-12-31T17:00:00Z"), None);
        assert_eq!(Timestamp::parse("1899-12-31T23:59:59Z"), None);
    }

    #[test]
    fn times_without_offset_are_refused() {
        assert_eq!(Timestamp::parse("2026-06-15T17:00:00"), None);
    }
}
