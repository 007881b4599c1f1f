//! Tools that compare and explain: what a log says tool by tool, what differs between two builds, since when a job fails.

pub(crate) mod log;
pub(crate) mod read;
pub(crate) mod regression;
pub(crate) mod runs;
