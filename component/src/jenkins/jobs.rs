//! Jobs, folders and what lies in them.
//!
//! Every field is read leniently: a job that was never built, that a plugin describes oddly, or that is broken must not
//! spoil the listing it stands in. What cannot be read counts as absent.

mod detail;
mod item;
mod list;
mod missing;

pub(crate) use detail::{CHILDREN, Definition, Detail, detail};
pub(crate) use item::{Item, Kind, Last, Status};
pub(crate) use list::{Entry, MAX_DEPTH, Place, Scope, page};
pub(crate) use missing::{closest, missing};
