//! Test double and end-to-end support.
//!
//! [`simulator`] stands in for a Jenkins controller; the tests of this package
//! drive the built programs against it.

pub mod simulator;
