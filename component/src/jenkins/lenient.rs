//! Reading fields that may be absent, null, or of another type than known: such a field counts as absent.
//!
//! The field's text is taken first and read then. That costs less memory than a tree of values, and there is one reader
//! of each type in the component instead of two.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The value, or the default.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<T, D::Error> {
    Ok(read(&Box::<RawValue>::deserialize(from)?).unwrap_or_default())
}

/// The items of a list, a default in the place of one that cannot be read; `None` where there is no list.
pub(crate) fn items<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<Option<Vec<T>>, D::Error> {
    let Some(values) = read::<Vec<Box<RawValue>>>(&Box::<RawValue>::deserialize(from)?) else { return Ok(None) };
    Ok(Some(values.iter().map(|value| read(value).unwrap_or_default()).collect()))
}

/// The values of an object by their names, a default in the place of one that cannot be read.
pub(crate) fn named<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<BTreeMap<String, T>, D::Error> {
    let values: BTreeMap<String, Box<RawValue>> = read(&Box::<RawValue>::deserialize(from)?).unwrap_or_default();
    Ok(values.into_iter().map(|(name, value)| (name, read(&value).unwrap_or_default())).collect())
}

fn read<T: DeserializeOwned>(value: &RawValue) -> Option<T> {
    serde_json::from_slice(value.get().as_bytes()).ok()
}
