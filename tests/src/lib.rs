//! Test double and end-to-end support.
//!
//! [`simulator`] stands in for a Jenkins controller, [`host`] runs the built
//! programs; the tests and benchmarks of this package bring the two together.

pub mod host;
pub mod simulator;
