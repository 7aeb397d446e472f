//! JSON Merge Patch fields: absent keeps, `null` clears, a value sets (RFC 7396).

use serde::{Deserialize, Deserializer};

/// For `#[serde(default, deserialize_with = "patch::field")]` on an `Option<Option<T>>`: tells `null` from absent.
///
/// # Errors
/// Those of the value itself.
pub fn field<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// For `#[serde(default, deserialize_with = "patch::value")]` on an `Option<T>` that cannot be cleared: absent keeps,
/// a value sets, and `null` is refused instead of being ignored.
///
/// # Errors
/// Those of the value itself, `null` among them.
pub fn value<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
