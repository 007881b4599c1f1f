//! Pipelines.
/// Sources.
#[derive(Default)]
pub(crate) struct Sources;
