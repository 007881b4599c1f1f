//! Values by key, each with its origin. Layers are laid over each other, the stronger one on top.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::error::ConfigError;
use super::key::Key;
use super::key::Origin;
use super::key::Value;

/// A value and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The value.
    pub(crate) value: Value,
    /// Who gave it.
    pub(crate) origin: Origin,
}

/// What one source says, or several on top of each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layer(BTreeMap<&'static str, Setting>);

impl Layer {
    /// Adds a value; says whether there was one already.
    pub(super) fn insert(&mut self, key: &Key, value: Value, origin: Origin) -> bool {
        self.0.insert(key.name, Setting { value, origin }).is_some()
    }

    /// Fills the gaps from a weaker layer.
    pub(super) fn over(mut self, weaker: &Self) -> Self {
        for (name, setting) in &weaker.0 {
            if let Entry::Vacant(gap) = self.0.entry(name) {
                gap.insert(setting.clone());
            }
        }
        self
    }

    /// The same without some keys.
    pub(super) fn without(&self, keys: &[&Key]) -> Self {
        let mut rest = self.clone();
        rest.0.retain(|name, _| !keys.iter().any(|key| key.name == *name));
        rest
    }

    /// What is set, default or not; nothing if nobody gave a value and there is no default.
    pub(crate) fn get(&self, key: &Key) -> Option<Setting> {
        self.0.get(key.name).cloned().or_else(|| {
            let value = key.kind.read_text(key.default?).ok()?;
            Some(Setting { value, origin: Origin::Default })
        })
    }

    /// Whether somebody gave a value.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.0.contains_key(key.name)
    }

    /// A text, a path or a choice.
    pub(super) fn text(&self, key: &Key) -> Option<String> {
        match self.get(key)?.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// A number.
    pub(super) fn number(&self, key: &Key) -> Option<u64> {
        match self.get(key)?.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A switch; off without.
    pub(super) fn switch(&self, key: &Key) -> bool {
        self.get(key).is_some_and(|setting| setting.value == Value::Switch(true))
    }

    /// A list; empty without.
    pub(super) fn list(&self, key: &Key) -> Vec<String> {
        match self.get(key).map(|setting| setting.value) {
            Some(Value::List(items)) => items,
            _ => Vec::new(),
        }
    }

    /// An error about the value of a key, at the place where it was given.
    pub(super) fn wrong(&self, key: &'static Key, reason: impl Into<String>) -> ConfigError {
        let origin = self.0.get(key.name).map_or(Origin::Default, |setting| setting.origin.clone());
        ConfigError::Value { key: key.name, origin, reason: reason.into() }
    }
}
