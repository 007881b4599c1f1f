//! The tools, one file per family. Each asks Jenkins through `jenkins`, decides, and renders its answer.

pub(crate) mod analysis;
pub(crate) mod artifacts;
pub(crate) mod builds;
pub(crate) mod controller;
pub(crate) mod credentials;
mod hint;
pub(crate) mod inputs;
pub(crate) mod jenkinsfile;
pub(crate) mod jobs;
pub(crate) mod lifecycle;
pub(crate) mod logs;
pub(crate) mod nodes;
mod page;
pub(crate) mod pipeline;
pub(crate) mod queue;
pub(crate) mod search;
pub(crate) mod status;
pub(crate) mod tests;
pub(crate) mod triage;
