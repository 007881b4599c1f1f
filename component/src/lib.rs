//! Typed Jenkins tools.

pub mod text;
