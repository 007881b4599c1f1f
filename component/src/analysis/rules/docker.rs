//! Stub.
use super::Rule;
/// The table.
pub(super) const RULES: &[Rule] = &[];
