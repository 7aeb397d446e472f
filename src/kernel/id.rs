//! Identifiers: UUIDv7 kept as 36 characters of text, so that both databases store, compare and index them alike.

use std::fmt;

use arrayvec::ArrayString;
use uuid::Uuid;

/// The text of a UUID. Newest first is id order, for version 7 begins with the time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RawId(ArrayString<36>);

impl RawId {
    /// A new id, greater than every id this process made before.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }

    fn from_uuid(uuid: Uuid) -> Self {
        let mut buffer = Uuid::encode_buffer();
        let text = uuid.hyphenated().encode_lower(&mut buffer);
        Self(ArrayString::from(text).unwrap_or_default())
    }

    /// Reads any of the usual spellings of a UUID; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 36 {
            return None;
        }
        Uuid::try_parse(text).ok().map(Self::from_uuid)
    }

    /// The 36 characters, lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Declares one id type per concept, so that a unit's id cannot stand where a period's is meant.
#[macro_export]
macro_rules! id_type {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            diesel::AsExpression, diesel::FromSqlRow, utoipa::ToSchema,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        #[schema(value_type = uuid::Uuid)]
        pub struct $name($crate::kernel::id::RawId);

        impl $name {
            /// A new id.
            #[must_use]
            pub fn generate() -> Self {
                Self($crate::kernel::id::RawId::generate())
            }

            /// Reads an id; `None` if the text is no UUID.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                $crate::kernel::id::RawId::parse(text).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom("invalid id"))
            }
        }

        $crate::text_column!($name);
    };
}

id_type! {
    /// Identifies a ward; here because every floor speaks of wards.
    WardId
}
id_type! {
    /// Identifies a unit of a ward.
    UnitId
}
id_type! {
    /// Identifies whoever acts: an account or a machine client.
    PrincipalId
}
