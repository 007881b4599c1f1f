//! What Jenkins is: its paths, its answers, its oddities. Typed, and asked for no more than is used.

pub(crate) mod artifacts;
pub(crate) mod builds;
pub(crate) mod changes;
pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod controller;
pub(crate) mod credentials;
pub(crate) mod crumb;
pub(crate) mod encode;
pub(crate) mod jobs;
mod kept;
pub(crate) mod label;
pub(crate) mod lifecycle;
pub(crate) mod log;
pub(crate) mod nodes;
pub(crate) mod path;
pub(crate) mod pipeline;
pub(crate) mod policy;
pub(crate) mod quality;
pub(crate) mod queue;
pub(crate) mod queue_list;
pub(crate) mod scm;
mod status;
pub(crate) mod tests;
