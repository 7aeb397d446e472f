//! JSON kept in a TEXT column.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql},
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use serde::{Serialize, de::DeserializeOwned};

/// The text of a JSON document in the database.
#[derive(Clone, Debug, PartialEq, Eq, diesel::AsExpression, diesel::FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct JsonText(String);

impl JsonText {
    /// Writes a value. Our own types always have a JSON form; a failure would be written as `null`.
    #[must_use]
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
    }

    /// What was written by [`JsonText::of`], as the database holds it.
    #[must_use]
    pub const fn from_text(text: String) -> Self {
        Self(text)
    }

    /// Reads the value back.
    ///
    /// # Errors
    /// When the text does not fit the type: a database that somebody else wrote.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0)
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<B> ToSql<Text, B> for JsonText
where
    B: Backend,
    str: ToSql<Text, B>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, B>) -> serialize::Result {
        self.0.as_str().to_sql(out)
    }
}

impl<B> FromSql<Text, B> for JsonText
where
    B: Backend,
    String: FromSql<Text, B>,
{
    fn from_sql(bytes: B::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(bytes).map(Self)
    }
}
