//! Typed Jenkins tools.

pub mod analysis;
