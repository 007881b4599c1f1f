//! Everything about text: reading logs, cutting them down, and making them safe to show.
//!
//! The way of a log line: [`lines`] splits the stream, [`clean`] takes terminal noise off it, [`search`] or [`excerpt`]
//! choose what is worth showing, [`redact`] takes secrets out, [`fence`] marks it as somebody else's words, and
//! [`budget`] sees to it that the answer fits. Each is of use alone and none knows Jenkins' API.

pub mod budget;
pub mod clean;
pub mod excerpt;
pub mod fence;
pub mod fold;
pub mod human;
pub mod lines;
pub(crate) mod names;
pub mod pattern;
pub mod redact;
pub mod regex;
pub mod search;
pub mod severity;
mod sieve;
pub mod tokens;
