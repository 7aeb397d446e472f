//! Exact figures: decimals with four places, kept as scaled integers, so that a verdict never meets a float.

use std::fmt;

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql},
    serialize::{self, Output, ToSql},
    sql_types::BigInt,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Units of a [`Quantity`] in one.
const SCALE: i64 = 10_000;

/// The largest quantity: 100 billion. With four places it still passes unchanged through a JSON number.
const MAX: i64 = 100_000_000_000 * SCALE;

/// A figure with up to four decimal places, between −100 billion and 100 billion.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    diesel::AsExpression,
    diesel::FromSqlRow,
    utoipa::ToSchema,
)]
#[diesel(sql_type = BigInt)]
#[schema(value_type = f64, minimum = -100000000000.0, maximum = 100000000000.0)]
pub struct Quantity(i64);

impl Quantity {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// A whole number.
    #[must_use]
    pub const fn whole(value: i64) -> Self {
        Self(value.saturating_mul(SCALE))
    }

    /// From the integer in the database, in ten-thousandths.
    #[must_use]
    pub const fn from_scaled(scaled: i64) -> Self {
        Self(scaled)
    }

    /// In ten-thousandths, wide enough to multiply.
    #[must_use]
    pub fn scaled(self) -> i128 {
        self.0.into()
    }

    /// Reads a plain decimal (`98.5`); `None` if it has more than four places or is out of range.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let decimal = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()?;
        let scaled = decimal.checked_mul(Decimal::from(SCALE))?;
        if !scaled.fract().is_zero() {
            return None;
        }
        let value = i64::try_from(scaled.trunc().mantissa() / 10_i128.pow(scaled.trunc().scale())).ok()?;
        (-MAX..=MAX).contains(&value).then_some(Self(value))
    }

    /// The difference; both are far from the ends of the range.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    /// Whether this figure is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// This figure as a decimal without trailing zeros.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, 4).normalize()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_decimal())
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_decimal(self.to_decimal(), serializer)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        Self::parse(&number.to_string()).ok_or_else(|| de::Error::custom("invalid number"))
    }
}

impl<B> ToSql<BigInt, B> for Quantity
where
    B: Backend,
    i64: ToSql<BigInt, B>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, B>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<B> FromSql<BigInt, B> for Quantity
where
    B: Backend,
    i64: FromSql<BigInt, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(bytes).map(Self)
    }
}

/// A percentage for people and charts: two places, half up. Never an input of a verdict (RULES §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(value_type = f64)]
pub struct Percent(Decimal);

impl Percent {
    /// `numerator / denominator · 100`, rounded half up to two places; `None` for a zero denominator.
    #[must_use]
    pub fn of(numerator: Quantity, denominator: Quantity) -> Option<Self> {
        if denominator.0 == 0 {
            return None;
        }
        let exact = Decimal::from(numerator.0) * Decimal::ONE_HUNDRED / Decimal::from(denominator.0);
        Some(Self(round_half_up(exact)))
    }

    /// The difference in points, for trends.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    /// The value with two places at most.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        self.0.normalize()
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_decimal(self.0.normalize(), serializer)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        Decimal::from_str_exact(&number.to_string()).map(Self).map_err(de::Error::custom)
    }
}

fn round_half_up(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}

fn serialize_decimal<S: Serializer>(value: Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    if value.fract().is_zero()
        && let Ok(whole) = value.to_string().parse::<i64>()
    {
        return serializer.serialize_i64(whole);
    }
    // Fifteen significant digits survive the way through an IEEE double, which is what JSON numbers are elsewhere.
    let float = value.to_string().parse::<f64>().map_err(serde::ser::Error::custom)?;
    serializer.serialize_f64(float)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantities_are_read_exactly() {
        assert_eq!(Quantity::parse("98.5").map(Quantity::scaled), Some(985_000));
        assert_eq!(Quantity::parse("1e3"), Some(Quantity::whole(1000)));
        assert_eq!(Quantity::parse("0.00001"), None);
        assert_eq!(Quantity::parse("100000000001"), None);
        assert_eq!(Quantity::parse("99999999999999999999999999999999"), None);
        assert_eq!(Quantity::parse("NaN"), None);
    }

    #[test]
    fn a_percentage_is_shown_rounded() {
        let shown = Percent::of(Quantity::whole(89_996), Quantity::whole(100_000));
        assert_eq!(shown.map(|p| p.to_decimal().to_string()).as_deref(), Some("90"));
        assert_eq!(Percent::of(Quantity::whole(1), Quantity::ZERO), None);
    }

    proptest! {
        #[test]
        fn a_quantity_survives_json(scaled in -MAX..=MAX) {
            let quantity = Quantity(scaled);
            let text = serde_json::to_string(&quantity).expect("serializable");
            prop_assert_eq!(serde_json::from_str::<Quantity>(&text).expect("readable"), quantity);
        }
    }
}
