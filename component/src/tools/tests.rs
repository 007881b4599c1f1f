//! Test results: `get-failed-tests` and its family.

pub(crate) mod failed;
mod words;
