//! Reading fields that may be absent, null, or of another type than known: such a field counts as absent.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The value, or the default.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(from)?).unwrap_or_default())
}

/// The items of a list, a default in the place of one that cannot be read; `None` where there is no list.
pub(crate) fn items<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<Option<Vec<T>>, D::Error> {
    let Value::Array(values) = Value::deserialize(from)? else { return Ok(None) };
    Ok(Some(values.into_iter().map(|value| serde_json::from_value(value).unwrap_or_default()).collect()))
}
