//! Typed Jenkins tools.
