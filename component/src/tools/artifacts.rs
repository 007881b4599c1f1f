//! What builds archived: `get-build-artifacts` lists it, `get-artifact` reads from one file of it.

pub(crate) mod content;
mod kind;
pub(crate) mod list;
mod range;
