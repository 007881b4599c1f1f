//! JSON, as Jenkins answers it: parsed once into a tree, and read out of it by name.
//!
//! Not by serde: its readers are compiled anew for each type, which was a seventh of the component. Here the parser is there
//! once, and a type that [`record`] declares takes its fields out of the tree.
//!
//! Reading is lenient, for no two controllers are alike: a field that is absent, null or of another type than known has
//! its default; an item of a list that cannot be read counts as an empty object. Only a field that is declared as
//! `required` makes the answer as a whole unreadable. Text that is no JSON is an error that says where.

mod parse;
mod read;
mod write;

use std::borrow::Cow;

pub(crate) use parse::parse;
pub(crate) use read::{Decimal, FromJson, Named, record};

/// A value; texts are borrowed from what was parsed, unless they were escaped.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Json<'a> {
    #[default]
    Null,
    Bool(bool),
    /// As it is written.
    Number(Cow<'a, str>),
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    /// In the order in which it is written.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// A value that outlives what it was parsed from.
pub(crate) type Value = Json<'static>;

impl<'a> Json<'a> {
    /// A text.
    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::String(text.into())
    }

    /// An object of these members.
    pub(crate) fn object<const N: usize>(members: [(&'a str, Self); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// The members of an object, in their order; none of anything else.
    pub(crate) fn members(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// What an object holds under this very name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// What a text says.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        self.number()?.parse().ok()
    }

    /// A whole number.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        self.number()?.parse().ok()
    }

    /// A number as it is written.
    fn number(&self) -> Option<&str> {
        match self {
            Self::Number(digits) => Some(digits),
            _ => None,
        }
    }

    /// The same, on its own.
    pub(crate) fn into_owned(self) -> Value {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Json::Null,
            Self::Bool(it) => Json::Bool(it),
            Self::Number(digits) => Json::Number(owned(digits)),
            Self::String(text) => Json::String(owned(text)),
            Self::Array(items) => Json::Array(items.into_iter().map(Json::into_owned).collect()),
            Self::Object(members) => Json::Object(members.into_iter().map(|(name, value)| (owned(name), value.into_owned())).collect()),
        }
    }
}
