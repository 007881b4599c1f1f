//! What an operator can see: metrics with stable names, and a log that holds no secrets.

pub(crate) mod labels;
pub(crate) mod logs;
pub(crate) mod metrics;
pub(crate) mod names;

mod bounded;
mod build;
mod exposition;
pub(crate) mod otlp;
mod plugin_stats;
mod process;
mod ratelimit;
mod rotating;
mod tenant;
pub(crate) mod trace;
mod unhurried;

pub(crate) use build::BuildFacts;
pub(crate) use exposition::Exposition;
pub(crate) use logs::LogLevel;
pub(crate) use metrics::Metrics;
pub(crate) use tenant::TenantMetrics;
