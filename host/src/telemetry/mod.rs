//! What an operator can see: metrics with stable names, and a log that holds no secrets.

pub mod labels;
pub mod logs;
pub mod metrics;
pub mod names;

mod collect;

pub use logs::LogLevel;
pub use metrics::BuildFacts;
pub use metrics::Exposition;
pub use metrics::Metrics;
