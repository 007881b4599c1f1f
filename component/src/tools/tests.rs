//! Test results: `get-failed-tests`, `get-test-report`, `compare-test-results`, `detect-flaky-tests`, and what else a
//! build says of quality: `get-quality-report`.

pub(crate) mod compare;
pub(crate) mod failed;
pub(crate) mod flaky;
pub(crate) mod quality;
pub(crate) mod report;
mod words;
