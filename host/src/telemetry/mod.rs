//! What an operator can see: metrics with stable names, and a log that holds no secrets.

pub(crate) mod labels;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod names;

mod collect;
mod exposition;
mod observe;

pub(crate) use exposition::Exposition;
pub(crate) use logs::LogLevel;
pub(crate) use metrics::BuildFacts;
pub(crate) use metrics::Metrics;
